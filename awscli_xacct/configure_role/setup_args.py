"""The command line of `setup`: checked before any call, and turned into a request and the clients to make it with."""

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from .. import settings
from ..arn import Arn
from ..errors import ValidationError, XacctError
from ..failures import code_of
from ..iam_conditions import MFA_PRESENT, STS_EXTERNAL_ID
from ..iam_policy import ASSUME, SET_IDENTITY, TAG
from ..messages import option, profile_option, unknown_profile
from ..problems import Problem
from ..profiles import values
from ..profiles.edit import NONE
from ..profiles.source import Profiles, has_static_keys, is_role
from ..profiles.validation import name_problem
from ..setup.iam_client import AccountContext
from ..setup.model import Caller, SetupRequest
from .base import refusal
from .clients import ProfileClients

NOTHING = "nothing was set up"

# Settings of the profile. The other options are about the accounts.
PROFILE_KEYS = (
    settings.SOURCE_PROFILE,
    settings.MFA_SERIAL,
    settings.EXTERNAL_ID,
    settings.DURATION_SECONDS,
)


_ACTIONS = {settings.SESSION_TAGS: TAG, settings.SOURCE_IDENTITY: SET_IDENTITY}


def check_arguments(profile: str, arguments: Any, profiles: Profiles) -> None:
    """Raise `ValidationError` with everything that is wrong with a command line, without any calls."""
    found = [] if profile in profiles else [name_problem(profile)]
    problems = list(_profile_problems(profile, arguments, profiles))
    if not arguments.account_profile:
        found.append("--account-profile is missing: a profile that may create roles in the target account")
    if not arguments.role_name:
        found.append("--role-name is missing: the name of the role, with its path if it has one")
    checks = {
        "role_name": lambda name: values.role_name_problem(name.strip("/")),
        "external_id": values.external_id_problem,
        "duration_seconds": values.seconds_problem,
        "max_session_duration": _maximum_problem,
        "wait": wait_problem,
    }
    for name, problem_of in checks.items():
        value = getattr(arguments, name)
        problem = problem_of(value) if value else None
        if problem:
            found.append(f"{option(name)} {value!r}: {problem}")
    if arguments.require_mfa and arguments.mfa_serial == NONE:
        found.append("--require-mfa needs a device, and --mfa-serial none sets no device")
    problems += [Problem(text) for text in found if text]
    if problems:
        raise ValidationError(f"{NOTHING}, because", problems)


def repeat_options(arguments: Any, region: str | None) -> list[str]:
    """Return the options of a command line, to run it again."""
    words = []
    for name, value in vars(arguments).items():
        if name not in ("profile", "help", "yes", "dry_run", "undo", "wait") and value:
            words += [option(name), *([] if value is True else value if isinstance(value, list) else [value])]
    return [*words, *(["--region", region] if region else [])]


def resolve_accounts(
    arguments: Any, source: str, session: Any
) -> tuple[Caller, AccountContext, AccountContext]:
    """Return the caller, the target account of the role, and the caller's home account, as STS tells.

    Raises `ValidationError`.
    """
    profiles = session.full_config["profiles"]
    admin, home_admin = arguments.account_profile, arguments.home_admin_profile or source
    clients = {name: ProfileClients(name, session) for name in dict.fromkeys((source, admin, home_admin))}
    arns = {name: ask_identity(each, NOTHING) for name, each in clients.items()}
    caller = Caller.of(arns[source], _own_role(profiles[source]))
    target, home = (
        AccountContext(name, arns[name].account, clients[name].client("iam")) for name in (admin, home_admin)
    )
    found = []
    if arns[admin].partition != caller.arn.partition:
        found.append(
            f"profile {admin} is {arns[admin]}, in another partition than the caller {caller.arn}; roles cannot "
            "be assumed across partitions"
        )
    if home.account != caller.arn.account:
        found.append(
            f"--home-admin-profile {home_admin} belongs to account {home.account}, but the caller {caller.arn} to "
            f"{caller.arn.account}; choose a profile of that account"
        )
    if arguments.require_mfa and caller.owner.kind == "role":
        found.append(f"--require-mfa: the caller {caller.arn} is a role, and role sessions carry no MFA")
    if found:
        raise ValidationError(f"{NOTHING}, because", map(Problem, found))
    return caller, target, home


def setup_request(profile: str, arguments: Any, options: Mapping[str, Any]) -> SetupRequest:
    """Return what is requested. `options` are those that the profile will have."""
    path, name = split_name(arguments.role_name)
    external_id = options.get(settings.EXTERNAL_ID)
    context = {}
    if options.get(settings.MFA_SERIAL):
        context[MFA_PRESENT] = "true"
    if external_id:
        context[STS_EXTERNAL_ID] = str(external_id)
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
    """Split ``team/Ops`` into the path, ``/team/``, and the name."""
    path, _, name = f"/{role_name.strip('/')}".rpartition("/")
    return f"{path}/", name


def ask_identity(clients: ProfileClients, declined: str) -> Arn:
    """Return the ARN of a profile's caller. Raises `ValidationError` if STS cannot be asked."""
    try:
        text = clients.caller_arn()
    except (ClientError, BotoCoreError, XacctError) as error:
        text = f"profile {clients.profile} cannot call AWS: {error}"
        raise refusal(declined, text, code=code_of(error)) from None
    arn = Arn.parse(text)
    if arn is None:
        text = f"profile {clients.profile}: STS answered {text!r}, which is not an ARN"
        raise refusal(declined, text, code="ServiceError")
    return arn


def wait_problem(text: str) -> str | None:
    """Return what is wrong with a number of seconds to wait, or None."""
    return None if text.isascii() and text.isdigit() else "must be a number of seconds; 0 means not to wait"


def _profile_problems(profile: str, arguments: Any, profiles: Profiles) -> Iterator[Problem]:
    for name in ("account_profile", "source_profile", "home_admin_profile"):
        value = getattr(arguments, name)
        if value == profile:
            yield Problem(f"{option(name)} {value}: this is the profile to set up")
        elif value and value not in profiles:
            text = unknown_profile(value, profiles)
            is_misspelled = text.endswith("?")
            fix = None if is_misspelled else f"or add it:\n  aws configure {profile_option(value)}"
            yield Problem(f"{option(name)}: {text}", fix)


def _own_role(profile: Mapping[str, Any]) -> str | None:
    """Return the ARN of the role that a source profile assumes, or None if it has keys of its own."""
    return str(profile[settings.ROLE_ARN]) if is_role(profile) and not has_static_keys(profile) else None


def _maximum_problem(text: str) -> str | None:
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html"""
    low, high = settings.DEFAULT_ROLE_DURATION, settings.MAX_ROLE_DURATION
    if text.isascii() and text.isdigit() and low <= int(text) <= high:
        return None
    return f"must be a number of seconds from {low} (1 hour) to {high} (12 hours)"
