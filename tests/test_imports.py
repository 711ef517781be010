"""Which modules each entry point loads: nothing that is not needed, and very few when the cache is warm.

Each entry point runs in a process of its own, most of them the real `aws`. The tests compare the modules, ours and
those of third parties, that it loads beyond those of the same command without the plugin.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cli.steps import age_config_files
from tests.sts import Sts
from tests.support.home import REGION, TIMEOUT, Home

ROOT = Path(__file__).resolve().parents[1]

# A plugin that writes the names of all modules to a file when the `aws` ends. With it, an `aws` can be forked, which
# has loaded the same modules as a started one; see tests/support/test_forked.py.
NOTE_MODULES = """
import atexit, json, os, sys

def awscli_initialize(cli):
    atexit.register(note)

def note():
    with open(os.environ["NOTED_MODULES"], "w") as file:
        json.dump(sorted(sys.modules), file)
"""

NOTHING_BUT_ITSELF = {"awscli_xacct"}

# Everything that a role profile with a memo and cached credentials needs.
WARM = {
    "awscli_xacct",
    "awscli_xacct.credentials",
    "awscli_xacct.credentials.provider",
    "awscli_xacct.credentials.session_credentials",
    "awscli_xacct.settings",
    "awscli_xacct.storage",
    "awscli_xacct.storage.memo",
    "awscli_xacct.storage.record",
}

# What it needs in addition without a memo.
RESOLVING = {
    "awscli_xacct.credentials.features",
    "awscli_xacct.credentials.loading",
    "awscli_xacct.errors",
    "awscli_xacct.messages",
    "awscli_xacct.profiles",
    "awscli_xacct.profiles.cache_keys",
    "awscli_xacct.profiles.config_keys",
    "awscli_xacct.profiles.role",
    "awscli_xacct.profiles.source",
    "awscli_xacct.storage.cache",
    "awscli_xacct.storage.files",
    "awscli_xacct.storage.snapshot",
}

# And to write one for the next command, unless the config files have just been written.
REMEMBERING = {
    "awscli_xacct.credentials.exported_settings",
    "awscli_xacct.credentials.resolution",
    "awscli_xacct.profiles.credential_process",
    "awscli_xacct.storage.directories",
}


# Everything that the fast path of xacct needs, beyond a bare interpreter with `os`.
XACCT_WARM = {
    "awscli_xacct",
    "awscli_xacct.settings",
    "awscli_xacct.storage",
    "awscli_xacct.storage.memo",
    "awscli_xacct.storage.record",
    "awscli_xacct.cli",
    "awscli_xacct.cli.main",
    "zlib",
}


class Loaded:
    """Runs processes in a home, and returns the modules that each one loaded."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._out = home.path / "modules"
        library = home.path / "library"
        library.mkdir()
        (library / "note_modules.py").write_text(NOTE_MODULES, "utf-8")
        self._noting = {"PYTHONPATH": str(library), "NOTED_MODULES": str(self._out)}
        config = home.config.read_text("utf-8")
        home.config.write_text(
            config.replace("[plugins]\n", "[plugins]\nnote_modules = note_modules\n"), "utf-8"
        )

    def by_aws(self, *arguments: str, stock: bool = False) -> set[str]:
        """Return the modules that an `aws` command loads, with the plugin or (`stock`) without it."""
        text = self._home.config.read_text("utf-8")
        if stock:
            self._home.config.write_text(text.replace("xacct = awscli_xacct\n", ""), "utf-8")
        try:
            outcome = self._home.aws(*arguments, environment=self._noting)
        finally:
            if stock:
                self._home.config.write_text(text, "utf-8")
        assert (outcome.code, outcome.stderr) == (0, "")
        return set(json.loads(self._out.read_text("utf-8")))

    def beyond_stock(self, *arguments: str) -> set[str]:
        """Return the modules that a command loads only with the plugin, except the standard library."""
        added = self.by_aws(*arguments) - self.by_aws(*arguments, stock=True)
        return {name for name in added if name.split(".")[0] not in sys.stdlib_module_names}

    def by_python(self, statements: str) -> set[str]:
        """Return the modules that are loaded after these statements."""
        end = f"import json, sys\nopen({str(self._out)!r}, 'w').write(json.dumps(sorted(sys.modules)))"
        self._run(["-c", f"{statements}\n{end}"], self._home.environment)
        return set(json.loads(self._out.read_text("utf-8")))

    def by_bare_python(self, statements: str) -> set[str]:
        """Do the same without `site`, whose imports, and those of an editable install, would hide ours."""
        names = f"*sorted(sys.modules), sep=chr(10), file=open({str(self._out)!r}, 'w')"
        start = f"import os, sys\nsys.path.insert(0, {str(ROOT)!r})"
        self._run(["-S", "-c", f"{start}\n{statements}\nprint({names})"], self._home.environment)
        return set(self._out.read_text("utf-8").split())

    def _run(self, arguments: list[str], environment: Mapping[str, str]) -> None:
        outcome = subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=False,
        )
        assert (outcome.returncode, outcome.stderr) == (0, "")


@pytest.fixture
def loaded(home: Home, sts: Sts) -> Loaded:
    """A home with keys in `default` and a role profile `prod`."""
    user = sts.add_user("dev")
    role = sts.add_role("CrossAccountPowerUser", trusts=[user.arn])
    home.add_keys(user)
    home.add_role("prod", role.arn)
    return Loaded(home)


def test_configure_subcommand_of_the_cli_loads_only_our_name(loaded: Loaded) -> None:
    assert loaded.beyond_stock("configure", "get", "region") == {
        *NOTHING_BUT_ITSELF,
        "awscli_xacct.configure_role",
        "awscli_xacct.configure_role.lazy",
    }


def test_version_loads_only_the_plugin(loaded: Loaded) -> None:
    assert loaded.beyond_stock("--version") == NOTHING_BUT_ITSELF


def test_command_without_a_role_loads_only_the_plugin(loaded: Loaded) -> None:
    assert loaded.beyond_stock("sts", "get-caller-identity", "--profile", "default") == NOTHING_BUT_ITSELF


def test_cached_role_loads_only_its_modules(loaded: Loaded, home: Home) -> None:
    """No lock, no prompt, no STS, no YAML, and no commands; and not what a profile means, if there is a memo of it."""
    command = ("sts", "get-caller-identity", "--profile", "prod")
    loaded.by_aws(*command)
    # On a slow machine that command may have left a memo, which is of another version of the file now.
    home.config.write_bytes(home.config.read_bytes())
    assert loaded.beyond_stock(*command) - REMEMBERING == WARM | RESOLVING
    age_config_files(home)
    assert loaded.by_aws(*command) >= RESOLVING | REMEMBERING, "that one writes the memo"
    with_memo = loaded.by_aws(*command)
    assert with_memo - loaded.by_aws(*command, stock=True) == WARM


@pytest.mark.parametrize(("options", "more"), [([], set()), (["--read-only"], {"awscli_xacct.cli.for_once"})])
def test_fast_path_loads_almost_nothing(
    loaded: Loaded, home: Home, options: list[str], more: set[str]
) -> None:
    command = ["credentials", "prod", *options]
    age_config_files(home)
    for _ in range(2):
        assert home.xacct(*command).code == 0
    statements = f"""
from awscli_xacct.cli.main import main
sys.stdout = open(os.devnull, "w")
assert main({command}) == 0"""
    assert loaded.by_bare_python(statements) - loaded.by_bare_python("") == XACCT_WARM | more


def test_served_command_starts_without_what_only_a_cold_one_needs(loaded: Loaded, home: Home) -> None:
    """Neither the parser of command lines, nor what resolves profiles, nor OpenSSL for a token nobody has sent."""
    age_config_files(home)
    for _ in range(2):
        assert home.xacct("credentials", "prod").code == 0
    statements = """
from awscli_xacct.cli.main import main
assert main(["exec", "--serve", "prod", "--", "true"]) == 0"""
    found = loaded.by_bare_python(statements)
    assert "awscli_xacct.cli.loopback_server" in found
    unneeded = {"argparse", "dataclasses", "hashlib", "inspect", "logging", "shutil", "tempfile"}
    assert found & {*unneeded, "awscli_xacct.cli.dispatch", "awscli_xacct.credentials.resolution"} == set()


def test_yaml_is_loaded_only_for_manifests(loaded: Loaded) -> None:
    for command, reads in ((("list",), False), (("show", "prod"), False), (("export", "-"), True)):
        assert ("ruamel.yaml" in loaded.by_aws("configure", "role", *command)) == reads


def test_package_import_loads_nothing_else(loaded: Loaded) -> None:
    assert loaded.by_python("import awscli_xacct") - loaded.by_python("") == NOTHING_BUT_ITSELF


@pytest.mark.parametrize(
    "module", ["errors", "settings", "storage.files", "storage.cache", "profiles.validation", "mfa.prompters"]
)
def test_lower_floors_load_without_the_cli(loaded: Loaded, module: str) -> None:
    found = loaded.by_python(f"import awscli_xacct.{module}")
    others = {name.split(".")[0] for name in found - loaded.by_python("")} - sys.stdlib_module_names
    assert others == {"awscli_xacct"}


def test_xacct_commands_load_before_there_is_a_botocore(loaded: Loaded) -> None:
    """Since AWS CLI 1.46 its botocore can be imported only after awscli, and there may be no other one."""
    statements = """
import sys

class Hidden:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.split(".")[0] in ("botocore", "awscli"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Hidden)
from awscli_xacct.cli import dispatch
from awscli_xacct.messages import COMMANDS
for name in COMMANDS:
    dispatch.load_command(name)
"""
    assert "awscli_xacct.cli.history" in loaded.by_python(statements)


def test_botocore_session_loads_no_awscli(loaded: Loaded, home: Home) -> None:
    """`install` is for boto3. If botocore is only inside awscli, such a session cannot exist."""
    statements = f"""
import botocore.session
import awscli_xacct
session = botocore.session.Session(profile="prod")
session.set_config_variable("region", {REGION!r})
awscli_xacct.install(session)
assert session.get_credentials().get_frozen_credentials().access_key.startswith("ASIA")
"""
    assert not {name for name in loaded.by_python(statements) if name.split(".")[0] == "awscli"}
    assert len(home.records()) == 1
