"""One botocore session for all tests of credentials, and a `World` for each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.credentials.world import World, bare_session
from tests.sts import Sts


@pytest.fixture(scope="session")
def session() -> Any:
    return bare_session()


@pytest.fixture
def world(sts: Sts, tmp_path: Path, session: Any) -> Iterator[World]:
    with ExitStack() as stack:
        yield World(sts, tmp_path / "cache", session, stack)
