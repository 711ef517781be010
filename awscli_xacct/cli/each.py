"""``xacct each PATTERN … -- CMD``: a command once for each of many role profiles."""

import argparse
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from ..discovery.accounts import find_option_problems
from ..error_codes import common_exit_code
from ..errors import ValidationError
from ..failures import Failure, combine
from ..messages import option, warn
from ..problems import Problem
from ..tables import counted
from . import for_once
from .each_report import JsonReport, Report, Target, TextReport
from .each_selection import HEADING, USAGE, select
from .each_targets import Targets
from .enabled_regions import parse_regions
from .launch import build_environment
from .output import is_pipe
from .process_pool import Job, NotRunError, ProcessPool
from .progress import Progress

HELP = "Run a command once for each of many role profiles, accounts and regions, several at a time."

JOBS = 8
_PAUSE_SECONDS, _MAX_PAUSE_SECONDS = 1, 30
"""How long to wait before the first retry, twice as long before each other one, and the longest wait."""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.usage = USAGE
    parser.add_argument(
        "patterns",
        metavar="PATTERN",
        nargs="*",
        help="role profiles by name; *, ? and [...] match as in a shell, so quote them",
    )
    parser.add_argument("--all", action="store_true", help="all role profiles")
    parser.add_argument(
        "--jobs", metavar="N", type=number, default=JOBS, help="how many run at a time (default: %(default)s)"
    )
    parser.add_argument(
        "--regions",
        metavar="NAMES",
        help="once in each of these regions: names and patterns with commas between them, such as us-east-1,eu-*, of "
        "the regions that the account has enabled",
    )
    parser.add_argument(
        "--retries",
        metavar="N",
        type=whole,
        default=0,
        help="run what fails again, up to N times (default: 0)",
    )
    parser.add_argument(
        "--output",
        choices=("text", "json"),
        help="text (default): each line as it is written, after the profile's name; json: everything at the end",
    )
    parser.add_argument("--json", action="store_true", help="the same as --output json")
    parser.add_argument(
        "--query", metavar="EXPRESSION", help="filter the JSON with a JMESPath expression, as in aws"
    )
    group = parser.add_argument_group("accounts of an organization, without profiles")
    group.add_argument("--org", action="store_true", help="all active accounts of the organization")
    group.add_argument("--role-name", metavar="NAME", help="the role to assume in each account")
    group.add_argument(
        "--ou-id",
        metavar="ID",
        nargs="+",
        action="extend",
        help="only accounts in these organizational units",
    )
    group.add_argument(
        "--source-profile",
        metavar="PROFILE",
        help="the profile that lists the accounts and assumes the roles (default: AWS_PROFILE, else default)",
    )
    for_once.add_options(parser)


def split(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Split at the first ``--``, which the command follows."""
    if "--" not in arguments:
        return for_once.join(arguments), []
    place = arguments.index("--")
    return for_once.join(arguments[:place]), arguments[place + 1 :]


def run(options: argparse.Namespace) -> int:
    """Run the command for each target. Returns 0 only if it ran, and returned 0, for all of them.

    Otherwise the common code of those that failed, else 255.
    """
    inherited = dict(os.environ)  # now, because importing awscli sets a variable of its own
    request = _check(options)
    # What a pipe's reader prints, such as `head`, may appear on the same terminal, on the line of the progress.
    progress = Progress(is_live=request.as_json or not is_pipe(sys.stdout))
    targets = Targets(select(options), request.regions, progress, for_once.parse(options))
    found = targets.find()
    names, failed = {each.name for each in found}, dict[str, Target]()
    report: Report = JsonReport(progress, request.query) if request.as_json else TextReport(progress)
    try:
        for attempt in range(options.retries + 1):
            failed |= _run_once(targets, found, report, options, inherited)
            again = {name: each for name, each in failed.items() if not each.lasting}
            if not again or attempt == options.retries:
                break
            progress.hide()
            warn(f"trying {counted(len(again), 'command')} again, {attempt + 1} of {options.retries}")
            time.sleep(min(_PAUSE_SECONDS * 2**attempt, _MAX_PAUSE_SECONDS))
            found = targets.find(again.values())
            new = {each.name for each in found}
            report.remove(again.keys() - new)
            names = (names - again.keys()) | new
            failed = {name: each for name, each in failed.items() if each.lasting}
    finally:
        progress.hide()
    report.close()
    if failed:
        last = sorted(failed.values(), key=lambda each: each.place)
        warn(f"{len(failed)} of {len(names)} failed: {', '.join(each.name for each in last)}")
    exit_code = common_exit_code(each.exit_code for each in failed.values())
    failures = [each.failure for each in failed.values() if each.failure]
    if failures:
        error = combine(failures)
        error.exit_code = exit_code
        raise error
    return exit_code


def _run_once(
    targets: Targets,
    found: Sequence[Target],
    report: Report,
    options: argparse.Namespace,
    inherited: Mapping[str, str],
) -> dict[str, Target]:
    """Run the command for each target that was found, and return those that failed, by name."""
    report.begin(found)
    by_name = {each.name: each for each in found}
    failed = {name: each for name, each in by_name.items() if each.error}

    def prepare(name: str) -> Mapping[str, str]:
        target = by_name[name] = targets.renew(by_name[name])
        if target.error:
            raise NotRunError(target.exit_code, target.error)
        return build_environment(target.document, target.memo, inherited)

    jobs = [Job(name, options.command, partial(prepare, name)) for name in by_name if name not in failed]
    for ended in ProcessPool(report.add_line).run(jobs, options.jobs):
        report.add_end(ended)
        if not ended.was_run:
            failed[ended.name] = by_name[ended.name]
        elif ended.code:
            failure = Failure("UsageError", f"{ended.name}: {ended.error}") if ended.error else None
            failed[ended.name] = by_name[ended.name]._replace(exit_code=ended.code, failure=failure)
    return failed


class _Request(NamedTuple):
    """What of a command line is not an option as it is."""

    as_json: bool
    query: Any
    regions: list[str] | None


def _check(options: argparse.Namespace) -> _Request:
    """Return what was asked for. Raises `ValidationError` with everything that is wrong, without any call."""
    problems = []
    query = regions = None
    if not options.command:
        problems.append(Problem("no command given", f"usage: {USAGE}"))
    as_json = options.json or options.query is not None
    if as_json and options.output == "text":
        problems.append(Problem("--output text cannot be used with --json or --query", "leave it out"))
    if options.query is not None:
        try:
            query = compile_query(options.query)
        except ValueError as error:
            problems.append(Problem(f"--query {options.query!r}: {error}"))
    if options.regions is not None:
        try:
            regions = parse_regions(options.regions)
        except ValueError as error:
            problems.append(Problem(f"--regions {error}"))
    problems += _find_problems_of_organization(options)
    if problems:
        raise ValidationError(HEADING, problems)
    return _Request(as_json or options.output == "json", query, regions)


def _find_problems_of_organization(options: argparse.Namespace) -> Iterator[Problem]:
    if not options.org:
        for name in ("role_name", "ou_id", "source_profile"):
            if getattr(options, name) is not None:
                yield Problem(
                    f"{option(name)} is for accounts of an organization",
                    "add --org",
                )
        return
    if options.all or options.patterns:
        yield Problem("--org cannot be used with --all or a PATTERN", "use one of them")
    yield from map(Problem, find_option_problems(options.role_name, options.ou_id or ()))


def compile_query(text: str) -> Any:
    """Return a compiled JMESPath expression. Raises `ValueError` with what is wrong with it."""
    import jmespath

    try:
        return jmespath.compile(text)
    except jmespath.exceptions.JMESPathError as error:
        raise ValueError(_describe_query_error(error)) from None


def _describe_query_error(error: Any) -> str:
    """Return what JMESPath says about an expression in one line: its own text draws the place below a copy."""
    place = getattr(error, "lex_position", None)
    if place is None:
        return "the expression is empty"  # the only other error of an expression that is not applied
    if place >= len(error.expression):
        return "the expression is not complete"
    return f"{getattr(error, 'message', error.msg)}, at character {place + 1}"


def number(text: str) -> int:
    """Parse a number of at least 1. `argparse` calls it "number" in its message, after this function."""
    found = int(text)
    if found < 1:
        raise ValueError(text)
    return found


def whole(text: str) -> int:
    """Parse a number of at least 0. `argparse` calls it "whole" in its message, after this function."""
    return number(text) if text != "0" else 0
