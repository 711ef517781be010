"""Results for people by default, and in the CLI's own formats where ``--output`` or ``--query`` asks."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from awscli.formatter import get_formatter

from ..cache import Record
from ..errors import printable

_GAP = "  "
_NARROWEST = 8


def give(session: Any, parsed_globals: Any, name: str, result: Any, text: Callable[[], str]) -> None:
    """Print a result: `text` for people, `result` formatted where the command line asks for a format."""
    if parsed_globals.output is None and parsed_globals.query is None:
        sys.stdout.write(text())
        return
    output = parsed_globals.output or session.get_config_variable("output")
    get_formatter(output, parsed_globals)(name, result)


def table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns under their titles. On a terminal the last columns give way to its width; piped, nothing is cut."""
    cells = [list(titles), *([printable(cell) or "-" for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(titles))]
    if sys.stdout.isatty():
        _narrow(widths, shutil.get_terminal_size().columns)
    lines = (_GAP.join(_fit(cell, width) for cell, width in zip(row, widths, strict=True)) for row in cells)
    return "".join(f"{line.rstrip()}\n" for line in lines)


def remaining(record: Record | None, now: float | None = None) -> str:
    """How long a record still lasts, in words; nothing where there is none."""
    if record is None:
        return ""
    return duration(record.expiry - (time.time() if now is None else now))


def duration(seconds: float) -> str:
    """Seconds in the words a person uses for them."""
    minutes = int(seconds // 60)
    if minutes < 1:
        return f"{max(int(seconds), 0)} s"
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def _narrow(widths: list[int], available: int) -> None:
    """Take what does not fit from the widest column, again and again."""
    excess = sum(widths) + len(_GAP) * (len(widths) - 1) - available
    while excess > 0 and max(widths) > _NARROWEST:
        widest = widths.index(max(widths))
        widths[widest] -= 1
        excess -= 1


def _fit(cell: str, width: int) -> str:
    return cell.ljust(width) if len(cell) <= width else f"{cell[: width - 1]}…"
