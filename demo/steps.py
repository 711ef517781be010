"""A part of the demo: steps with titles, each of which checks what it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .person import DemoFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .screen import Screen


def run_steps(screen: Screen, steps: Sequence[tuple[str, Callable[[], None]]], first: int = 1) -> int:
    """Run every step, numbered from `first`, and return the number of the next.

    Raises `DemoFailed` with the step's name at the first one that fails.
    """
    for number, (title, step) in enumerate(steps, start=first):
        screen.step(number, title)
        try:
            step()
        except DemoFailed as failure:
            raise DemoFailed(f"step {number} ({title}): {failure}") from failure
    return first + len(steps)
