"""Programs with an awscli of their own, in an environment of their own, that read the same ``[plugins]``.

They import what is named there and fail if it is missing; AWS's API MCP server is one. They are found where uv and
pipx put such environments, and never started.

https://docs.astral.sh/uv/concepts/tools/
https://pipx.pypa.io/stable/how-to/configure-paths/
"""

import contextlib
import os
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from ..storage.files import is_directory, is_file
from .installations import MODULE, Installation
from .origin import get_origin

_MAX_ENVIRONMENTS = 5000
"""How many environments are looked at in one directory: uv's cache keeps all it ever made."""
_MAX_METADATA = 256 * 1024
_REQUIRES = re.compile(r"^Requires-Dist: awscli\b(?![-.\w])", re.MULTILINE | re.IGNORECASE)
_NAME = re.compile(r"^Name: *([A-Za-z0-9._-]+) *$", re.MULTILINE)


@dataclass(frozen=True)
class Embedded:
    """An environment with an awscli and without this package. `fix` is the command that adds the package."""

    tool: str
    path: Path
    fix: str

    def __str__(self) -> str:
        return (
            f"{self.tool} in {self.path} has its own awscli, which reads the same [plugins] but cannot find the "
            f"plugin, so it fails when it starts"
        )


@dataclass(frozen=True)
class _Store:
    """A directory of environments, and the command that adds a package to one.

    A tool's name is the environment's, or else (`is_cache`) what its packages' metadata say.
    """

    directory: str
    command: str
    is_cache: bool = False


def find(environment: Mapping[str, str], known: Iterable[Installation]) -> list[Embedded]:
    """Return all but those whose `aws` is `known`; of several environments of one tool, the newest."""
    known_paths = [installation.real for installation in known]
    package = get_origin()
    found: dict[str, Embedded] = {}
    for store in _list_stores(environment):
        try:
            directory = Path(store.directory).expanduser()
        except RuntimeError:  # there is no home directory
            continue
        without: dict[str, Path] = {}
        having: set[str] = set()
        for path in _list_environments(directory):
            library = _find_library(path)
            if library is None or any(path.resolve() in real.parents for real in known_paths):
                continue
            tool = _find_tool(library) if store.is_cache else path.name
            if _has_plugin(library):
                having.add(tool)
            else:
                without[tool] = path
        for tool in sorted(without.keys() - having):
            fix = store.command.format(package=package, tool=shlex.quote(tool))
            found.setdefault(f"{directory}/{tool}", Embedded(tool, without[tool], fix))
    return list(found.values())


def _list_stores(environment: Mapping[str, str]) -> Iterator[_Store]:
    data = environment.get("XDG_DATA_HOME") or "~/.local/share"
    cache = environment.get("XDG_CACHE_HOME") or "~/.cache"
    uv_tools = environment.get("UV_TOOL_DIR") or f"{data}/uv/tools"
    uv_cache = environment.get("UV_CACHE_DIR") or f"{cache}/uv"
    pipx = environment.get("PIPX_HOME")
    yield _Store(uv_tools, "uv tool install --with {package} {tool}")
    for home in [pipx] if pipx else [f"{data}/pipx", "~/.local/pipx"]:
        yield _Store(f"{home}/venvs", "pipx inject {tool} {package}")
    yield _Store(
        f"{uv_cache}/archive-v0", "uvx --with {package} {tool}   # wherever it is started", is_cache=True
    )


def _list_environments(directory: Path) -> list[Path]:
    """Return the environments in a directory, the oldest first."""
    try:
        with os.scandir(directory) as entries:
            found = [Path(entry.path) for entry in islice(entries, _MAX_ENVIRONMENTS)]
        return sorted(
            (path for path in found if is_file(path / "pyvenv.cfg")),
            key=lambda path: (path.stat().st_mtime, path),
        )
    except OSError:
        return []


def _find_library(path: Path) -> Path | None:
    """Return an environment's directory of packages if awscli is among them."""
    for pattern in ("lib/python*/site-packages", "Lib/site-packages"):
        for library in path.glob(pattern):
            if is_file(library / "awscli" / "__init__.py"):
                return library
    return None


def _has_plugin(library: Path) -> bool:
    """Whether this package is installed, possibly in editable form."""
    return is_directory(library / MODULE) or any(library.glob(f"{MODULE}-*.dist-info"))


def _find_tool(library: Path) -> str:
    """Return the package that requires awscli, for which the environment was made; awscli if none does."""
    for file in sorted(library.glob("*.dist-info/METADATA")):
        with contextlib.suppress(OSError), file.open(encoding="utf-8", errors="replace") as opened:
            text = opened.read(_MAX_METADATA)
            if _REQUIRES.search(text) and (name := _NAME.search(text)):
                return name[1]
    return "awscli"
