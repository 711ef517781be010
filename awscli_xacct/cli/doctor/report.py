"""What a check finds, and what all checks are told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ... import settings
from ...configfile import sections, store
from ...configfile.document import Document
from ...errors import XacctError

FILES = {
    settings.CONFIG_FILE_VARIABLE: settings.DEFAULT_CONFIG_FILE,
    settings.CREDENTIALS_FILE_VARIABLE: settings.DEFAULT_CREDENTIALS_FILE,
}
"""The user's two files: the variable that names each, and where it is otherwise."""

OK, WARNING, FAULT, UNCHECKED = "ok", "warning", "fault", "not checked"
"""A fault keeps something from working, a warning may surprise; what was not checked says why."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. `fix` is the command, or the words, that put it right."""

    state: str
    text: str
    fix: str = ""


@dataclass(frozen=True)
class DoctorContext:
    """The machine and the user that are looked at. `aws` names the one that counts, the first on the PATH else."""

    environment: Mapping[str, str]
    aws: Path | None = None
    clock_url: str | None = None

    def path(self, variable: str) -> Path:
        """The file that a variable names, or its default."""
        return store.locate(self.environment.get(variable), FILES[variable])

    @property
    def config_path(self) -> Path:
        return self.path(settings.CONFIG_FILE_VARIABLE)

    @cached_property
    def document(self) -> Document | None:
        """The config file, or None if it cannot be read."""
        try:
            return Document(store.read(self.config_path), str(self.config_path))
        except XacctError:
            return None

    @cached_property
    def config(self) -> Mapping[str, Any] | None:
        """Both files as botocore has them, or None if one cannot be read."""
        config, credentials = map(self.path, FILES)
        try:
            texts = store.read(config), store.read(credentials)
            return sections.full_config(*texts, paths=(str(config), str(credentials)))
        except XacctError:
            return None
