"""Fixtures that every kind of test shares."""

import awscli  # noqa: F401 - first: since 1.46 it is what makes `import botocore` work, and decides which

# isort: split
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sts import Sts
from tests.support.home import Home

# A shell starts what it puts in the background with these ignored, and every process of the tests would inherit
# that: Ctrl-C would be no Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGQUIT"):
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)


@pytest.fixture
def sts() -> Iterator[Sts]:
    """A small STS of this test's own."""
    with Sts() as running:
        yield running


@pytest.fixture
def home(tmp_path: Path, sts: Sts) -> Home:
    """A HOME whose `aws` has the plugin on and calls `sts`."""
    return Home(tmp_path / "home", sts.url)
