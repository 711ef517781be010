"""Where a chain of roles begins: profiles without a role, and whose credentials they give.

https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from .. import settings
from ..errors import ProfileError
from ..messages import option, profile_option, role_command
from ..storage.record import machine_name

Profile = Mapping[str, Any]
Profiles = Mapping[str, Profile]

_STATIC = (settings.ACCESS_KEY_ID, settings.SECRET_ACCESS_KEY)
# The settings that decide whose credentials a profile without a role gives. Secrets are left out: a
# new secret comes with a new access key id.
_IDENTITY = (
    settings.ACCESS_KEY_ID,
    settings.CREDENTIAL_PROCESS,
    settings.LOGIN_SESSION,
    settings.ROLE_ARN,
    settings.ROLE_SESSION_NAME,
    settings.SSO_ACCOUNT_ID,
    settings.SSO_REGION,
    settings.SSO_ROLE_NAME,
    settings.SSO_SESSION,
    settings.SSO_START_URL,
    settings.WEB_IDENTITY_TOKEN_FILE,
)
_METADATA_ENDPOINT = "ec2_metadata_service_endpoint"
# With either of these the SSO provider answers, or reports what is missing.
_SSO = (settings.SSO_ROLE_NAME, settings.SSO_ACCOUNT_ID)
# What may give a user's long-term keys, which an MFA session needs.
_LONG_TERM = (settings.ACCESS_KEY_ID, settings.CREDENTIAL_PROCESS)
# With any of these one of botocore's providers answers; an ``sso_session`` alone gives a token only.
_GIVES_CREDENTIALS = (*_LONG_TERM, settings.LOGIN_SESSION, *_SSO)


class Source(NamedTuple):
    """Where a chain begins: a profile without a role, or a ``credential_source``.

    With an `mfa_serial` it uses the shared MFA session itself, ``mfa_session = on``. `role_session` tells how it
    gives a role's session, as a predicate ("gives …"); None if it gives a user's keys, or that cannot be known.
    `credentials_key` is the config key that gives a profile its credentials; see `find_credentials_key`.
    """

    profile: str | None
    credential_source: str | None
    identity: Mapping[str, Any]
    mfa_serial: str | None = None
    mfa_process: str | None = None
    role_session: str | None = None
    credentials_key: str | None = None

    @property
    def name(self) -> str:
        return self.profile or self.credential_source or ""


def is_role(profile: Profile) -> bool:
    """Return whether botocore's assume-role provider answers for `profile`."""
    return settings.ROLE_ARN in profile and settings.WEB_IDENTITY_TOKEN_FILE not in profile


def is_mfa_user(profile: Profile) -> bool:
    """Return whether a profile without a role uses the shared MFA session itself: ``mfa_session = on``."""
    asked = profile.get(settings.MFA_SESSION) == "on" and bool(profile.get(settings.MFA_SERIAL))
    return asked and not is_role(profile) and any(key in profile for key in _LONG_TERM)


def has_static_keys(profile: Profile) -> bool:
    """Return whether a profile has at least one part of an access key."""
    return any(key in profile for key in _STATIC)


def can_be_source(profiles: Profiles, name: str, *, to: str | None = None) -> bool:
    """Return whether profile `name` can be the source of profile `to`, as far as the config tells."""
    profile = profiles.get(name)
    if profile is None:
        return False
    if profile.get(settings.WEB_IDENTITY_TOKEN_FILE) or any(key in profile for key in _GIVES_CREDENTIALS):
        return True
    return name != to and is_role(profile)


def follow_sources(profiles: Profiles, name: str) -> Iterator[str]:
    """Yield a profile, its source profile, the source of that and so on: those that exist, each once."""
    seen: set[str] = set()
    while name in profiles and name not in seen:
        seen.add(name)
        yield name
        name = str(profiles[name].get(settings.SOURCE_PROFILE, name))


def find_credentials_key(profile: Profile) -> str | None:
    """Return the key that gives a profile without a role its credentials: static keys, a login or a program.

    None: only botocore can tell, which finds them, or what is wrong with them, in the config alone.
    """
    if profile.get(settings.WEB_IDENTITY_TOKEN_FILE) or any(key in profile for key in _SSO):
        return None
    if all(key in profile for key in _STATIC):
        return _STATIC[0]
    return next(
        (key for key in (settings.LOGIN_SESSION, settings.CREDENTIAL_PROCESS) if key in profile), None
    )


def resolve_user(profiles: Profiles, name: str, *, sso_sessions: Profiles | None = None) -> Source:
    """Return profile `name`, which assumes no role, as the beginning of a chain. Raises `ProfileError`."""
    profile = profiles[name]
    identity = _profile_identity(profiles, profile, sso_sessions or {})
    session = describe_role_session(profiles, name)
    if not is_mfa_user(profile):
        return Source(
            name, None, identity, role_session=session, credentials_key=find_credentials_key(profile)
        )
    if session:
        raise ProfileError(
            name,
            f"profile {name}: mfa_session = on cannot be used here, because the profile {session}, and STS gives an "
            f"MFA session for an IAM user's long-term keys only",
            f"turn it off:\n  aws configure set mfa_session off {profile_option(name)}",
        )
    serial, program = (get_text(profile, name, key) for key in (settings.MFA_SERIAL, settings.MFA_PROCESS))
    key = find_credentials_key(profile)
    return Source(name, None, identity, serial, program or None, credentials_key=key)


def describe_role_session(profiles: Profiles, name: str) -> str | None:
    """Return how profile `name`, which assumes no role itself, gives a role's session; None if it may not.

    STS allows an hour when called with such a session, and accepts no MFA code. The setting that counts is the one that
    botocore asks first: web identity, SSO, keys, ``login_session``, a program. ``aws login`` may sign in a user, root
    or a role, and what other programs give cannot be known: None for these.
    """
    seen: set[str] = set()
    while name not in seen:
        seen.add(name)
        profile = profiles.get(name, {})
        if profile.get(settings.WEB_IDENTITY_TOKEN_FILE):
            return "gives a role's session, from a web identity" if profile.get(settings.ROLE_ARN) else None
        if any(key in profile for key in _SSO):
            return "gives a role's session, from SSO"
        if find_credentials_key(profile) != settings.CREDENTIAL_PROCESS or has_static_keys(profile):
            return None
        from .credential_process import find_requested  # few profiles need it

        asked = find_requested(profile[settings.CREDENTIAL_PROCESS])
        if asked is None:
            return None
        if is_role(profiles.get(asked, {})):
            return f"gives the session of the role profile {asked}"
        name = asked
    return None


def _profile_identity(profiles: Profiles, profile: Profile, sso_sessions: Profiles) -> dict[str, Any]:
    identity = {key: profile[key] for key in _IDENTITY if key in profile}
    session = identity.get(settings.SSO_SESSION)
    if session is not None:
        identity[settings.SSO_SESSION] = [session, sso_sessions.get(str(session))]
    if settings.CREDENTIAL_PROCESS in profile:
        from .credential_process import identify_program  # few profiles need it

        identity.update(identify_program(profile[settings.CREDENTIAL_PROCESS], profiles, sso_sessions))
    return identity


MACHINE_SESSIONS = {
    "Ec2InstanceMetadata": "gives a role's session, the instance's",
    "EcsContainer": "gives a role's session, the container's",
}
"""How a ``credential_source`` gives a role's session; for ``Environment`` that cannot be known."""


def identify_credential_source(name: str, environment: Mapping[str, str], profile: Profile) -> dict[str, Any]:
    """Return what identifies the credentials of a ``credential_source`` in a session of `profile`, without asking it.

    A container's and an instance's are those of this machine: another one may share the home directory and use the
    same address. For containers the token tells more; a pod's is in a file.
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
    endpoint = profile.get(_METADATA_ENDPOINT) if name == "Ec2InstanceMetadata" else None
    named = {} if endpoint is None else {_METADATA_ENDPOINT: endpoint}
    return {
        settings.CREDENTIAL_SOURCE: name,
        **machine,
        **named,
        **{key: environment.get(key) for key in variables},
    }


def get_text(profile: Profile, name: str, key: str) -> str | None:
    """Return one setting of profile `name` as text, None if it is not set. Raises `ProfileError` for a block."""
    value = profile.get(key)
    if isinstance(value, dict):
        raise ProfileError(
            name,
            f"profile {name}: {key} must be one line, not an indented block",
            f"set it:\n  {role_command(name, f'{option(key)} VALUE')}",
        )
    return None if value is None else str(value)
