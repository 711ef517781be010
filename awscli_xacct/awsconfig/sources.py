"""Where a chain of roles begins: profiles that are no roles, and whose credentials they give.

https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from .. import settings
from ..errors import ProfileFault
from ..invocation import option, role_command
from ..stored import machine_name

Profile = Mapping[str, Any]
Profiles = Mapping[str, Profile]

_STATIC = ("aws_access_key_id", "aws_secret_access_key")
_WEB_IDENTITY = "web_identity_token_file"

# The settings that decide whose credentials a profile without a role gives. Secrets are left out: a
# new secret comes with a new access key id.
_IDENTITY = (
    "aws_access_key_id",
    "credential_process",
    "login_session",
    "role_arn",
    "role_session_name",
    "sso_account_id",
    "sso_region",
    "sso_role_name",
    "sso_session",
    "sso_start_url",
    _WEB_IDENTITY,
)
# What may give a user's long-term keys, which an MFA session is bought with.
_LONG_TERM = ("aws_access_key_id", "credential_process")
# Any one of these is enough for one of botocore's providers to answer.
_GIVES_CREDENTIALS = (
    "aws_access_key_id",
    "credential_process",
    "login_session",
    "sso_account_id",
    "sso_session",
    "sso_start_url",
    _WEB_IDENTITY,
)


class Source(NamedTuple):
    """Where a chain begins: a profile that is no role, or a ``credential_source``.

    One with an `mfa_serial` runs on the shared MFA session itself, ``mfa_session = on``.
    """

    profile: str | None
    credential_source: str | None
    identity: Mapping[str, Any]
    mfa_serial: str | None = None
    mfa_process: str | None = None

    @property
    def name(self) -> str:
        return self.profile or self.credential_source or ""


def is_role(profile: Profile) -> bool:
    """Whether the assume-role provider is the one to answer for `profile`."""
    return settings.ROLE_ARN in profile and _WEB_IDENTITY not in profile


def is_mfa_user(profile: Profile) -> bool:
    """Whether a profile that is no role is to run on a shared MFA session: ``mfa_session = on``."""
    asked = profile.get(settings.MFA_SESSION) == "on" and bool(profile.get(settings.MFA_SERIAL))
    return asked and not is_role(profile) and any(key in profile for key in _LONG_TERM)


def resolve_user(profiles: Profiles, name: str, *, sso_sessions: Profiles | None = None) -> Source:
    """The user profile `name`, which is no role, as the beginning of chains. Raises `ProfileFault`."""
    return user_of(profiles[name], name, sso_sessions or {})


def has_static_keys(profile: Profile) -> bool:
    return any(key in profile for key in _STATIC)


def gives_credentials(profiles: Profiles, name: str, *, to: str | None = None) -> bool:
    """Whether profile `name` can be the source of profile `to` as far as the config tells."""
    profile = profiles.get(name)
    if profile is None:
        return False
    if any(key in profile for key in _GIVES_CREDENTIALS):
        return True
    return name != to and is_role(profile)


def user_of(profile: Profile, name: str, sso_sessions: Profiles) -> Source:
    identity = _profile_identity(profile, sso_sessions)
    if not is_mfa_user(profile):
        return Source(name, None, identity)
    serial, program = (text_of(profile, name, key) for key in (settings.MFA_SERIAL, settings.MFA_PROCESS))
    return Source(name, None, identity, serial, program or None)


def _profile_identity(profile: Profile, sso_sessions: Profiles) -> dict[str, Any]:
    identity = {key: profile[key] for key in _IDENTITY if key in profile}
    if "sso_session" in identity:
        identity["sso_session"] = [identity["sso_session"], sso_sessions.get(str(identity["sso_session"]))]
    return identity


def named_identity(name: str, environment: Mapping[str, str]) -> dict[str, Any]:
    """Whose credentials a ``credential_source`` gives, as far as can be told without asking it.

    A container's and an instance's are those of this very machine: another one may share the home directory, and
    has the same address to ask. Of containers the token tells more; a pod's is in a file.
    https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
    """
    variables = {
        "Environment": ("AWS_ACCESS_KEY_ID",),
        "EcsContainer": (
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        ),
        "Ec2InstanceMetadata": ("AWS_EC2_METADATA_SERVICE_ENDPOINT",),
    }.get(name, ())
    machine = {} if name == "Environment" else {"machine": machine_name()}
    return {"credential_source": name, **machine, **{key: environment.get(key) for key in variables}}


def text_of(profile: Profile, name: str, key: str) -> str | None:
    value = profile.get(key)
    if isinstance(value, dict):
        raise ProfileFault(
            name,
            f"profile {name}: {key} is an indented block and has to be one line: "
            f"{role_command(name, f'{option(key)} VALUE')}",
        )
    return None if value is None else str(value)
