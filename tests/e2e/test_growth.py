"""What commands do for many profiles: calls, files and directory listings, counted, so that none is a matter of luck.

Twice as many profiles may take twice as many steps. What is read once is read once, however many there are.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from tests.sts import Sts
from tests.support import many
from tests.support.counting import Counted, Counter
from tests.support.home import Home
from tests.support.many import Prepare, in_sts, with_manifest, with_old_files, with_records

SIZES = 30, 60, 120
"""All more than the problems that suggest a name."""
ASSUMED = 5, 10, 20
"""How many roles are really assumed."""
NAMES = "the names of all role profiles"
"""A placeholder in commands."""
CLOSE = 1.1
"""How much more than twice the steps is no growth: sorting, and strings that are a digit longer."""


class Place(NamedTuple):
    """A home that the tests of this module fill anew, what counts the commands in it, and its STS."""

    home: Home
    counter: Counter
    sts: Sts


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with Sts() as sts:
        home = Home(tmp_path_factory.mktemp("growth") / "home", sts.url)
        home.environment["PATH"] = str(home.path / "nowhere")  # where doctor finds no aws to start
        with Counter(home) as counter:
            yield Place(home, counter, sts)


class Growth:
    """What one command does for each of `sizes`."""

    def __init__(self, place: Place, prepare: Prepare, *command: str, sizes: tuple[int, ...] = SIZES) -> None:
        self._sizes = sizes
        home, counter, _ = place
        self._directory = home.aws_dir
        self.counted: list[Counted] = []
        for size in sizes:
            _remove_all(home)
            prepare(home, size)
            words = [word for part in command for word in ([part] if part != NAMES else _names(size))]
            self.counted.append(counter.run(*words))
        self.output = (home.path / "output").read_text("utf-8")

    @property
    def calls(self) -> list[int]:
        return [counted.calls for counted in self.counted]

    @property
    def is_linear(self) -> bool:
        """Whether the second doubling adds no more than twice the calls that the first one does."""
        few, some, all_ = self.calls
        return all_ - some <= 2 * CLOSE * (some - few)

    @property
    def codes(self) -> set[int]:
        return {counted.code for counted in self.counted}

    @property
    def parsed(self) -> set[int]:
        return {counted.parsed for counted in self.counted}

    @property
    def listed(self) -> set[int]:
        """How many times directories of the home were listed, for each size."""
        return {self._in_home(counted.listed) for counted in self.counted}

    @property
    def opened_for_each(self) -> float:
        """How many files were opened for each profile. Fails if that differs between the sizes."""
        opened = [self._in_home(counted.opened) for counted in self.counted]
        (slope,) = {
            (b - a) / (y - x)
            for a, b, x, y in zip(opened, opened[1:], self._sizes, self._sizes[1:], strict=False)
        }
        return slope

    def _in_home(self, tally: dict[str, int]) -> int:
        return sum(number for path, number in tally.items() if path.startswith(f"{self._directory}"))


def _names(size: int) -> list[str]:
    return [f"p{number}" for number in range(size)]


def _remove_all(home: Home) -> None:
    for path in sorted(home.path.rglob("*"), key=lambda path: len(path.parts), reverse=True):
        if path != home.aws_dir:
            path.rmdir() if path.is_dir() else path.unlink()


TRUE = str(shutil.which("true"))
IMPORT = ("aws", "configure", "role", "import", "team.yaml", "--yes")
ROLE = ("aws", "configure", "role")


@pytest.mark.parametrize(
    ("prepare", "command", "code", "opened"),
    [
        pytest.param(many.write_roles, (*ROLE, "p0", "--external-id", "benchmark"), 0, 0, id="edit"),
        pytest.param(with_manifest(many.write_nothing), IMPORT, 0, 0, id="import"),
        pytest.param(with_manifest(many.write_sources, source="u{}"), IMPORT, 0, 0, id="import, own sources"),
        pytest.param(
            with_manifest(many.write_nothing, source="u{}"), IMPORT, 253, 0, id="import, no sources"
        ),
        pytest.param(
            with_manifest(many.write_imported_roles, only=1), (*IMPORT, "--prune"), 0, 0, id="import --prune"
        ),
        pytest.param(many.write_roles, (*ROLE, "export", "team.yaml"), 0, 0, id="export"),
        pytest.param(
            many.write_roles_without_sources, (*ROLE, "export", "-"), 253, 0, id="export, no sources"
        ),
        pytest.param(with_records(many.write_roles), (*ROLE, "list"), 0, 1, id="list"),
        pytest.param(many.write_chains, (*ROLE, "list", "--tree"), 0, 1, id="list --tree"),
        pytest.param(many.write_roles_of_hub, (*ROLE, "rename", "hub", "new"), 0, 0, id="rename"),
        pytest.param(many.write_roles, (*ROLE, "remove", NAMES, "--yes"), 0, 0, id="remove"),
        pytest.param(many.write_nothing, (*ROLE, "remove", NAMES, "--yes"), 253, 0, id="remove, no profiles"),
        pytest.param(with_records(many.write_roles), (*ROLE, "logout", NAMES), 0, 0, id="logout"),
        pytest.param(with_records(many.write_roles), ("xacct", "status"), 0, 1, id="status"),
        pytest.param(many.write_roles_without_sources, ("xacct", "doctor"), 255, 0, id="doctor, no sources"),
        pytest.param(many.write_roles, ("xacct", "completion", "--next", "exec", ""), 0, 0, id="completion"),
    ],
)
def test_command_grows_linearly_with_profiles(
    place: Place, prepare: Prepare, command: tuple[str, ...], code: int, opened: int
) -> None:
    growth = Growth(place, prepare, *command)
    assert growth.codes == {code}, growth.output
    assert growth.is_linear, growth.calls
    assert growth.opened_for_each == opened
    assert len(growth.parsed) == 1
    assert growth.listed <= {0, 1}


def test_edit_parses_each_file_once_and_its_own_result(place: Place) -> None:
    """Once more than the CLI has done before, so that the edit sees what is there once the lock is held."""
    stock = Growth(place, many.write_roles, "aws", "configure", "get", "region")
    edit = Growth(place, many.write_roles, *ROLE, "p0", "--external-id", "benchmark")
    assert (stock.parsed, edit.parsed) == ({2}, {2 + 2 + 1})


@pytest.mark.parametrize("users", [False, True], ids=["one user", "a user each"])
@pytest.mark.parametrize(
    ("command", "at_most"),
    [((*ROLE, "verify", "--all"), 10), (("xacct", "each", "--all", "--", TRUE), 15)],
    ids=["verify", "each"],
)
def test_many_roles_are_assumed_with_files_read_once(
    place: Place, command: tuple[str, ...], at_most: int, users: bool
) -> None:
    growth = Growth(place, in_sts(place.sts, users=users), *command, sizes=ASSUMED)
    assert growth.codes == {0}, growth.output
    assert growth.opened_for_each <= at_most
    assert len(growth.parsed) == 1
    assert growth.listed == {1}


@pytest.mark.parametrize("suffix", [".json", ".lock"])
def test_cold_credentials_list_the_cache_once(place: Place, suffix: str) -> None:
    growth = Growth(place, with_old_files(in_sts(place.sts), suffix), "xacct", "credentials", "last")
    assert (growth.codes, growth.listed) == ({0}, {1}), growth.output
