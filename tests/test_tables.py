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


LIST = ["PROFILE", "ACCOUNT", "ROLE", "SOURCE", "MFA", "REGION", "POLICY", "CACHED"]
LISTED = [
    ["prod", "222222222222", "CrossAccountPowerUser", "default", "phone", "us-west-1", "", "52 min"],
    ["a" * 30, "333333333333", "r" * 40, "default", "phone", "ap-southeast-2", "narrowed", "11 h 58 min"],
]
STATUS = ["PROFILE", "KIND", "OWNER", "POLICY", "LASTS", "UNTIL"]
VALID = [["prod", "role", "222222222222 CrossAccountPowerUser", "narrowed", "58 min", "2026-11-26 00:38 UTC"]]
HISTORY = ["TIME", "PROFILE", "OWNER", "CALLER", "SESSION", "PROGRAM"]
OBTAINED = [
    ["2026-11-26 00:38 UTC", "prod", "222222222222 Ops", "AKIAF2ZM33JDY7JWIP5K", "s" * 60, "terraform"]
]
FACTS = {"ACCOUNT", "KIND", "REGION", "POLICY", "CACHED", "LASTS", "UNTIL", "TIME", "CALLER"}


@pytest.mark.parametrize("columns", [24, 40, 60, 80, 100, 200])
@pytest.mark.parametrize(
    ("titles", "rows"),
    [(LIST, LISTED), (STATUS, VALID), (HISTORY, OBTAINED)],
    ids=["list", "status", "history"],
)
def test_table_fits_any_terminal_and_short_facts_stay_whole(
    monkeypatch: pytest.MonkeyPatch, columns: int, titles: list[str], rows: list[list[str]]
) -> None:
    """At 80 columns, `status` cut the time until when a session is valid, and `list` regions."""
    on_terminal(monkeypatch, columns)
    shown = table(titles, rows)
    assert max(map(len, shown.splitlines())) <= columns
    for row in rows:
        for title, cell in zip(titles, row, strict=True):
            assert cell in shown or (title not in FACTS and cell[:3] in shown), title


def test_table_truncates_names_before_profiles_and_profiles_before_it_takes_two_lines(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    row = ["production-in-europe", "222222222222", "CrossAccountPowerUser", "default", "phone", "us-west-1"]
    titles = LIST[:6]
    for columns, shown in (
        (100, "production-in-europe  222222222222  CrossAccountPowerUser  default  phone  us-west-1"),
        (80, "production-in-europe  222222222222  CrossAccountPowe…  default  phone  us-west-1"),
        (67, "production-in-europe  222222222222  Cross…  defau…  pho…  us-west-1"),
        (58, "production…  222222222222  Cross…  defau…  pho…  us-west-1"),
        (
            55,
            "  ROLE                   SOURCE   MFA    REGION\n"
            "production-in-europe  222222222222\n"
            "  CrossAccountPowerUser  default  phone  us-west-1",
        ),
    ):
        on_terminal(monkeypatch, columns)
        assert table(titles, [row]).partition("\n")[2] == f"{shown}\n", columns


def test_table_keeps_the_end_of_an_arn_or_a_path(monkeypatch: pytest.MonkeyPatch) -> None:
    on_terminal(monkeypatch, 40)
    rows = [
        ["default", "arn:aws:iam::111111111111:mfa/phone"],
        ["prod", "222222222222 CrossAccountPowerUser"],
    ]
    assert table(["PROFILE", "OWNER"], rows).splitlines()[1:] == [
        "default  …ws:iam::111111111111:mfa/phone",
        "prod     222222222222 CrossAccountPower…",
    ]


def test_table_has_no_second_line_with_nothing_on_it(monkeypatch: pytest.MonkeyPatch) -> None:
    on_terminal(monkeypatch, 30)
    rows = [["prod", "222222222222", ""], ["audit", "333333333333", "profile is gone"]]
    assert table([*TITLES, "NOTE"], rows).splitlines() == [
        "PROFILE  ACCOUNT",
        "  NOTE",
        "prod     222222222222",
        "audit    333333333333",
        "  profile is gone",
    ]


def test_table_prints_a_line_below_each_row(monkeypatch: pytest.MonkeyPatch) -> None:
    on_terminal(monkeypatch, 26)
    rows = [["prod", "222222222222"], ["audit", "333333333333"]]
    shown = table(TITLES, rows, below=["  one", "  two"])
    assert shown == "PROFILE  ACCOUNT\nprod     222222222222\n  one\naudit    333333333333\n  two\n"


PLAN = ["PLAN", "PROFILE", "SETTING", "NOW", "THEN"]
PLANNED = [
    ["add", "staging", "role_arn", "", "arn:aws:iam::333333333333:role/OrganizationAccountAccessRole"],
    [" ", " ", "source_profile", "", "default"],
    [
        "change",
        "prod",
        "role_arn",
        "arn:aws:iam::222222222222:role/Old",
        "arn:aws:iam::222222222222:role/New",
    ],
]


def test_whole_table_puts_settings_and_values_that_do_not_fit_below(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan is confirmed, so nothing of it may be cut; the terminal broke its ARNs."""
    on_terminal(monkeypatch, 80)
    assert table(PLAN, PLANNED, whole=True) == (
        "PLAN    PROFILE\n"
        "  SETTING         NOW  THEN\n"
        "add     staging\n"
        "  role_arn\n"
        "    THEN  arn:aws:iam::333333333333:role/OrganizationAccountAccessRole\n"
        "  source_profile  -    default\n"
        "change  prod\n"
        "  role_arn\n"
        "    NOW   arn:aws:iam::222222222222:role/Old\n"
        "    THEN  arn:aws:iam::222222222222:role/New\n"
    )


@pytest.mark.parametrize("columns", [1, 20, 40, 60, 80, 100, 200])
def test_whole_table_has_every_value_whole(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    on_terminal(monkeypatch, columns)
    shown = table(PLAN, PLANNED, whole=True)
    for row in PLANNED:
        assert all(cell in shown for cell in row)
    assert all(len(line) <= columns or len(line.split()) == 1 for line in shown.splitlines() if columns >= 40)


def test_table_measures_wide_and_combining_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    on_terminal(monkeypatch, 80)
    assert table(TITLES, [["本番", "1"], ["e\u0301te\u0301", "2"]]) == (
        "PROFILE  ACCOUNT\n本番     1\ne\u0301te\u0301      2\n"
    )
    on_terminal(monkeypatch, 24)
    assert (
        table(TITLES, [["本番環境の監査", "123456789012"]])
        == "PROFILE     ACCOUNT\n本番環境…   123456789012\n"
    )
    on_terminal(monkeypatch, 80)
    assert table(TITLES, [["🔐🛠️", "1"]]) == "PROFILE  ACCOUNT\n🔐🛠️      1\n", "with a variation selector"


def test_table_marks_truncation_in_ascii_if_necessary(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    on_terminal(monkeypatch, 26, encoding="latin-1")
    assert "a-very-long~  222222222222\n" in table(TITLES, [["a-very-long-name", "222222222222"]])


def test_table_escapes_control_characters() -> None:
    assert table(["A"], [["\x1b[31mred\x07\x9b\u202e"]]) == "A\n\\x1b[31mred\\x07\\x9b\\u202e\n"
