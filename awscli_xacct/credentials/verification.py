"""Assuming the roles of chains for real, and explaining what does not work."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..aws_errors import is_denied, is_too_long
from ..errors import ProfileError
from ..failures import Failure, describe
from ..storage.cache import Record
from .access_denied import Denial, build_caller_policy, explain_denial
from .batch import fetch_many
from .fetcher import Fetcher
from .profile_session import provider_for
from .sts import clock_problem


@dataclass(frozen=True)
class Result:
    """The outcome for one profile: its new record, or an error of the `hop` of its chain that failed.

    `too_long`: the session would be longer than the role's maximum session duration.
    """

    profile: str
    record: Record | None = None
    hop: str = ""
    error: str = ""
    denial: Denial | None = None
    too_long: bool = False
    failure: Failure | None = None
    """What programs are told about the error."""

    @property
    def ok(self) -> bool:
        return self.record is not None

    @property
    def verdict(self) -> str:
        return "works" if self.ok else "does not work"

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON of a result: the same keys for each profile, None where they have no value."""
        return {
            "Profile": self.profile,
            "Ok": self.ok,
            "Expiration": self.record.expiry_text if self.record else None,
            "FailedAt": self.hop or None,
            "Error": self.error or None,
            "Denial": self.denial.to_dict() if self.denial else None,
        }


def verify(session: Any, names: Sequence[str], config: Mapping[str, Any] | None = None) -> Iterator[Result]:
    """Assume the roles of profiles, several at a time, and yield the results as they come.

    Those that may prompt come first, one after the other. `config` is used instead of the files.
    """
    return fetch_many(
        names, lambda name: provider_for(session, name, config).fetcher(), assume, _failed_early
    )


def assume(profile: str, fetcher: Fetcher) -> Result:
    """Assume the roles of a chain, hop by hop, and the last one even if it is cached. Raises no `Exception`."""
    for hop in fetcher.chain():
        try:
            record = hop.refresh() if hop is fetcher else hop.fetch()
        except Exception as error:  # noqa: BLE001 - whatever a source raises is this profile's failure
            return failed_result(profile, hop, error, _explain_denial(hop, error))
    return Result(profile, record)


def _failed_early(profile: str, start: Fetcher | None, error: Exception) -> Result:
    """Return the result of a profile that failed before its first role could be assumed."""
    if start is not None:
        return failed_result(profile, start, error)
    failed_at = error.problem.profile if isinstance(error, ProfileError) else None
    return Result(profile, hop=failed_at or profile, error=str(error), failure=_failure(profile, error))


def failed_result(profile: str, hop: Fetcher, error: Exception, denial: Denial | None = None) -> Result:
    """Return the result of a profile that failed at `hop` with `error`."""
    text = str(error) or type(error).__name__
    if denial:
        # The denial explains it in full; the error's own advice would repeat it.
        text = text.partition("\nwhile assuming")[0]
    elif problem := clock_problem(error):
        text = f"{text}\n{problem}"
    found = _failure(profile, error, hop.role.profile)
    if denial:
        found = found._replace(message=f"{profile}: {text}", fix=None)
    return Result(profile, None, hop.role.profile, text, denial, is_too_long(error), found)


def _failure(profile: str, error: Exception, hop: str | None = None) -> Failure:
    """Return what programs are told about the error of one profile among several."""
    found = describe(error, profile)
    return found._replace(hop=found.hop or hop)


def explain_failure(result: Result, heading: str | None = None) -> str:
    """Return why a profile does not work, and what would make it work, in lines for a person.

    `heading` names the profiles if there are several.
    """
    lines = [
        f"{heading or name_failed(result)}:",
        *(f"  {line}" for line in result.error.splitlines() if line),
    ]
    if denial := result.denial:
        lines += [
            f"  called by {denial.caller}",
            *explain_trust([denial.role.role_arn], denial.trust_statement),
            "  and the caller needs this policy:",
            *indented_json(build_caller_policy([denial])),
            "  likely causes:",
            *(f"    - {cause}" for cause in denial.causes),
        ]
    return "\n".join(lines)


def explain_trust(role_arns: Sequence[str], statement: Mapping[str, Any]) -> list[str]:
    """Return what roles need in their trust policies: a statement, because a document would replace what is there."""
    if len(role_arns) == 1:
        lines = [f"  add this statement to the trust policy of {role_arns[0]}:"]
    else:
        heading = f"  add this statement to the trust policies of these {len(role_arns)} roles:"
        lines = [heading, *(f"    {arn}" for arn in role_arns)]
    return [*lines, *indented_json(statement)]


def name_failed(result: Result) -> str:
    """Return the name of a profile, and of the one before it where it fails."""
    return result.profile if result.hop == result.profile else f"{result.profile}, at {result.hop}"


def _explain_denial(hop: Fetcher, error: Exception) -> Denial | None:
    if not is_denied(error):
        return None
    try:
        caller = hop.caller_arn()
        session = hop.session()
        held = session.get() if session else None
    except Exception:  # noqa: BLE001 - the refusal is reported all the same, without an explanation
        return None
    return explain_denial(hop.role, caller, error, held)


def indented_json(statement: Any) -> list[str]:
    """Return a statement or policy as the lines of an explanation."""
    return [f"    {line}" for line in json.dumps(statement, indent=2).splitlines()]
