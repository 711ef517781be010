"""``aws configure role verify``: assume the roles of profiles, and explain every failure."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from ..credentials.explanation import explain_failures
from ..credentials.verification import Result, verify
from ..errors import ValidationError
from ..failures import combine
from ..messages import print_message, printable_lines
from ..profiles import policies
from ..profiles.known_keys import find_unknown
from ..tables import add_column, duration, table
from ..wrapping import wrap
from .arguments import flag, nothing_given, positional, profiles_given
from .base import NO_ROLE_PROFILES, Subcommand, require_roles


class VerifyCommand(Subcommand):
    """Assumes roles, several at a time. Besides, STS is asked who the caller is, and nothing else."""

    NAME = "verify"
    ARG_TABLE = (
        positional("profile", "The profiles to verify.", nargs="*"),
        flag("all", "Verify every role profile."),
    )

    def _run(self, parsed_args: Any, parsed_globals: Any) -> int:
        names = profiles_given(parsed_args, parsed_globals)
        inventory = self._inventory()
        if parsed_args.all:
            names = [entry.profile for entry in inventory]
            if not names:
                raise ValidationError("nothing to verify", [NO_ROLE_PROFILES])
        if not names:
            raise nothing_given("profile", "aws configure role verify PROFILE, or --all")
        require_roles(names, inventory)
        results: dict[str, Result] = {}
        for result in verify(self._session, names):
            results[result.profile] = result
            print_message(f"{len(results)}/{len(names)} {result.profile}: {result.verdict}")
        ordered = [results[name] for name in names]
        options = [inventory.profiles[name] for name in names]
        unknown = [list(find_unknown(own)) for own in options]
        rows = [
            {**result.to_dict(), **policies.to_dict(own), "UnknownKeys": [key.name for key in keys]}
            for result, own, keys in zip(ordered, options, unknown, strict=True)
        ]
        self._print(parsed_globals, rows, lambda: _text(ordered, options))
        for name, keys in zip(names, unknown, strict=True):
            for key in keys:
                print_message(f"profile {name}: unknown key {key.name}; {key.fix}")
        failed = [result.failure for result in ordered if result.failure]
        if failed:
            raise combine(failed)
        return 0


def _text(results: Sequence[Result], options: Sequence[Mapping[str, Any]]) -> str:
    rows = [[result.profile, result.verdict, _lasts(result), result.hop] for result in results]
    titles = ["PROFILE", "RESULT", "LASTS", "FAILED AT"]
    add_column(titles, rows, "POLICY", list(map(policies.describe_narrowing, options)), before="FAILED AT")
    text = table(titles, rows)
    failures = explain_failures([result for result in results if not result.ok])
    return text + "".join(f"\n{wrap(printable_lines(failed), sys.stdout)}\n" for failed in failures)


def _lasts(result: Result) -> str:
    """Return the full length of the role session: what is configured, or the default of STS."""
    record = result.record
    return duration(record.expiry - float(record.metadata["obtained"])) if record else ""
