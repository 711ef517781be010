"""What `each` prints: the output of many commands, as it comes or as one JSON document at the end."""

import json
import threading
from collections.abc import Iterable, Mapping, Sequence
from math import isfinite
from typing import Any, NamedTuple

from ..errors import UsageError
from ..failures import Failure
from ..messages import printable, printable_lines, wrap_message
from ..redaction import without_passwords
from ..results import write_json, write_result
from ..storage.memo import Memo
from ..wrapping import columns
from .output import relay
from .output_spool import OutputSpool
from .process_pool import Ended
from .progress import Progress


class Target(NamedTuple):
    """What the command is run for, or why it is not: a profile or an account, and the region if it was asked for.

    `name` tells it from all others, in messages too, and `place` is where it comes among them. `profile` is None for an
    account of the organization. An `error` that is `lasting` is not worth another attempt; `failure` is what programs
    are told about it, and `exit_code` that of the command, or the one that goes with the failure.
    """

    name: str
    place: tuple[int, int]
    profile: str | None
    account: str | None
    region: str | None
    document: Mapping[str, Any]
    memo: Memo
    error: str = ""
    lasting: bool = False
    failure: Failure | None = None
    exit_code: int = 0


class Report:
    """A report of targets. `add_line` is called in threads, the others are not."""

    def begin(self, targets: Sequence[Target]) -> None:
        """Add targets; one of the same name begins again."""

    def add_line(self, name: str, is_error: bool, line: bytes) -> None: ...

    def add_end(self, ended: Ended) -> None: ...

    def remove(self, names: Iterable[str]) -> None:
        """Remove targets, because others take their place."""

    def close(self) -> None:
        """Print what is left."""


class TextReport(Report):
    """Lines as they come, each after its target's name. What was on stderr stays on stderr."""

    def __init__(self, progress: Progress) -> None:
        self._lock = threading.Lock()
        self._labels: dict[str, bytes] = {}
        self._width = 0
        self._progress = progress

    def begin(self, targets: Sequence[Target]) -> None:
        self._progress.begin(len(targets))
        self._width = max([self._width, *(columns(printable(each.name)) for each in targets)])
        for each in targets:
            name = printable(each.name)
            self._labels[each.name] = f"{name}{' ' * (self._width - columns(name))} | ".encode()
        for each in targets:
            if each.error:
                self._add_error(each.name, each.error)
                self._count(failed=True)

    def add_line(self, name: str, is_error: bool, line: bytes) -> None:
        with self._lock:
            self._progress.hide()
            relay(self._labels[name] + line.removesuffix(b"\n") + b"\n", is_error=is_error)
            self._progress.show()

    def add_end(self, ended: Ended) -> None:
        if ended.code:
            self._add_error(ended.name, ended.error or f"exit code {ended.code}")
        self._count(failed=bool(ended.code))

    def _count(self, *, failed: bool) -> None:
        with self._lock:
            self._progress.add(failed=failed)

    def _add_error(self, name: str, text: str) -> None:
        text = wrap_message(printable_lines(f"xacct: {text}"), self._width + len(" | "))
        for line in text.splitlines():
            self.add_line(name, True, line.encode("utf-8", "replace"))


_INDENT = " " * 8


def _parse_float(text: str) -> float | str:
    """Return a number; one that is too large as the text that it is, because JSON has no infinity."""
    number = float(text)
    return number if isfinite(number) else text


class JsonReport(Report):
    """One JSON document at the end. Until then the output is on disk, however long it is."""

    def __init__(self, progress: Progress, query: Any = None) -> None:
        """`query` is a compiled JMESPath expression; what it is applied to has to be in memory."""
        self._spool = OutputSpool()
        self._rows: dict[str, dict[str, Any]] = {}
        self._places: dict[str, tuple[int, int]] = {}
        self._progress = progress
        self._query = query

    def begin(self, targets: Sequence[Target]) -> None:
        self._progress.begin(len(targets))
        for each in targets:
            for is_error in (False, True):
                self._spool.discard((each.name, is_error))
            self._places[each.name] = each.place
            self._rows[each.name] = {
                "Profile": each.profile,
                "Account": each.account,
                "Region": each.region,
                "ExitCode": None,
                "Output": False,  # a placeholder for the output: the value of is_error
                "Stderr": True,
            }
            if each.error:
                self._add_error(each.name, each.error)
                self._progress.add(failed=True)

    def add_line(self, name: str, is_error: bool, line: bytes) -> None:
        self._spool.add((name, is_error), line)

    def add_end(self, ended: Ended) -> None:
        self._rows[ended.name].update(ExitCode=ended.code if ended.was_run else None)
        if ended.error:
            self._add_error(ended.name, ended.error)
        for is_error in (False, True):
            self._spool.flush((ended.name, is_error))
        self._progress.add(failed=bool(ended.code))

    def remove(self, names: Iterable[str]) -> None:
        for name in names:
            del self._rows[name]

    def close(self) -> None:
        self._rows = {name: self._rows[name] for name in sorted(self._rows, key=self._places.__getitem__)}
        if self._query is None:
            self._print_rows()
        else:
            self._print_found(self._query)
        self._spool.close()

    def _print_found(self, query: Any) -> None:
        """Print what the query finds. Raises `UsageError` if it cannot be applied: then nothing is lost, either."""
        rows = [json.loads("".join(self._to_json(name)), parse_float=_parse_float) for name in self._rows]
        try:
            found = query.search(rows)
        except ValueError as error:  # JMESPath's own are, and that of a slice with the step 0
            self._print_rows()
            text = f"--query {query.expression!r} cannot be applied, and all of the JSON was printed: {error}"
            raise UsageError(text) from None
        write_json(found)

    def _print_rows(self) -> None:
        """Write what `json.dumps` would with an indent of four, piece by piece."""
        between = "[\n    "
        for name in self._rows:
            write_result(between)
            between = ",\n    "
            for part in self._to_json(name):
                write_result(part)
        write_result("\n]\n")

    def _to_json(self, name: str) -> Iterable[str]:
        between = "{"
        for key, value in self._rows[name].items():
            yield f"{between}\n{_INDENT}{json.dumps(key)}: "
            between = ","
            if key == "Output":
                yield from self._spool.to_value((name, value), _INDENT)
            elif key == "Stderr":
                yield from self._spool.to_string((name, value))
            else:
                yield json.dumps(value)
        yield "\n    }"

    def _add_error(self, name: str, text: str) -> None:
        """Add a message of ours, after what the command has written itself."""
        self._spool.add((name, True), f"xacct: {without_passwords(text)}\n".encode("utf-8", "replace"))
