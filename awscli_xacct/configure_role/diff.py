"""A change of a config file as it is shown to a person."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from difflib import unified_diff
from io import StringIO

from ..configfile.store import Edit
from ..messages import print_message, printable
from .output import HIDDEN, SECRETS

_SECRET = re.compile(rf"(?i)^([ +-]\s*(?:{'|'.join(sorted(SECRETS))})\s*[=:]\s*).+")


def print_diff(edit: Edit) -> None:
    """The change as a unified diff, control characters escaped and secrets beside it hidden."""
    if not edit.changed:
        print_message(f"{edit.path}: nothing would change")
        return
    for line in diff_lines(edit):
        sys.stdout.write(f"{line}\n")


def diff_lines(edit: Edit) -> Iterator[str]:
    """The lines of `print_diff`."""
    # Lines as the diff program knows them: a StringIO breaks them nowhere but at a line feed.
    before, after = (
        list(StringIO(data.decode("utf-8", "backslashreplace"))) for data in (edit.before, edit.after)
    )
    for line in unified_diff(before, after, str(edit.path), str(edit.path)):
        text = _SECRET.sub(rf"\1{HIDDEN}", printable(line.rstrip("\r\n")))
        yield text
        if not line.endswith("\n"):
            yield "\\ No newline at end of file"
