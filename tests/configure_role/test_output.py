"""Tables, durations, and the CLI's own formats."""

from __future__ import annotations

import io
from argparse import Namespace
from typing import Any

import pytest
from awscli.customizations.globalargs import jmespath

from awscli_xacct.configure_role.output import print_result
from awscli_xacct.storage.cache import Record
from awscli_xacct.tables import counted, duration, remaining, table

TITLES = ["PROFILE", "ACCOUNT"]


class FakeTerminal(io.StringIO):
    """A terminal of some encoding that keeps what is written on it."""

    def __init__(self, encoding: str) -> None:
        super().__init__()
        self._encoding = encoding

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._encoding

    def isatty(self) -> bool:
        return True


def on_terminal(monkeypatch: pytest.MonkeyPatch, columns: int, encoding: str = "utf-8") -> None:
    """Make stdout a terminal that is so wide."""
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
def test_a_duration_is_said_to_the_nearest_minute(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_what_is_left_of_a_record_is_reckoned_from_now() -> None:
    record = Record("key", "secret", "token", expiry=1000.0 + 2520, renew=0)
    assert remaining(record, now=1000.0) == "42 min"
    assert remaining(None) == ""


def test_things_are_counted() -> None:
    assert [counted(number, "session") for number in range(3)] == ["0 sessions", "1 session", "2 sessions"]


def test_piped_nothing_is_cut_and_nothing_padded_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "10")
    rows = [["prod", "222222222222"], ["a-very-long-name", ""]]
    assert table(TITLES, rows) == (
        "PROFILE           ACCOUNT\nprod              222222222222\na-very-long-name  -\n"
    )


def test_on_a_terminal_the_widest_column_gives_way(monkeypatch: pytest.MonkeyPatch) -> None:
    on_terminal(monkeypatch, 26)
    rows = [["prod", "222222222222"], ["a-very-long-name", "111111111111"]]
    assert table(TITLES, rows) == (
        "PROFILE       ACCOUNT\nprod          222222222222\na-very-long…  111111111111\n"
    )


@pytest.mark.parametrize("columns", range(8, 40))
def test_a_table_fits_any_terminal_in_which_four_letters_a_column_do(
    monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    on_terminal(monkeypatch, columns)
    lines = table(TITLES, [["a-very-long-name", "222222222222"]]).splitlines()
    assert max(map(len, lines)) <= max(columns, 10)


def test_wide_letters_take_two_columns_and_marks_none(monkeypatch: pytest.MonkeyPatch) -> None:
    on_terminal(monkeypatch, 80)
    assert table(TITLES, [["本番", "1"], ["e\u0301te\u0301", "2"]]) == (
        "PROFILE  ACCOUNT\n本番     1\ne\u0301te\u0301      2\n"
    )
    on_terminal(monkeypatch, 12)
    assert table(TITLES, [["本番環境", "123456"]]) == "PROF…  ACCO…\n本番…  1234…\n"


def test_where_the_terminal_has_only_letters_a_cut_is_marked_with_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    on_terminal(monkeypatch, 26, encoding="latin-1")
    assert "a-very-long~  222222222222\n" in table(TITLES, [["a-very-long-name", "222222222222"]])


def test_control_characters_are_shown_escaped() -> None:
    assert table(["A"], [["\x1b[31mred\x07\x9b\u202e"]]) == "A\n\\x1b[31mred\\x07\\x9b\\u202e\n"


class Session:
    """As much of a session as `print_result` asks: the configured output format."""

    def get_config_variable(self, name: str) -> str:
        assert name == "output"
        return "text"


def given(capsys: pytest.CaptureFixture[str], result: Any, **options: Any) -> str:
    """What `print_result` prints with some of the CLI's own options."""
    if "query" in options:
        options["query"] = jmespath.compile(options["query"])
    parsed_globals = Namespace(**{"output": None, "query": None, "color": "off", **options})
    print_result(Session(), parsed_globals, "show", result, lambda: "for people\n")
    return capsys.readouterr().out


def test_a_format_is_used_only_where_the_command_line_asks_for_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    result = {"Profile": "prod", "Hops": [{"Profile": "default"}]}
    assert given(capsys, result) == "for people\n"
    assert given(capsys, result, output="text") == "prod\nHOPS\tdefault\n"
    assert given(capsys, result, query="Profile") == "prod\n"
    assert given(capsys, result, query="Hops[].Profile", output="json") == '[\n    "default"\n]\n'


def test_control_characters_are_escaped_in_every_format(capsys: pytest.CaptureFixture[str]) -> None:
    result = {"Profile": "\x1b[31m", "Lines": ["two\nlines", None, 1]}
    assert given(capsys, result, output="text") == "\\x1b[31m\nLINES\ttwo\\nlines\nLINES\tNone\nLINES\t1\n"
    assert "\x1b" not in given(capsys, result, output="table")
    as_json = given(capsys, result, output="json")
    assert '"\\u001b[31m"' in as_json
    assert '"two\\nlines"' in as_json
