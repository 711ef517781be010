"""``xacct doctor``: find everything that is wrong, each with its fix."""

import argparse
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from ...failures import Failure, combine
from ...messages import printable, printable_lines
from ...problems import find_command
from ...redaction import without_passwords
from ...results import write_json, write_result
from ...wrapping import is_dumb, wrap
from ..output import add_format_options
from . import aws, clock, environment, files, long_term_keys, profiles
from .report import FAULT, UNCHECKED, WARNING, DoctorContext, Finding, unchecked

HELP = "Check aws, the plugin, files, variables, profiles and the clock. Changes nothing."

CHECKS: dict[str, Callable[[DoctorContext], Iterator[Finding]]] = {
    "aws": aws.check,
    "files": files.check_config,
    "cache": files.check_cache,
    "history": files.check_history,
    "variables": environment.check,
    "profiles": profiles.check,
    "keys": long_term_keys.check,
    "clock": clock.check,
}

_COLOURS = {FAULT: "\x1b[31m", WARNING: "\x1b[33m", UNCHECKED: "\x1b[2m"}
_PLAIN = "\x1b[0m"
_WIDTH = len(UNCHECKED)


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--aws", metavar="PATH", type=Path, help="check only this aws")
    add_format_options(parser)
    parser.add_argument("--clock-url", metavar="URL", help="get the time from this server, not from STS")


def run(options: argparse.Namespace) -> int:
    """Check everything and print the findings."""
    path = options.aws.expanduser().absolute() if options.aws else None
    found = list(examine(DoctorContext(os.environ, path, options.clock_url)))
    counts = Counter(finding.state for _, finding in found)
    if options.output == "json":
        checks = [
            {"Check": name, "State": finding.state, "Text": finding.text, "Fix": finding.fix or None}
            for name, finding in found
        ]
        write_json({"Ok": not counts[FAULT], "Checks": checks})
    else:
        coloured = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and not is_dumb()
        for _, finding in found:
            write_result(_format_finding(finding, coloured=coloured))
        unchecked = f", {counts[UNCHECKED]} not checked" if counts[UNCHECKED] else ""
        write_result(f"{_count(counts[FAULT], 'fault')}, {_count(counts[WARNING], 'warning')}{unchecked}\n")
    if counts[FAULT]:
        faults = [finding for _, finding in found if finding.state == FAULT]
        raise combine(
            [Failure("InternalError", fault.text, fix=find_command(f": {fault.fix}")) for fault in faults]
        )
    return 0


def examine(context: DoctorContext) -> Iterator[tuple[str, Finding]]:
    """Yield every finding with the name of its check. A check that raises yields one that is not checked."""
    for name, check in CHECKS.items():
        try:
            for finding in check(context):
                text, fix = without_passwords(finding.text), without_passwords(finding.fix)
                yield name, Finding(finding.state, text, fix)
        except Exception as error:  # noqa: BLE001 - doctor is for machines on which nothing works
            text = without_passwords(f"{name}: {type(error).__name__}: {error}")
            yield name, unchecked(text)


def _format_finding(finding: Finding, *, coloured: bool) -> str:
    state = f"{finding.state:<{_WIDTH}}"
    if coloured and finding.state in _COLOURS:
        state = f"{_COLOURS[finding.state]}{state}{_PLAIN}"
    fixes = [f"  {line}" for line in printable_lines(finding.fix).splitlines()]
    text = "\n".join([printable(finding.text), *fixes])
    first, *others = wrap(text, sys.stdout, _WIDTH + 2).split("\n")
    return "".join(
        f"{line}\n" for line in [f"{state}  {first}", *(f"{'':<{_WIDTH}}  {line}" for line in others)]
    )


def _count(number: int, thing: str) -> str:
    return f"{number or 'no'} {thing}{'' if number == 1 else 's'}"
