"""``aws configure role verify``: really assume each role, and explain what does not work."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from ..credentials.denial import Denial, explain
from ..credentials.fetcher import Fetcher
from ..credentials.provider import provider_for
from ..credentials.sts import is_denied
from ..errors import Faults, ProfileFault, XacctError, printable
from .base import Subcommand, check_roles, named_profiles, say
from .login import one_per_session
from .output import give, remaining, table

_AT_ONCE = 8


@dataclass(frozen=True)
class Result:
    """What became of one profile. `hop` is the profile of the chain whose role was refused."""

    profile: str
    ok: bool
    lasts: str = ""
    hop: str = ""
    error: str = ""
    denial: Denial | None = None

    def for_programs(self) -> dict[str, Any]:
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
            "Lasts": self.lasts or None,
            "FailedAt": self.hop or None,
            "Error": self.error or None,
            "Denial": denial,
        }


class VerifyCommand(Subcommand):
    """Calls STS for each profile, several at a time, and for nothing else but who called."""

    NAME = "verify"
    DESCRIPTION = (
        "Assume the roles of profiles now, several at a time, and say for each whether that works. A refusal is "
        "explained: who called for which role, the two policy statements that have to be there, and the likely "
        "causes. An MFA code is asked for once for each device. The exit code is 0 only if all work."
    )
    SYNOPSIS = "aws configure role verify [<profile> ...] [--all]"
    EXAMPLES = (
        "To verify one profile::\n\n    $ aws configure role verify prod\n\n"
        "To verify all of them, for a script::\n\n    $ aws configure role verify --all --output json\n"
    )
    ARG_TABLE = [  # noqa: RUF012 - the shape awscli asks for
        {"name": "profile", "positional_arg": True, "nargs": "*", "help_text": "The profiles to verify."},
        {"name": "all", "action": "store_true", "help_text": "Verify every role profile."},
    ]

    def _run_main(self, parsed_args: Any, parsed_globals: Any) -> int:
        names = named_profiles(parsed_args, parsed_globals)
        inventory = self._inventory()
        if parsed_args.all:
            names = [entry.profile for entry in inventory]
        if not names:
            raise Faults("which profile is meant?", ["name it, or give --all"])
        check_roles(names, inventory)
        results: dict[str, Result] = {}
        for result in self._verified(names):
            results[result.profile] = result
            say(f"{len(results)}/{len(names)} {result.profile}: {'works' if result.ok else 'does not work'}")
        ordered = [results[name] for name in names]
        rows = [result.for_programs() for result in ordered]
        give(self._session, parsed_globals, self.NAME, rows, lambda: _text(ordered))
        return 0 if all(result.ok for result in ordered) else 255

    def _verified(self, names: Sequence[str]) -> Iterator[Result]:
        """The results as they come. All that may ask a person is done first, one after the other."""
        fetchers: dict[str, Fetcher] = {}
        for name in names:
            try:
                fetchers[name] = provider_for(self._session, name).fetcher()
            except ProfileFault as fault:
                yield Result(name, ok=False, hop=name, error=str(fault))
        failed: dict[str, str] = {}
        for name, (_, shared) in one_per_session(list(fetchers.values())).items():
            try:
                shared.get()
            except (XacctError, BotoCoreError, ClientError) as error:
                failed[name] = str(error)
        together = []
        for name, fetcher in fetchers.items():
            start = fetcher.chain()[0]
            session = start.session()
            if session and session.name in failed:
                yield Result(name, ok=False, hop=start.role.profile, error=failed[session.name])
            elif start.role.mfa_serial and not session:
                yield _verify(name, fetcher)
            else:
                together.append((name, fetcher))
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for done in as_completed(pool.submit(_verify, name, fetcher) for name, fetcher in together):
                yield done.result()


def _verify(name: str, fetcher: Fetcher) -> Result:
    """Assume the roles of one chain, hop by hop; the last one anew."""
    for hop in fetcher.chain():
        try:
            record = hop.fetch_anew() if hop is fetcher else hop.fetch()
        except (XacctError, BotoCoreError, ClientError) as error:
            denial = _denial(hop, error)
            # A denial is explained in full; what the error itself advises would say it twice.
            text = str(error).partition("\nwhile assuming")[0] if denial else str(error)
            return Result(name, ok=False, hop=hop.role.profile, error=text, denial=denial)
    return Result(name, ok=True, lasts=remaining(record))


def _denial(hop: Fetcher, error: Exception) -> Denial | None:
    if not is_denied(error):
        return None
    try:
        session = hop.session()
        caller = hop.caller_arn()
        held = session.get() if session else None
    except (XacctError, BotoCoreError, ClientError):
        return None
    return explain(hop.role, caller, error, held)


def _text(results: Sequence[Result]) -> str:
    rows = [[r.profile, "works" if r.ok else "does not work", r.lasts, r.hop] for r in results]
    text = table(["PROFILE", "RESULT", "LASTS", "FAILED AT"], rows)
    return text + "".join(_explanation(result) for result in results if not result.ok)


def _explanation(result: Result) -> str:
    lines = [f"{result.profile}:", *(f"  {line}" for line in result.error.splitlines() if line)]
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
    return "\n" + "".join(f"{printable(line)}\n" for line in lines)


def _document(statement: Any) -> list[str]:
    return [f"    {line}" for line in json.dumps(statement, indent=2).splitlines()]
