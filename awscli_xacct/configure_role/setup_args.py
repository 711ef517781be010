"""What a command line of `setup` asks for, and whose credentials it takes: checked before anything is asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from .. import settings
from ..arn import Arn
from ..errors import Problem, ValidationError, XacctError
from ..iam_conditions import EXTERNAL_ID, MFA_PRESENT
from ..iam_policy import ASSUME, SET_IDENTITY, TAG
from ..messages import option
from ..profiles import values
from ..profiles.edit import NONE
from ..profiles.names import no_profile
from ..profiles.source import Profiles, has_static_keys, is_role
from ..profiles.validation import name_fault
from ..setup.iam_client import Iam
from ..setup.model import AccountContext, Caller, SetupRequest, caller_of
from .clients import ProfileClients

NOTHING = "nothing was set up"
HEADING = f"{NOTHING}, because"

# What goes into the profile; the rest is for the two accounts.
_OF_THE_PROFILE = (
    settings.SOURCE_PROFILE,
    settings.MFA_SERIAL,
    settings.EXTERNAL_ID,
    settings.DURATION_SECONDS,
)


_ACTIONS = {settings.SESSION_TAGS: TAG, settings.SOURCE_IDENTITY: SET_IDENTITY}


@dataclass(frozen=True)
class Sides:
    """Who calls, and both accounts: the role's and the caller's own."""

    caller: Caller
    target: AccountContext
    home: AccountContext


def check(profile: str, arguments: Any, profiles: Profiles) -> None:
    """Raise `ValidationError` with all that is wrong with a command line by itself."""
    faults = [] if profile in profiles else [name_fault(profile)]
    faults += _profile_faults(profile, arguments, profiles)
    if not arguments.account_profile:
        faults.append(
            "--account-profile is missing: it names a profile that may make roles in the other account"
        )
    if not arguments.role_name:
        faults.append("--role-name is missing: it names the role, with its path if it has one")
    checks = {
        "role_name": lambda name: values.role_name_fault(name.strip("/")),
        "external_id": values.external_id_fault,
        "duration_seconds": values.seconds_fault,
        "max_session_duration": _maximum_fault,
        "wait": wait_fault,
    }
    for name, fault_of in checks.items():
        value = getattr(arguments, name)
        fault = fault_of(value) if value else None
        if fault:
            faults.append(f"{option(name)} {value!r}: {fault}")
    if arguments.require_mfa and arguments.mfa_serial == NONE:
        faults.append("--require-mfa takes a device, and --mfa-serial none says that there is none")
    found = [Problem(fault) for fault in faults if fault]
    if found:
        raise ValidationError(HEADING, found)


def settings_given(arguments: Any, region: str | None) -> dict[str, str | None]:
    """The keys that the profile is to get, as far as the command line says."""
    given = {**{key: getattr(arguments, key) for key in _OF_THE_PROFILE}, settings.REGION: region}
    wanted = {key: value or None for key, value in given.items() if value is not None}
    if wanted.get(settings.MFA_SERIAL) == NONE:
        wanted[settings.MFA_SERIAL] = None
    return wanted


def words_of(arguments: Any, region: str | None) -> list[str]:
    """The options of a command line again, to be typed once more."""
    words = []
    for name, value in vars(arguments).items():
        if name not in ("profile", "help", "yes", "dry_run", "undo", "wait") and value:
            words += [option(name), *([] if value is True else value if isinstance(value, list) else [value])]
    return [*words, *(["--region", region] if region else [])]


def sides(arguments: Any, source: str, session: Any) -> Sides:
    """Who calls, and both accounts, asked of STS. Raises `ValidationError`."""
    profiles = session.full_config["profiles"]
    admin, home_admin = arguments.account_profile, arguments.home_admin_profile or source
    clients = {name: ProfileClients(name, session) for name in dict.fromkeys((source, admin, home_admin))}
    arns = {name: identity(each, NOTHING) for name, each in clients.items()}
    caller = caller_of(arns[source], _own_role(profiles[source]))
    target, home = (
        AccountContext(name, arns[name].account, Iam(clients[name].client("iam")))
        for name in (admin, home_admin)
    )
    faults = []
    if arns[admin].partition != caller.arn.partition:
        faults.append(
            f"profile {admin} is {arns[admin]}, in another partition than the caller {caller.arn}; no role can "
            f"be assumed across partitions"
        )
    if home.account != caller.arn.account:
        faults.append(
            f"--home-admin-profile {home_admin} is of account {home.account}, and the caller {caller.arn} of "
            f"{caller.arn.account}; name one of the caller's account"
        )
    if arguments.require_mfa and caller.owner.kind == "role":
        faults.append(
            f"--require-mfa: the caller {caller.arn} is a role, and a role's session carries no MFA"
        )
    if faults:
        raise ValidationError(HEADING, map(Problem, faults))
    return Sides(caller, target, home)


def wish(profile: str, arguments: Any, options: Mapping[str, Any]) -> SetupRequest:
    """What is asked for, where `options` are the profile's as they will be."""
    path, name = split_name(arguments.role_name)
    external_id = options.get(settings.EXTERNAL_ID)
    context = {}
    if options.get(settings.MFA_SERIAL):
        context[MFA_PRESENT] = "true"
    if external_id:
        context[EXTERNAL_ID] = str(external_id)
    return SetupRequest(
        profile,
        name,
        path,
        tuple(dict.fromkeys(arguments.policy_arn or [])),
        arguments.require_mfa,
        arguments.external_id or None,
        int(arguments.max_session_duration) if arguments.max_session_duration else None,
        int(options[settings.DURATION_SECONDS]) if settings.DURATION_SECONDS in options else None,
        not arguments.no_caller_policy,
        context,
        (ASSUME, *(action for key, action in _ACTIONS.items() if options.get(key))),
    )


def split_name(role_name: str) -> tuple[str, str]:
    """The path, which begins and ends with a slash, and the name of ``team/Ops``."""
    path, _, name = f"/{role_name.strip('/')}".rpartition("/")
    return f"{path}/", name


def identity(clients: ProfileClients, otherwise: str) -> Arn:
    """The ARN a profile calls as. Raises `ValidationError` that say which one could not be asked."""
    try:
        text = clients.caller_arn()
    except (ClientError, BotoCoreError, XacctError) as error:
        raise ValidationError(
            f"{otherwise}, because", [Problem(f"profile {clients.profile} cannot call AWS: {error}")]
        ) from None
    arn = Arn.parse(text)
    if arn is None:
        raise ValidationError(
            f"{otherwise}, because",
            [Problem(f"profile {clients.profile}: STS answered {text!r}, which is not an ARN")],
        )
    return arn


def wait_fault(text: str) -> str | None:
    """What keeps a text from being a time to wait, or None."""
    return None if text.isascii() and text.isdigit() else "it is a number of seconds; 0 does not wait"


def _profile_faults(profile: str, arguments: Any, profiles: Profiles) -> Iterator[str]:
    for name in ("account_profile", "source_profile", "home_admin_profile"):
        value = getattr(arguments, name)
        if value == profile:
            yield f"{option(name)} {value}: that is the profile to be set up"
        elif value and value not in profiles:
            yield f"{option(name)}: {no_profile(value, profiles)}"


def _own_role(profile: Mapping[str, Any]) -> str | None:
    """The ARN of the role that gives a source profile its credentials, if one does."""
    return str(profile[settings.ROLE_ARN]) if is_role(profile) and not has_static_keys(profile) else None


def _maximum_fault(text: str) -> str | None:
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html"""
    low, high = settings.DEFAULT_ROLE_DURATION, settings.MAX_ROLE_DURATION
    if text.isascii() and text.isdigit() and low <= int(text) <= high:
        return None
    return f"it is a number of seconds between {low} (1 hour) and {high} (12 hours)"
