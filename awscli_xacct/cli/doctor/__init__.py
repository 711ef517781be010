"""``xacct doctor``: find what is wrong, all at once, each thing with what mends it."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from ...messages import printable, printable_lines
from ...redaction import without_passwords
from ..dispatch import FAILED
from . import aws, clock, environment, files, profiles
from .report import FAULT, UNCHECKED, WARNING, DoctorContext, Finding

HELP = "Find what is wrong: with aws, the plugin, files, variables, profiles, the clock. Changes nothing."
EXAMPLES = """\
  xacct doctor
  xacct doctor --json | jq '.Checks[] | select(.State == "fault")'

  The exit code is 0 if there is no fault; warnings do not count."""

CHECKS: dict[str, Callable[[DoctorContext], Iterator[Finding]]] = {
    "aws": aws.check,
    "files": files.check_config,
    "cache": files.check_cache,
    "variables": environment.check,
    "profiles": profiles.check,
    "clock": clock.check,
}

_COLOURS = {FAULT: "\x1b[31m", WARNING: "\x1b[33m", UNCHECKED: "\x1b[2m"}
_PLAIN = "\x1b[0m"
_WIDTH = len(UNCHECKED)


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--aws", metavar="PATH", type=Path, help="look at this aws only")
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument("--clock-url", metavar="URL", help="where to ask for the time, instead of STS")


def run(options: argparse.Namespace) -> int:
    """Look at everything, and say it."""
    named = options.aws.expanduser().absolute() if options.aws else None
    found = list(examine(DoctorContext(os.environ, named, options.clock_url)))
    faults = sum(finding.state == FAULT for _, finding in found)
    if options.json:
        checks = [
            {"Check": name, "State": finding.state, "Text": finding.text, "Fix": finding.fix or None}
            for name, finding in found
        ]
        json.dump({"Ok": not faults, "Checks": checks}, sys.stdout, indent=2)
        sys.stdout.write("\n")
    else:
        warnings = sum(finding.state == WARNING for _, finding in found)
        coloured = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        sys.stdout.writelines(
            f"{line}\n" for line in _lines((finding for _, finding in found), coloured=coloured)
        )
        unchecked = sum(finding.state == UNCHECKED for _, finding in found)
        rest = f", {unchecked} not checked" if unchecked else ""
        sys.stdout.write(f"{_counted(faults, 'fault')}, {_counted(warnings, 'warning')}{rest}\n")
    return FAILED if faults else 0


def examine(context: DoctorContext) -> Iterator[tuple[str, Finding]]:
    """Every finding, with the check it is of. A check that fails itself is one that was not made."""
    for name, check in CHECKS.items():
        try:
            for finding in check(context):
                text, fix = without_passwords(finding.text), without_passwords(finding.fix)
                yield name, Finding(finding.state, text, fix)
        except Exception as error:  # noqa: BLE001 - the doctor is for machines on which nothing works
            text = without_passwords(f"{name}: {type(error).__name__}: {error}")
            yield name, Finding(UNCHECKED, text)


def _lines(found: Iterable[Finding], *, coloured: bool) -> Iterator[str]:
    for finding in found:
        state = f"{finding.state:<{_WIDTH}}"
        if coloured and finding.state in _COLOURS:
            state = f"{_COLOURS[finding.state]}{state}{_PLAIN}"
        yield f"{state}  {printable(finding.text)}"
        for line in printable_lines(finding.fix).splitlines():
            yield f"{'':<{_WIDTH}}    {line}"


def _counted(number: int, thing: str) -> str:
    return f"{number or 'no'} {thing}{'' if number == 1 else 's'}"
