"""No secret appears in a command's output, even with --debug, in its arguments, or in a file name."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.sts import MfaDevice, Role, Sts, User
from tests.support.commands import ONE_TRY, WHOAMI, tree
from tests.support.home import AWS, REGION, XACCT, Home
from tests.support.processes import run_together
from tests.support.terminal import Terminal, call_on_terminal

pytestmark = pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="no /proc to read")


def arguments_of(process: int) -> str:
    """Return the command line of a running process, which every user of the machine can read."""
    return Path(f"/proc/{process}/cmdline").read_text()


def cached(home: Home) -> dict[str, str]:
    """Return the secrets in the cache, by kind."""
    secrets = {}
    for record in home.records():
        _, document, about = record.read_text().splitlines()
        credentials, story = json.loads(document), json.loads(about)
        for name in ("SecretAccessKey", "SessionToken"):
            secrets[f"{name} of {story['profile']} by {story['method']}"] = credentials[name]
    return secrets


def found(secrets: dict[str, str], text: str) -> set[str]:
    """Return which of the secrets appear in a text. Six digits within a longer number are not a code."""
    return {name for name, secret in secrets.items() if re.search(rf"(?<!\d){re.escape(secret)}(?!\d)", text)}


@pytest.mark.parametrize("options", [(), ("--debug",)], ids=["silent", "debug"])
def test_secrets_are_not_printed_or_in_names(
    home: Home, sts: Sts, role: Role, user: User, device: MfaDevice, vault: str, options: tuple[str, ...]
) -> None:
    """A wrong and a right code, a role with direct MFA, a chain, a damaged record and an access denied."""
    home.add_role("direct", role.arn, mfa_serial=device.serial, mfa_session="off")
    home.add_role("last", sts.add_role("Last", trusts=[role.arn]).arn, source_profile=vault)
    home.add_role("denied", sts.add_role("Denied", trusts=[]).arn, mfa_serial=device.serial)
    codes = [device.wrong_code(), device.next_code(), device.next_code()]
    secrets = {f"code {number}": code for number, code in enumerate(codes)}
    secrets["key of the user"] = user.secret_key

    person = Terminal(home.terminal_for(str(AWS), *WHOAMI, "--profile", vault, *options))
    person.answer(codes[0])
    with sts.hold("AssumeRole") as held:
        person.answer(codes[1])
        held.wait_for(1)
        texts = [arguments_of(int(person.child.pid or 0))]
    assert person.end() == 0
    direct = call_on_terminal(home, "direct", *options)
    direct.answer(codes[2])
    assert direct.end() == 0
    texts += [person.shown, direct.shown]

    with (
        sts.hold("AssumeRole") as held,
        run_together(home, (*WHOAMI, "--profile", "last", *options), forked=False) as running,
    ):
        held.wait_for(1)
        texts += [arguments_of(running.processes[0].pid)]
        held.release()
        outcomes = list(running.finish().values())
    secrets |= cached(home)
    assert len(secrets) == len(codes) + 1 + 2 * 4

    for record in home.records():
        if '"profile": "last"' in record.read_text():
            record.write_text("damaged")
    outcomes += [home.aws(*WHOAMI, "--profile", profile, *options) for profile in ("last", "denied")]
    assert [outcome.code for outcome in outcomes] == [0, 0, 255]
    secrets |= {f"{name}, refreshed": secret for name, secret in cached(home).items()}

    texts += [text for outcome in outcomes for text in (outcome.stdout, outcome.stderr)]
    texts += tree(home)
    for path in home.path.rglob("*"):
        if path.is_file() and path not in (home.credentials, *home.records()):
            texts += [path.read_text(errors="replace")]
    assert found(secrets, "\n".join(texts)) == set()


@pytest.mark.parametrize("command", ["verify", "login"])
def test_secrets_of_other_profiles_are_not_printed(
    home: Home, user: User, device: MfaDevice, vault: str, command: str
) -> None:
    """The profile of the session is `default`, which is not a role profile."""
    code = device.next_code()
    person = Terminal(home.terminal("configure", "role", command, vault, "--debug"))
    person.answer(code)
    assert person.end() == 0
    secrets = {"code": code, "key of the user": user.secret_key, **cached(home)}
    assert len(secrets) == 2 + 2 * 2
    assert found(secrets, person.shown) == set()


def test_debug_hides_secrets_of_a_profile_without_a_role(home: Home, user: User, prod: str) -> None:
    """A session from a program or from the environment, and long-term keys from the credentials file."""
    with home.config.open("a", encoding="utf-8") as file:
        file.write(f"[profile sdk]\nregion = {REGION}\ncredential_process = {XACCT} credentials {prod}\n")
    outcomes = [
        home.aws(*WHOAMI, "--profile", "sdk", "--debug"),
        home.xacct("exec", prod, "--", str(AWS), *WHOAMI, "--debug"),
        home.aws(*WHOAMI, "--debug"),
    ]
    assert [outcome.code for outcome in outcomes] == [0, 0, 0]
    assert all("x-amz-date" in outcome.stderr for outcome in outcomes), "nothing was logged"
    secrets = {"key of the user": user.secret_key, **cached(home)}
    assert len(secrets) == 1 + 2
    assert found(secrets, "".join(outcome.stderr for outcome in outcomes)) == set()


def test_password_in_the_sts_url_is_hidden(home: Home, prod: str) -> None:
    """Neither in errors, nor in logs, nor in commands that show the config."""
    address = {"AWS_ENDPOINT_URL_STS": "http://me:pa55-word@127.0.0.1:1/?api_token=t0ken-in-url", **ONE_TRY}
    outcomes = [
        home.aws(*WHOAMI, "--profile", prod, "--debug", environment=address),
        home.aws("configure", "role", "verify", prod, "--output", "json", environment=address),
        home.xacct("credentials", prod, environment=address),
        home.xacct("each", prod, "--output", "json", "--", "true", environment=address),
    ]
    assert [outcome.code for outcome in outcomes] == [255, 255, 255, 255]
    for outcome in outcomes:
        assert "@127.0.0.1:1" in outcome.stdout + outcome.stderr, "the URL is not shown at all"
        secrets = {"password": "pa55-word", "parameter": "t0ken-in-url"}
        assert found(secrets, outcome.stdout + outcome.stderr) == set()


@pytest.mark.parametrize("end", ["</AssumeRoleResponse>", "</SessionToken>"])
def test_truncated_sts_response_is_not_quoted(home: Home, sts: Sts, prod: str, end: str) -> None:
    """botocore's error about a response that it cannot parse contains the response."""
    answer = (
        "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIAEXAMPLE</AccessKeyId>"
        "<SecretAccessKey>the-secret-key</SecretAccessKey><SessionToken>the-token</SessionToken>"
        "<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"
    )
    body = answer.partition(end)[0].encode()
    sts.answer_garbage(None, body, content_type="text/xml", operation="AssumeRole")
    outcome = home.aws(*WHOAMI, "--profile", prod, environment=ONE_TRY)
    assert outcome.code == 255
    assert found({"key": "the-secret-key", "token": "the-token"}, outcome.stderr) == set()
