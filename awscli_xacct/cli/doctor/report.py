"""The findings of doctor, and the context that all its checks get."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ... import settings
from ...configfile import store
from ...configfile.document import Document
from ...errors import XacctError
from ...profiles.source import Profiles
from ..resolve import read_config

OK, WARNING, FAULT, UNCHECKED = "ok", "warning", "fault", "not checked"


@dataclass(frozen=True)
class Finding:
    """The result of one check. `fix` is the command, or the words, that put it right."""

    state: str
    text: str
    fix: str = ""


def ok(text: str) -> Finding:
    """Return that something is as it should be."""
    return Finding(OK, text)


def warning(text: str, fix: str = "") -> Finding:
    """Return that something is not as it should be, although everything may work."""
    return Finding(WARNING, text, fix)


def fault(text: str, fix: str = "") -> Finding:
    """Return that something cannot work."""
    return Finding(FAULT, text, fix)


def unchecked(text: str) -> Finding:
    """Return that something could not be checked, and why."""
    return Finding(UNCHECKED, text)


@dataclass(frozen=True)
class DoctorContext:
    """The machine and the user to examine. `aws` is the installation to look at; None: all on the PATH."""

    environment: Mapping[str, str]
    aws: Path | None = None
    clock_url: str | None = None

    @property
    def config_path(self) -> Path:
        return Path(settings.config_paths(self.environment)[0])

    @cached_property
    def document(self) -> Document | None:
        """The config file; None if it cannot be read."""
        try:
            return store.read_document(self.config_path)
        except XacctError:
            return None

    @cached_property
    def config(self) -> Mapping[str, Any] | None:
        """Both files as botocore reads them; None if one cannot be read."""
        try:
            return read_config(settings.config_paths(self.environment))
        except XacctError:
            return None

    @cached_property
    def in_credentials_file(self) -> Profiles:
        """The sections of the credentials file; none if it cannot be read."""
        try:
            return store.read_document(Path(settings.config_paths(self.environment)[1])).sections()
        except XacctError:
            return {}
