"""A home directory with the plugin enabled, and the real `aws` in it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pexpect

from tests.sts import User

from . import forked
from .forked import AWS as AWS
from .forked import XACCT as XACCT

REGION = "us-west-1"
TIMEOUT = 120
"""Seconds after which a process that should have ended counts as hanging.

Twice what a loaded host was seen to stop a virtual machine for: every process that ran then looked as if it hung.
"""


@dataclass(frozen=True)
class Outcome:
    """The exit code and the output of a finished process."""

    code: int
    stdout: str
    stderr: str

    @property
    def lines(self) -> list[str]:
        """The lines of stderr, without the blank line with which the CLI begins an error."""
        return [line for line in self.stderr.splitlines() if line.strip()]


class Home:
    """A user's home: `aws_dir` is `~/.aws`, and `environment` is the complete environment of its processes."""

    def __init__(self, path: Path, endpoint: str, *, aws: Path = AWS, plugin_path: str = "") -> None:
        """`aws` is the executable to run; `plugin_path` is the plugin directory that version 2 needs."""
        self.path = path
        self.executable = aws
        self._plugins = f"cli_legacy_plugin_path = {plugin_path}\n" * bool(plugin_path)
        self.aws_dir = path / ".aws"
        self.config = self.aws_dir / "config"
        self.credentials = self.aws_dir / "credentials"
        self.cache = self.aws_dir / "xacct" / "cache"
        self.aws_dir.mkdir(parents=True, mode=0o700)
        # Without bytecode, every `aws` would compile the package again, which does not happen to users.
        unwanted = ("AWS_", "HOME", "PYTHONDONTWRITEBYTECODE", "UV_", "PIPX_", "XDG_DATA", "XDG_CACHE")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
        self.environment = {
            **inherited,
            "HOME": str(path),
            "AWS_ENDPOINT_URL_STS": endpoint,
            "AWS_ENDPOINT_URL_IAM": endpoint,
            "AWS_ENDPOINT_URL_ORGANIZATIONS": endpoint,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_PAGER": "",
        }
        self.write_config("")

    def write_config(self, text: str) -> None:
        """Write a config file that enables the plugin, sets a region in `default`, and ends with `text`."""
        plugin = f"[plugins]\nxacct = awscli_xacct\n{self._plugins}\n"
        self.config.write_text(f"{plugin}[default]\nregion = {REGION}\n\n{text}", encoding="utf-8")
        self.config.chmod(0o600)

    def add_role(self, profile: str, role_arn: str, **options: object) -> None:
        """Add a role profile as a person would write it; its source is `default` unless `options` has another."""
        lines = [f"[profile {profile}]", f"role_arn = {role_arn}", f"region = {REGION}"]
        if "credential_source" not in options:
            options = {"source_profile": "default", **options}
        lines += [f"{key} = {value}" for key, value in options.items()]
        with self.config.open("a", encoding="utf-8") as file:
            file.write("\n".join([*lines, "", ""]))

    def add_keys(self, user: User, profile: str = "default") -> None:
        """Add a user's long-term keys to the credentials file."""
        with self.credentials.open("a", encoding="utf-8") as file:
            file.write(
                f"[{profile}]\naws_access_key_id = {user.access_key}\naws_secret_access_key = {user.secret_key}\n\n"
            )
        self.credentials.chmod(0o600)

    def records(self) -> list[Path]:
        """Return the cache records."""
        return sorted(self.cache.glob("*.json"))

    @property
    def forked_aws(self) -> dict[str, str]:
        """An environment whose PATH has only a forked `aws`, for programs that run the `aws` on the PATH."""
        return {"PATH": f"{forked.find_client(AWS).parent}{os.pathsep}/nowhere"}

    # -- running -----------------------------------------------------------------------------------

    def aws(self, *arguments: str, environment: Mapping[str, str] | None = None, stdin: str = "") -> Outcome:
        """Run `aws` without a terminal, and return its outcome."""
        process = self.fork(*arguments, environment=environment)
        return finish(process, stdin)

    def fork(self, *arguments: str, environment: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        """Do the same as `start` with less CPU time if the result is the same; see `forked`."""
        return self._fork(self.executable, *arguments, environment=environment)

    def fork_xacct(
        self, *arguments: str, environment: Mapping[str, str] | None = None
    ) -> subprocess.Popen[str]:
        """Do the same as `fork` with `xacct`."""
        return self._fork(XACCT, *arguments, environment=environment)

    def _fork(
        self, command: Path, *arguments: str, environment: Mapping[str, str] | None
    ) -> subprocess.Popen[str]:
        everything = {**self.environment, **(environment or {})}
        process = forked.start(command, arguments, everything)
        return process or self.start_any(command, *arguments, environment=environment)

    def start(self, *arguments: str, environment: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        """Really start `aws` without a terminal; use `finish` to get its outcome."""
        return self.start_any(self.executable, *arguments, environment=environment)

    def xacct(
        self, *arguments: str, environment: Mapping[str, str] | None = None, stdin: str = ""
    ) -> Outcome:
        """Run `xacct` without a terminal, and return its outcome."""
        return finish(self.fork_xacct(*arguments, environment=environment), stdin)

    def start_any(
        self, command: Path, *arguments: str, environment: Mapping[str, str] | None = None
    ) -> subprocess.Popen[str]:
        """Start any command without a terminal; use `finish` to get its outcome."""
        return subprocess.Popen(
            [str(command), *arguments],
            env={**self.environment, **(environment or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def terminal(
        self, *arguments: str, environment: Mapping[str, str] | None = None, columns: int = 200
    ) -> pexpect.spawn[str]:
        """Fork `aws` on a terminal of its own."""
        command = forked.find_client(self.executable)
        return self.terminal_for(str(command), *arguments, environment=environment, columns=columns)

    def terminal_for(
        self,
        command: str,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        columns: int = 200,
    ) -> pexpect.spawn[str]:
        """Start any command on a terminal of its own."""
        return pexpect.spawn(
            command,
            list(arguments),
            env={**self.environment, **(environment or {})},
            timeout=TIMEOUT,
            encoding="utf-8",
            dimensions=(40, columns),
        )


def finish(process: subprocess.Popen[str], stdin: str = "") -> Outcome:
    """Wait for a process of `Home.start`. If it hangs, kill it and fail the test."""
    try:
        stdout, stderr = process.communicate(stdin, timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
        stdout, stderr = process.communicate()
        raise AssertionError(f"{process.args!r} hung; it wrote {stdout!r} and {stderr!r}") from None
    return Outcome(process.returncode, stdout, stderr)


def finish_on_terminal(child: pexpect.spawn[str]) -> int:
    """Wait for a process of `Home.terminal`, and return its exit code (128 + the signal that ended it)."""
    child.expect(pexpect.EOF)
    child.close()
    return child.exitstatus if child.exitstatus is not None else 128 + int(child.signalstatus or 0)
