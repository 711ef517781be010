"""``aws configure role verify``: assume the roles of profiles, and explain every failure."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from ..credentials.verification import Result, explain_failure, verify
from ..errors import ValidationError
from ..messages import print_message, printable_lines, wrap
from ..tables import duration, table
from .arguments import arg_table, flag, nothing_given, positional, profiles_given
from .base import FAILED, NO_ROLES, Subcommand, require_roles
from .output import print_result


class VerifyCommand(Subcommand):
    """Assumes roles, several at a time. Besides, STS is asked who the caller is, and nothing else."""

    NAME = "verify"
    SYNOPSIS = "aws configure role verify [<profile> ...] [--all]"
    ARG_TABLE = arg_table(
        positional("profile", "The profiles to verify.", nargs="*"),
        flag("all", "Verify every role profile."),
    )

    def _run(self, parsed_args: Any, parsed_globals: Any) -> int:
        names = profiles_given(parsed_args, parsed_globals)
        inventory = self._inventory()
        if parsed_args.all:
            names = [entry.profile for entry in inventory]
            if not names:
                raise ValidationError("nothing to verify", [NO_ROLES])
        if not names:
            raise nothing_given("profile", "aws configure role verify PROFILE, or --all")
        require_roles(names, inventory)
        results: dict[str, Result] = {}
        for result in verify(self._session, names):
            results[result.profile] = result
            print_message(f"{len(results)}/{len(names)} {result.profile}: {result.verdict}")
        ordered = [results[name] for name in names]
        rows = [result.to_dict() for result in ordered]
        print_result(self._session, parsed_globals, self.NAME, rows, lambda: _text(ordered))
        return 0 if all(result.ok for result in ordered) else FAILED


def _text(results: Sequence[Result]) -> str:
    rows = [[result.profile, result.verdict, _lasts(result), result.hop] for result in results]
    text = table(["PROFILE", "RESULT", "LASTS", "FAILED AT"], rows)
    failures = [explain_failure(result) for result in results if not result.ok]
    return text + "".join(f"\n{wrap(printable_lines(failed), sys.stdout)}\n" for failed in failures)


def _lasts(result: Result) -> str:
    """Return the full length of the role session: what is configured, or the default of STS."""
    record = result.record
    return duration(record.expiry - float(record.metadata["obtained"])) if record else ""
