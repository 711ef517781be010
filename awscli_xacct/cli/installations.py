"""Which `aws` there are on this machine, of which version, and what runs them. None of them is imported.

https://docs.aws.amazon.com/cli/latest/userguide/cli-chap-getting-started.html
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from . import probes
from .probes import Run as Run

PACKAGE = "awscli-xacct"
MODULE = "awscli_xacct"

_NAMES = ("aws.exe", "aws.cmd", "aws") if os.name == "nt" else ("aws",)
_VERSION = re.compile(
    r"aws-cli/([0-9]{1,6}(?:\.[0-9]{1,6}){0,5})(?!\.?[0-9])\S* Python/([0-9]{1,6}(?:\.[0-9]{1,6}){0,5})(?!\.?[0-9])"
)
# pip begins a script with this where the path of the Python is too long for a #! line, or has blanks.
_EXEC = re.compile(rb"'''exec' (\"[^\"]+\"|\S+)")
# What decides which profile, output or pager a command has is not to decide whether it can be run at all.
_LEFT_OUT = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_XACCT_DISABLE", "AWS_DEFAULT_OUTPUT")
_QUIET = {"AWS_PAGER": "", "AWS_CLI_AUTO_PROMPT": "off"}


def origin() -> str:
    """What pip is told to install this package again, quoted: the directory it came from, or its name.

    https://packaging.python.org/en/latest/specifications/direct-url/
    """
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        url = json.loads(distribution(PACKAGE).read_text("direct_url.json") or "{}").get("url", "")
    except (PackageNotFoundError, ValueError, AttributeError):
        url = ""
    return shlex.quote(url2pathname(urlsplit(url).path)) if url.startswith("file:") else PACKAGE


@dataclass(frozen=True)
class Installation:
    """One `aws`: `path` as it is found, `real` with links and shims seen through.

    `version` is empty where it does not run even without a config file, or does not say one, and `trouble` is
    why; `python` is the interpreter of a script, None for a program that has one inside.
    """

    path: Path
    real: Path
    version: str
    python_version: str
    python: Path | None
    trouble: str = ""

    @property
    def is_v2(self) -> bool:
        return self.version.startswith("2.")

    def __str__(self) -> str:
        return f"{self.path} (AWS CLI {self.version or 'of an unknown version'})"

    def how_to_install(self) -> str:
        """The command that puts this package where this `aws` finds it."""
        parts = self.real.parts
        if "pipx" in parts and "venvs" in parts:
            return f"pipx inject {shlex.quote(parts[parts.index('venvs') + 1])} {origin()}"
        if self.python is None or self.is_v2:
            made = f"python3 -m venv DIRECTORY && DIRECTORY/bin/pip install {origin()}"
            return f"{made} && DIRECTORY/bin/xacct enable --aws {shlex.quote(str(self.path))}"
        return f"{shlex.quote(str(self.python))} -m pip install {origin()}"

    def run(self, *arguments: str, environment: Mapping[str, str], seconds: float = probes.SECONDS) -> Run:
        """Run it, as it is installed and with nobody at the keyboard, for so many seconds."""
        return _run([str(self.path), *arguments], environment, seconds)


def find(environment: Mapping[str, str]) -> list[Installation]:
    """Every `aws` on the PATH, the one a shell would run first; one with several names once."""
    found: dict[Path, Path] = {}
    for path in _on_path(environment):
        found.setdefault(_seen_through(path, environment), path)
    return probes.map_concurrently(lambda both: _look_at(both[1], both[0], environment), list(found.items()))


def look_at(path: Path, environment: Mapping[str, str]) -> Installation:
    """What the `aws` at `path` is."""
    return probes.map_concurrently(
        lambda each: _look_at(each, _seen_through(each, environment), environment), [path]
    )[0]


def _look_at(path: Path, real: Path, environment: Mapping[str, str]) -> Installation:
    """It is run once, without a config file, so that no plugin is in its way."""
    answer = _run([str(path), "--version"], {**environment, "AWS_CONFIG_FILE": os.devnull})
    version = _VERSION.search(answer.stdout + answer.stderr)
    python = _python_of(real, environment)
    if answer.code:
        said = "" if answer.code == probes.DID_NOT_RUN else f"exit code {answer.code}, "
        return Installation(path, real, "", "", python, f"does not run: {said}{answer.reason}")
    if version is None:
        return Installation(path, real, "", "", python, f"does not say its version: {answer.reason}")
    return Installation(path, real, version[1], version[2], python)


def _on_path(environment: Mapping[str, str]) -> Iterator[Path]:
    for directory in environment.get("PATH", os.defpath).split(os.pathsep):
        for name in _NAMES if directory else ():
            path = Path(directory) / name
            if path.is_file() and os.access(path, os.X_OK):
                yield path
                break


def _seen_through(path: Path, environment: Mapping[str, str]) -> Path:
    """The program behind links, and behind a shim of pyenv, which is a shell script that looks for it."""
    real = Path(os.path.realpath(path))
    if real.parent.name == "shims" and b"pyenv" in _beginning(real):
        pyenv = shutil.which("pyenv", path=environment.get("PATH"))
        answer = _run([pyenv, "which", path.name], environment) if pyenv else None
        if answer and answer.code == 0:
            return Path(os.path.realpath(answer.stdout.strip()))
    return real


def _python_of(script: Path, environment: Mapping[str, str]) -> Path | None:
    """The interpreter that a script names on its first lines."""
    text = _beginning(script)
    if not text.startswith(b"#!"):
        return None
    words = text[2:].split(b"\n", 1)[0].split()
    if not words:
        return None
    program = os.fsdecode(words[0])
    if program.endswith("/env"):
        name = os.fsdecode(words[-1])
        program = shutil.which(name, path=environment.get("PATH")) or name
    elif longer := _EXEC.search(text):
        program = os.fsdecode(longer[1].strip(b'"'))
    return Path(program) if "python" in Path(program).name or "pypy" in Path(program).name else None


def _beginning(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(1024)
    except OSError:
        return b""


def _is_ours(place: str) -> bool:
    """Whether a directory is the one that this package is in."""
    return not place or Path(place).resolve() == Path(__file__).resolve().parents[2]


def _run(command: list[str], environment: Mapping[str, str], seconds: float = probes.SECONDS) -> Run:
    variables = {name: value for name, value in environment.items() if name not in _LEFT_OUT} | _QUIET
    # What lets this xacct run from a directory of its own would put another awscli before the one in question.
    path = [place for place in environment.get("PYTHONPATH", "").split(os.pathsep) if not _is_ours(place)]
    variables.pop("PYTHONPATH", None)
    if path:
        variables["PYTHONPATH"] = os.pathsep.join(path)
    return probes.run(command, variables, seconds)
