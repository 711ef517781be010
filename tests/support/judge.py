"""Fixtures with which botocore's own loader judges what a config file means."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from botocore.configloader import load_config, raw_config_parse
from botocore.exceptions import ConfigParseError

from awscli_xacct.configfile.document import Sections

Judge = Callable[[bytes], Sections | None]


@pytest.fixture(scope="session")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A config file that every example of a property test overwrites."""
    return tmp_path_factory.mktemp("judge") / "config"


@pytest.fixture(scope="session")
def botocore_reads(scratch: Path) -> Judge:
    """Returns the sections that botocore reads from a config file, or None if botocore rejects it."""

    def judge(data: bytes) -> Sections | None:
        scratch.write_bytes(data)
        try:
            sections: Sections = raw_config_parse(str(scratch))
        except ConfigParseError:
            return None
        return sections

    return judge


@pytest.fixture(scope="session")
def botocore_profiles(scratch: Path) -> Judge:
    """Returns the profiles that botocore finds in a config file."""

    def judge(data: bytes) -> Sections:
        scratch.write_bytes(data)
        profiles: Sections = load_config(str(scratch))["profiles"]
        return profiles

    return judge
