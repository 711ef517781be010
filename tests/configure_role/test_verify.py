"""`aws configure role verify`: assume roles, and explain every failure."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.sts import MfaDevice, Role, Sts, User
from tests.support.commands import ONE_TRY, operations
from tests.support.home import Home, finish

from .steps import ESCAPE, STRANGER, XML_ESCAPE, Screen, done, parsed, refused, run

CAUSES = (
    "  likely causes:\n"
    "    - the role may not exist: check the account and the name in its ARN\n"
    "    - the role may require MFA, and the profile has no device: aws configure role PROFILE --mfa-serial auto\n"
    "    - the role may require an external id, and the profile has none: aws configure role "
    "PROFILE --external-id ID\n"
    "    - the role, its trust policy or the caller's policy may be new: IAM changes take seconds to take effect\n"
)


def shown_denial(profile: str, caller: str, principal: str, role_arn: str, causes: str = CAUSES) -> str:
    """Return the explanation of a denial, as a person reads it."""
    return (
        f"{profile}:\n"
        f"  An error occurred (AccessDenied) when calling the AssumeRole operation: "
        f"User: {caller} is not authorized to perform: sts:AssumeRole on resource: {role_arn}\n"
        f"  called by {caller}\n"
        f"  add this statement to the trust policy of {role_arn}:\n"
        f"    {{\n"
        f'      "Effect": "Allow",\n'
        f'      "Principal": {{\n'
        f'        "AWS": "{principal}"\n'
        f"      }},\n"
        f'      "Action": "sts:AssumeRole"\n'
        f"    }}\n"
        f"  and the caller needs this policy:\n"
        f"    {{\n"
        f'      "Version": "2012-10-17",\n'
        f'      "Statement": [\n'
        f"        {{\n"
        f'          "Effect": "Allow",\n'
        f'          "Action": "sts:AssumeRole",\n'
        f'          "Resource": "{role_arn}"\n'
        f"        }}\n"
        f"      ]\n"
        f"    }}\n"
        f"{causes.replace('PROFILE', profile.split(',')[0])}"
    )


def test_verify_reports_each_profile(home: Home, sts: Sts, user: User, role: Role) -> None:
    closed = sts.add_role("Closed", account="444444444444", trusts=[STRANGER])
    far = sts.add_role("Far", account="555555555555", path="/team/", trusts=[STRANGER])
    home.add_role("prod", role.arn, role_session_name="me", duration_seconds=7200)
    home.add_role("closed", closed.arn)
    home.add_role("far", far.arn, source_profile="prod")
    home.add_role("beyond", role.arn, source_profile="closed")
    home.add_role("faulty", role.arn, duration_seconds="1h")
    outcome = run(home, "verify", "--all")
    assert outcome.code == 255
    session = "arn:aws:sts::222222222222:assumed-role/Power/me"
    no_mfa = "".join(line for line in CAUSES.splitlines(keepends=True) if "MFA" not in line)
    assert outcome.stdout == (
        "PROFILE  RESULT         LASTS  FAILED AT\n"
        "prod     works          2 h    -\n"
        "closed   does not work  -      closed\n"
        "far      does not work  -      far\n"
        "beyond   does not work  -      closed\n"
        "faulty   does not work  -      faulty\n"
        "\n"
        + shown_denial("closed, beyond (at closed)", user.arn, user.arn, closed.arn)
        + "\n"
        + shown_denial("far", session, role.arn, far.arn, no_mfa)
        + "\n"
        "faulty:\n"
        "  profile faulty: duration_seconds '1h': must be a whole number of seconds, such as 3600 for an hour. "
        "Set one:\n"
        "    aws configure role faulty --duration-seconds 3600\n"
    )
    # One line per profile, when it is done.
    assert [line.split()[0] for line in outcome.lines] == [f"{number}/5" for number in range(1, 6)]
    assert sorted(line.split(maxsplit=1)[1] for line in outcome.lines) == [
        "beyond: does not work",
        "closed: does not work",
        "far: does not work",
        "faulty: does not work",
        "prod: works",
    ]


def test_verify_groups_many_denials_by_caller_and_cause(home: Home, sts: Sts, user: User, role: Role) -> None:
    """Forty denials were forty explanations of forty lines, with forty policies for the same user."""
    arns, names = [], [f"closed{number}" for number in range(40)]
    for number in range(40):
        account = str(400000000000 + number)
        arns.append(sts.add_role("Closed", account=account, trusts=[STRANGER]).arn)
        external = {"external_id": "42"} if number >= 30 else {}
        home.add_role(f"closed{number}", arns[-1], **external)
    home.add_role("beyond", role.arn, source_profile="closed7")
    home.add_role("verify", role.arn, external_id="wrong")
    role.external_id = "right"
    outcome = run(home, "verify", "--all")
    assert outcome.code == 254
    _, plain, coded, policy = outcome.stdout.split("\n\n")
    assert plain.splitlines()[:4] == [
        f"{', '.join(names[:8])}, beyond (at closed7), closed8 and 21 more:",
        f"  An error occurred (AccessDenied) when calling the AssumeRole operation: User: {user.arn} is not "
        "authorized to perform: sts:AssumeRole on resource: each of these roles",
        f"  called by {user.arn}",
        "  add this statement to the trust policies of these 30 roles:",
    ]
    assert [line.strip() for line in plain.splitlines()[4:34]] == arns[:30]
    assert plain.splitlines()[-5:] == [
        "    - the role may require MFA, and the profile has no device:",
        f'      for profile in {" ".join(names[:30])}; do aws configure role "$profile" --mfa-serial auto; done',
        "    - the role may require an external id, and the profile has none:",
        f'      for profile in {" ".join(names[:30])}; do aws configure role "$profile" --external-id ID; done',
        CAUSES.splitlines()[-1],
    ]
    # Each trust statement once, with the roles that need it.
    assert plain.count('"Effect"') == 1
    assert (coded.count('"sts:ExternalId": "42"'), coded.count('"sts:ExternalId": "wrong"')) == (1, 1)
    assert f"  add this statement to the trust policy of {role.arn}:" in coded.splitlines()
    assert (
        f'for profile in {" ".join(names[30:])} verify; do aws configure role "--profile=$profile"' in coded
    )
    heading, _, document = policy.partition("\n")
    assert heading == f"{user.arn} needs this policy for 41 roles it was denied:"
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": [*arns, role.arn]}
    assert json.loads(document) == {"Version": "2012-10-17", "Statement": [statement]}


def test_verify_explains_what_needs_the_keys_of_a_user(
    home: Home, sts: Sts, user: User, device: MfaDevice, role: Role
) -> None:
    """The credentials of a program or a file may be of any kind: only STS's error shows which."""
    session = sts.issue(user, 3600)
    home.credentials.write_text(
        f"[got]\naws_access_key_id = {session.access_key}\naws_secret_access_key = {session.secret_key}\n"
        f"aws_session_token = {session.session_token}\n"
    )
    home.add_role("long", role.arn, source_profile="got", duration_seconds=7200)
    home.add_role(
        "coded",
        role.arn,
        source_profile="got",
        mfa_serial=device.serial,
        mfa_process=f"echo {device.next_code()}",
    )
    outcome = run(home, "verify", "long", "coded")
    assert outcome.code == 254
    assert (
        f"  while assuming {role.arn} for profile long from got. The credentials of profile got are temporary, and STS "
        f"limits a role that is assumed from a session (role chaining) to 1 hour. Ask for that:\n"
        f"    aws configure role long --duration-seconds 3600\n"
    ) in outcome.stdout
    assert (
        "    - STS accepts an MFA code with a user's long-term keys only, and from the user's own device only; if the "
        "source is a session, remove the device: aws configure role coded --mfa-serial none\n"
    ) in outcome.stdout
    # What STS has rejected once is not tried again.
    assert sorted(operations(sts)) == ["AssumeRole", "AssumeRole", "GetCallerIdentity"]


def test_verify_as_json_has_what_both_sides_need(home: Home, sts: Sts, user: User, role: Role) -> None:
    home.add_role("prod", role.arn)
    home.add_role("closed", role.arn, external_id="42", session_tags="team=ops", source_identity="me")
    role.allow_tags = False
    outcome = run(home, "verify", "prod", "closed", "--output", "json")
    assert outcome.code == 254
    prod, closed = json.loads(outcome.stdout)
    expiration = prod.pop("Expiration")
    assert expiration.endswith("Z")
    nothing = {"FailedAt": None, "Error": None, "Denial": None}
    keys: dict[str, Any] = {"Policy": None, "PolicyArns": [], "UnknownKeys": []}
    assert prod == {"Profile": "prod", "Ok": True, **nothing, **keys}
    actions = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]
    assert closed == {
        "Profile": "closed",
        "Ok": False,
        "Expiration": None,
        "FailedAt": "closed",
        "Error": f"An error occurred (AccessDenied) when calling the AssumeRole operation: User: {user.arn} is not "
        f"authorized to perform: sts:TagSession on resource: {role.arn}",
        "Denial": {
            "Caller": user.arn,
            "TrustPolicyStatement": {
                "Effect": "Allow",
                "Principal": {"AWS": user.arn},
                "Action": actions,
                "Condition": {"StringEquals": {"sts:ExternalId": "42"}},
            },
            "CallerPolicy": {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Action": actions, "Resource": role.arn}],
            },
            "LikelyCauses": [
                "one of the two policies allows sts:AssumeRole, but not sts:TagSession",
                "the role may not exist: check the account and the name in its ARN",
                "the role may require MFA, and the profile has no device: aws configure role closed --mfa-serial auto",
                "the role may require another external id than the profile's: aws configure role closed "
                "--external-id ID",
                "the role, its trust policy or the caller's policy may be new: IAM changes take seconds to take effect",
            ],
        },
        **keys,
    }
    assert sorted(operations(sts)) == ["AssumeRole", "AssumeRole", "GetCallerIdentity"]


def test_verify_all_assumes_every_role_in_parallel_and_ignores_the_cache(
    home: Home, sts: Sts, role: Role
) -> None:
    names = [f"role{number}" for number in range(8)]
    for name in names:
        home.add_role(name, role.arn, external_id=name)
    done(home, "verify", "--all")
    sts.clear_calls()
    # The cache is not used. Eight calls arrive before any is answered.
    with sts.hold("AssumeRole") as held:
        process = home.fork("configure", "role", "verify", "--all", "--query", "[].Ok", "--output", "text")
        held.wait_for(8)
    outcome = finish(process)
    assert (outcome.code, outcome.stdout.split()) == (0, ["True"] * 8)
    assert len(sts.calls_of("AssumeRole")) == 8


def test_verify_asks_once_per_device(
    home: Home, sts: Sts, role: Role, audit_role: Role, device: MfaDevice
) -> None:
    role.require_mfa = True
    home.add_role("one", role.arn, mfa_serial=device.serial)
    home.add_role("two", role.arn, mfa_serial=device.serial, external_id="42")
    home.add_role("audit", audit_role.arn, source_profile="one")
    screen = Screen(home, "verify", "--all")
    screen.code(device.next_code())
    assert screen.end() == 0
    assert screen.shown.count("MFA code of") == 1
    assert screen.shown.splitlines()[-4:] == [
        "PROFILE  RESULT  LASTS  FAILED AT",
        "one      works   1 h    -",
        "two      works   1 h    -",
        "audit    works   1 h    -",
    ]
    assert len(sts.calls_of("GetSessionToken")) == 1


def test_verify_reports_a_code_that_cannot_be_asked_for(
    home: Home, sts: Sts, role: Role, device: MfaDevice
) -> None:
    home.add_role("mfa", role.arn, mfa_serial=device.serial)
    home.add_role("mfa2", role.arn, mfa_serial=device.serial, external_id="42")
    home.add_role("prod", role.arn)
    outcome = run(home, "verify", "--all")
    assert outcome.code == 253
    assert outcome.stdout.startswith(
        "PROFILE  RESULT         LASTS  FAILED AT\n"
        "mfa      does not work  -      mfa\n"
        "mfa2     does not work  -      mfa2\n"
        "prod     works          1 h    -\n"
        "\n"
        f"mfa, mfa2:\n  profile mfa needs an MFA code of {device.serial}, but there is no "
    )
    assert operations(sts) == ["AssumeRole"]
    # After three wrong codes for the first profile, no code is asked for again for the second.
    screen = Screen(home, "verify", "mfa", "mfa2")
    for _ in range(3):
        screen.code(device.wrong_code())
    assert screen.end() == 254
    assert screen.shown.count("MFA code of") == 3
    screen = Screen(home, "verify", "--all")
    screen.keys("MFA code of", "\x03")
    assert screen.end() == 130


def test_verify_explains_an_old_mfa_session_and_mfa_conditions(
    home: Home, sts: Sts, role: Role, device: MfaDevice
) -> None:
    role.trusts[:] = [STRANGER]
    home.add_role("prod", role.arn, mfa_serial=device.serial)
    screen = Screen(home, "verify", "prod")
    screen.code(device.next_code())
    assert screen.end() == 254
    assert '"aws:MultiFactorAuthPresent": "true"' in screen.shown
    assert "- the MFA session is 0 min old, and the role may require a newer one" in screen.shown
    assert "the role may require MFA" not in screen.shown
    assert len(sts.calls_of("GetSessionToken")) == 1


@pytest.mark.parametrize(("offset", "skew", "words"), [(7200, 300, "behind"), (-7200, None, "ahead of")])
def test_verify_names_a_wrong_clock(
    home: Home, sts: Sts, role: Role, offset: int, skew: float | None, words: str
) -> None:
    """Whether STS rejects the signature, as it does if the clock is minutes off, or accepts it."""
    home.add_role("prod", role.arn)
    role.trusts[:] = [STRANGER]
    sts.clock_offset, sts.max_clock_skew = offset, skew
    shown = run(home, "verify", "prod", environment=ONE_TRY).stdout
    found = [line for line in shown.splitlines() if "the local clock is " in line]
    assert len(found) == 1, shown
    seconds = float(found[0].partition("clock is ")[2].split()[0])
    assert abs(seconds - 7200) < 60
    assert found[0].endswith(f" s {words} the service's; correct it")


def test_verify_reports_sts_down_or_answering_nonsense(home: Home, sts: Sts, role: Role) -> None:
    home.add_role("prod", role.arn)
    home.add_role(f"evil{ESCAPE}", role.arn, external_id="42")
    sts.fail("AssumeRole", times=None, status=400, code="Odd", message=f"{XML_ESCAPE}red\nand more")
    outcome = run(home, "verify", "--all", environment=ONE_TRY)
    assert outcome.code == 254
    assert not {"\x1b", "\x9b"} & set(outcome.stdout + outcome.stderr)
    assert "operation: \\x9b31mred\n  and more\n" in outcome.stdout
    assert "evil\\x1b[31m: does not work" in outcome.stderr
    down = {"AWS_ENDPOINT_URL_STS": "http://127.0.0.1:1", **ONE_TRY}
    outcome = run(home, "verify", "prod", environment=down)
    assert outcome.code == 255
    assert 'Could not connect to the endpoint URL: "http://127.0.0.1:1/"' in outcome.stdout
    assert outcome.stdout.splitlines()[1] == "prod     does not work  -      prod"


def test_verify_reports_sts_down_once_for_all_roles_of_a_source(home: Home, user: User, role: Role) -> None:
    home.add_keys(user, "other")
    for number in range(20):
        source = ("default", "other")[number % 2]
        home.add_role(f"p{number}", f"{role.arn}{number}", source_profile=source)
    down = {"AWS_ENDPOINT_URL_STS": "http://127.0.0.1:1", **ONE_TRY}
    _, *blocks = run(home, "verify", "--all", environment=down).stdout.split("\n\n")
    first, second = blocks
    assert first == (
        'p0, p2, p4, p6, p8, p10, p12, p14, p16, p18:\n  Could not connect to the endpoint URL: "http://127.0.0.1:1/"\n'
        "  while assuming each of these roles from default. STS cannot be reached or does not answer; "
        "check the network with:\n    aws sts get-caller-identity --profile default"
    )
    assert "\n  while assuming each of these roles from other. " in second


def test_verify_reports_a_broken_source_for_its_profiles_only(home: Home, role: Role) -> None:
    """A missing token file used to end the whole command."""
    home.add_role("prod", role.arn)
    home.add_role("web", role.arn, source_profile="token")
    with home.config.open("a", encoding="utf-8") as file:
        file.write(f"[profile token]\nrole_arn = {role.arn}\nweb_identity_token_file = /nowhere\n")
        file.write(f"[profile program]\ncredential_process = {sys.executable} -c exit(3)\n")
    home.add_role("programmed", role.arn, source_profile="program", mfa_serial="arn:aws:iam::1:mfa/dev")
    outcome = run(home, "verify", "--all")
    assert outcome.code == 253
    assert [line.split()[:2] for line in outcome.stdout.splitlines()[1:4]] == [
        ["prod", "works"],
        ["web", "does"],
        ["programmed", "does"],
    ]
    assert "/nowhere" in outcome.stdout


def test_verify_needs_a_profile_or_all(home: Home, user: User) -> None:
    assert refused(home, "verify") == [
        "no profile given",
        "  - usage: aws configure role verify PROFILE, or --all",
    ]
    assert refused(home, "verify", "--all", code=253) == [
        "nothing to verify",
        "  - there are no role profiles; create one with: aws configure role PROFILE --role-arn ARN",
    ], user


def test_verify_of_a_profile_given_twice_runs_once(home: Home, sts: Sts, role: Role) -> None:
    home.add_role("verify", role.arn)
    outcome = done(home, "verify", "verify", "verify", "--output", "json")
    assert ([found["Ok"] for found in parsed(outcome)], outcome.lines) == ([True], ["1/1 verify: works"])
    assert operations(sts) == ["AssumeRole"]


COUNT_PARSING = """
import atexit, os, sys, threading
calls = []

def awscli_initialize(cli):
    pass

def note(frame, event, _):
    if event == "call" and frame.f_code.co_name == "raw_config_parse":
        calls.append(frame)

sys.setprofile(note)
threading.setprofile(note)
atexit.register(lambda: open(os.environ["COUNTED"], "w").write(str(len(calls))))
"""


@pytest.mark.parametrize("file", ["credentials", "config"])
def test_verify_all_parses_each_file_as_often_for_many_roles_as_for_few(
    home: Home, sts: Sts, tmp_path: Path, file: str
) -> None:
    """The file with the keys was parsed once per role, so that a thousand users took the square of that."""
    (tmp_path / "count_parsing.py").write_text(COUNT_PARSING, "utf-8")
    text = home.config.read_text("utf-8").replace("[plugins]", "[plugins]\ncount_parsing = count_parsing")
    home.config.write_text(text, "utf-8")
    counted = tmp_path / "counted"
    home.credentials.touch(0o600)
    home.environment |= {"PYTHONPATH": str(tmp_path), "COUNTED": str(counted)}
    counts = []
    for number in range(6):
        user = sts.add_user(f"user{number}")
        if file == "credentials":
            home.add_keys(user, f"user{number}")
        else:
            with home.config.open("a", encoding="utf-8") as config:
                config.write(f"[profile user{number}]\naws_access_key_id = {user.access_key}\n")
                config.write(f"aws_secret_access_key = {user.secret_key}\n\n")
        role = sts.add_role(f"Role{number}", trusts=[user.arn])
        home.add_role(f"role{number}", role.arn, source_profile=f"user{number}")
        if number in (1, 5):
            done(home, "verify", "--all")
            counts.append(int(counted.read_text("utf-8")))
    assert counts[0] == counts[1]


@pytest.mark.usefixtures("user")
def test_verify_names_the_profile_whose_settings_are_wrong(home: Home, role: Role) -> None:
    """Where the chain cannot even be followed, the profile that was asked for was named instead."""
    home.add_role("hub", role.arn, source_profile="gone")
    home.add_role("spoke", role.arn, source_profile="hub")
    [result] = json.loads(home.aws("configure", "role", "verify", "spoke", "--output", "json").stdout)
    assert (result["Profile"], result["FailedAt"]) == ("spoke", "hub")
    assert "profile hub: its source_profile gone does not exist" in result["Error"]
