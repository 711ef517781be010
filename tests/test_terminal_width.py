"""What a person sees on a terminal: no word is broken, and what is pasted stays whole. In a pipe nothing is wrapped."""

import re
from collections import Counter
from collections.abc import Iterator

import pexpect
import pytest

from tests.sts import MfaDevice, Sts, User
from tests.support import forked
from tests.support.home import XACCT, Home, Outcome, finish_on_terminal

STATE = re.compile(r"^(ok|warning|fault|not checked) +")
COMMAND = re.compile(r"(aws|xacct|for profile in) ")

ROLE = ("configure", "role")
LONG = "production-of-the-company-in-europe"
MESSAGES = [
    ("aws", *ROLE, "show", LONG),
    ("aws", *ROLE, "show", "chained"),
    ("aws", *ROLE, "show", "lost"),
    ("aws", *ROLE, "show", "nobody"),
    ("aws", *ROLE, "verify", "billing"),
    ("aws", *ROLE, "verify", "billing", "audit", "odd", "lost"),
    ("aws", *ROLE, "login", "billing"),
    ("aws", *ROLE, "logout", "nobody"),
    ("aws", *ROLE, "remove", LONG),
    ("aws", *ROLE, "rename", LONG, "chained"),
    (
        "aws",
        *ROLE,
        "new",
        "--role-arn",
        "arn:aws:iam::22:role/x",
        "--mfa-serial",
        "x",
        "--source-profile",
        "y",
    ),
    ("aws", *ROLE, "verfy", LONG),
    ("aws", *ROLE, "prod", "--rol-arn", "x"),
    ("aws", *ROLE, "import", "bad.yaml"),
    ("aws", *ROLE, "discover"),
    ("aws", *ROLE, "setup", "new", "--role-name", "Ops", "--account-profile", "nobody"),
    ("aws", "sts", "get-caller-identity", "--profile", "billing"),
    ("xacct", "enable"),
    ("xacct", "doctor"),
    ("xacct", "whoami", LONG),
    ("xacct", "credentials", "billing"),
    ("xacct", "use", "nobody"),
    ("xacct", "history", "--since", "x"),
    ("xacct", "keys", "restore", "default"),
    ("xacct", "--help"),
    *[("xacct", name, "--help") for name in ("exec", "serve", "keys", "use", "console")],
]
TABLES = {
    ("aws", *ROLE, "list"): ["222222222222", "us-west-1", "narrowed", "cannot work"],
    ("aws", *ROLE, "verify", "audit", "billing"): ["does not work"],
    ("aws", *ROLE, "import", "team.yaml", "--dry-run"): [
        "arn:aws:iam::333333333333:role/OrganizationAccountAccessRole",
        "arn:aws:iam::111111111111:mfa/the-phone-of-the-developer",
    ],
    ("xacct", "keys", "status"): ["0 days"],
}
"""Commands that print tables, and facts in them that must not be cut."""


@pytest.fixture
def device(sts: Sts, user: User) -> MfaDevice:
    """The user's MFA device, with a long name."""
    return sts.add_mfa_device(user, "the-phone-of-the-developer")


@pytest.fixture(autouse=True)
def office(home: Home, sts: Sts, user: User, device: MfaDevice, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home with long names and whatever can be wrong with profiles, where all commands run."""
    power = sts.add_role("CrossAccountPowerUserForEngineers", trusts=[user.arn], require_mfa=True)
    refusing = sts.add_role("Billing", account="555555555555", trusts=[])
    other = sts.add_role("Audit", account="444444444444", trusts=[])
    home.add_role(
        LONG, power.arn, mfa_serial=device.serial, policy_arns="arn:aws:iam::aws:policy/ReadOnlyAccess"
    )
    home.add_role("billing", refusing.arn)
    home.add_role("audit", other.arn)
    home.add_role("odd", refusing.arn, externalid="what-should-have-an-underscore")
    home.add_role("chained", other.arn, source_profile=LONG)
    home.add_role("lost", other.arn, source_profile="a-profile-that-does-not-exist")
    defaults = f'{{source_profile: default, mfa_serial: "{device.serial}", region: us-west-1}}'
    roles = '{account: "333333333333", role: OrganizationAccountAccessRole}'
    manifest = f"version: 1\ndefaults: {defaults}\nroles:\n  staging-of-the-company-in-europe: {roles}\n"
    home.path.joinpath("team.yaml").write_text(manifest, "utf-8")
    bad = 'version: 1\nroles:\n  a: {account: 222222222222, role: "x y"}\n  b: {rolle: "2"}\n'
    home.path.joinpath("bad.yaml").write_text(bad, "utf-8")
    home.environment.update(home.forked_aws, NO_COLOR="1")
    monkeypatch.chdir(home.path)
    return home


def show(home: Home, program: str, *arguments: str, columns: int) -> list[str]:
    """Return the lines that a command writes to a terminal."""
    client = forked.find_client(home.executable if program == "aws" else XACCT)
    child = home.terminal_for(str(client), *arguments, columns=columns)
    child.expect(pexpect.EOF)
    return str(child.before).replace("\r\n", "\n").split("\n")


def pipe(home: Home, program: str, *arguments: str) -> Outcome:
    return (home.aws if program == "aws" else home.xacct)(*arguments)


def find_broken(lines: list[str], columns: int, piped: str | None = None) -> Iterator[str]:
    """Yield what a terminal breaks, or we have broken: lines too long that need not be, and words that are not piped.

    A line may be longer than the terminal if it is a single word, a command, JSON, or a setting of a config file.
    """
    for line in lines:
        text = STATE.sub("", line).strip()
        is_whole = len(text.split()) == 1 or COMMAND.match(text) or text.startswith('"') or " | " in text
        if len(line) > columns and not is_whole:
            yield f"too long: {line}"
    if piped is not None:
        shown, wanted = Counter(" ".join(lines).split()), Counter(piped.split())
        yield from (f"broken or lost: {word}" for word in {*(shown - wanted), *(wanted - shown)})


def test_messages_are_broken_between_words_only(office: Home) -> None:
    """`xacct enable`, `show` and `verify` used to leave that to the terminal, which breaks anywhere."""
    office.environment["AWS_XACCT_MFA_PROMPT"] = "none"
    found = {}
    long = 0
    for command in MESSAGES:
        outcome = pipe(office, *command)
        piped = f"{outcome.stdout}\n{outcome.stderr}"
        long += any(len(line) > 80 for line in piped.splitlines())
        for columns in (80, 60):
            if broken := list(find_broken(show(office, *command, columns=columns), columns, piped)):
                found[columns, command] = broken
    assert not found, "\n".join(map(repr, found.items()))
    assert long > len(MESSAGES) // 2, "the terminal should be too narrow for most of them"


@pytest.mark.parametrize("columns", [80, 60])
def test_tables_fit_and_keep_facts_whole(office: Home, columns: int) -> None:
    for command, facts in TABLES.items():
        shown = show(office, *command, columns=columns)
        assert list(find_broken(shown, columns)) == [], command
        assert [fact for fact in facts if fact not in "\n".join(shown)] == [], command


@pytest.mark.parametrize("columns", [80, 60])
def test_sessions_and_their_history_fit_and_keep_facts_whole(
    office: Home, device: MfaDevice, columns: int
) -> None:
    """At 80 columns `status` cut the time until when a session is valid, and `history` who obtained it."""
    child = office.terminal("configure", "role", "login", LONG, columns=columns)
    child.expect(r"roles\): ")
    child.sendline(device.next_code())
    assert finish_on_terminal(child) == 0
    for command in (("status",), ("history",)):
        piped = office.xacct(*command).stdout
        shown = show(office, "xacct", *command, columns=columns)
        assert list(find_broken(shown, columns)) == [], command
        times = re.findall(r"(?:\d{4}-\d\d-\d\d )?\d\d:\d\d \S+", piped)
        facts = [
            *times,
            *re.findall(r"\b(?:\d+ h|\d+ min|222222222222|narrowed|mfa-session|A[KS]IA\w+)\b", piped),
        ]
        assert len(times) == 2
        assert len(facts) > 5
        assert [fact for fact in facts if fact not in "\n".join(shown)] == [], command


def test_errors_of_each_are_wrapped_beside_the_name_of_their_profile(office: Home) -> None:
    office.environment["AWS_XACCT_MFA_PROMPT"] = "none"
    command = ("xacct", "each", "billing", LONG, "--", "true")
    shown = [line.rpartition("\x1b[K")[2] for line in show(office, *command, columns=80)]
    errors = [line for line in shown if line.startswith("billing ")]
    assert len(errors) > 5
    assert list(find_broken(errors, 80)) == []
    label = f"{'billing':<{len(LONG)}} | "
    assert f"{label}  aws configure role verify billing" in errors


def test_prompt_for_a_code_and_questions_are_broken_between_words(office: Home) -> None:
    child = office.terminal("sts", "get-caller-identity", "--profile", LONG, columns=60)
    child.expect(r"roles\): ")
    lines = (str(child.before) + str(child.after)).splitlines()
    child.sendintr()
    finish_on_terminal(child)
    assert list(find_broken(lines, 60)) == []
    assert " ".join(" ".join(lines).split()) == (
        "MFA code of arn:aws:iam::111111111111:mfa/the-phone-of-the-developer for profile "
        f"{LONG} (a session of 12 h for all its roles):"
    )
    child = office.terminal("configure", "role", "import", "team.yaml", columns=60)
    child.expect(r"\[y/N\] ")
    question = (str(child.before) + str(child.after)).partition("Write this")[2].splitlines()
    child.sendline("n")
    finish_on_terminal(child)
    assert len(question) > 1
    assert list(find_broken(question, 60)) == []


@pytest.mark.parametrize("columns", [1, 20, 40, 0])
def test_a_narrow_terminal_and_a_wrong_variable_do_no_harm(office: Home, columns: int) -> None:
    """A terminal of 0 columns does not know its width."""
    for number, command in enumerate([*TABLES, MESSAGES[0], MESSAGES[4], ("xacct", "keys", "--help")]):
        office.environment["COLUMNS"] = ("", "0", "-1", "wide", "9" * 30)[number % 5]
        assert "Traceback" not in "\n".join(show(office, *command, columns=columns)), command


@pytest.mark.parametrize(
    "lines",
    [
        ["a line that is longer than the forty columns that there are"],
        ["a word that the terminal would have bro", "ken"],
        ["a word that the terminal would have"],
    ],
    ids=["too-long", "broken", "lost"],
)
def test_what_is_broken_is_found(lines: list[str]) -> None:
    assert list(find_broken(lines, 40, "a word that the terminal would have broken")) != []
