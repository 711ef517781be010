"""Fixtures that every kind of test shares."""

import awscli  # noqa: F401 - first: since 1.46 it is what makes `import botocore` work, and decides which

# isort: split
import atexit
import os
import random
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# What these assert is explained as in a test; they are imported by more than one room.
pytest.register_assert_rewrite("tests.e2e.steps", "tests.configure_role.steps")

from tests.sts import Sts  # noqa: E402
from tests.support.home import Home  # noqa: E402

# Nothing in the home of whoever runs the tests is read, or touched, by a test that forgets to say which is its own.
# npm alone is still to find out from where its user installs.
os.environ.setdefault("NPM_CONFIG_USERCONFIG", str(Path("~/.npmrc").expanduser()))
os.environ["HOME"] = tempfile.mkdtemp(prefix="xacct-tests-home-")
atexit.register(shutil.rmtree, os.environ["HOME"], ignore_errors=True)
for _name in [name for name in os.environ if name.startswith("XDG_")]:
    del os.environ[_name]

# As for what says `quickly` (tests/configfile/texts.py): the same examples in each run, however busy the machine is.
settings.register_profile(
    "steady",
    max_examples=int(os.environ.get("XACCT_TEST_EXAMPLES", "100")),
    derandomize="XACCT_TEST_EXAMPLES" not in os.environ,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("steady")

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


@pytest.fixture
def chance() -> random.Random:
    """Chance that can be had again: pytest shows the seed of a test that fails, and XACCT_TEST_SEED sets it."""
    seed = int(os.environ.get("XACCT_TEST_SEED") or random.SystemRandom().randrange(2**32))
    print(f"XACCT_TEST_SEED={seed}")
    return random.Random(seed)  # noqa: S311 - nobody has to be kept from guessing it
