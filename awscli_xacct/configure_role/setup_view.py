"""The steps of a setup as text for people, as `aws` commands, and as JSON for programs."""

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ..messages import printable
from ..setup.steps import Step

_WIDTH = 50
"""The length of a command line after which the next option starts a new line."""


@dataclass(frozen=True)
class Work:
    """Steps, with the words to present them in.

    metadata       what they are about, for programs
    question       asked before they are carried out
    declined       reported if they are not, such as "nothing was set up"
    retry_command  completes them after an error
    """

    heading: str
    steps: Sequence[Step]
    notes: Sequence[str]
    metadata: dict[str, Any]
    question: str
    declined: str
    retry_command: str

    @property
    def to_do(self) -> bool:
        return any(step.to_do for step in self.steps)

    def text(self) -> str:
        """Return the plan: each step with its policy or diff, and notes."""
        return "\n".join(map(printable, [self.heading, *_plan(self.steps, self.notes)]))

    def commands(self) -> str:
        """Return `aws` commands that do the same, to paste into a POSIX shell."""
        return "".join(f"{shell_line(step.command)}\n" for step in self.steps if step.to_do and step.command)

    def to_dict(self) -> dict[str, Any]:
        """Return the plan, with the same keys for each step."""
        return {
            **self.metadata,
            "Steps": [
                {
                    "State": step.state,
                    "Title": step.title,
                    "Policy": step.policy,
                    "Profile": step.profile or None,
                    "Permission": step.permission or None,
                    "Command": shlex.join(step.command) if step.to_do and step.command else None,
                }
                for step in self.steps
            ],
            "Notes": list(self.notes),
        }


def shell_line(words: Sequence[str]) -> str:
    """Quote a command line for a POSIX shell, and break a long one before options."""
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
