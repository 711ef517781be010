"""Where the `xacct` of this installation is, for what runs it, and how to install what it lacks."""

import contextlib
import os
import shlex
import shutil
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from .storage.files import is_file

_NAMES = ("xacct.exe", "xacct") if os.name == "nt" else ("xacct",)
_PACKAGE = Path(__file__).resolve().parent
_PARENTS = {"bin", "Scripts"}


def find_program() -> list[str]:
    """Return the words that run `xacct`: its name where the one on the PATH is this installation's, else its path."""
    own = next(_list_scripts(), None)
    on_path = shutil.which("xacct")
    if own is None and not on_path and Path(sysconfig.get_path("purelib")).resolve() == _PACKAGE.parent:
        return [sys.executable, "-m", _PACKAGE.name]
    if own is None or (on_path and os.path.realpath(on_path) == os.path.realpath(own)):
        return ["xacct"]
    return [str(own)]


def install_command(package: str) -> str:
    """Return the command that installs a package where this `xacct` finds it.

    The environments of pipx and uv have no pip, and the pip on the PATH may be that of another environment.
    """
    prefix, python = Path(sys.prefix), Path(sys.executable)
    if "pipx" in prefix.parts and prefix.parent.name == "venvs":
        return f"pipx inject {shlex.quote(prefix.name)} {package}"
    if is_made_by_uv(prefix):
        return f"uv pip install --python {shlex.quote(str(prefix))} {package}"
    pip = shutil.which("pip")
    is_on_path = pip is not None and Path(pip).parent == python.parent
    return f"{'pip' if is_on_path else f'{shlex.quote(str(python))} -m pip'} install {package}"


def is_made_by_uv(prefix: Path) -> bool:
    """Return whether ``uv tool`` has made the environment in `prefix`: there is no pip in such a one."""
    return is_file(prefix / "uv-receipt.toml")


def _list_scripts() -> Iterator[Path]:
    """Yield the scripts of this installation that exist, wherever its installer has put them."""
    directories = [
        *_list_recorded(),
        # Version 2 finds the package in another Python's environment: lib/python3.13/site-packages, Lib/site-packages.
        *(parent / name for parent in _PACKAGE.parents[:4] for name in sorted(_PARENTS)),
        Path(sys.executable).parent,
        Path(sysconfig.get_path("scripts")),
    ]
    for directory in directories:
        for name in _NAMES:
            if is_file(directory / name):
                yield directory / name


def _list_recorded() -> Iterator[Path]:
    """Yield the directories in which the installer has put the script of this package, by what it has noted."""
    from importlib.metadata import distributions

    found: list[Path] = []
    # Metadata may be anything, and there are other places to look.
    with contextlib.suppress(Exception):
        for distribution in distributions(name="awscli-xacct"):
            files = [Path(str(distribution.locate_file(file))).resolve() for file in distribution.files or []]
            modules = [file for file in files if file.name == "__init__.py"]
            if not modules or _PACKAGE / "__init__.py" in modules:  # none if it is installed in editable form
                found += [
                    file.parent for file in files if file.name in _NAMES and file.parent.name in _PARENTS
                ]
    yield from found
