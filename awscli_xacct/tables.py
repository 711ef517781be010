"""Tables for people, and durations and times in words."""

import re
import sys
import time
from collections.abc import Sequence

from .messages import printable
from .storage.cache import Record
from .wrapping import columns, terminal_width, wrap_to

_GAP = "  "
_INDENT = "    "
_DRAWING = "├└│─…"
_MAX_ZONE_LENGTH = 5

MIN_ROLE_WIDTH = 6
_LEAST_WIDTHS = {
    "PROFILE": 10,
    "ROLE": MIN_ROLE_WIDTH,
    "SOURCE": 6,
    "MFA": 4,
    "KEY IN": 8,
    "SDK PROFILE": 11,
    "OWNER": 19,
    "CALLER": 20,
    "SESSION": 12,
    "PROGRAM": 10,
    "RESTS IN": 16,
    "FAILED AT": 10,
}
"""The columns that may be truncated, and to what. All others hold short facts, such as a time or an account id, of
which a part is worth nothing. Profiles are truncated last, because the next command needs their names."""
_COPIED = "PROFILE"
_COMFORTABLE_WIDTH = 24
_VALUES = ("NOW", "THEN")


def table(
    titles: Sequence[str], rows: Sequence[Sequence[str]], *, whole: bool = False, below: Sequence[str] = ()
) -> str:
    """Return columns under their titles. On a terminal, they are made to fit.

    The columns of names are truncated. If that is not enough, the last columns go to another line of each row. With
    `whole`, for plans that must be confirmed, nothing is truncated: what does not fit goes below its row. `below`
    has a line to print below each row.
    """
    cells = [list(titles), *([printable(cell) or "-" for cell in row] for row in rows)]
    widths = [max(columns(row[place]) for row in cells) for place in range(len(titles))]
    lines = [range(len(titles))]
    available = terminal_width(sys.stdout)
    if available and _total(widths) > available:
        if whole:
            return _fold_values(cells, available)
        lines = _arrange(widths, cells, available)
    shown = []
    for number, row in enumerate(cells):
        for line in lines:
            if line[0] and all(row[place] == "-" for place in line):
                continue  # a line of its own for nothing
            text = _GAP.join(_fit(row[place], widths[place]) for place in line)
            shown.append(f"{_GAP * (line[0] > 0)}{text.rstrip()}")
        if number and below:
            shown.append(below[number - 1])
    return "".join(f"{line}\n" for line in shown)


def truncate(text: str, width: int) -> str:
    """Return a text, or as much of it as fits and a mark. Of an ARN or a path, the end is kept, and any ``(state)``."""
    if columns(text) <= width:
        return text
    if state := _find_state(text):
        return truncate(text.removesuffix(state), width - len(state)) + state
    mark = "…" if can_draw() else "~"
    from_start = text.startswith(("arn:", "/", "~"))
    while text and columns(text) > width - 1:
        text = text[1:] if from_start else text[:-1]
    return f"{mark}{text}" if from_start else f"{text}{mark}"


def add_column(
    titles: list[str], rows: Sequence[list[str]], title: str, cells: Sequence[str], *, before: str = ""
) -> None:
    """Insert a column that most tables do without, by default as the last: left out if all of its cells are empty."""
    place = titles.index(before) if before else len(titles)
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


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + len(_GAP) * (len(widths) - 1)


def _find_state(text: str) -> str:
    """Return the end of a cell that is never cut, such as `` (narrowed)``; empty if it has none."""
    found = re.search(r" \([a-z]+\)$", text)
    return found[0] if found else ""


def _arrange(widths: list[int], cells: Sequence[Sequence[str]], available: int) -> list[range]:
    """Truncate columns, and divide them into lines, until each line fits. Change `widths`, and return the lines."""
    titles = cells[0]
    least = []
    for place, (title, width) in enumerate(zip(titles, widths, strict=True)):
        state = max(len(_find_state(row[place])) for row in cells)
        least.append(min(width, _LEAST_WIDTHS.get(title, width) + state))
    fewest = _divide(least, available)
    # Where several lines are needed anyway, names need not be as short as they can be.
    lines = next(
        found
        for names in (_COMFORTABLE_WIDTH, _COMFORTABLE_WIDTH // 2, 0)
        if len(
            found := _divide(
                [max(low, min(names, full)) for low, full in zip(least, widths, strict=True)], available
            )
        )
        == len(fewest)
    )
    for line in lines:
        own = available - len(_GAP) * (line.start > 0)
        copied = [
            _COMFORTABLE_WIDTH if title == _COPIED else low for title, low in zip(titles, least, strict=True)
        ]
        for limits in (copied, least):
            _narrow(widths, line, limits, own)
    return lines


def _divide(widths: Sequence[int], available: int) -> list[range]:
    """Return the columns of each line: the first has as many as it can hold, and so on."""
    lines = [range(1)]
    for place in range(1, len(widths)):
        begin = lines[-1].start
        used = len(_GAP) * (begin > 0) + _total(widths[begin : place + 1])
        lines[-1:] = [range(begin, place + 1)] if used <= available else [lines[-1], range(place, place + 1)]
    return lines


def _narrow(widths: list[int], line: range, limits: Sequence[int], available: int) -> None:
    """Reduce the widest column of a line, one by one, until the line fits or all columns are at their limits."""
    excess = _total([widths[place] for place in line]) - available
    while excess > 0 and (wide := [place for place in line if widths[place] > limits[place]]):
        widths[max(wide, key=widths.__getitem__)] -= 1
        excess -= 1


def _fold_values(cells: Sequence[Sequence[str]], available: int) -> str:
    """Return a table whose last columns are a setting and `_VALUES`, with each setting on a line of its own.

    A value that does not fit there is on a line below it.
    """
    titles = cells[0]
    setting = len(titles) - len(_VALUES) - 1
    widths = [max(columns(row[place]) for row in cells) for place in range(setting + 1)]
    room = available - len(_GAP) * (len(_VALUES) + 1) - widths[setting]
    now = max(columns(row[-2]) for row in cells if columns(row[-2]) <= max(room // 2, len(_VALUES[0])))
    shown = []
    for row in cells:
        heading = _GAP.join(_fit(row[place], widths[place]) for place in range(setting)).rstrip()
        if heading:
            shown.append(wrap_to(heading, available))
        values = row[setting + 1 :]
        line = f"{_GAP}{_fit(row[setting], widths[setting])}"
        if columns(values[0]) <= now and columns(values[1]) <= room - now:
            shown.append(f"{line}{_GAP}{_fit(values[0], now)}{_GAP}{values[1]}")
            continue
        shown.append(line.rstrip())
        for title, value in zip(_VALUES, values if row is not titles else (), strict=False):
            line = f"{_INDENT}{title:<{len(_VALUES[1])}}{_GAP}{value}"
            if value != "-":
                shown.append(
                    line if columns(line) <= available else f"{_INDENT}{title}\n{_INDENT}{_GAP}{value}"
                )
    return "".join(f"{line}\n" for line in shown)


def _fit(cell: str, width: int) -> str:
    """Return a cell as wide as its column: padded, or truncated."""
    cell = truncate(cell, width)
    return cell + " " * (width - columns(cell))
