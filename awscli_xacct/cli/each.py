"""``xacct each PATTERN … -- CMD``: a command once for each of many role profiles."""

from __future__ import annotations

import argparse
import json
import os
import select
import shutil
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any, TextIO

from ..errors import Problem, ValidationError, XacctError
from ..messages import printable, printable_lines, warn
from ..profiles.source import is_role
from ..redaction import without_passwords
from .fetch import Given, obtain_many
from .launch import environment
from .output_spool import OutputSpool
from .process_pool import Children, Ended, Job
from .resolve import read_config

HELP = "Run a command once for each of many role profiles, several at a time."
EXAMPLES = """\
  xacct each 'prod-*' audit -- aws s3 ls
  xacct each --all --jobs 4 -- sh -c 'aws iam list-users --query "length(Users)"'
  xacct each --all --output json -- aws sts get-caller-identity"""

JOBS = 8
FAILED = 255
_USAGE = "xacct each [-h] [--all] [--jobs N] [--output text|json] [PATTERN ...] -- CMD ..."


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.usage = _USAGE
    parser.add_argument(
        "patterns",
        metavar="PATTERN",
        nargs="*",
        help="role profiles by name; *, ? and [...] match as in a shell, where they have to be quoted",
    )
    parser.add_argument("--all", action="store_true", help="all role profiles")
    parser.add_argument(
        "--jobs", metavar="N", type=number, default=JOBS, help="how many at a time; %(default)s if not given"
    )
    parser.add_argument(
        "--output",
        choices=("text", "json"),
        default="text",
        help="text (the default): what each writes, as it comes, after the profile's name; json: all at the end",
    )


def split(arguments: list[str]) -> tuple[list[str], list[str]]:
    """The command is what comes after the first ``--``."""
    if "--" not in arguments:
        return arguments, []
    place = arguments.index("--")
    return arguments[:place], arguments[place + 1 :]


def run(options: argparse.Namespace) -> int:
    """Run the command for each; 0 only if it could be, and gave 0, for all."""
    if not options.command:
        raise ValidationError(
            "nothing was run", [Problem(f"which command? It comes last, after --: {_USAGE}")]
        )
    # Before anything is imported: awscli leaves a variable of its own there.
    inherited = dict(os.environ)
    config = read_config()
    names = _chosen(options, config["profiles"])
    given = obtain_many(config, names)
    report = _Json(given) if options.output == "json" else _Text(given)
    jobs = [
        Job(
            each.profile,
            _found(options.command),
            environment(each.document, each.region, inherited, each.handed),
        )
        for each in given
        if each.document is not None
    ]
    ended = {each.profile: each.error for each in given if each.document is None}
    for done in Children(report.hear).run(jobs, options.jobs):
        report.end(done)
        if done.code:
            ended[done.name] = done.fault or f"exit code {done.code}"
    report.close()
    if ended:
        warn(f"{len(ended)} of {len(names)} failed: {', '.join(name for name in names if name in ended)}")
    return FAILED if ended else 0


class _Text:
    """Lines as they come, each after the profile it is from; stdout and stderr stay what they were."""

    def __init__(self, given: Sequence[Given]) -> None:
        width = max(len(printable(each.profile)) for each in given)
        self._lock = threading.Lock()
        self._labels = {each.profile: f"{printable(each.profile):<{width}} | ".encode() for each in given}
        for each in given:
            if each.document is None:
                self._complain(each.profile, each.error)

    def hear(self, name: str, is_error: bool, line: bytes) -> None:
        stream = sys.stderr if is_error else sys.stdout
        if stream is not None:
            with self._lock:
                _write(stream, self._labels[name] + line + (b"" if line.endswith(b"\n") else b"\n"))

    def end(self, done: Ended) -> None:
        if done.code:
            self._complain(done.name, done.fault or f"exit code {done.code}")

    def close(self) -> None:
        """Nothing is left to be said."""

    def _complain(self, name: str, text: str) -> None:
        for line in printable_lines(f"xacct: {text}").splitlines():
            self.hear(name, True, line.encode("utf-8", "replace"))


class _Json:
    """All that was written, as one JSON document at the end. Until then it is on the disk, however much it is."""

    def __init__(self, given: Sequence[Given]) -> None:
        self._written = OutputSpool()
        self._rows: dict[str, dict[str, Any]] = {
            each.profile: {
                "Profile": each.profile,
                "ExitCode": None,
                "Stdout": False,  # which of the two it was, until it is there
                "Stderr": True,
                "Error": without_passwords(each.error) or None,
            }
            for each in given
        }

    def hear(self, name: str, is_error: bool, line: bytes) -> None:
        self._written.add((name, is_error), line)

    def end(self, done: Ended) -> None:
        self._rows[done.name].update(ExitCode=done.code, Error=done.fault or None)
        for is_error in (False, True):
            self._written.settle((done.name, is_error))

    def close(self) -> None:
        """Write it as `json.dumps` would with an indent of four."""
        write, between = sys.stdout.write, "[\n"
        for name, row in self._rows.items():
            write(f"{between}    {{")
            between = ",\n"
            for number, (key, value) in enumerate(row.items()):
                write(f"{',' * bool(number)}\n        {json.dumps(key)}: ")
                if key in ("Stdout", "Stderr"):
                    sys.stdout.writelines(self._written.json((name, value)))
                else:
                    write(json.dumps(value))
            write("\n    }")
        write("\n]\n")
        self._written.close()


def _write(stream: TextIO, data: bytes) -> None:
    """Write past the stream's buffer: whoever is blocked in that keeps a lock which no signal, nor exit, gets past."""
    raw = getattr(stream.buffer, "raw", stream.buffer)
    left = memoryview(data)
    while left:
        try:
            written = raw.write(left)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise XacctError(f"the output cannot be written: {error.strerror or error}") from None
        if written is None:
            # It does not block, as others share it and have set it so.
            select.select([], [raw], [])
        left = left[written or 0 :]


def _chosen(options: argparse.Namespace, profiles: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The role profiles that are meant, in the order of the file. Raises `ValidationError`."""
    roles = [name for name, found in profiles.items() if is_role(found)]
    faults = list(_unmatched(options.patterns, roles, profiles))
    if options.all and options.patterns:
        faults.append("--all leaves nothing for a pattern to choose: give one or the other")
    if not (options.all or options.patterns):
        faults.append(f"for which profiles? Give patterns, or --all: {_USAGE}")
    if options.all and not roles:
        faults.append("no profile assumes a role; make one with: aws configure role PROFILE --role-arn ARN")
    if faults:
        raise ValidationError("nothing was run", map(Problem, faults))
    if options.all:
        return roles
    return [name for name in roles if any(fnmatchcase(name, pattern) for pattern in options.patterns)]


def _unmatched(
    patterns: Sequence[str], roles: Sequence[str], profiles: Mapping[str, Mapping[str, Any]]
) -> Iterator[str]:
    for pattern in patterns:
        if any(fnmatchcase(name, pattern) for name in roles):
            continue
        near = get_close_matches(pattern.strip("*?"), roles, n=3)
        if any(fnmatchcase(name, pattern) for name in profiles):
            yield f"what {pattern} matches assumes no role; use xacct exec for a profile that is none"
        elif near:
            yield f"no role profile matches {pattern}; did you mean {' or '.join(near)}?"
        else:
            yield f"no role profile matches {pattern}; list the profiles with: aws configure role list"


def _found(command: list[str]) -> list[str]:
    """The command, as Windows has to be told it: there an .exe on the PATH is found, and no .cmd."""
    return [shutil.which(command[0]) or command[0], *command[1:]] if os.name == "nt" else command


def number(text: str) -> int:
    """A number of things, one or more; `argparse` calls it what it is called here."""
    found = int(text)
    if found < 1:
        raise ValueError(text)
    return found
