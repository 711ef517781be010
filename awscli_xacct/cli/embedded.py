"""Programs that have an awscli of their own, in an environment of their own, and read the same ``[plugins]``.

They import what is named there and end where it is missing: AWS's API MCP server is one. They are looked for where
uv and pipx put such environments, and never started.

https://docs.astral.sh/uv/concepts/tools/
https://pipx.pypa.io/stable/how-to/configure-paths/
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from .installations import MODULE, Installation, origin

_MOST = 5000
"""How many environments are looked at in one place: uv's cache keeps what it ever made."""
_REQUIRES = re.compile(r"^Requires-Dist: awscli\b(?![-.\w])", re.MULTILINE | re.IGNORECASE)
_NAME = re.compile(r"^Name: *([A-Za-z0-9._-]+) *$", re.MULTILINE)
_METADATA = 256 * 1024


@dataclass(frozen=True)
class Embedded:
    """An environment with an awscli and without this package. `fix` is the command that puts it there."""

    tool: str
    path: Path
    fix: str

    def __str__(self) -> str:
        return (
            f"{self.tool} in {self.path} has an awscli of its own that reads the same [plugins] and does not find the "
            f"plugin, so it ends with an error as it starts"
        )


def find(environment: Mapping[str, str], known: Iterable[Installation]) -> list[Embedded]:
    """All of them but those whose `aws` is among the `known` hosts; of several of one tool the last that was made."""
    seen = [host.real for host in known]
    found: dict[str, Embedded] = {}
    for directory, tool_of, fix in _places(environment):
        lacking: dict[str, Path] = {}
        having: set[str] = set()
        for path in _environments(directory):
            library = _library(path)
            if library is None or any(path.resolve() in real.parents for real in seen):
                continue
            tool = tool_of(path, library)
            if _has_plugin(library):
                having.add(tool)
            else:
                lacking[tool] = path
        for tool in sorted(lacking.keys() - having):
            found.setdefault(f"{directory}/{tool}", Embedded(tool, lacking[tool], fix(tool)))
    return list(found.values())


def _places(
    environment: Mapping[str, str],
) -> Iterator[tuple[Path, Callable[[Path, Path], str], Callable[[str], str]]]:
    """Where environments are, how the tool of one is known, and the command that adds to it."""
    package = origin()
    data = environment.get("XDG_DATA_HOME") or "~/.local/share"
    cache = environment.get("XDG_CACHE_HOME") or "~/.cache"
    pipx = [environment["PIPX_HOME"]] if environment.get("PIPX_HOME") else [f"{data}/pipx", "~/.local/pipx"]
    of_uv = environment.get("UV_TOOL_DIR") or f"{data}/uv/tools"
    of_uvx = environment.get("UV_CACHE_DIR") or f"{cache}/uv"
    places: list[tuple[str, Callable[[Path, Path], str], Callable[[str], str]]] = [
        (
            of_uv,
            lambda path, _: path.name,
            lambda tool: f"uv tool install --with {package} {shlex.quote(tool)}",
        ),
        *(
            (
                f"{home}/venvs",
                lambda path, _: path.name,
                lambda tool: f"pipx inject {shlex.quote(tool)} {package}",
            )
            for home in pipx
        ),
        (
            f"{of_uvx}/archive-v0",
            lambda _, library: _tool_in(library),
            lambda tool: f"uvx --with {package} {shlex.quote(tool)}   # wherever it is started",
        ),
    ]
    for directory, tool_of, fix in places:
        with contextlib.suppress(RuntimeError):  # there is no home
            yield Path(directory).expanduser(), tool_of, fix


def _environments(directory: Path) -> list[Path]:
    """The environments in a directory, the oldest first."""
    try:
        with os.scandir(directory) as entries:
            found = [Path(entry.path) for entry in islice(entries, _MOST)]
        return sorted(
            (path for path in found if (path / "pyvenv.cfg").is_file()),
            key=lambda path: (path.stat().st_mtime, path),
        )
    except OSError:
        return []


def _library(path: Path) -> Path | None:
    """The environment's packages, if an awscli is one of them."""
    for pattern in ("lib/python*/site-packages", "Lib/site-packages"):
        for library in path.glob(pattern):
            if (library / "awscli" / "__init__.py").is_file():
                return library
    return None


def _has_plugin(library: Path) -> bool:
    """Whether this package is there, also as one that is edited in place."""
    return (library / MODULE).is_dir() or any(library.glob(f"{MODULE}-*.dist-info"))


def _tool_in(library: Path) -> str:
    """The package that was asked for, so that awscli came with it; awscli if there is none."""
    for file in sorted(library.glob("*.dist-info/METADATA")):
        with contextlib.suppress(OSError), file.open(encoding="utf-8", errors="replace") as opened:
            text = opened.read(_METADATA)
            if _REQUIRES.search(text) and (name := _NAME.search(text)):
                return name[1]
    return "awscli"
