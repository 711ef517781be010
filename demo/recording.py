"""A recording of part 1 as an SVG that plays in a README: text and CSS, no scripts.

Commands and output are real. What differs from run to run is replaced, and the timing is made up, so two recordings
of the same texts are the same file.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple
from xml.sax.saxutils import escape

from .screen import Screen

if TYPE_CHECKING:
    from collections.abc import Sequence

_STEADY = (
    (re.compile(r"botocore-session-\d{10}"), "botocore-session-1795632011"),
    (re.compile(r"AWS CLI 1\.\d+\.\d+"), "AWS CLI 1.46.3"),
    (re.compile(r"\b5\d min"), "1 h"),
    (re.compile(r"\b\d min old"), "0 min old"),
)
# What `xacct each` prints comes in the order in which its commands end.
_IN_ANY_ORDER = re.compile(r"\S+ +\| ")

ROWS = 24
_LONG = ROWS // 2
"""More lines than this come one after the other, so that what scrolls away can be read."""
_CHARACTER, _LINE = 8.4, 18
"""Pixels from one character, and from one line, to the next; the font has 14 pixels."""
_MARGIN, _BAR = 16, 30

# Seconds.
_BEFORE_TYPING = 0.7
_PER_KEY = 0.025
_UNSEEN_TYPING = 1.6
_BEFORE_OUTPUT = 0.3
_TO_READ, _PER_LINE = 0.8, 0.14
_AT_THE_END = 5.0

_FRAME = """\
<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">
<title>A terminal with xacct and aws, recorded by: python -m demo --record docs/demo.svg</title>
<style>
text{{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#c9d1d9;white-space:pre}}
.remark{{fill:#8b949e}}
.prompt{{fill:#7ee787}}
.typed{{fill:#fff}}
.frame{{fill:#0d1117;stroke:#30363d}}
.cover{{fill:#0d1117}}
.cursor{{fill:#c9d1d9}}
.away{{transform:translateX(9999px)}}
g{{animation:{total}s step-end infinite}}
{css}
@media(prefers-reduced-motion:reduce){{g{{animation-name:none!important}}}}
</style>
<rect class="frame" x="1" y="1" width="{frame_width}" height="{frame_height}" rx="8"/>
<circle cx="20" cy="16" r="5" fill="#ff5f57"/>
<circle cx="38" cy="16" r="5" fill="#febc2e"/>
<circle cx="56" cy="16" r="5" fill="#28c840"/>
<svg x="{margin}" y="{bar}" width="{inner_width}" height="{inner_height}" xml:space="preserve">
<g style="animation-name:scroll;transform:translateY({end}px)">
{body}
</g>
</svg>
</svg>
"""


class _Text(NamedTuple):
    row: int
    column: int
    text: str
    kind: str = ""


class _Block(NamedTuple):
    """Texts that appear together, `start` seconds after the beginning; `row` is then the last one in use.

    With `typing`, the last of them is typed key by key from that time on, with a cursor until the next block.
    """

    start: float
    row: int
    texts: tuple[_Text, ...]
    typing: float | None = None


class Recording(Screen):
    """Takes down what a part of the demo shows, and renders it."""

    def __init__(self) -> None:
        super().__init__()
        self._blocks: list[_Block] = []
        self._time = 0.0
        self._row = 0

    def step(self, number: int, title: str) -> None:
        self._row += number > 1
        self._blocks.append(_Block(self._time, self._row, (_Text(self._row, 0, f"# {title}", "remark"),)))
        self._row += 1

    def remark(self, text: str) -> None:
        pass

    def shown(self, text: str) -> None:
        pass

    def command(self, line: str) -> None:
        for number, part in enumerate(line.splitlines()):
            self._type(_Text(self._row, 2, part, "typed"), prompt="> " if number else "$ ")
        self._time += _BEFORE_OUTPUT

    def output(self, lines: Sequence[str], echoed: str | None = None) -> None:
        if not lines:
            return
        lines = [_make_steady(line) for line in lines]
        if all(map(_IN_ANY_ORDER.match, lines)):
            lines = sorted(lines)
        texts = [_Text(self._row + number, 0, line) for number, line in enumerate(lines)]
        if len(lines) <= _LONG:
            self._blocks.append(_Block(self._time, texts[-1].row, tuple(texts)))
            self._time += _PER_LINE * len(lines)
        else:
            for text in texts:
                self._blocks.append(_Block(self._time, text.row, (text,)))
                self._time += _PER_LINE
        if echoed is None:
            self._time += _TO_READ
            self._row += len(lines)
        else:
            self._type(texts[-1]._replace(column=len(lines[-1]) + 1, text=echoed, kind="typed"))

    def render(self) -> str:
        """Return the SVG: every text once, and the keyframes that let it appear, be typed and scroll."""
        self._type(_Text(self._row, 2, "", "typed"), prompt="$ ", seconds=_AT_THE_END)
        total = round(self._time, 2)
        starts = [*(block.start for block in self._blocks[1:]), total]
        css, body, scroll, hidden = [], [], "0%{transform:none}", 0
        for number, (block, end) in enumerate(zip(self._blocks, starts, strict=True)):
            start = _percent(block.start, total)
            css.append(f"@keyframes b{number}{{0%{{opacity:0}}{start}{{opacity:1}}}}")
            body += [
                f'<g style="animation-name:b{number}">',
                *(_render_text(text) for text in block.texts if text.text),
            ]
            if block.typing is not None:
                css.append(_move_cover(f"c{number}", block, block.typing, end, total))
                body.append(_render_cover(f"c{number}", block.texts[-1]))
            body.append("</g>")
            if block.row - ROWS + 1 > hidden:
                hidden = block.row - ROWS + 1
                scroll += f"{start}{{transform:translateY({-hidden * _LINE}px)}}"
        css.append(f"@keyframes scroll{{{scroll}}}")
        width, height = round(self.columns * _CHARACTER), ROWS * _LINE
        return _FRAME.format(
            width=width + 2 * _MARGIN, height=height + _BAR + _MARGIN, margin=_MARGIN, bar=_BAR, total=total,
            frame_width=width + 2 * _MARGIN - 2, frame_height=height + _BAR + _MARGIN - 2, inner_width=width,
            inner_height=height, css="\n".join(css), body="\n".join(body), end=-hidden * _LINE,
        )  # fmt: skip

    def _type(self, text: _Text, prompt: str = "", seconds: float = _UNSEEN_TYPING) -> None:
        """Add a text that is typed key by key; if none of it is seen, it takes `seconds`."""
        texts = (_Text(text.row, 0, prompt, "prompt"), text) if prompt else (text,)
        typing = self._time + _BEFORE_TYPING
        self._blocks.append(_Block(self._time, text.row, texts, typing))
        self._time = typing + (len(text.text) * _PER_KEY or seconds)
        self._row = text.row + 1


def _make_steady(line: str) -> str:
    """Return a line with the same words, whenever and with whatever version it was printed."""
    for pattern, shown in _STEADY:
        line = pattern.sub(shown, line)
    return line


def _percent(time: float, total: float) -> str:
    return f"{100 * time / total:.2f}%"


def _render_text(text: _Text) -> str:
    """Return the element of a text. Its length is fixed, or columns would depend on the font that is there."""
    x, y = text.column * _CHARACTER, (text.row + 1) * _LINE - 5
    kind = f' class="{text.kind}"' * bool(text.kind)
    length = len(text.text) * _CHARACTER
    return f'<text x="{x:.1f}" y="{y}" textLength="{length:.1f}"{kind}>{escape(text.text)}</text>'


def _render_cover(name: str, text: _Text) -> str:
    """Return what covers a text and moves aside as it is typed; its left edge is the cursor."""
    x, y = text.column * _CHARACTER, text.row * _LINE
    width = len(text.text) * _CHARACTER + _CHARACTER
    return (
        f'<g class="away" style="animation-name:{name}">'
        f'<rect class="cover" x="{x:.1f}" y="{y}" width="{width:.1f}" height="{_LINE}"/>'
        f'<rect class="cursor" x="{x:.1f}" y="{y + 1}" width="{_CHARACTER}" height="{_LINE - 2}"/></g>'
    )


def _move_cover(name: str, block: _Block, typing: float, end: float, total: float) -> str:
    """Return the keyframes of a cover: it waits, moves by a character per key, waits, and is gone."""
    keys = len(block.texts[-1].text)
    begin, typed, end_at = (_percent(time, total) for time in (typing, typing + keys * _PER_KEY, end))
    steps = f"animation-timing-function:steps({max(keys, 1)})"
    return (
        f"@keyframes {name}{{0%{{transform:none}}{begin}{{transform:none;{steps}}}"
        f"{typed}{{transform:translateX({keys * _CHARACTER:.1f}px)}}{end_at}{{transform:translateX(9999px)}}}}"
    )
