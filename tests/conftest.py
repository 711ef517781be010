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
pytest.register_assert_rewrite("tests.support.commands", "tests.configure_role.steps")

from tests.embedded_aws import EmbeddedAws  # noqa: E402
from tests.sts import MfaDevice, Role, Sts, User  # noqa: E402
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
def user(sts: Sts, home: Home) -> User:
    """The IAM user in the home account; its keys are the `default` profile's."""
    user = sts.add_user("dev")
    home.add_keys(user)
    return user


@pytest.fixture
def device(sts: Sts, user: User) -> MfaDevice:
    """The user's MFA device."""
    return sts.add_mfa_device(user)


@pytest.fixture
def role(sts: Sts, user: User) -> Role:
    """A role in another account that the user may assume, for up to 12 hours."""
    return sts.add_role("Power", trusts=[user.arn], max_session_duration=43200)


@pytest.fixture
def prod(home: Home, role: Role) -> str:
    """A profile of that role, as `aws configure role` writes it."""
    home.add_role("prod", role.arn)
    return "prod"


@pytest.fixture
def vault(home: Home, role: Role, device: MfaDevice) -> str:
    """A profile of that role, which now requires MFA."""
    role.require_mfa = True
    home.add_role("vault", role.arn, mfa_serial=device.serial)
    return "vault"


@pytest.fixture
def other(sts: Sts, home: Home, role: Role, device: MfaDevice) -> Role:
    """The role of the profile `other`, which requires the same MFA device as `vault`."""
    other = sts.add_role("Other", trusts=role.trusts, require_mfa=True)
    home.add_role("other", other.arn, mfa_serial=device.serial)
    return other


@pytest.fixture
def audit_role(sts: Sts, role: Role) -> Role:
    """A role in a third account that may be assumed from `role`."""
    return sts.add_role("Audit", account="333333333333", trusts=[role.arn])


@pytest.fixture(scope="session")
def embedded_server() -> Iterator[EmbeddedAws]:
    """One embedded AWS for all tests; they use it through `aws`."""
    with EmbeddedAws() as server:
        yield server


@pytest.fixture
def aws(embedded_server: EmbeddedAws) -> EmbeddedAws:
    """The embedded AWS, with nothing in it."""
    embedded_server.reset()
    return embedded_server


@pytest.fixture
def chance() -> random.Random:
    """Chance that can be had again: pytest shows the seed of a test that fails, and XACCT_TEST_SEED sets it."""
    seed = int(os.environ.get("XACCT_TEST_SEED") or random.SystemRandom().randrange(2**32))
    print(f"XACCT_TEST_SEED={seed}")
    return random.Random(seed)  # noqa: S311 - nobody has to be kept from guessing it
