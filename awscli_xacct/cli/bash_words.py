"""The words of a bash command line that is being typed, and the quoting of what completes the last one."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

_SPECIAL = re.compile(r"[^\w.,:=@%/+-]")
_SPECIAL_IN_QUOTES = re.compile(r'[$`"\\]')


@dataclass
class Line:
    """The words of a line without their quotes and backslashes; the last is the one being typed.

    `quote` is the quote that is open at the end, or empty. `unquoted` are the indexes of the characters in the last
    word that have neither a quote nor a backslash.
    """

    words: list[str]
    quote: str
    unquoted: list[int]

    def complete(self, candidates: Iterable[str], breaks: str) -> list[str]:
        """Return what bash inserts for the candidates that begin with the last word.

        `breaks` are the characters that end a word: bash replaces what comes after the last of them, or after the
        open quote.
        """
        word = self.words[-1]
        kept = max((index + 1 for index in self.unquoted if word[index] in breaks), default=0)
        return [self._quote(name[kept:]) for name in candidates if name.startswith(word)]

    def _quote(self, text: str) -> str:
        if self.quote == '"':
            return _SPECIAL_IN_QUOTES.sub(r"\\\g<0>", text)
        if self.quote == "'":
            return text.replace("'", "'\\''")
        return _SPECIAL.sub(r"\\\g<0>", text)


def split(text: str) -> Line:
    """Split the last command of `text`, a line up to the cursor, into words."""
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
            line.unquoted, begun = [], False
        elif character in ";|&(":
            line.words, line.unquoted, begun = [""], [], False
        else:
            line.unquoted.append(len(line.words[-1]))
            line.words[-1] += character
            begun = True
    return line
