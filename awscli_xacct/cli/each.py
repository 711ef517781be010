"""``xacct each PATTERN … -- CMD``: a command once for each of many role profiles."""

from __future__ import annotations

import argparse
import json
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any

from ..errors import ValidationError
from ..messages import printable, printable_lines, warn
from ..problems import Hints, Problem
from ..profiles.source import is_role
from ..redaction import without_passwords
from . import for_once
from .dispatch import FAILED
from .fetch import Fetched, fetch_many
from .launch import build_environment
from .output import print_result, relay
from .output_spool import OutputSpool
from .process_pool import Ended, Job, ProcessPool
from .resolve import read_config

HELP = "Run a command once for each of many role profiles, several at a time."
EXAMPLES = """\
  xacct each 'prod-*' audit -- aws s3 ls
  xacct each --all --jobs 4 -- sh -c 'aws iam list-users --query "length(Users)"'
  xacct each --all --output json -- aws sts get-caller-identity
  xacct each --all --read-only -- ./inventory.sh"""

JOBS = 8
_USAGE = "xacct each [-h] [--all] [--jobs N] [--output text|json] [PATTERN ...] -- CMD ..."


def configure(parser: argparse.ArgumentParser) -> None:
    parser.usage = _USAGE
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
        "--output",
        choices=("text", "json"),
        default="text",
        help="text (default): each line as it is written, after the profile's name; json: everything at the end",
    )
    for_once.add_options(parser)


def split(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Split at the first ``--``, which the command follows."""
    if "--" not in arguments:
        return for_once.join(arguments), []
    place = arguments.index("--")
    return for_once.join(arguments[:place]), arguments[place + 1 :]


def run(options: argparse.Namespace) -> int:
    """Run the command for each profile. Returns 0 only if it ran, and returned 0, for all of them."""
    if not options.command:
        raise ValidationError("nothing was run", [Problem("no command given", f"usage: {_USAGE}")])
    inherited = dict(os.environ)  # now, because importing awscli sets a variable of its own
    config = read_config()
    names = _choose(options, config["profiles"])
    given = for_once.parse(options)
    if given:
        given.check(config, names, "nothing was run, because")
    fetched = fetch_many(config, names, given)
    report = _JsonReport(fetched) if options.output == "json" else _TextReport(fetched)
    jobs = [
        Job(each.profile, options.command, build_environment(each.document, each.memo, inherited))
        for each in fetched
        if each.document is not None
    ]
    failed = {each.profile for each in fetched if each.document is None}
    for ended in ProcessPool(report.add_line).run(jobs, options.jobs):
        report.add_end(ended)
        if ended.code:
            failed.add(ended.name)
    report.close()
    if failed:
        warn(f"{len(failed)} of {len(names)} failed: {', '.join(name for name in names if name in failed)}")
    return FAILED if failed else 0


class _TextReport:
    """Lines as they come, each after its profile's name. What was on stderr stays on stderr."""

    def __init__(self, fetched: Sequence[Fetched]) -> None:
        width = max(len(printable(each.profile)) for each in fetched)
        self._lock = threading.Lock()
        self._labels = {each.profile: f"{printable(each.profile):<{width}} | ".encode() for each in fetched}
        for each in fetched:
            if each.document is None:
                self._add_error(each.profile, each.error)

    def add_line(self, name: str, is_error: bool, line: bytes) -> None:
        with self._lock:
            relay(self._labels[name] + line.removesuffix(b"\n") + b"\n", is_error=is_error)

    def add_end(self, ended: Ended) -> None:
        if ended.code:
            self._add_error(ended.name, ended.error or f"exit code {ended.code}")

    def close(self) -> None:
        """Everything has been written."""

    def _add_error(self, name: str, text: str) -> None:
        for line in printable_lines(f"xacct: {text}").splitlines():
            self.add_line(name, True, line.encode("utf-8", "replace"))


class _JsonReport:
    """One JSON document at the end. Until then the output is on disk, however long it is."""

    def __init__(self, fetched: Sequence[Fetched]) -> None:
        self._spool = OutputSpool()
        self._rows: dict[str, dict[str, Any]] = {
            each.profile: {
                "Profile": each.profile,
                "ExitCode": None,
                "Stdout": False,  # a placeholder for the output: the value of is_error
                "Stderr": True,
                "Error": without_passwords(each.error) or None,
            }
            for each in fetched
        }

    def add_line(self, name: str, is_error: bool, line: bytes) -> None:
        self._spool.add((name, is_error), line)

    def add_end(self, ended: Ended) -> None:
        self._rows[ended.name].update(ExitCode=ended.code, Error=ended.error or None)
        for is_error in (False, True):
            self._spool.flush((ended.name, is_error))

    def close(self) -> None:
        """Write what `json.dumps` would with an indent of four, piece by piece."""
        between = "[\n"
        for name, row in self._rows.items():
            print_result(f"{between}    {{")
            between = ",\n"
            for number, (key, value) in enumerate(row.items()):
                print_result(f"{',' * bool(number)}\n        {json.dumps(key)}: ")
                if key in ("Stdout", "Stderr"):
                    for part in self._spool.to_json((name, value)):
                        print_result(part)
                else:
                    print_result(json.dumps(value))
            print_result("\n    }")
        print_result("\n]\n")
        self._spool.close()


def _choose(options: argparse.Namespace, profiles: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the role profiles that were asked for, in the order of the file. Raises `ValidationError`."""
    roles = [name for name, found in profiles.items() if is_role(found)]
    problems = list(_find_unmatched(options.patterns, roles, profiles))
    if options.all and options.patterns:
        problems.append(Problem("--all and a PATTERN exclude each other", "use one of them"))
    if not (options.all or options.patterns):
        problems.append(Problem("no profile given", f"use a PATTERN or --all: {_USAGE}"))
    if options.all and not roles:
        problems.append(
            Problem("there is no role profile", "create one with: aws configure role PROFILE --role-arn ARN")
        )
    if problems:
        raise ValidationError("nothing was run", problems)
    if options.all:
        return roles
    plain = set(options.patterns)
    patterns = [pattern for pattern in options.patterns if _has_wildcard(pattern)]
    return [
        name for name in roles if name in plain or any(fnmatchcase(name, pattern) for pattern in patterns)
    ]


def _find_unmatched(
    patterns: Sequence[str], roles: Sequence[str], profiles: Mapping[str, Mapping[str, Any]]
) -> Iterator[Problem]:
    known, hints = set(roles), Hints()
    for pattern in patterns:
        if pattern in known or (_has_wildcard(pattern) and any(fnmatchcase(name, pattern) for name in roles)):
            continue
        near = get_close_matches(pattern.strip("*?"), roles, n=3) if hints.take() else []
        if pattern in profiles or any(fnmatchcase(name, pattern) for name in profiles):
            yield Problem(f"{pattern} matches only profiles without a role", "use xacct exec for those")
        elif near:
            yield Problem(f"no role profile matches {pattern}", f"did you mean {' or '.join(near)}?")
        else:
            yield Problem(
                f"no role profile matches {pattern}", "list the profiles with: aws configure role list"
            )


def _has_wildcard(pattern: str) -> bool:
    """Return whether a pattern can match another name than itself: N names, as a shell expands them, take N steps."""
    return any(character in pattern for character in "*?[")


def number(text: str) -> int:
    """Parse a number of at least 1. `argparse` calls it "number" in its message, after this function."""
    found = int(text)
    if found < 1:
        raise ValueError(text)
    return found
