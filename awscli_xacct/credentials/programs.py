"""Telling each ``credential_process`` of a chain for whose sake it runs.

The variable goes to the program alone, not into this process's environment: other threads start programs for
other profiles.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from typing import Any

from . import recursion_guard

_PROCESS = "custom-process"


class MarkedPrograms:
    """botocore's builder of a source profile's providers, with that of programs changed.

    `names` are the profiles of the chain, the last to be assumed first.
    """

    def __init__(self, builder: Any, names: Sequence[str]) -> None:
        self._builder = builder
        self._names = names
        self.last: subprocess.Popen[bytes] | None = None
        """The program that was started last."""

    def providers(self, *arguments: Any, **options: Any) -> list[Any]:
        """The providers in their order."""
        found: list[Any] = self._builder.providers(*arguments, **options)
        for provider in found:
            if provider.METHOD == _PROCESS:
                provider._popen = self._start
        return found

    def _start(self, command: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:
        environment = recursion_guard.marked(self._names, os.environ)
        self.last = subprocess.Popen(command, env=environment, **options)  # noqa: S603 - the user's own command
        return self.last
