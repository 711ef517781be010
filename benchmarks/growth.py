"""How the cost of each command grows with the number of profiles, sources or cache records: at most linearly.

What grows is the CPU time of the whole command and its children, beyond that of the same command with a single profile.
The exponent is fitted to it by least squares, on logarithmic scales and weighted, because the same noise is a larger
part of a small cost. For the stock CLI, which only reads the file, it is more than one: more memory is slower memory.
The tests count calls, which are not.
"""

from __future__ import annotations

import math
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.sts import Sts
from tests.support import many
from tests.support.home import AWS, XACCT, Home
from tests.support.many import in_sts, with_manifest, with_old_files, with_other_roles, with_records

from .measure import Command, run

SIZES = (1000, 3000, 10_000)
ASSUMED = (50, 150, 500)
"""How many roles are really assumed: each takes a request."""
HOPS = (15, 50, 150)
ROUNDS = 3
TARGET = 1.1
FELT = 0.05
"""CPU seconds below which growth drowns in what the machine does besides."""


TRUE = str(shutil.which("true"))


class Case(NamedTuple):
    """A command for a number of roles, and what is there before it."""

    name: str
    prepare: many.Prepare
    command: Callable[[int], Command]
    sizes: Sequence[int] = SIZES
    may_fail: bool = False


def measure(only: str = "", rounds: int = ROUNDS) -> None:
    """Print a table of the first case and of those whose name contains `only`."""
    print(
        f"Growth: CPU seconds of one, of N beyond that, and the exponent (target {TARGET}, or that of the first line)"
    )
    with Sts() as sts:
        target = TARGET
        for number, case in enumerate(cases(sts)):
            if only not in case.name and number:
                continue
            line, exponent = _measured(case, rounds, sts.url)
            missed = exponent is not None and exponent > target and number
            print(f"  {line}{' !' * bool(missed)}", flush=True)
            target = target if number else max(target, exponent or 0)
    print()


def fit(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """Return the exponent of the power of `sizes` that is nearest to `costs`."""
    points = [(math.log(size), math.log(cost), cost**2) for size, cost in zip(sizes, costs, strict=True)]
    total = sum(weight for _, _, weight in points)
    mean_x, mean_y = (sum(point[n] * point[2] for point in points) / total for n in (0, 1))
    slope = sum(weight * (x - mean_x) * (y - mean_y) for x, y, weight in points)
    return float(slope / sum(weight * (x - mean_x) ** 2 for x, _, weight in points))


def _measured(case: Case, rounds: int, url: str) -> tuple[str, float | None]:
    """Return a line of the table, and the exponent; None if nothing is felt to grow."""
    start, *seconds = (_cpu_seconds(case, size, rounds, url) for size in (1, *case.sizes))
    grown = [max(each - start, 0.001) for each in seconds]
    columns = "".join(f"{size:>8}: {each:>5.2f}" for size, each in zip(case.sizes, grown, strict=True))
    line = f"{case.name:<40} {start:>5.2f} {columns}  "
    if grown[-1] < FELT:
        return f"{line} not felt", None
    exponent = fit(case.sizes, grown)
    return f"{line} {exponent:.2f}", exponent


def _cpu_seconds(case: Case, size: int, rounds: int, url: str) -> float:
    """Return the least that some runs took."""
    found = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as directory:
            home = Home(Path(directory) / "home", url)
            home.environment["PATH"] = "/nowhere"  # where doctor finds no aws to start, which costs most
            case.prepare(home, size)
            found.append(run(case.command(size), home.environment, home.path, may_fail=case.may_fail).cpu)
    return min(found)


def _of_role(*arguments: str) -> Callable[[int], Command]:
    return lambda _: [str(AWS), "configure", "role", *arguments]


def _of_roles(name: str, *options: str) -> Callable[[int], Command]:
    return lambda size: [str(AWS), "configure", "role", name, *_names(size), *options]


def _xacct(*arguments: str) -> Callable[[int], Command]:
    return lambda _: [str(XACCT), *arguments]


def _each(size: int) -> Command:
    return [str(XACCT), "each", *_names(size), "--", TRUE]


def _names(size: int) -> list[str]:
    return [f"p{number}" for number in range(size)]


def cases(sts: Sts) -> list[Case]:
    """Return what is measured."""
    roles, broken = many.write_roles, many.write_roles_without_sources
    edit = "p0", "--external-id", "benchmark"
    imported = _of_role("import", "team.yaml", "--yes")
    pruned = _of_role("import", "team.yaml", "--prune", "--yes")
    each_all = _xacct("each", "--all", "--", TRUE)
    verify = _of_role("verify", "--all")
    cold = _xacct("credentials", "last")
    one, own_user = in_sts(sts), in_sts(sts, users=True)
    manifest_of_sources = with_manifest(many.write_sources, source="u{}")
    manifest_without_sources = with_manifest(many.write_nothing, source="u{}")
    return [
        Case("(aws configure get region)", roles, lambda _: [str(AWS), "configure", "get", "region"]),
        Case("edit one", roles, _of_role(*edit)),
        Case("edit one, --dry-run", roles, _of_role(*edit, "--dry-run")),
        Case("import N", with_manifest(many.write_nothing), imported),
        Case("import N, a source each", manifest_of_sources, imported),
        Case("import N, a missing source each", manifest_without_sources, imported, may_fail=True),
        Case("import N, up to date", with_manifest(many.write_imported_roles), imported),
        Case("import one, --prune N", with_manifest(many.write_imported_roles, only=1), pruned),
        Case("export N", roles, _of_role("export", "out.yaml")),
        Case("export N, a missing source each", broken, _of_role("export", "-"), may_fail=True),
        Case("list", roles, _of_role("list")),
        Case("list, a source each", many.write_roles_of_sources, _of_role("list")),
        Case("list, all cached", with_records(roles), _of_role("list")),
        Case(f"list --tree, chains of {many.CHAIN}", many.write_chains, _of_role("list", "--tree")),
        Case("show one", roles, _of_role("show", "p0")),
        Case("show a chain of N", many.write_chain, _of_role("show", "last"), HOPS),
        Case("rename one", roles, _of_role("rename", "p0", "new")),
        Case("rename the source of N", many.write_roles_of_hub, _of_role("rename", "hub", "new")),
        Case("remove one", roles, _of_role("remove", "p0", "--yes")),
        Case("remove N", roles, _of_roles("remove", "--yes")),
        Case("remove N that do not exist", many.write_nothing, _of_roles("remove", "--yes"), may_fail=True),
        Case("logout N", with_records(roles), _of_roles("logout")),
        Case("logout --all", with_records(roles), _of_role("logout", "--all")),
        Case("xacct status", with_records(roles), _xacct("status")),
        Case("xacct doctor", roles, _xacct("doctor"), may_fail=True),
        Case("xacct doctor, a missing source each", broken, _xacct("doctor"), may_fail=True),
        Case("xacct completion", roles, _xacct("completion", "--next", "exec", "")),
        Case("xacct each, N names", with_records(roles), _each, ASSUMED),
        Case("xacct each --all, cold", one, each_all, ASSUMED),
        Case("xacct each --all, cold, a user each", own_user, each_all, ASSUMED),
        Case("verify --all", one, verify, ASSUMED),
        Case("verify --all, a user each", own_user, verify, ASSUMED),
        Case("xacct credentials, cold, chain of N", in_sts(sts, chained=True), cold, HOPS),
        Case("xacct credentials, cold, N profiles", with_other_roles(one), cold),
        Case("xacct credentials, cold, N old records", with_old_files(one, ".json"), cold),
        Case("xacct credentials, cold, N lock files", with_old_files(one, ".lock"), cold),
    ]
