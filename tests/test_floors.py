"""The floors of the package: a module imports only from its own package or from a lower floor, and is short.

Imports never go up, go sideways only where this file allows it, and never form a cycle. Imports that are only for type
checking are ignored.
"""

from __future__ import annotations

import ast
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

PACKAGE = "awscli_xacct"
ROOT = Path(__file__).resolve().parents[1]

FLOORS = (
    # ground: only the standard library
    (
        "answers",
        "arn",
        "aws_errors",
        "child_output",
        "confirm",
        "copies",
        "error_codes",
        "errors",
        "failures",
        "iam_conditions",
        "iam_policy",
        "messages",
        "problems",
        "redaction",
        "reporter",
        "results",
        "settings",
        "slips",
        "storage",
        "tables",
        "typed",
        "wrapping",
        "xacct_program",
    ),
    # an AWS config file as text
    ("configfile",),
    # the meaning of a profile's settings
    ("profiles",),
    # libraries, which do not import each other
    ("credentials", "discovery", "history", "keys", "manifest", "mfa", "setup"),
    # faces
    ("cli", "configure_role"),
    # entry points: the CLI's plugin and ``python -m``
    ("__main__", ""),
)
"""Packages and top-level modules, from the ground up; the package itself is ``""``."""

SIDEWAYS = {("credentials", "mfa"), ("credentials", "history"), ("keys", "credentials")}
"""Imports allowed within a floor. On the ground, all are allowed that form no cycle."""

UP = {("cli", ""), ("configure_role", "")}
"""The package has the public `__version__`, `install` and `register`, which the faces use as well."""

THIRD_PARTIES: dict[str, set[str]] = {
    "manifest": {"ruamel"},
    "credentials": {"botocore"},
    "keys": {"keyring", "segno"},
    "cli": {"botocore", "awscli", "jmespath"},
    "configure_role": {"botocore", "awscli"},
    "": {"botocore"},
}
"""Third-party packages that a package may import."""


MAX_LINES = 300
"""A longer module is two: whoever opens it should be able to read all of it."""


class Import(NamedTuple):
    """An import in a module; `top` is whether it runs when the module is loaded."""

    module: str
    imported: str
    line: int
    top: bool

    def __str__(self) -> str:
        return f"{self.module or '__init__'}, line {self.line}: imports {self.imported}"


def find_modules() -> dict[str, Path]:
    """Return the modules of the package, by name; the package itself is ``""``."""
    found = {}
    for path in sorted((ROOT / PACKAGE).rglob("*.py")):
        parts = path.relative_to(ROOT / PACKAGE).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def find_imports(module: str, source: str, *, package: bool) -> Iterator[Import]:
    """Yield every import in the source of a module, with absolute names. `package` is true for an ``__init__.py``."""
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
                # The name may be a module of the package.
                yield Import(module, f"{origin}.{alias.name}", node.lineno, top)
        inside = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        for child in children:
            yield from walk(child, top and not inside)

    yield from walk(tree, top=True)


def floor_of(module: str) -> int | None:
    """Return the number of a module's floor, from the ground up; None if it is on no floor."""
    package = module.split(".")[0]
    return next((number for number, packages in enumerate(FLOORS) if package in packages), None)


def resolve_own(imported: str, known: Iterable[str]) -> str | None:
    """Return the module of this package that an import loads, or None if it is from elsewhere."""
    if imported.split(".")[0] != PACKAGE:
        return None
    name = imported.removeprefix(PACKAGE).removeprefix(".")
    while name not in known:
        name = name.rpartition(".")[0]
    return name


def find_violation(found: Import, known: Iterable[str]) -> str | None:
    """Return why an import is not allowed, or None."""
    package = found.module.split(".")[0]
    floor = floor_of(found.module)
    if floor is None:
        return f"{found.module} is on no floor: add its package to FLOORS"
    target = resolve_own(found.imported, known)
    if target is None:
        top_level = found.imported.split(".")[0]
        if top_level in sys.stdlib_module_names:
            return None
        if top_level not in THIRD_PARTIES.get(package, ()):
            return f"{found}: not allowed in {package}"
        return None
    other = target.split(".")[0]
    if other == package or (package, other) in SIDEWAYS | UP:
        return None
    there = floor_of(target)
    if there is None:
        return f"{target} is on no floor: add its package to FLOORS"
    if there > floor:
        return f"{found}: up, from floor {floor} to floor {there}"
    if there == floor and floor > 0:
        return f"{found}: sideways, from {package} to {other}"
    return None


def find_cycle(arrows: Mapping[str, set[str]]) -> list[str]:
    """Return a cycle of modules that import each other at the top, in order; empty if there is none."""
    done: set[str] = set()

    def follow(module: str, path: list[str]) -> list[str]:
        if module in path:
            return [*path[path.index(module) :], module]
        if module in done:
            return []
        for target in sorted(arrows.get(module, ())):
            if cycle := follow(target, [*path, module]):
                return cycle
        done.add(module)
        return []

    return next((cycle for module in sorted(arrows) if (cycle := follow(module, []))), [])


def read_imports(module: str) -> list[Import]:
    path = MODULES[module]
    return list(find_imports(module, path.read_text("utf-8"), package=path.name == "__init__.py"))


MODULES = find_modules()


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module or "__init__")
def test_imports_go_only_to_the_same_package_or_a_lower_floor(module: str) -> None:
    assert [fault for each in read_imports(module) if (fault := find_violation(each, MODULES))] == []


def test_imports_have_no_cycle() -> None:
    arrows = {
        module: {
            target
            for each in read_imports(module)
            # A package and its modules always load each other.
            if each.top and (target := resolve_own(each.imported, MODULES)) not in (None, "", module)
        }
        for module in MODULES
    }
    assert find_cycle({module: {t for t in targets if t} for module, targets in arrows.items()}) == []


def test_package_imports_nothing_at_its_top() -> None:
    assert [each.imported for each in read_imports("") if each.top] == []


def test_modules_are_short_enough_to_be_read_at_once() -> None:
    lengths = {module: path.read_text("utf-8").count("\n") for module, path in MODULES.items()}
    assert {module: lines for module, lines in lengths.items() if lines > MAX_LINES} == {}


def test_no_two_classes_have_the_same_name() -> None:
    """One word, one thing. A type alias counts as a class; names that a module keeps to itself do not."""
    names = Counter(
        name
        for path in MODULES.values()
        for node in ast.parse(path.read_text("utf-8")).body
        for name in (
            [node.name]
            if isinstance(node, ast.ClassDef)
            else [target.id for target in node.targets if isinstance(target, ast.Name)]
            if isinstance(node, ast.Assign)
            else []
        )
        if re.fullmatch("[A-Z][a-z]+([A-Z][a-z]+)*", name)
    )
    assert [name for name, number in names.items() if number > 1] == []


def test_existence_is_asked_by_functions_that_never_fail() -> None:
    """Methods of `Path` raise in a directory that may not be looked into, as `xacct credentials` did at the cache."""
    asked = {
        f"{module}: {ast.unparse(node)}"
        for module, path in MODULES.items()
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute)
        and node.attr in ("exists", "is_file", "is_dir")
        and ast.unparse(node.value) != "os.path"
    }
    assert asked == set()


def test_exceptions_are_all_still_needed() -> None:
    """An exception that no import uses any more must be removed."""
    used, crossed = set(), set()
    for module in MODULES:
        for each in read_imports(module):
            package = module.split(".")[0]
            used.add((package, each.imported.split(".")[0]))
            target = resolve_own(each.imported, MODULES)
            if target is not None:
                crossed.add((package, target.split(".")[0]))
    allowed = {(package, party) for package, parties in THIRD_PARTIES.items() for party in parties}
    assert allowed <= used
    assert crossed >= SIDEWAYS | UP


# -- the test itself -------------------------------------------------------------------------------

LAYOUT = dict.fromkeys(
    [
        "",
        "errors",
        "storage",
        "storage.cache",
        "storage.locks",
        "configfile.store",
        "profiles.validation",
        "credentials",
        "credentials.single_flight",
        "manifest.plan",
        "mfa.codes",
        "setup.steps",
        "cli.launch",
        "configure_role.role",
    ],
    Path(),
)


@pytest.mark.parametrize(
    ("module", "source", "why"),
    [
        ("errors", "import json, os.path", None),
        ("storage.cache", "from .. import errors", None),
        (
            "storage.cache",
            "from ..profiles import validation",
            "line 1: imports awscli_xacct.profiles.validation: up",
        ),
        (
            "storage.cache",
            "def f():\n  from ..profiles.validation import x",
            "line 2: imports awscli_xacct.profiles",
        ),
        ("storage.cache", "import awscli_xacct.configure_role.role", "up, from floor 0 to floor 4"),
        ("storage.cache", "from .. import __version__", "up, from floor 0 to floor 5"),
        ("storage.cache", "import botocore", "imports botocore: not allowed in storage"),
        ("configfile.store", "from ..profiles import validation", "up, from floor 1 to floor 2"),
        ("profiles.validation", "from ..configfile.store import edit", None),
        ("profiles.validation", "from ..credentials import single_flight", "up, from floor 2 to floor 3"),
        ("profiles.validation", "import botocore.session", "not allowed in profiles"),
        ("profiles.validation", "def f():\n  import ruamel.yaml", "not allowed in profiles"),
        ("manifest.plan", "from ..setup.steps import Step", "sideways, from manifest to setup"),
        ("mfa.codes", "from ..credentials import single_flight", "sideways, from mfa to credentials"),
        ("credentials.single_flight", "from ..mfa.codes import Codes", None),
        ("credentials.single_flight", "from botocore.config import Config", None),
        ("credentials.single_flight", "import awscli", "not allowed in credentials"),
        (
            "storage.locks",
            "class C:\n  def f(self):\n    from filelock import FileLock",
            "not allowed in storage",
        ),
        ("credentials.single_flight", "if TYPE_CHECKING:\n  import awscli, ruamel", None),
        (
            "credentials.single_flight",
            "if TYPE_CHECKING:\n  pass\nelse:\n  import awscli",
            "not allowed in credentials",
        ),
        ("configure_role.role", "from awscli.customizations.commands import BasicCommand", None),
        ("configure_role.role", "from ..cli import launch", "sideways, from configure_role to cli"),
        ("cli.launch", "from .. import __version__", None),
        ("cli.launch", "from ..configure_role.role import x", "sideways, from cli to configure_role"),
        ("configure_role.role", "import requests", "imports requests: not allowed in configure_role"),
        ("new.room", "import os", "new.room is on no floor"),
    ],
)
def test_forbidden_import_is_found_anywhere(module: str, source: str, why: str | None) -> None:
    known = {**LAYOUT, module: Path()}
    faults = [
        fault
        for each in find_imports(module, source, package=False)
        if (fault := find_violation(each, known))
    ]
    assert (why is None) == (not faults)
    assert all(why is not None and why in fault for fault in faults)


def test_cycle_is_found() -> None:
    assert find_cycle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert find_cycle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


def test_relative_import_in_a_package_is_resolved() -> None:
    [found] = find_imports("credentials", "from .single_flight import SingleFlight", package=True)
    assert resolve_own(found.imported, LAYOUT) == "credentials.single_flight"
