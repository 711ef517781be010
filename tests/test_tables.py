"""Tables, durations and times in the form that people read."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator

import pytest

from awscli_xacct.storage.cache import Record
from awscli_xacct.tables import counted, duration, local_time, remaining, table

TITLES = ["PROFILE", "ACCOUNT"]


class FakeTerminal(io.StringIO):
    """A terminal with a given encoding that records what is written to it."""

    def __init__(self, encoding: str) -> None:
        super().__init__()
        self._encoding = encoding

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._encoding

    def isatty(self) -> bool:
        return True


def on_terminal(monkeypatch: pytest.MonkeyPatch, columns: int, encoding: str = "utf-8") -> None:
    """Make stdout a terminal of this width."""
    monkeypatch.setattr("sys.stdout", FakeTerminal(encoding))
    monkeypatch.setenv("COLUMNS", str(columns))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "0 s"),
        (0, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (89, "1 min"),
        (91, "2 min"),
        (3569, "59 min"),
        (3599.5, "1 h"),
        (3629, "1 h"),
        (3631, "1 h 1 min"),
        (43200, "12 h"),
        (129540, "35 h 59 min"),
    ],
)
def test_duration_is_rounded_to_the_minute(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_time_left_is_counted_from_now() -> None:
    record = Record("key", "secret", "token", expiry=1000.0 + 2520, refresh_at=0)
    assert remaining(record, now=1000.0) == "42 min"
    assert remaining(None) == ""


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[None]:
    """The process runs in the time zone of the test's parameter."""
    with monkeypatch.context() as patched:
        patched.setenv("TZ", request.param)
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize(
    ("zone", "shown", "tomorrow"),
    [
        ("CET-1CEST,M3.5.0,M10.5.0/3", "17:04 CET", "2026-11-26 05:04 CET"),
        ("UTC", "16:04 UTC", "2026-11-26 04:04 UTC"),
        ("<-0330>3:30", "12:34 -0330", "2026-11-26 00:34 -0330"),
        ("Westeuropa-1", "17:04 UTC+0100", "2026-11-26 05:04 UTC+0100"),
    ],
    indirect=["zone"],
)
@pytest.mark.usefixtures("zone")
def test_local_time_has_the_zone_and_the_date_unless_it_is_today(shown: str, tomorrow: str) -> None:
    now = 1795620890.0  # 2026-11-25T15:34:50Z
    assert local_time(1795622640.0 + 59, now) == shown
    assert local_time(1795622640.0 + 12 * 3600, now) == tomorrow


def test_counted_has_singular_and_plural() -> None:
    assert [counted(number, "session") for number in range(3)] == ["0 sessions", "1 session", "2 sessions"]


def test_table_in_a_pipe_is_not_truncated_or_padded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "10")
    rows = [["prod", "222222222222"], ["a-very-long-name", ""]]
    assert table(TITLES, rows) == (
        "PROFILE           ACCOUNT\nprod              222222222222\na-very-long-name  -\n"
    )


def test_table_on_a_terminal_shrinks_the_widest_column(monkeypatch: pytest.MonkeyPatch) -> None:
    on_terminal(monkeypatch, 26)
    rows = [["prod", "222222222222"], ["a-very-long-name", "111111111111"]]
    assert table(TITLES, rows) == (
        "PROFILE       ACCOUNT\nprod          222222222222\na-very-long…  111111111111\n"
    )


@pytest.mark.parametrize("columns", range(8, 40))
def test_table_fits_any_terminal_with_four_characters_per_column(
    monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    on_terminal(monkeypatch, columns)
    lines = table(TITLES, [["a-very-long-name", "222222222222"]]).splitlines()
    assert max(map(len, lines)) <= max(columns, 10)


def test_table_truncates_last_what_is_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    """At 80 columns, `configure role list` cut account ids, and the names that the next command needs."""
    titles = ["PROFILE", "ACCOUNT", "ROLE", "POLICY"]
    row = ["prod-reader", "222222222222", "CrossAccountPowerUser", "narrowed"]
    on_terminal(monkeypatch, 48)
    assert table(titles, [row]).splitlines()[1] == "prod-reader  222222222222  CrossAccou…  narrowed"
    on_terminal(monkeypatch, 26)
    assert table(titles, [row]).splitlines()[1] == "prod-…  22222…  Cro…  nar…"


def test_table_measures_wide_and_combining_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    on_terminal(monkeypatch, 80)
    assert table(TITLES, [["本番", "1"], ["e\u0301te\u0301", "2"]]) == (
        "PROFILE  ACCOUNT\n本番     1\ne\u0301te\u0301      2\n"
    )
    on_terminal(monkeypatch, 12)
    assert table(TITLES, [["本番環境", "123456"]]) == "PROF…  ACCO…\n本番…  1234…\n"


def test_table_marks_truncation_in_ascii_if_necessary(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    on_terminal(monkeypatch, 26, encoding="latin-1")
    assert "a-very-long~  222222222222\n" in table(TITLES, [["a-very-long-name", "222222222222"]])


def test_table_escapes_control_characters() -> None:
    assert table(["A"], [["\x1b[31mred\x07\x9b\u202e"]]) == "A\n\\x1b[31mred\\x07\\x9b\\u202e\n"
