"""Text for a terminal: wrapped at words to its width, without breaking what is pasted.

Loaded only where there is something to wrap or to measure, which is not so for a command that prints nothing.
"""

import os
import re
import shutil
import unicodedata
from typing import TextIO

_ITEM = re.compile(r"- \S")
_MIN_WIDTH = 20
"""Columns; a narrower terminal is not worth the wrapping."""
_DEFAULT_WIDTH = 80

_PROGRAM = (
    r"(?:[^\s:;,]*/)?"
    r"(?:xacct|sudo|export|unset|chmod|ls|ln|rm|pip|pipx|python[\d.]*|curl|keyring|eval|set -\w+|jq -\w+|w32tm|"
    r"aws (?:--\S+|configure|help|iam|sts|s3|sso|login|ec2|cloudtrail|organizations))(?= |$)"
)
"""What the commands in messages begin with, as a pattern. "aws" alone may begin a sentence as well."""

_IN_COMMAND = r"""(?:'[^']*'|"[^"]*"|(?![;,.](?: |$)).)*"""
_COMMAND = re.compile(rf"(?<=: )(?:(?:{_PROGRAM}|[a-z]+_process = ){_IN_COMMAND}|--[a-z-]+ \S+)")
"""A command, a setting that is one, or an option, in a sentence. A command ends before what follows a comma, a
semicolon or a full stop."""
_WHOLE_LINE = re.compile(rf"""{_PROGRAM}|for \S+ in |\w+=\S|'[~/]|["{{]|\S+$""")
"""The beginning of an indented line that is not wrapped: a command, JSON or a single word."""
_DIFFERENCE = re.compile(r"[-+](?!-)|@@ |[\w.]+ *= *\S")
"""The same for the lines of a difference between two config files."""

# In a path with spaces each word but the first has a separator inside.
_PATH = re.compile(r"(?<!\S)(?:[~/]|[A-Za-z]:\\)\S*(?: [^\s/\\]+[/\\]\S*)+")
_IN_QUANTITY = re.compile(
    r"(?<=\d) (?=(?:h|min|ms|s|hours?|minutes?|seconds?|days?|bytes?|[KMG]i?B)\b)"
    r"|(?<=\d h) (?=\d+ min\b)"
    r"|(?<=\d\d:\d\d) (?=[A-Z]{2,5}\b)"
)
"""The spaces in ``1 h 30 min`` and ``17:04 CET``, where no line ends."""
_GLUE, _UNIT_GLUE = "\0", "\1"
_HANG = "  "


def wrap(text: str, stream: TextIO | int | None, indent: int = 0) -> str:
    """Wrap `text` at words to the width of the terminal that `stream` writes to; leave it as it is without one.

    Commands and paths are not broken, because they are copied. A command that ends a line too long gets a line of
    its own, and so does a word that is too long, such as an ARN. Indented lines that hold commands or JSON stay as they
    are. The caller will put `indent` columns before each line. `stream` may be a file descriptor.
    """
    width = terminal_width(stream) - indent
    return text if width < _MIN_WIDTH else wrap_to(text, width)


def wrap_to(text: str, width: int, hang: str = _HANG) -> str:
    """Do the same for a terminal of this width. What continues a line is indented by `hang` more than the line is."""
    return "\n".join(
        line if columns(line) <= width or is_whole_line(line) else _wrap_line(line, width, hang)
        for line in text.split("\n")
    )


def is_whole_line(line: str) -> bool:
    """Whether a line must not be wrapped: one that is indented and holds a command or the like, or a blank one."""
    text = line.lstrip()
    if not text or text == line:
        return not text
    is_item = _ITEM.match(text)
    return bool(
        _WHOLE_LINE.match(text[2:]) if is_item else _WHOLE_LINE.match(text) or _DIFFERENCE.match(text)
    )


def _wrap_line(line: str, width: int, hang: str) -> str:
    indent = line[: len(line) - len(line.lstrip())]
    own_line = ""
    commands = list(_COMMAND.finditer(line))
    if commands and commands[-1].end() == len(line) and not commands[-1][0].startswith("--"):
        last = commands.pop()
        line, own_line = line[: last.start()].rstrip(), f"\n{indent}{_HANG}{last[0]}"
    for command in commands:
        line = line.replace(command[0], command[0].replace(" ", _GLUE))
    line = _PATH.sub(lambda path: path[0].replace(" ", _GLUE), line)
    return f"{fill(line, width, indent + hang)}{own_line}".replace(_GLUE, " ")


def fill(line: str, width: int, inner: str) -> str:
    """Break a line between words, but not in a quantity, and begin those after the first with `inner`."""
    first, *words = re.findall(r"\s*\S+", _IN_QUANTITY.sub(_UNIT_GLUE, line))
    lines = [first]
    for word in words:
        if columns(lines[-1]) + columns(word) <= width:
            lines[-1] += word
        else:
            lines.append(f"{inner}{word.lstrip()}")
    end = line[len(line.rstrip()) :]  # a prompt ends with a space, before the answer
    return "\n".join(lines).replace(_UNIT_GLUE, " ") + end


def terminal_width(stream: TextIO | int | None) -> int:
    """Return the width of the terminal that `stream` writes to, in columns; 0 if it is not a terminal."""
    try:
        if stream is None or not (os.isatty(stream) if isinstance(stream, int) else stream.isatty()):
            return 0
        width = os.get_terminal_size(stream if isinstance(stream, int) else stream.fileno()).columns
    except OSError:
        width = 0
    except ValueError:
        return 0  # closed
    # COLUMNS may belong to another terminal, so it counts only if this one does not know its size.
    return width or shutil.get_terminal_size().columns or _DEFAULT_WIDTH


def is_dumb() -> bool:
    """Whether the terminal only prints: an editor's window, say, would show the codes for colours and the cursor."""
    return os.environ.get("TERM") in ("dumb", "unknown")


def page_width(stream: TextIO | None) -> int:
    """Return the width for a page that is read as it is, in a pager too: that of the terminal, else COLUMNS or 80."""
    return terminal_width(stream) or shutil.get_terminal_size().columns


def columns(text: str) -> int:
    """Return how many columns a text takes on a terminal: some letters take two, marks on others none."""
    if text.isascii():
        return len(text)
    return sum(
        0
        if unicodedata.category(letter) in ("Mn", "Me")
        else 1 + (unicodedata.east_asian_width(letter) in "WF")
        for letter in text
    )
