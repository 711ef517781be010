"""The steps of a setup as they are shown: to a person, as `aws` commands, to a program."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ..messages import printable
from ..setup.steps import Step

_WIDTH = 50
"""Columns after which a command line goes on, indented, at the next option."""


@dataclass(frozen=True)
class Work:
    """Steps, and how they are spoken of.

    about      what they are about, for a program
    question   what a person is asked before they are done
    otherwise  what has not come about if the answer is no, as in "nothing was set up"
    again      the command that completes them
    """

    heading: str
    steps: Sequence[Step]
    notes: Sequence[str]
    about: dict[str, Any]
    question: str
    otherwise: str
    again: str

    @property
    def to_do(self) -> bool:
        return any(step.to_do for step in self.steps)

    def text(self) -> str:
        """The plan: each step with its policy document or difference, and what is to be said besides."""
        return "\n".join(map(printable, [self.heading, *_plan(self.steps, self.notes)]))

    def commands(self) -> str:
        """The `aws` commands that do the same, to be pasted into a POSIX shell."""
        return "".join(f"{shell_line(step.command)}\n" for step in self.steps if step.to_do and step.command)

    def to_dict(self) -> dict[str, Any]:
        """The plan with the same keys for each step, None where there is nothing."""
        return {
            **self.about,
            "Steps": [
                {
                    "State": step.state,
                    "Title": step.title,
                    "Policy": step.document,
                    "Profile": step.profile or None,
                    "Permission": step.needs or None,
                    "Command": shlex.join(step.command) if step.to_do and step.command else None,
                }
                for step in self.steps
            ],
            "Notes": list(self.notes),
        }


def shell_line(words: Sequence[str]) -> str:
    """A command line for a POSIX shell; where it gets long it goes on, indented, at an option."""
    lines = [""]
    for word in words:
        quoted = shlex.quote(word)
        if lines[-1] and word.startswith("--") and len(lines[-1]) + len(quoted) > _WIDTH:
            lines.append("   ")
        lines[-1] += f" {quoted}" if lines[-1] else quoted
    return " \\\n".join(lines)


def _plan(steps: Sequence[Step], notes: Sequence[str]) -> Iterator[str]:
    for number, step in enumerate(steps, start=1):
        by = f" (profile {step.profile})" if step.profile else ""
        yield f"{number}. {step.state:<6} {step.title}{by}"
        if step.to_do:
            yield from (f"      {line}" for line in step.detail)
    yield from (f"note: {note}" for note in notes)
