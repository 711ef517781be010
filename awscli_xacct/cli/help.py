"""Help texts that fit the terminal. Command lines in them stay whole, because they are copied."""

import argparse
import re
import sys
from collections.abc import Iterator
from typing import Any

from ..wrapping import columns, fill, is_whole_line, page_width, wrap_to

_GROUP = re.compile(r"\[(?:[^][]|\[[^][]*\])*\]")
_EXAMPLE = re.compile(r"( *\S.*?\S {2,})(\S.*)")
_MIN_COMMENT_WIDTH = 20
_MARGIN = 2
"""Columns that argparse leaves free."""


class HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Fits usage lines, descriptions and examples to the page as well: in a pipe too, because that may be a pager's."""

    def __init__(self, prog: str, width: int = 0) -> None:
        """`width` is for a page that is not shown on the terminal of this process."""
        width = width or page_width(sys.stdout) - _MARGIN
        self._is_fitted = width > 0
        super().__init__(prog, width=width if self._is_fitted else None)

    def _format_usage(self, usage: str | None, *others: Any) -> str:
        if usage is not None and self._is_fitted:
            usage = _fit_usage(usage, self._prog, self._width)
        return super()._format_usage(usage, *others)

    def start_section(self, heading: str | None) -> None:
        """Begin a section, whose heading argparse itself does not wrap."""
        super().start_section(heading and fill(heading, max(self._width - 1, 1), ""))

    def _split_lines(self, text: str, width: int) -> list[str]:
        # argparse's own way breaks words at their hyphens, such as env-no-export.
        return fill(" ".join(text.split()), width, "").split("\n")

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        text = "".join(indent + line for line in text.splitlines(keepends=True))
        return "\n".join(_fit(text.split("\n"), width)) if self._is_fitted else text


def _fit_usage(usage: str, program: str, width: int) -> str:
    """Break a usage line between options, not in them."""
    glued = _GROUP.sub(lambda group: group[0].replace(" ", "\0"), f"usage: {usage}")
    return fill(glued, width, " " * len(f"usage: {program} ")).removeprefix("usage: ").replace("\0", " ")


def _fit(lines: list[str], width: int) -> Iterator[str]:
    """Fit example command lines, with comments beside them, and paragraphs, which begin with a capital letter."""
    paragraph: list[str] = []
    for line in [*lines, ""]:
        example = _EXAMPLE.fullmatch(line)
        is_prose = not example and not is_whole_line(line)
        if not is_prose or line.lstrip()[0].isupper():
            yield from _fit_paragraph(paragraph, width)
            paragraph = []
        if is_prose:
            paragraph.append(line)
        elif example and columns(line) > width:
            yield _fit_comment(example[1], example[2], width)
        else:
            yield line


def _fit_paragraph(lines: list[str], width: int) -> Iterator[str]:
    if all(columns(line) <= width for line in lines):
        yield from lines
    else:
        yield wrap_to(" ".join([lines[0], *(line.strip() for line in lines[1:])]), width, hang="")


def _fit_comment(command: str, comment: str, width: int) -> str:
    """Fit a comment beside its command line if there is room, and else below it. It may be a command line itself."""
    below = " " * 6
    if is_whole_line(f" {comment}"):
        return f"{command.rstrip()}\n{below}{comment}"
    if columns(command) + _MIN_COMMENT_WIDTH <= width:
        return fill(command + comment, width, " " * columns(command))
    return f"{command.rstrip()}\n{fill(below + comment, width, below)}"
