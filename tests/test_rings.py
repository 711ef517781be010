"""The package is four rings: a module imports from its own ring or from further in, never outward.

What is imported only for type checking costs nothing and binds nothing: it is left out.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

PACKAGE = "awscli_xacct"
ROOT = Path(__file__).resolve().parents[1]

# Which ring a module, or all of a room, is in. The longest name that fits counts.
RINGS = {
    # 1 core: the standard library, and little of it
    "errors": 1,
    "settings": 1,
    "files": 1,
    "invocation": 1,
    "cache": 1,
    "notes": 1,
    "locks": 1,
    "sweeping": 1,
    "stored": 1,
    "places": 1,
    "redaction": 1,
    # 2 config
    "awsconfig": 2,
    "accounts": 2,
    "mfa": 2,
    # 3 session
    "credentials": 3,
    # 4 face: the command line, and what it loads in every command
    "commands": 4,
    "xacct": 4,
    "xacct.launch": 1,
    "xacct.warm": 1,
    "__main__": 4,
    "": 4,
}

# What a ring may import besides the standard library.
THIRD_PARTIES: dict[int, set[str]] = {1: set(), 2: set(), 3: {"botocore"}, 4: {"botocore", "awscli"}}

# The exceptions, module by module: each third party, and whether it may be imported at the top.
EXCEPTIONS: dict[tuple[str, str], str] = {
    ("locks", "filelock"): "inside functions",
}

# A room where one more may be used, inside functions or not.
ROOMS = {"accounts": {"ruamel"}}


class Import(NamedTuple):
    """One import of a module: what is imported, where, and whether it runs when the module is loaded."""

    module: str
    imported: str
    line: int
    top: bool

    def __str__(self) -> str:
        return f"{self.module or '__init__'}, line {self.line}: imports {self.imported}"


def modules() -> dict[str, Path]:
    """The modules of the package by their names in it; the package itself is ``""``."""
    found = {}
    for path in sorted((ROOT / PACKAGE).rglob("*.py")):
        parts = path.relative_to(ROOT / PACKAGE).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(module: str, source: str, *, package: bool) -> Iterator[Import]:
    """Every import in the source of a module, as absolute names. A `package` is an ``__init__.py``."""
    tree = ast.parse(source)
    here = [PACKAGE, *filter(None, module.split("."))]
    if not package:
        here.pop()

    def walk(node: ast.AST, top: bool) -> Iterator[Import]:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            children: list[ast.AST] = list(node.orelse)
        else:
            children = list(ast.iter_child_nodes(node))
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(module, alias.name, node.lineno, top)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(here[: len(here) + 1 - node.level]) if node.level else ""
            origin = ".".join(filter(None, [base, node.module]))
            for alias in node.names:
                # A name from a package may be a module of it.
                yield Import(module, f"{origin}.{alias.name}", node.lineno, top)
        inside = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        for child in children:
            yield from walk(child, top and not inside)

    yield from walk(tree, top=True)


def ring_of(module: str) -> int | None:
    """The ring of a module of ours; None if the table does not know it."""
    name = module
    while True:
        if name in RINGS:
            return RINGS[name] if name or not module else None
        name = name.rpartition(".")[0]


def own(imported: str, known: dict[str, Path]) -> str | None:
    """The module of ours that an import loads, or None if it is somebody else's."""
    if imported.split(".")[0] != PACKAGE:
        return None
    name = imported.removeprefix(PACKAGE).removeprefix(".")
    while name not in known:
        name = name.rpartition(".")[0]
    return name


def fault(found: Import, known: dict[str, Path]) -> str | None:
    """Why an import may not be, or None."""
    ring = ring_of(found.module)
    target = own(found.imported, known)
    if ring is None:
        return f"{found.module} is in no ring yet: give it one in RINGS"
    if target is not None:
        outward = (ring_of(target) or 0) > ring
        return f"{found}: outward, from ring {ring} to ring {ring_of(target)}" if outward else None
    top_level = found.imported.split(".")[0]
    if top_level in sys.stdlib_module_names or top_level in THIRD_PARTIES[ring]:
        return None
    if top_level in ROOMS.get(found.module.split(".")[0], ()):
        return None
    if EXCEPTIONS.get((found.module, top_level)) == "inside functions":
        return f"{found}: at the top, where every user of it pays" if found.top else None
    return f"{found}: not for ring {ring}"


MODULES = modules()


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module or "__init__")
def test_a_module_imports_from_its_own_ring_or_from_further_in(module: str) -> None:
    path = MODULES[module]
    found = imports(module, path.read_text("utf-8"), package=path.name == "__init__.py")
    assert [fault(each, MODULES) for each in found if fault(each, MODULES)] == []


def test_what_every_command_loads_first_imports_nothing_at_its_top() -> None:
    source = MODULES[""].read_text("utf-8")
    assert [each.imported for each in imports("", source, package=True) if each.top] == []


def test_each_exception_is_still_needed() -> None:
    """What is no longer imported is no longer allowed."""
    used = set()
    for module, path in MODULES.items():
        for each in imports(module, path.read_text("utf-8"), package=path.name == "__init__.py"):
            used.add((module, each.imported.split(".")[0]))
    assert set(EXCEPTIONS) <= used


# -- the test itself -------------------------------------------------------------------------------

LAYOUT = dict.fromkeys(
    [
        "",
        "errors",
        "cache",
        "locks",
        "awsconfig",
        "awsconfig.rules",
        "credentials",
        "credentials.flight",
        "commands.role",
    ],
    Path(),
)


@pytest.mark.parametrize(
    ("module", "source", "why"),
    [
        ("errors", "import json, os.path", None),
        ("errors", "from . import cache", None),
        ("cache", "from .awsconfig import rules", "line 1: imports awscli_xacct.awsconfig.rules: outward"),
        (
            "cache",
            "def f():\n  from .awsconfig.rules import x",
            "line 2: imports awscli_xacct.awsconfig.rules.x: out",
        ),
        ("cache", "import awscli_xacct.commands.role", "outward, from ring 1 to ring 4"),
        ("cache", "from . import __version__", "outward, from ring 1 to ring 4"),
        ("cache", "import botocore", "imports botocore: not for ring 1"),
        ("awsconfig.rules", "from ..errors import Faults", None),
        ("awsconfig.rules", "from ..credentials import flight", "outward, from ring 2 to ring 3"),
        ("awsconfig.rules", "import botocore.session", "not for ring 2"),
        ("awsconfig.rules", "def f():\n  import filelock", "not for ring 2"),
        ("credentials.flight", "from botocore.config import Config", None),
        ("credentials.flight", "import awscli", "not for ring 3"),
        ("locks", "if True:\n  import filelock", "at the top, where every user of it pays"),
        ("locks", "def f():\n  import filelock", None),
        ("locks", "class C:\n  def f(self):\n    from filelock import FileLock", None),
        ("credentials.flight", "if TYPE_CHECKING:\n  import awscli, filelock", None),
        ("credentials.flight", "if TYPE_CHECKING:\n  pass\nelse:\n  import awscli", "not for ring 3"),
        ("commands.role", "from awscli.customizations.commands import BasicCommand", None),
        (
            "commands.role",
            "from ..credentials import flight\nimport requests",
            "imports requests: not for ring 4",
        ),
        ("new.room", "import os", "new.room is in no ring yet"),
    ],
)
def test_an_outward_import_is_found_wherever_it_stands(module: str, source: str, why: str | None) -> None:
    known = {**LAYOUT, module: Path()}
    found = [fault(each, known) for each in imports(module, source, package=False)]
    said = [each for each in found if each]
    assert (why is None) == (not said)
    assert all(why is not None and why in each for each in said)


def test_a_package_imports_relative_to_itself() -> None:
    [found] = imports("credentials", "from .flight import Flight", package=True)
    assert own(found.imported, LAYOUT) == "credentials.flight"
