"""Names of role sessions: the template in the section [xacct], where a profile names none."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from awscli_xacct.errors import ProfileError
from awscli_xacct.profiles.cache_keys import CacheKeys
from awscli_xacct.profiles.session_names import SessionNames, user_name
from awscli_xacct.storage.markers import Markers
from awscli_xacct.storage.record import machine_name
from tests.credentials.world import World


def get(world: World, profile: str, template: str | None) -> str:
    """Return the name of the session that a command with this template gets, in a process of its own."""
    section = {} if template is None else {"role_session_name": template}
    keys = CacheKeys({"profiles": world.profiles, "xacct": section}, profile, {})
    markers = Markers(world.directory, "caller", world.clock)
    record = world.fetcher(profile, cache_keys=keys, callers=markers).fetch()
    assert record.metadata["arn"].endswith(f"/{record.metadata['session_name']}")
    return str(record.metadata["session_name"])


def test_session_name_has_the_user_asked_of_sts_once(world: World) -> None:
    for profile in ("prod", "audit"):
        world.add_role(profile)
        assert get(world, profile, "{user}") == "dev"
    assert world.calls() == ["GetCallerIdentity", "AssumeRole prod", "AssumeRole audit"]
    world.pass_time(89 * 86400)
    assert get(world, "prod", "{user}") == "dev"
    assert world.calls() == ["AssumeRole prod"]
    world.pass_time(2 * 86400)
    assert get(world, "prod", "{user}") == "dev"
    assert world.calls() == ["GetCallerIdentity", "AssumeRole prod"]


def test_session_name_of_another_key_is_another_users(world: World) -> None:
    world.add_role("prod")
    assert get(world, "prod", "{user}") == "dev"
    other = world.sts.add_user("other")
    world.profiles["default"] = {
        "aws_access_key_id": other.access_key,
        "aws_secret_access_key": other.secret_key,
    }
    assert get(world, "prod", "{user}") == "other"


def test_session_names_of_a_chain_name_the_person(world: World) -> None:
    world.add_role("hub")
    world.add_role("named", source="hub", role_session_name="mine")
    world.add_role("leaf", source="named")
    assert get(world, "hub", "{user}.{profile}") == "dev.hub"
    assert get(world, "leaf", "{user}.{profile}") == "dev.leaf"
    names = [call.parameters["RoleSessionName"] for call in world.sts.calls_of("AssumeRole")]
    assert names == ["dev.hub", "mine", "dev.leaf"]
    assert len(world.sts.calls_of("GetCallerIdentity")) == 1


@pytest.mark.parametrize("mode", ["auto", "off"])
def test_session_name_with_mfa_has_the_user(world: World, mode: str) -> None:
    world.add_mfa_role("vault", mfa_session=mode)
    assert get(world, "vault", "{user}") == "dev"
    assert len(world.person.prompts) == 1


def test_session_name_that_sts_cannot_tell_costs_no_code(world: World) -> None:
    world.add_mfa_role("vault", mfa_session="off")
    world.sts.throttle(None, "GetCallerIdentity")
    with pytest.raises(ClientError):
        get(world, "vault", "{user}")
    assert world.person.prompts == []


def test_session_name_without_a_template_is_the_stock_one(world: World) -> None:
    world.add_role("prod")
    for template in (None, ""):
        assert get(world, "prod", template).startswith("botocore-session-")
    assert world.calls() == ["AssumeRole prod"]


def test_session_name_of_the_profile_overrides_the_template(world: World) -> None:
    world.add_role("prod", role_session_name="own")
    assert get(world, "prod", "{user}") == "own"
    assert get(world, "prod", None) == "own"
    assert world.calls() == ["AssumeRole prod"]


# -- the cache -------------------------------------------------------------------------------------


def test_template_is_part_of_the_cache_key_but_its_time_is_not(world: World) -> None:
    world.add_role("prod")
    first = get(world, "prod", "x-{time}")
    assert int(first.removeprefix("x-")) == pytest.approx(world.clock(), abs=60)
    world.pass_time(100)
    assert get(world, "prod", "x-{time}") == first
    assert get(world, "prod", "y-{time}") != first
    assert world.calls() == ["AssumeRole prod"] * 2


def test_session_named_after_a_profile_is_not_shared(world: World) -> None:
    world.add_role("prod")
    world.profiles["same"] = world.profiles["prod"]
    assert [get(world, name, "{profile}") for name in ("prod", "same")] == ["prod", "same"]
    assert world.calls() == ["AssumeRole prod"] * 2
    assert [get(world, name, "{user}") for name in ("prod", "same")] == ["dev", "dev"]
    assert len(world.sts.calls_of("AssumeRole")) == 1


# -- templates -------------------------------------------------------------------------------------


def make(template: str, profile: str = "prod", user: str = "dev") -> str:
    return SessionNames(template).make(profile, lambda: user, 1_800_000_000.9)


@pytest.mark.parametrize(
    ("template", "values", "name"),
    [
        ("{user}", {}, "dev"),
        ("{user}@{profile}-{time}", {}, "dev@prod-1800000000"),
        ("constant", {}, "constant"),
        ("{user}", {"user": "Zoë Müller/ops"}, "Zo--M-ller-ops"),
        ("{user}", {"user": "me@example.com"}, "me@example.com"),
        ("{profile}", {"profile": "my prod\n{user}"}, "my-prod--user-"),
        ("a b:{user}", {}, "a-b-dev"),
        ("{user}", {"user": "x"}, "x-"),
        ("{user}", {"user": "x" * 65}, "x" * 64),
        ("{user}{time}", {"user": "x" * 60}, "x" * 60 + "1800"),
    ],
)
def test_template_is_filled(template: str, values: dict[str, str], name: str) -> None:
    assert make(template, **values) == name


def test_template_with_the_host() -> None:
    assert make("{host}")[:3] == machine_name().replace(" ", "-")[:3]
    assert machine_name() in SessionNames("{host}").key("prod")


@pytest.mark.parametrize(
    "template", ["{unknown}", "{User}", "{}", "{user", "user}", "{{user}}", "{user!r}", "{ user }"]
)
def test_template_with_another_placeholder_is_an_error(world: World, template: str) -> None:
    world.add_role("prod")
    for config, environment, place, fix in (
        (
            {"role_session_name": template},
            {},
            "[xacct] role_session_name in ~/.aws/config",
            "correct it there",
        ),
        (
            {},
            {"AWS_XACCT_ROLE_SESSION_NAME": template},
            "AWS_XACCT_ROLE_SESSION_NAME",
            "unset AWS_XACCT_ROLE",
        ),
    ):
        keys = CacheKeys({"profiles": world.profiles, "xacct": config}, "prod", environment)
        with pytest.raises(ProfileError) as raised:
            keys.of_role()
        text = str(raised.value)
        assert text.startswith(
            f"{place} is {template!r}, but must be text with no placeholders other than {{user}}, "
        )
        assert fix.lower() in text.lower()


@pytest.mark.parametrize(
    ("arn", "name"),
    [
        ("arn:aws:iam::111111111111:user/team/dev", "dev"),
        ("arn:aws:sts::111111111111:assumed-role/Admin/me@example.com", "me@example.com"),
        ("arn:aws:sts::111111111111:federated-user/bob", "bob"),
        ("arn:aws:iam::111111111111:root", "root"),
        ("not an ARN", "not an ARN"),
    ],
)
def test_user_is_the_last_part_of_an_arn(arn: str, name: str) -> None:
    assert user_name(arn) == name


def test_answer_that_is_no_arn_is_not_remembered(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.add_role("prod")
    monkeypatch.setattr("awscli_xacct.credentials.sts.Sts.caller_arn", lambda _: "evil\nü")
    assert get(world, "prod", "{user}") == "evil--"
    assert not list(world.directory.glob("*.caller"))
