"""Really assuming the roles of chains, and explaining what does not work."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..aws_errors import is_denied
from ..storage.cache import Record
from .access_denied import Denial, explain
from .batch import fetch_many
from .fetcher import Fetcher
from .profile_session import provider_for
from .sts import clock_fault


@dataclass(frozen=True)
class Result:
    """What became of one profile: its new record, or an error of the `hop` of its chain that failed."""

    profile: str
    record: Record | None = None
    hop: str = ""
    error: str = ""
    denial: Denial | None = None

    @property
    def ok(self) -> bool:
        return self.record is not None

    def to_dict(self) -> dict[str, Any]:
        """The same keys for each profile, None where there is nothing."""
        denial = None
        if self.denial:
            denial = {
                "Caller": self.denial.caller,
                "TrustPolicyStatement": self.denial.trust_statement,
                "CallerPolicyStatement": self.denial.caller_statement,
                "LikelyCauses": self.denial.causes,
            }
        return {
            "Profile": self.profile,
            "Ok": self.ok,
            "Expiration": self.record.expiry_text if self.record else None,
            "FailedAt": self.hop or None,
            "Error": self.error or None,
            "Denial": denial,
        }


def assume(profile: str, fetcher: Fetcher) -> Result:
    """Assume the roles of a chain, hop by hop; the last one anew. Raises nothing but what ends the process."""
    for hop in fetcher.chain():
        try:
            record = hop.refresh() if hop is fetcher else hop.fetch()
        except Exception as error:  # noqa: BLE001 - whatever a source raises is this profile's failure
            return failure(profile, hop, error, _denial(hop, error))
    return Result(profile, record)


def verified(session: Any, names: Sequence[str], config: Mapping[str, Any] | None = None) -> Iterator[Result]:
    """Assume the roles of profiles, several at a time; the results as they come.

    All that may ask a person is done first, one after the other. `config` is believed instead of the files.
    """
    return fetch_many(names, lambda name: provider_for(session, name, config).fetcher(), assume, _unready)


def _unready(profile: str, start: Fetcher | None, error: Exception) -> Result:
    """The result of a profile that failed before its first role could be assumed."""
    if start is not None:
        return failure(profile, start, error)
    return Result(profile, hop=getattr(error, "profile", profile), error=str(error))


def verdict(result: Result) -> str:
    """The result in two words."""
    return "works" if result.ok else "does not work"


def failure(profile: str, hop: Fetcher, error: Exception, denial: Denial | None = None) -> Result:
    """The result of a profile that failed at `hop` with `error`."""
    text = str(error) or type(error).__name__
    if denial:
        # It is explained in full; what the error itself advises would say it twice.
        text = text.partition("\nwhile assuming")[0]
    elif fault := clock_fault(error):
        text = f"{text}\n{fault}"
    return Result(profile, hop=hop.role.profile, error=text, denial=denial)


def explanation(result: Result) -> str:
    """Why a profile does not work, and what would make it work, in lines for a person."""
    hop = f", at {result.hop}" if result.hop != result.profile else ""
    lines = [f"{result.profile}{hop}:", *(f"  {line}" for line in result.error.splitlines() if line)]
    denial = result.denial
    if denial:
        lines += [
            f"  called by {denial.caller}",
            f"  the trust policy of {denial.role.role_arn} has to hold:",
            *_document(denial.trust_statement),
            "  and a policy of the caller:",
            *_document(denial.caller_statement),
            "  likely causes:",
            *(f"    - {cause}" for cause in denial.causes),
        ]
    return "\n".join(lines)


def _denial(hop: Fetcher, error: Exception) -> Denial | None:
    if not is_denied(error):
        return None
    try:
        caller = hop.caller_arn()
        session = hop.session()
        held = session.get() if session else None
    except Exception:  # noqa: BLE001 - unexplained, the refusal is still told
        return None
    return explain(hop.role, caller, error, held)


def _document(statement: Any) -> list[str]:
    return [f"    {line}" for line in json.dumps(statement, indent=2).splitlines()]
