"""The command line of ``aws configure role PROFILE``: its options, and the edit that they ask for."""

from typing import Any

from .. import settings
from ..errors import ValidationError
from ..messages import option
from ..problems import Problem
from ..profiles.edit import ProfileEdit
from ..profiles.policies import FILE_PREFIX
from ..profiles.sdk_profiles import SdkRequest
from ..xacct_program import find_program
from .arguments import DRY_RUN, argument, flag, nothing_given, positional, settings_given

DEFAULT_NAME = "\n"
"""What ``--sdk-profile`` without a name is parsed as; no profile can be called that."""

SETTINGS = (
    argument(
        "role-arn",
        "The ARN of the role, such as ``arn:aws:iam::222222222222:role/NAME``. Alternatively, give "
        "``--account-id`` and ``--role-name``.",
    ),
    argument(
        "source-profile",
        "The profile with the credentials to assume the role with. If neither this nor ``--credential-source`` "
        "is given, ``default`` is used if it has credentials.",
    ),
    argument(
        "credential-source",
        "Where to get the calling credentials instead of from a profile: ``Environment``, "
        "``Ec2InstanceMetadata`` or ``EcsContainer``.",
    ),
    argument(
        "mfa-serial",
        "The ARN or serial number of the MFA device that the role requires. ``auto`` looks the caller's device "
        "up in IAM; ``none`` sets no device. By default a new profile gets the device of its source profile.",
    ),
    argument("mfa-process", "A command that prints an MFA code, to run instead of asking for a code."),
    argument(
        "mfa-session",
        "``auto`` (the default) assumes the role from the MFA session that all roles of the device share, unless "
        "the profile wants sessions longer than an hour. ``on`` always uses the shared session, which limits "
        "role sessions to an hour. ``off`` asks for a code for this role alone.",
    ),
    argument("external-id", "The external id that the role's trust policy requires."),
    argument("role-session-name", "The name of the role session, as CloudTrail shows it."),
    argument(
        "duration-seconds",
        "How long a role session lasts, in seconds: 900 to 43200, but no longer than the role's own maximum. "
        "The default of STS is an hour.",
    ),
    argument("session-tags", "Session tags, each as ``KEY=VALUE``.", nargs="+"),
    argument(
        "transitive-session-tags",
        "The keys of session tags to pass on to roles that are assumed from this one.",
        nargs="+",
    ),
    argument("source-identity", "The source identity, which the session keeps throughout a role chain."),
    flag(
        "read-only",
        "Limit the sessions to what AWS's managed policy ReadOnlyAccess allows: its ARN is written as "
        "``policy_arns``.",
    ),
    argument(
        "policy-arns",
        "The ARNs of up to ten managed policies. A session may then do only what the role and one of these, or "
        "``--policy``, both allow.",
        nargs="+",
    ),
    argument(
        "policy",
        "A policy with the same effect: ``file://`` and the path of a file, or the JSON itself. What is written is "
        "the path, made absolute, and never what the file contains.",
    ),
    argument(
        "account-id",
        "The role's account id, 12 digits. The partition is that of the source profile's region.",
    ),
    argument("role-name", "The role's name, with its path if it has one, such as ``team/Ops``."),
)
"""The options that say what is written, besides ``--region``."""

OPTIONS = (
    positional(
        "profile", "The profile to create or change. It can also be given as ``--profile``.", nargs="?"
    ),
    *SETTINGS,
    argument(
        "sdk-profile",
        "Also write a profile of this name, by default that of the profile with ``-sdk`` after it. Through that "
        "one, SDKs, Terraform and agents get the role's credentials from ``xacct``: the same session, with the "
        "same MFA. An empty name removes it.",
        nargs="?",
        const=DEFAULT_NAME,
        no_paramfile=True,
    ),
    flag("verify", "Assume the role first, and write nothing if that fails."),
    DRY_RUN,
    flag(
        "force",
        "Write the profile even if it has other credentials of its own, and let the SDK profile replace an "
        "existing profile of the same name.",
    ),
)

_IMPLYING = ("account_id", "role_name", "read_only")
"""Options that are no config keys, but imply the value of one."""


def keep_policy_path(arguments: list[str]) -> list[str]:
    """Return the arguments with a space before a path that is the value of ``--policy``, which keeps it a path.

    Of ``file://PATH`` the CLI makes the file's content. `no_paramfile` keeps only version 1 from it.
    """
    name = option(settings.POLICY)
    kept = list(arguments)
    for place, word in enumerate(arguments):
        if word.startswith(f"{name}={FILE_PREFIX}"):
            kept[place] = word.replace("=", "= ", 1)
        elif word.startswith(FILE_PREFIX) and place and arguments[place - 1] == name:
            kept[place] = f" {word}"
    return kept


def read_arguments(parsed_args: Any, parsed_globals: Any) -> ProfileEdit:
    """Return what a command line asks for. Raises `ValidationError` unless it names exactly one profile."""
    named, other = parsed_args.profile, parsed_globals.profile
    if not (named or other):
        raise nothing_given("profile", "aws configure role PROFILE --role-arn ARN")
    if named and other and named != other:
        raise ValidationError("two profiles given", [Problem(f"pass either {named} or --profile {other}")])
    names = (found["name"].replace("-", "_") for found in SETTINGS)
    keys = [name for name in names if name not in _IMPLYING]
    wanted = settings_given(parsed_args, keys, parsed_globals.region)
    return ProfileEdit(
        named or other,
        wanted,
        parsed_args.account_id,
        parsed_args.role_name,
        parsed_args.force,
        parsed_args.read_only,
        is_typed=True,
        sdk=_read_sdk_profile(parsed_args.sdk_profile),
    )


def _read_sdk_profile(name: str | None) -> SdkRequest | None:
    if name is None:
        return None
    return SdkRequest(None if name == DEFAULT_NAME else name, find_program())
