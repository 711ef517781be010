"""``aws configure role verify``: really assume each role, and explain what does not work."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any

from ..credentials.fetcher import Fetcher
from ..credentials.provider import provider_for
from ..credentials.sts import is_denied
from ..errors import Faults, ProfileFault, printable_lines
from .attempt import Result, assume, explanation, failure
from .base import FAILED, NO_ROLES, Subcommand, check_roles, named_profiles, say
from .output import duration, give, table

_AT_ONCE = 16


class VerifyCommand(Subcommand):
    """Calls STS for each profile, several at a time, and for nothing else but who called."""

    NAME = "verify"
    DESCRIPTION = (
        "Assume the roles of profiles now, several at a time, and say for each whether that works. A refusal is "
        "explained: who called for which role, the two policy statements that have to be there, and the likely "
        "causes. An MFA code is asked for once for each device, and for each role that takes one of its own. The "
        "exit code is 0 only if all work."
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

    def _run(self, parsed_args: Any, parsed_globals: Any) -> int:
        names = named_profiles(parsed_args, parsed_globals)
        inventory = self._inventory()
        if parsed_args.all:
            names = [entry.profile for entry in inventory]
            if not names:
                raise Faults("there is nothing to verify", [NO_ROLES])
        if not names:
            raise Faults("which profile is meant?", ["name it, or give --all"])
        check_roles(names, inventory)
        results: dict[str, Result] = {}
        for result in self._verified(names):
            results[result.profile] = result
            say(f"{len(results)}/{len(names)} {result.profile}: {_verdict(result)}")
        ordered = [results[name] for name in names]
        rows = [result.for_programs() for result in ordered]
        give(self._session, parsed_globals, self.NAME, rows, lambda: _text(ordered))
        return 0 if all(result.ok for result in ordered) else FAILED

    def _verified(self, names: Sequence[str]) -> Iterator[Result]:
        """The results as they come. All that may ask a person is done first, one after the other."""
        failed: dict[str, Exception] = {}
        together = []
        for name in names:
            try:
                fetcher = provider_for(self._session, name).fetcher()
            except ProfileFault as fault:
                yield Result(name, hop=fault.profile, error=str(fault))
                continue
            start = fetcher.chain()[0]
            try:
                asks = _asks_for_itself(start, failed)
            except Exception as error:  # noqa: BLE001 - whatever a source raises is this profile's failure
                yield failure(name, start, error)
                continue
            if asks:
                yield assume(name, fetcher)
            else:
                together.append((name, fetcher))
        pool = ThreadPoolExecutor(_AT_ONCE)
        try:
            for done in as_completed([pool.submit(assume, name, fetcher) for name, fetcher in together]):
                yield done.result()
        finally:
            # Ctrl-C waits for the calls that are under way, not for all that were to come.
            pool.shutdown(cancel_futures=True)


def _asks_for_itself(start: Fetcher, failed: dict[str, Exception]) -> bool:
    """Whether a chain takes a code of its own. If not, the MFA session it begins with is got, if it has one.

    Raises what keeps it from being got; `failed` keeps that, so that nobody is asked again for each profile.
    """
    session = start.session()
    if session is None:
        return bool(start.role.mfa_serial)
    try:
        if session.name in failed:
            raise failed[session.name]
        session.get()
    except Exception as error:
        failed[session.name] = error
        if not is_denied(error):
            raise
        return True
    return False


def _verdict(result: Result) -> str:
    return "works" if result.ok else "does not work"


def _text(results: Sequence[Result]) -> str:
    rows = [[result.profile, _verdict(result), _lasts(result), result.hop] for result in results]
    text = table(["PROFILE", "RESULT", "LASTS", "FAILED AT"], rows)
    failures = [explanation(result) for result in results if not result.ok]
    return text + "".join(f"\n{printable_lines(failed)}\n" for failed in failures)


def _lasts(result: Result) -> str:
    """How long the role session lasts in all, which is what was configured or STS's default."""
    record = result.record
    return duration(record.expiry - float(record.about["obtained"])) if record else ""
