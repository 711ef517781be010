"""Tables for people, and durations and times in words."""

import sys
import time
import unicodedata
from collections.abc import Sequence

from .messages import printable, terminal_width
from .storage.cache import Record

_GAP = "  "
_MIN_WIDTH = 4
_COPIED = ("PROFILE", "ACCOUNT")
"""Columns whose cells are typed into the next command, and so are truncated last."""
_MIN_COPIED_WIDTH = 24
_MAX_ZONE_LENGTH = 5
_DRAWING = "├└│─…"


def table(titles: Sequence[str], rows: Sequence[Sequence[str]], *, whole: bool = False) -> str:
    """Return columns under their titles. On a terminal the widest are truncated to fit; piped, nothing is.

    With `whole` nothing is truncated: for plans that must be confirmed.
    """
    cells = [list(titles), *([printable(cell) or "-" for cell in row] for row in rows)]
    widths = [max(_width(row[column]) for row in cells) for column in range(len(titles))]
    if not whole and (available := terminal_width(sys.stdout)):
        _narrow(widths, titles, available)
    lines = (_GAP.join(_fit(cell, width) for cell, width in zip(row, widths, strict=True)) for row in cells)
    return "".join(f"{line.rstrip()}\n" for line in lines)


def add_column(
    titles: list[str], rows: Sequence[list[str]], title: str, cells: Sequence[str], *, before: str
) -> None:
    """Insert a column that most tables do without: it is left out if all of its cells are empty."""
    place = titles.index(before)
    if any(cells):
        titles.insert(place, title)
        for row, cell in zip(rows, cells, strict=True):
            row.insert(place, cell)


def can_draw() -> bool:
    """Whether stdout is a terminal that can show line drawing characters."""
    try:
        _DRAWING.encode(getattr(sys.stdout, "encoding", None) or "ascii")
    except UnicodeEncodeError:
        return False
    return sys.stdout is not None and sys.stdout.isatty()


def remaining(record: Record | None, now: float | None = None) -> str:
    """Return how long a record still lasts, in words; empty for None."""
    if record is None:
        return ""
    return duration(record.expiry - (time.time() if now is None else now))


def lifetime(record: Record) -> str:
    """Return how long a record still lasts, and until when, as ``for 52 min, until 17:04 CET``."""
    return f"for {remaining(record)}, until {local_time(record.expiry)}"


def duration(seconds: float) -> str:
    """Return a number of seconds in words, rounded to the minute if it is at least one."""
    if seconds < 60:
        return f"{max(int(seconds), 0)} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    if not hours:
        return f"{minutes} min"
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def local_time(moment: float, now: float | None = None) -> str:
    """Return a time (seconds since the epoch) in the local zone, as ``17:04 CET``; with its date unless it is today."""
    found, today = time.localtime(moment), time.localtime(now)
    # Windows has no short names of time zones.
    zone = found.tm_zone if len(found.tm_zone) <= _MAX_ZONE_LENGTH else time.strftime("UTC%z", found)
    date = "" if found[:3] == today[:3] else time.strftime("%Y-%m-%d ", found)
    return f"{date}{time.strftime('%H:%M', found)} {zone}"


def counted(number: int, thing: str) -> str:
    """Return ``1 session``, ``2 sessions``."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _narrow(widths: list[int], titles: Sequence[str], available: int) -> None:
    """Reduce the widest column, one by one, until the table fits; one that is copied only if it is very wide."""
    excess = sum(widths) + len(_GAP) * (len(widths) - 1) - available
    for least_copied in (_MIN_COPIED_WIDTH, _MIN_WIDTH):
        least = [least_copied if title in _COPIED else _MIN_WIDTH for title in titles]
        while excess > 0 and (wide := [at for at, width in enumerate(widths) if width > least[at]]):
            widths[max(wide, key=widths.__getitem__)] -= 1
            excess -= 1


def _fit(cell: str, width: int) -> str:
    """Return a cell as wide as its column: padded, or truncated with a mark."""
    if _width(cell) > width:
        mark = "…" if can_draw() else "~"
        while _width(cell) > width - 1:
            cell = cell[:-1]
        cell += mark
    return cell + " " * (width - _width(cell))


def _width(text: str) -> int:
    """Return how many columns a text takes on a terminal: some letters take two, combining marks none."""
    if text.isascii():
        return len(text)
    return sum(
        2 if unicodedata.east_asian_width(letter) in "WF" else 0 if unicodedata.combining(letter) else 1
        for letter in text
    )
