"""From a profile to credentials: chains, the shared MFA session, refreshes, and what can go wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from awscli_xacct.errors import CannotPromptError, CodeRejectedError, RoleDurationError
from awscli_xacct.storage.cache import Cache
from tests.credentials.world import World, keys_of
from tests.sts import Session

HOUR = 3600


def refused(call: Callable[[], object]) -> str:
    """Return the text of the error that botocore's users would see."""
    with pytest.raises((ClientError, BotoCoreError)) as caught:
        call()
    return str(caught.value)


def session_of(world: World, access_key: str) -> Session:
    found = world.sts.find_key(access_key)
    assert isinstance(found, Session)
    return found


# -- one role --------------------------------------------------------------------------------------


def test_fetch_assumes_the_role_once_and_then_uses_the_cache(world: World) -> None:
    world.add_role("prod", external_id="tenant/42", role_session_name="me", duration_seconds=1800)
    first = world.fetcher("prod").fetch()
    assert world.get("prod") == first.access_key
    [call] = world.sts.calls
    assert (call.operation, call.caller_arn) == ("AssumeRole", world.user.arn)
    assert call.parameters == {
        "RoleArn": "arn:aws:iam::222222222222:role/prod",
        "RoleSessionName": "me",
        "ExternalId": "tenant/42",
        "DurationSeconds": "1800",
    }
    assert first.account == "222222222222"
    assert first.expiry - world.clock() == pytest.approx(1800, abs=10)
    assert {key: first.metadata[key] for key in ("profile", "role", "source", "method")} == {
        "profile": "prod",
        "role": "arn:aws:iam::222222222222:role/prod",
        "source": "default",
        "method": "assume-role",
    }


def test_session_name_defaults_to_botocores(world: World) -> None:
    world.add_role("prod")
    world.get("prod")
    [call] = world.sts.calls
    assert re.fullmatch(r"botocore-session-\d{10}", call.parameters["RoleSessionName"])


def test_fetch_sends_tags_and_source_identity(world: World) -> None:
    world.add_role(
        "prod", session_tags="team=ops,env=prod", transitive_session_tags="team", source_identity="me"
    )
    world.get("prod")
    [call] = world.sts.calls
    assert (call.tags, call.transitive_tag_keys) == ({"team": "ops", "env": "prod"}, ["team"])
    assert call.parameters["SourceIdentity"] == "me"


def test_record_is_not_shared_between_sources(world: World) -> None:
    """In the stock CLI the second profile runs on the first one's session."""
    world.add_role("prod")
    world.profiles["audit"] = keys_of(world.sts.add_user("auditor"))
    world.profiles["prod2"] = {**world.profiles["prod"], "source_profile": "audit"}
    assert world.get("prod") != world.get("prod2")
    assert [call.caller_arn.rpartition("/")[2] for call in world.sts.calls] == ["dev", "auditor"]


def test_record_is_shared_by_profiles_with_the_same_role_and_source(world: World) -> None:
    world.add_role("prod")
    world.profiles["same"] = dict(world.profiles["prod"])
    assert world.get("prod") == world.get("same")
    assert world.calls() == ["AssumeRole prod"]


@pytest.mark.parametrize(
    "edit",
    [
        {"external_id": "tenant/42"},
        {"role_session_name": "me"},
        {"duration_seconds": "900"},
        {"session_tags": "team=ops"},
        {"source_identity": "me"},
    ],
    ids=lambda edit: next(iter(edit)),
)
def test_edited_setting_is_a_cache_miss(world: World, edit: dict[str, str]) -> None:
    world.add_role("prod")
    before = world.get("prod")
    world.profiles["prod"].update(edit)
    assert world.get("prod") != before
    for key in edit:
        del world.profiles["prod"][key]
    assert world.get("prod") == before
    assert world.calls() == ["AssumeRole prod"] * 2


def test_rotated_key_is_a_cache_miss(world: World) -> None:
    """The stock CLI continues to use the session of the old key."""
    world.add_role("prod")
    world.get("prod")
    world.user.rotate_key()
    world.profiles["default"] = keys_of(world.user)
    world.get("prod")
    assert [call.access_key == world.user.access_key for call in world.sts.calls] == [False, True]


def test_record_is_not_shared_between_endpoints(world: World) -> None:
    world.add_role("prod")
    for address in ("https://one", "https://two", "https://one"):
        world.fetcher("prod", cache_keys=world.cache_keys(AWS_ENDPOINT_URL_STS=address)).fetch()
    assert world.calls() == ["AssumeRole prod"] * 2


def test_refresh_calls_sts_whatever_is_cached(world: World) -> None:
    world.add_role("prod")
    before = world.get("prod")
    after = world.fetcher("prod").refresh().access_key
    assert before != after == world.get("prod")


def test_drop_forgets_the_refused_record_and_no_newer_one(world: World) -> None:
    world.add_role("prod")
    first = world.get("prod")
    world.fetcher("prod").drop("ASIASOMETHINGELSE")
    assert world.get("prod") == first
    world.fetcher("prod").drop(first)
    assert world.records == []
    assert world.get("prod") != first


# -- refresh ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("life", "renewed_after"),
    [
        pytest.param(900, 450, id="15 minutes: the second half"),
        pytest.param(3600, 2700, id="an hour: the last 15 minutes"),
        pytest.param(43200, 42300, id="12 hours: the last 15 minutes"),
    ],
)
def test_session_of_any_length_is_refreshed_near_its_end(world: World, life: int, renewed_after: int) -> None:
    """Stock never caches a session of 15 minutes."""
    world.add_role("prod", duration_seconds=life)
    first = world.get("prod")
    world.pass_time(renewed_after - 10)
    assert world.get("prod") == first
    world.pass_time(20)
    assert world.get("prod") != first
    assert world.calls() == ["AssumeRole prod"] * 2


def test_refresh_without_sts_uses_the_old_session_to_its_end(world: World) -> None:
    world.add_role("prod")
    first = world.get("prod")
    world.sts.fail("AssumeRole", times=None, status=503)
    for late in (3100, 490):
        world.pass_time(late)
        assert world.get("prod") == first
    world.pass_time(20)
    assert (
        "while assuming arn:aws:iam::222222222222:role/prod for profile prod from default. STS cannot be reached"
        in refused(lambda: world.get("prod"))
    )
    world.sts.clear_faults()
    assert world.get("prod") != first


def test_refresh_is_quick_and_a_first_fetch_is_not(world: World) -> None:
    world.add_role("prod")
    world.get("prod")
    world.pass_time(3100)
    world.get("prod")
    assert ["config" in options for options in world.options] == [False, True]


@pytest.mark.parametrize("off", [-2 * HOUR, 2 * HOUR])
def test_wrong_clock_serves_no_expired_session_and_drops_no_valid_one(world: World, off: int) -> None:
    world.sts.clock_offset += off
    world.add_role("prod")
    first = world.get("prod")
    world.pass_time(2690)
    assert world.get("prod") == first
    assert session_of(world, first).expires > world.sts.now()
    world.pass_time(920)
    second = world.get("prod")
    assert session_of(world, first).expires <= world.sts.now() < session_of(world, second).expires


# -- chains ----------------------------------------------------------------------------------------


def test_chain_is_assumed_and_cached_hop_by_hop(world: World) -> None:
    world.add_role("hub")
    world.add_role("spoke", source="hub")
    world.add_role("leaf", source="spoke")
    world.add_role("other", source="spoke")
    leaf = world.fetcher("leaf")
    assert [hop.role.profile for hop in leaf.chain()] == ["hub", "spoke", "leaf"]
    world_key = leaf.fetch().access_key
    assert [call.caller_arn.split("/")[1] for call in world.sts.calls] == ["dev", "hub", "spoke"]
    assert world.calls() == ["AssumeRole hub", "AssumeRole spoke", "AssumeRole leaf"]
    assert (world.get("leaf"), world.calls()) == (world_key, [])
    world.get("other")
    assert world.calls() == ["AssumeRole other"]


def test_hop_rejected_early_is_assumed_once_more(world: World) -> None:
    world.add_role("hub")
    world.add_role("leaf", source="hub")
    world.sts.revoke(world.get("hub"))
    world.get("leaf")
    assert world.calls() == ["AssumeRole hub", "AssumeRole leaf", "AssumeRole hub", "AssumeRole leaf"]


def test_hop_rejected_twice_is_an_error(world: World) -> None:
    world.add_role("hub")
    world.add_role("leaf", source="hub")
    world.get("hub")
    world.sts.fail("AssumeRole", times=None, status=403, code="ExpiredToken", message="is expired")
    assert "for profile hub from default" in refused(lambda: world.get("leaf"))
    assert world.calls() == ["AssumeRole hub", "AssumeRole leaf", "AssumeRole hub"]


def test_chain_of_fifty_roles(world: World) -> None:
    for number in range(50):
        world.add_role(f"r{number}", source=f"r{number - 1}" if number else "default")
    world.get("r49")
    assert world.calls() == [f"AssumeRole r{number}" for number in range(50)]


def test_refusal_in_the_middle_of_a_chain_names_that_hop(world: World) -> None:
    world.add_role("hub", server_trusts=[])
    world.add_role("leaf", source="hub")
    error = refused(lambda: world.get("leaf"))
    assert "is not authorized to perform: sts:AssumeRole" in error
    assert "while assuming arn:aws:iam::222222222222:role/hub for profile hub from default" in error
    assert error.endswith("aws configure role verify hub")


# -- the shared MFA session ------------------------------------------------------------------------


def test_mfa_session_serves_ten_roles_in_ten_processes(world: World) -> None:
    """Stock prompts ten times, and refuses the same code within half a minute."""
    for number in range(10):
        world.add_mfa_role(f"role{number}")
    keys = {world.get(f"role{number}") for number in range(10)}
    assert len(keys) == 10
    assert world.person.prompts == [
        "MFA code of arn:aws:iam::111111111111:mfa/dev for profile role0 (a session of 12 h for all its roles): "
    ]
    assert world.calls() == ["GetSessionToken", *(f"AssumeRole role{number}" for number in range(10))]


def test_concurrent_roles_share_one_prompt(world: World) -> None:
    """Threads of one process; for processes see test_single_flight.py."""
    for number in range(8):
        world.add_mfa_role(f"role{number}")
    context = world.context()
    with ThreadPoolExecutor(8) as pool:
        list(
            pool.map(
                lambda number: world.fetcher(f"role{number}", flight=context.flight).fetch().token, range(8)
            )
        )
    assert len(world.person.prompts) == 1
    assert sorted(world.calls()) == [*(f"AssumeRole role{number}" for number in range(8)), "GetSessionToken"]


def test_working_day_takes_one_code(world: World) -> None:
    """Two roles, a command every five minutes, nearly twelve hours."""
    world.add_mfa_role("prod")
    world.add_mfa_role("audit")
    for _ in range(143):
        world.get("prod")
        world.get("audit")
        world.pass_time(300)
    assert len(world.person.prompts) == 1
    calls = world.calls()
    assert calls.count("GetSessionToken") == 1
    assert calls.count("AssumeRole prod") == calls.count("AssumeRole audit") == 16


def test_mfa_session_expired_prompts_again(world: World) -> None:
    world.add_mfa_role("prod", duration_seconds=900)
    world.get("prod")
    for late, asked in ((11 * HOUR, 1), (HOUR - 100, 1), (50, 1), (900, 2)):
        world.pass_time(late)
        world.get("prod")
        assert len(world.person.prompts) == asked


def test_mfa_session_rejected_early_is_bought_once_more(world: World) -> None:
    """The user's key, or the device, was changed."""
    world.add_mfa_role("prod")
    world.add_mfa_role("audit")
    world.get("prod")
    [bought] = {call.access_key for call in world.sts.calls_of("AssumeRole")}
    world.sts.revoke(bought)
    world.sts.clear_calls()
    world.get("audit")
    assert world.calls() == ["AssumeRole audit", "GetSessionToken", "AssumeRole audit"]
    assert len(world.person.prompts) == 2


def test_mfa_session_rejected_twice_is_an_error(world: World) -> None:
    world.add_mfa_role("prod")
    world.sts.fail("AssumeRole", times=None, status=403, code="InvalidClientTokenId", message="is invalid")
    refused(lambda: world.get("prod"))
    assert world.calls() == ["GetSessionToken", "AssumeRole prod", "GetSessionToken", "AssumeRole prod"]


def test_mfa_session_is_per_user_and_device(world: World) -> None:
    world.add_mfa_role("prod")
    other = world.sts.add_mfa_device(world.user, "phone")
    world.add_mfa_role("audit", mfa_serial=other.serial)
    world.get("prod")
    world.person.answers.append(other.next_code())
    world.get("audit")
    assert world.calls() == ["GetSessionToken", "AssumeRole prod", "GetSessionToken", "AssumeRole audit"]


def test_mfa_session_lasts_as_long_as_configured(world: World) -> None:
    world.add_mfa_role("prod")
    world.fetcher("prod", cache_keys=world.cache_keys(AWS_XACCT_MFA_SESSION_DURATION="1800")).fetch()
    [bought] = world.sts.calls_of("GetSessionToken")
    assert bought.parameters["DurationSeconds"] == "1800"
    assert "(a session of 30 min for all its roles)" in world.person.prompts[0]


def test_chain_with_mfa_prompts_for_its_first_role_only(world: World) -> None:
    world.add_mfa_role("hub")
    world.add_role("leaf", source="hub")
    world.get("leaf")
    assert world.calls() == ["GetSessionToken", "AssumeRole hub", "AssumeRole leaf"]


def test_user_profile_with_mfa_session_on_and_its_roles_share_it(world: World) -> None:
    serial = world.person.device.serial
    world.profiles["default"] |= {"mfa_serial": serial, "mfa_session": "on"}
    world.add_role("prod", server_require_mfa=True)
    session = world.session("default").fetch()
    world.get("prod")
    assert world.calls() == ["GetSessionToken", "AssumeRole prod"]
    assert session.metadata["profile"] == "default"
    assert len(world.person.prompts) == 1


def test_mfa_session_that_signs_is_refreshed_earlier(
    world: World,
) -> None:
    """What a user profile signs expires with the session; a role that is assumed from it does not."""
    serial = world.person.device.serial
    world.profiles["default"] |= {"mfa_serial": serial, "mfa_session": "on"}
    world.add_role("prod", server_require_mfa=True)
    first = world.session("default").fetch()
    world.pass_time(12 * HOUR - 600)
    world.get("prod")
    assert world.calls() == ["GetSessionToken", "AssumeRole prod"]
    world.person.answers = [CannotPromptError("nobody is there")]
    assert world.session("default").fetch() == first, "it is good to its end"
    world.pass_time(31)
    assert world.session("default").fetch() != first
    assert world.calls() == ["GetSessionToken"]


# -- codes of their own ----------------------------------------------------------------------------


def test_mfa_session_off_takes_a_code_per_role(world: World) -> None:
    world.add_mfa_role("prod", mfa_session="off")
    world.add_mfa_role("audit", mfa_session="off")
    world.get("prod")
    world.get("audit")
    assert world.person.prompts == [
        f"MFA code of arn:aws:iam::111111111111:mfa/dev for profile {name} "
        f"(role arn:aws:iam::222222222222:role/{name}): "
        for name in ("prod", "audit")
    ]
    assert [call.parameters["SerialNumber"] for call in world.sts.calls] == [world.person.device.serial] * 2
    assert world.calls() == ["AssumeRole prod", "AssumeRole audit"]


def test_duration_over_an_hour_takes_a_code_of_its_own_with_a_note(
    world: World,
) -> None:
    world.add_mfa_role("prod", duration_seconds=7200)
    record = world.fetcher("prod").fetch()
    assert record.expiry - world.clock() == pytest.approx(7200, abs=10)
    assert world.calls() == ["AssumeRole prod"]
    assert world.warnings == [
        "profile prod: its duration_seconds = 7200 is more than the hour that the shared MFA session allows, so it "
        "needs its own MFA code"
    ]


def test_duration_refused_costs_one_code_only(world: World) -> None:
    world.add_mfa_role("prod", duration_seconds=7200, server_max_session_duration=3600)
    fix = (
        "Ask for less, or have the role's maximum raised in its account:\n"
        "  aws configure role prod --duration-seconds 3600\n"
        "  aws iam update-role --role-name prod --max-session-duration 7200 --profile ADMIN-OF-222222222222"
    )
    assert fix in refused(lambda: world.get("prod"))
    assert (world.calls(), len(world.person.prompts)) == (["AssumeRole prod"], 1)
    world.warnings.clear()
    world.pass_time(120)
    with pytest.raises(RoleDurationError) as caught:
        world.get("prod")
    assert str(caught.value) == (
        "profile prod: STS refused duration_seconds = 7200 2 min ago, because it is more than the maximum of "
        f"arn:aws:iam::222222222222:role/prod, so no other MFA code is spent on it. {fix}\n"
        "If the maximum has been raised, try again with:\n"
        "  aws configure role login prod"
    )
    assert (world.calls(), len(world.person.prompts), world.warnings) == ([], 1, [])


@pytest.mark.parametrize("way", ["the profile asks for less", "forget", "refresh", "an hour has passed"])
def test_duration_refusal_is_forgotten(world: World, way: str) -> None:
    world.add_mfa_role("prod", duration_seconds=7200, server_max_session_duration=3600)
    refused(lambda: world.get("prod"))
    role = world.sts.find_role("arn:aws:iam::222222222222:role/prod")
    assert role is not None
    fetcher = world.fetcher("prod")
    if way == "the profile asks for less":
        world.profiles["prod"]["duration_seconds"] = "3600"
        fetcher = world.fetcher("prod")
    else:
        role.max_session_duration = 7200
    if way == "forget":
        fetcher.forget_duration_refusal()
    if way == "an hour has passed":
        world.pass_time(HOUR + 1)
    world.calls()
    record = fetcher.refresh() if way == "refresh" else fetcher.fetch()
    assert world.calls()[-1] == "AssumeRole prod"
    assert world.get("prod") == record.access_key


def test_mfa_session_on_limits_the_role_to_an_hour_with_a_note(world: World) -> None:
    world.add_mfa_role("prod", duration_seconds=7200, mfa_session="on")
    record = world.fetcher("prod").fetch()
    assert record.expiry - world.clock() == pytest.approx(3600, abs=10)
    assert world.calls() == ["GetSessionToken", "AssumeRole prod"]
    assert world.warnings == [
        "profile prod: its role session lasts 1 hour, not duration_seconds = 7200, because mfa_session = on assumes "
        "it from the shared MFA session"
    ]


def test_mfa_session_too_old_takes_a_code_of_its_own(world: World) -> None:
    """`aws:MultiFactorAuthAge`."""
    world.add_mfa_role("prod")
    world.add_mfa_role("strict", server_max_mfa_age=600)
    world.get("prod")
    world.pass_time(1200)
    world.get("strict")
    assert world.calls() == ["GetSessionToken", "AssumeRole prod", "AssumeRole strict", "AssumeRole strict"]
    assert len(world.person.prompts) == 2
    assert world.warnings == [
        "profile strict: denied with an MFA session that is 20 min old; the role may require a newer one, so it "
        "needs its own MFA code"
    ]


def test_mfa_session_new_and_denied_takes_no_code(world: World) -> None:
    world.add_mfa_role("prod", server_trusts=[])
    refused(lambda: world.get("prod"))
    assert world.calls() == ["GetSessionToken", "AssumeRole prod"]
    assert len(world.person.prompts) == 1


def test_mfa_session_denied_takes_a_code_of_its_own(world: World) -> None:
    world.add_mfa_role("prod")
    world.sts.fail("GetSessionToken", times=None, status=403, code="AccessDenied", message="explicit deny")
    world.get("prod")
    assert world.calls() == ["GetSessionToken", "AssumeRole prod"]
    assert world.warnings == [
        "profile prod: the user is not allowed an MFA session, so it needs its own MFA code"
    ]


# -- wrong codes, and no one to prompt -------------------------------------------------------------


def test_code_refused_prompts_again(world: World) -> None:
    world.add_mfa_role("prod")
    world.person.answers += [world.person.device.wrong_code(), "12345", " 12 34\t56x", ""]
    world.get("prod")
    assert world.calls() == ["GetSessionToken", "GetSessionToken", "AssumeRole prod"]
    assert world.person.notices == [
        "That code was not accepted; it may be mistyped, or used already.",
        *["An MFA code is six digits."] * 3,
    ]


def test_code_with_session_keys_is_tried_once_and_explained(world: World) -> None:
    session = world.sts.issue(world.user, HOUR)
    world.profiles["default"] = {
        "aws_access_key_id": session.access_key,
        "aws_secret_access_key": session.secret_key,
        "aws_session_token": session.session_token,
    }
    world.add_mfa_role("prod")
    text = refused(lambda: world.get("prod"))
    assert text.endswith(
        "for profile prod from default. The credentials of profile default are temporary, and STS takes MFA codes "
        "only with a user's long-term keys. Use such keys as source, or remove the device:\n"
        "  aws configure role prod --mfa-serial none"
    )
    assert (world.calls(), len(world.person.prompts)) == (["AssumeRole prod"], 1)


@pytest.mark.parametrize("mode", ["auto", "off"])
def test_code_refused_three_times_is_an_error(world: World, mode: str) -> None:
    world.add_mfa_role("prod", mfa_session=mode)
    world.person.answers += [world.person.device.wrong_code() for _ in range(3)]
    with pytest.raises(CodeRejectedError) as caught:
        world.get("prod")
    assert str(caught.value) == (
        "none of 3 codes of arn:aws:iam::111111111111:mfa/dev was accepted for profile prod. Check that this is the "
        "right device and that its clock is right, then run the command again"
    )
    assert len(world.calls()) == 3
    assert world.records == []


def test_prompt_impossible_names_login_and_calls_nothing(world: World) -> None:
    world.add_mfa_role("prod")
    world.person.answers.append(CannotPromptError("there is no terminal to ask on"))
    with pytest.raises(CannotPromptError) as caught:
        world.get("prod")
    assert str(caught.value) == (
        "profile prod needs an MFA code of arn:aws:iam::111111111111:mfa/dev, but there is no terminal to ask on. "
        "Log in from a terminal; until the session expires, commands without one work too:\n"
        "  aws configure role login prod"
    )
    assert (world.calls(), world.records) == ([], [])


def test_prompt_interrupted_leaves_nothing_half_done(world: World) -> None:
    world.add_mfa_role("prod")
    world.person.answers.append(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        world.get("prod")
    assert (world.calls(), world.records) == ([], [])
    world.get("prod")
    assert len(world.person.prompts) == 2


def test_refresh_without_a_prompt_uses_the_old_session_to_its_end(world: World) -> None:
    """Stock fails ten minutes earlier."""
    world.add_mfa_role("prod")
    first = world.get("prod")
    session = max(world.records, key=lambda path: b"get-session-token" in path.read_bytes())
    session.unlink()
    world.pass_time(3100)
    world.person.answers += [CannotPromptError("there is no terminal to ask on")] * 2
    assert world.get("prod") == first
    world.pass_time(501)
    with pytest.raises(CannotPromptError):
        world.get("prod")


# -- what a fetcher knows of a role ----------------------------------------------------------------


def test_caller_arn(world: World) -> None:
    world.add_role("hub")
    world.add_role("leaf", source="hub")
    assert world.fetcher("hub").caller_arn() == world.user.arn
    assert world.fetcher("leaf").caller_arn().startswith("arn:aws:sts::222222222222:assumed-role/hub/")


def test_session_of_a_role(world: World) -> None:
    world.add_role("plain")
    world.add_mfa_role("shared")
    world.add_mfa_role("direct", mfa_session="off")
    world.add_role("leaf", source="shared")
    shared = world.fetcher("shared").session()
    assert shared is not None
    world.get("shared")
    assert (world.directory / f"{shared.name}.json") in world.records
    assert [world.fetcher(name).session() for name in ("plain", "direct", "leaf")] == [None] * 3


def test_duration_over_the_maximum_names_both_fixes(world: World) -> None:
    world.add_role("prod", duration_seconds=7200, server_max_session_duration=3600)
    error = refused(lambda: world.get("prod"))
    assert "aws configure role prod --duration-seconds 3600" in error
    assert (
        "aws iam update-role --role-name prod --max-session-duration 7200 --profile ADMIN-OF-222222222222"
        in error
    )


# -- secrets ---------------------------------------------------------------------------------------


def test_secrets_are_in_no_message_name_or_repr(world: World) -> None:
    world.add_mfa_role("prod")
    fetcher = world.fetcher("prod")
    record = fetcher.fetch()
    world.sts.fail("AssumeRole", times=None, status=403, code="AccessDenied", message="no\x1b[2J")
    error = refused(lambda: world.fetcher("prod").refresh())
    session = Cache(world.directory, clock=world.clock, warn=pytest.fail).read(
        str(getattr(fetcher.session(), "name", None))
    )
    assert session is not None
    secrets = [world.user.secret_key, record.secret_key, record.token, session.secret_key, session.token]
    shown = [repr(record), repr(session), repr(fetcher), error, *world.warnings, *world.person.prompts]
    shown += [path.name for path in world.directory.iterdir()]
    assert not [secret for secret in secrets for text in shown if secret in text]
    assert "\x1b" not in error
