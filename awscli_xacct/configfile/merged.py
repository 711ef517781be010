"""The profiles of a config document and a credentials file as one, looked up one at a time.

A file of 10,000 profiles is edited for the sake of one of them; making a dict of each would cost more
than the edit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .document import Document
from .sections import profile_of


class MergedProfiles(Mapping[str, Mapping[str, Any]]):
    """What ``botocore.session.Session.full_config["profiles"]`` would hold; `changed` ones first."""

    def __init__(self, config: Document, credentials: Document) -> None:
        self._config = config
        self._headers = {}
        for header in config.names():
            name = profile_of(header)
            if name is not None:
                self._headers[name] = header
        self._credentials = credentials.sections()
        self._elsewhere = credentials
        self.changed: dict[str, Mapping[str, Any]] = {}

    def header(self, name: str) -> str | None:
        """The section header that counts for a profile, or None if the config file has none."""
        return self._headers.get(name)

    def overruled(self, name: str, wanted: Mapping[str, str | None]) -> dict[str, str]:
        """Those of the `wanted` settings that the credentials file has otherwise, and why they would not count.

        What stands there wins, and that file is left alone.
        """
        found = self._credentials.get(name, {})
        return {
            key: f"{key} of {name} stands in {self._elsewhere.path}, line "
            f"{self._elsewhere.line_of(name, key)}, too, and what stands there wins; take it out by hand"
            for key, text in wanted.items()
            if key in found and found[key] != text
        }

    def __getitem__(self, name: str) -> Mapping[str, Any]:
        if name in self.changed:
            return self.changed[name]
        if name not in self:
            raise KeyError(name)
        header = self._headers.get(name)
        options = dict(self._config.section(header)) if header is not None else {}
        return options | self._credentials.get(name, {})

    def __contains__(self, name: object) -> bool:
        return name in self._headers or name in self._credentials or name in self.changed

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys([*self._headers, *self._credentials, *self.changed]))

    def __len__(self) -> int:
        return sum(1 for _ in self)
