"""Fixtures shared by all tests."""

import awscli  # noqa: F401 - first: since 1.46 it makes `import botocore` work, and decides which one

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

# Shared helpers with asserts, which pytest should explain like those of a test.
pytest.register_assert_rewrite("tests.support.commands", "tests.configure_role.steps")
pytest_plugins = ["tests.support.judge", "tests.support.real_home"]

from tests.embedded_aws import EmbeddedAws  # noqa: E402
from tests.sts import MfaDevice, Role, Sts, User  # noqa: E402
from tests.support.clock import Clock  # noqa: E402
from tests.support.home import Home  # noqa: E402
from tests.support.programs import wait_for_installation  # noqa: E402

# A test that forgets to set its own home must not read or change the developer's. Only npm still needs to find the
# developer's registry.
os.environ.setdefault("NPM_CONFIG_USERCONFIG", str(Path("~/.npmrc").expanduser()))
os.environ["HOME"] = tempfile.mkdtemp(prefix="xacct-tests-home-")
atexit.register(shutil.rmtree, os.environ["HOME"], ignore_errors=True)
for _name in [name for name in os.environ if name.startswith("XDG_")]:
    del os.environ[_name]

# The same examples in every run, however busy the machine is; see also `quickly` in tests/configfile/texts.py.
settings.register_profile(
    "steady",
    max_examples=int(os.environ.get("XACCT_TEST_EXAMPLES", "100")),
    derandomize="XACCT_TEST_EXAMPLES" not in os.environ,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("steady")

# A shell starts background jobs with these signals ignored, and nohup whatever it runs. The processes of the tests
# would inherit that, and Ctrl-C or the end of a terminal would do nothing.
signal.signal(signal.SIGINT, signal.default_int_handler)
for _name in ("SIGQUIT", "SIGHUP"):
    if hasattr(signal, _name):
        signal.signal(getattr(signal, _name), signal.SIG_DFL)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave tests marked as `late` for later, with short ones after them: they wait long, and would be waited for."""
    late = [item for item in items if item.get_closest_marker("late") is not None]
    others = [item for item in items if item.get_closest_marker("late") is None]
    most = len(others) * 7 // 8
    items[:] = [*others[:most], *late, *others[most:]]


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Let a test marked as `late` wait for what it needs."""
    if item.get_closest_marker("late") is not None:
        wait_for_installation()


@pytest.fixture
def sts() -> Iterator[Sts]:
    """A small STS for this test."""
    with Sts() as running:
        yield running


@pytest.fixture
def home(tmp_path: Path, sts: Sts) -> Home:
    """A home whose `aws` has the plugin enabled and calls `sts`."""
    return Home(tmp_path / "home", sts.url)


@pytest.fixture
def clock(home: Home, sts: Sts, tmp_path: Path) -> Clock:
    """The clock of `sts` and of the processes in `home`."""
    return Clock(home, sts, tmp_path / "clock")


@pytest.fixture
def user(sts: Sts, home: Home) -> User:
    """The IAM user in the home account, whose keys are in the profile `default`."""
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
    """A profile of the role, as `aws configure role` writes it."""
    home.add_role("prod", role.arn)
    return "prod"


@pytest.fixture
def vault(home: Home, role: Role, device: MfaDevice) -> str:
    """A profile of the role, which requires MFA."""
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
    """A role in a third account that trusts `role`."""
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
def open_umask() -> Iterator[None]:
    """A umask that removes no permission."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture
def chance() -> random.Random:
    """Reproducible randomness: pytest shows the seed of a failed test, and XACCT_TEST_SEED sets it."""
    seed = int(os.environ.get("XACCT_TEST_SEED") or random.SystemRandom().randrange(2**32))
    print(f"XACCT_TEST_SEED={seed}")
    return random.Random(seed)  # noqa: S311 - no secret depends on it
