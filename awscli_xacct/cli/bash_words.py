"""A command line of bash that is being typed: its words, and how what completes the last one has to be quoted."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_ODD = re.compile(r"[^\w.,:=@%/+-]")
_ODD_IN_QUOTES = re.compile(r'[$`"\\]')


@dataclass
class Line:
    """The words of a line, quotes and backslashes taken away. The last is the one that is typed.

    `quote` is the quote that is open at its end, or nothing; `plain` are the places in the last word, counted in
    its characters, that stand there without a quote or a backslash.
    """

    words: list[str]
    quote: str
    plain: list[int]

    def completed(self, candidates: Iterable[str], breaks: str) -> list[str]:
        """What bash is to be given for those candidates that the last word begins, `breaks` being what ends a word.

        bash replaces what stands after the last of these, or after the quote that is open.
        """
        word = self.words[-1]
        kept = max((place + 1 for place in self.plain if word[place] in breaks), default=0)
        return [self._quoted(name[kept:]) for name in candidates if name.startswith(word)]

    def _quoted(self, text: str) -> str:
        if self.quote == '"':
            return _ODD_IN_QUOTES.sub(r"\\\g<0>", text)
        if self.quote == "'":
            return text.replace("'", "'\\''")
        return _ODD.sub(r"\\\g<0>", text)


def split(text: str) -> Line:
    """The words of the last command of a line that ends where the cursor is."""
    line = Line([""], "", [])
    escaped = begun = False
    for character in text:
        if escaped:
            escaped = False
            line.words[-1] += character
        elif character == "\\" and line.quote != "'":
            escaped = begun = True
        elif line.quote:
            if character == line.quote:
                line.quote = ""
            else:
                line.words[-1] += character
        elif character in "\"'":
            line.quote, begun = character, True
        elif character.isspace():
            if begun:
                line.words.append("")
            line.plain, begun = [], False
        elif character in ";|&(":
            line.words, line.plain, begun = [""], [], False
        else:
            line.plain.append(len(line.words[-1]))
            line.words[-1] += character
            begun = True
    return line
