"""The installations of `aws` on this machine: their versions, and the Python they run on. None is imported.

https://docs.aws.amazon.com/cli/latest/userguide/cli-chap-getting-started.html
"""

import json
import os
import re
import shlex
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import XacctError
from ..storage.files import is_file
from ..xacct_program import is_made_by_uv
from . import probes
from .origin import get_origin
from .probes import Run as Run

MODULE = "awscli_xacct"

_NAMES = ("aws.exe", "aws.cmd", "aws") if os.name == "nt" else ("aws",)
_VERSION = re.compile(
    r"aws-cli/([0-9]{1,6}(?:\.[0-9]{1,6}){0,5})(?!\.?[0-9])\S* Python/([0-9]{1,6}(?:\.[0-9]{1,6}){0,5})(?!\.?[0-9])"
)
# pip writes this into a script if the path of its Python is too long for a #! line, or has spaces.
_EXEC = re.compile(rb"'''exec' (\"[^\"]+\"|\S+)")
# The user's choice of profile, output or pager has nothing to do with whether an `aws` works.
_DROPPED = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_XACCT_DISABLE", "AWS_DEFAULT_OUTPUT")
_QUIET = {"AWS_PAGER": "", "AWS_CLI_AUTO_PROMPT": "off"}

_FIND_MODULES = """
import json, sys
from importlib.util import find_spec
sys.path += sys.argv[2:]
print(json.dumps({name: spec.origin for name in sys.argv[1].split() if (spec := find_spec(name))}))
"""


@dataclass(frozen=True)
class Installation:
    """One `aws`. `path` is where it was found, `real` the program behind links and shims.

    `version` is empty if it does not run even without a config file, or prints no version; `problem` then says why.
    `python` is the interpreter of a script, None for a program that contains its own.
    """

    path: Path
    real: Path
    version: str
    python_version: str
    python: Path | None
    problem: str = ""

    @property
    def is_v2(self) -> bool:
        return self.version.startswith("2.")

    @property
    def command(self) -> str:
        """The path, quoted for a shell."""
        return shlex.quote(str(self.path))

    def __str__(self) -> str:
        return f"{self.path} (AWS CLI {self.version or 'of unknown version'})"

    def get_install_command(self, *packages: str, upgrade: bool = False) -> str:
        """Return the command that installs `packages`, or else this package, where this `aws` finds them."""
        names = " ".join(packages or [get_origin()])
        parts = self.real.parts
        if "pipx" in parts and "venvs" in parts:
            return f"pipx inject {shlex.quote(parts[parts.index('venvs') + 1])} {names}"
        pip = f"pip install {'--upgrade ' * upgrade}{names}"
        if self.python is None or self.is_v2:
            enable = f"DIRECTORY/bin/xacct enable --aws {self.command}"
            return f"python3 -m venv DIRECTORY && DIRECTORY/bin/{pip} && {enable}"
        prefix = self.python.parent.parent
        if is_made_by_uv(prefix):
            return f"uv {pip.replace('install', f'install --python {shlex.quote(str(prefix))}', 1)}"
        return f"{shlex.quote(str(self.python))} -m {pip}"

    def run(self, *arguments: str, environment: Mapping[str, str], seconds: float = probes.SECONDS) -> Run:
        """Run it for at most `seconds`, as it is installed and without a terminal."""
        return _run([str(self.path), *arguments], environment, seconds)

    def find_modules(
        self, names: Sequence[str], path: Sequence[str], environment: Mapping[str, str]
    ) -> dict[str, str]:
        """Return the file of each module that this `aws` finds, looking last in `path`. Raises `XacctError`."""
        if self.python is None:
            files = {name: Path(*name.split(".")) / "__init__.py" for name in names}
            return {
                name: str(Path(directory) / file)
                for directory in reversed(path)
                for name, file in files.items()
                if is_file(Path(directory) / file)
            }
        done = probes.run([str(self.python), "-c", _FIND_MODULES, " ".join(names), *path], environment)
        if done.code:
            raise XacctError(f"{self.python} did not say where it finds the plugin: {done.reason}")
        return dict(json.loads(done.stdout))


def find(environment: Mapping[str, str]) -> list[Installation]:
    """Return every `aws` on the PATH in a shell's order, one with several names once."""
    found: dict[Path, Path] = {}
    for path in _list_on_path(environment):
        found.setdefault(_resolve(path, environment), path)
    return probes.map_concurrently(lambda both: _inspect(both[1], both[0], environment), list(found.items()))


def inspect(path: Path, environment: Mapping[str, str]) -> Installation:
    """Return what is known of the `aws` at `path`."""
    inspected = probes.map_concurrently(
        lambda each: _inspect(each, _resolve(each, environment), environment), [path]
    )
    return inspected[0]


def _inspect(path: Path, real: Path, environment: Mapping[str, str]) -> Installation:
    """Run it once, without a config file, so that no plugin can break it."""
    answer = _run([str(path), "--version"], {**environment, "AWS_CONFIG_FILE": os.devnull})
    version = _VERSION.search(answer.stdout + answer.stderr)
    python = _find_python(real, environment)
    if answer.code:
        code = "" if answer.code == probes.DID_NOT_RUN else f"exit code {answer.code}, "
        return Installation(path, real, "", "", python, f"does not run: {code}{answer.reason}")
    if version is None:
        return Installation(path, real, "", "", python, f"prints no version: {answer.reason}")
    return Installation(path, real, version[1], version[2], python)


def _list_on_path(environment: Mapping[str, str]) -> Iterator[Path]:
    for directory in environment.get("PATH", os.defpath).split(os.pathsep):
        for name in _NAMES if directory else ():
            path = Path(directory) / name
            if is_file(path) and os.access(path, os.X_OK):
                yield path
                break


def _resolve(path: Path, environment: Mapping[str, str]) -> Path:
    """Follow links, and a shim of pyenv, a shell script that asks pyenv for the program."""
    real = Path(os.path.realpath(path))
    if real.parent.name == "shims" and b"pyenv" in _read_start(real):
        pyenv = shutil.which("pyenv", path=environment.get("PATH"))
        answer = _run([pyenv, "which", path.name], environment) if pyenv else None
        if answer and answer.code == 0:
            return Path(os.path.realpath(answer.stdout.strip()))
    return real


def _find_python(script: Path, environment: Mapping[str, str]) -> Path | None:
    """Return the interpreter that a script's first lines name."""
    text = _read_start(script)
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


def _read_start(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(1024)
    except OSError:
        return b""


def _contains_this_package(directory: str) -> bool:
    return not directory or Path(directory).resolve() == Path(__file__).resolve().parents[2]


def _run(command: list[str], environment: Mapping[str, str], seconds: float = probes.SECONDS) -> Run:
    variables = {name: value for name, value in environment.items() if name not in _DROPPED} | _QUIET
    # The directory that lets this xacct run from a place of its own would shadow that installation's awscli.
    path = variables.pop("PYTHONPATH", "").split(os.pathsep)
    path = [directory for directory in path if not _contains_this_package(directory)]
    if path:
        variables["PYTHONPATH"] = os.pathsep.join(path)
    return probes.run(command, variables, seconds)
