"""What a profile means: the one model that the provider, the commands and the cache all ask.

It works on plain dicts: botocore's ``session.full_config["profiles"]``, or what `load` reads from
the two files without botocore. A property test holds the two equal, and the errors found here equal
to those of botocore's own assume-role provider.

https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from .. import settings
from ..errors import Problem, ProfileError
from ..messages import profile_option, role_command
from .source import (
    MACHINE_SESSIONS,
    Profile,
    Profiles,
    Source,
    gives_credentials,
    has_static_keys,
    is_role,
    named_identity,
    text_of,
    user_of,
)


class Role(NamedTuple):
    """One hop: a role, everything that is sent to assume it, and where the calling credentials come from."""

    profile: str
    role_arn: str
    source: Role | Source
    external_id: str | None = None
    mfa_serial: str | None = None
    mfa_session: str = "auto"
    role_session_name: str | None = None
    duration_seconds: int | None = None
    session_tags: Mapping[str, str] = {}
    transitive_session_tags: Sequence[str] = ()
    source_identity: str | None = None
    mfa_process: str | None = None

    @property
    def chained(self) -> bool:
        """Whether the caller is itself a role, as far as the config tells: STS then allows an hour at most.

        What AWS says of instances is that their role's session is not under that limit, and nobody is refused here
        what STS may give. https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html#iam-term-role-chaining
        """
        return _is_chained(self.source)

    @property
    def takes_no_code(self) -> bool:
        """Whether the caller is a role, so that STS takes no MFA code from it."""
        return isinstance(self.source, Role) or self.source.role_session is not None

    @property
    def session_source(self) -> Source | None:
        """The source, if its own MFA session calls for this role, which has no device: an hour at most."""
        source = self.source
        return source if isinstance(source, Source) and source.mfa_serial and not self.mfa_serial else None

    @property
    def request(self) -> dict[str, Any]:
        """What is sent with AssumeRole and known before any call, under the API's names."""
        sent = {
            "RoleArn": self.role_arn,
            "RoleSessionName": self.role_session_name,
            "ExternalId": self.external_id,
            "DurationSeconds": self.duration_seconds,
            "SourceIdentity": self.source_identity,
            "Tags": [{"Key": key, "Value": value} for key, value in self.session_tags.items()] or None,
            "TransitiveTagKeys": list(self.transitive_session_tags) or None,
        }
        return {name: value for name, value in sent.items() if value is not None}

    @property
    def identity(self) -> dict[str, Any]:
        """Everything that makes these credentials what they are, for the cache key."""
        return {
            "assume": self.request,
            "mfa": [self.mfa_serial, self.mfa_session] if self.mfa_serial else None,
            "by": self.source.identity,
            "by_session": self.session_source.mfa_serial if self.session_source else None,
        }


def resolve(
    profiles: Profiles, name: str, *, sso_sessions: Profiles | None = None, environment: Mapping[str, str]
) -> Role:
    """The whole chain that profile `name` stands for.

    Raises `ProfileError`; `structural` ones are those that the stock CLI finds too.
    """
    return _role(profiles, name, [name], sso_sessions or {}, environment)


def _role(
    profiles: Profiles,
    name: str,
    visited: list[str],
    sso_sessions: Profiles,
    environment: Mapping[str, str],
) -> Role:
    profile = profiles[name]
    source = _source(profiles, name, visited, sso_sessions, environment)
    serial = text_of(profile, name, settings.MFA_SERIAL)
    chained = _is_chained(source) or (
        isinstance(source, Source) and source.mfa_serial is not None and not serial
    )
    if serial and (isinstance(source, Role) or source.role_session):
        found = chained_mfa_problem(name, serial, source)
        raise ProfileError(name, found.text, found.fix)
    return Role(
        profile=name,
        role_arn=text_of(profile, name, settings.ROLE_ARN) or "",
        source=source,
        external_id=text_of(profile, name, settings.EXTERNAL_ID),
        mfa_serial=serial,
        mfa_session=_mode(profile, name),
        role_session_name=text_of(profile, name, settings.ROLE_SESSION_NAME) or None,
        duration_seconds=_duration(profile, name, source, chained=chained),
        session_tags=_tags(profile, name),
        transitive_session_tags=_transitive(profile, name),
        source_identity=text_of(profile, name, settings.SOURCE_IDENTITY) or None,
        mfa_process=text_of(profile, name, settings.MFA_PROCESS) or None,
    )


def _source(
    profiles: Profiles,
    name: str,
    visited: list[str],
    sso_sessions: Profiles,
    environment: Mapping[str, str],
) -> Role | Source:
    profile = profiles[name]
    source = text_of(profile, name, settings.SOURCE_PROFILE)
    named = text_of(profile, name, settings.CREDENTIAL_SOURCE)
    if source is not None and named is not None:
        raise ProfileError(
            name,
            f"profile {name} has both source_profile and credential_source",
            "remove one:\n  " + role_command(name, '--credential-source ""'),
            structural=True,
        )
    if source is None and named is None:
        raise ProfileError(
            name,
            f"profile {name} has no source_profile and no credential_source",
            f"give it one:\n  {role_command(name, '--source-profile PROFILE')}",
            structural=True,
        )
    if named is not None:
        if named not in settings.CREDENTIAL_SOURCES:
            raise ProfileError(
                name,
                f"profile {name}: credential_source {named!r} is none of "
                f"{', '.join(settings.CREDENTIAL_SOURCES)}",
                f"set one of them:\n  {role_command(name, '--credential-source Environment')}",
                structural=True,
            )
        identity = named_identity(named, environment)
        return Source(None, named, identity, role_session=MACHINE_SESSIONS.get(named))
    assert source is not None  # noqa: S101 - one of the two is there
    if source not in profiles:
        raise ProfileError(
            name,
            f"profile {name}: its source_profile {source} does not exist",
            f"name one that does:\n  {role_command(name, '--source-profile PROFILE')}",
            structural=True,
        )
    if source in visited and not (source == name and has_static_keys(profiles[source])):
        raise ProfileError(
            name,
            f"profile {name}: its sources go in a circle: {' -> '.join([*visited, source])}",
            f"break it:\n  {role_command(name, '--source-profile PROFILE')}",
            structural=True,
        )
    if has_static_keys(profiles[source]) or not is_role(profiles[source]):
        if not gives_credentials(profiles, source):
            raise ProfileError(
                name,
                f"profile {name}: its source_profile {source} has no credentials",
                f"give it some:\n  aws configure {profile_option(source)}",
                structural=True,
            )
        return user_of(profiles, source, sso_sessions)
    if len(visited) >= settings.MAX_CHAIN:
        # Without an end to it all of `list` failed of one such chain, in Python's own limit.
        last = visited[0]
        raise ProfileError(
            last,
            f"profile {last}: its chain is too long: more than {settings.MAX_CHAIN} roles, one assumed from the "
            f"other, down to {source} and on",
            f"give it a source that is nearer to a user:\n  {role_command(last, '--source-profile PROFILE')}",
        )
    return _role(profiles, source, [*visited, source], sso_sessions, environment)


def _is_chained(source: Role | Source) -> bool:
    if isinstance(source, Role):
        return True
    return source.role_session is not None and source.credential_source != "Ec2InstanceMetadata"


def chained_mfa_problem(name: str, serial: str, source: Role | Source) -> Problem:
    """Why profile `name`, which is assumed from the role or the role's session `source`, can have no MFA device."""
    what, first = (
        (f"{source.profile} is a role", _first(source))
        if isinstance(source, Role)
        else (f"{source.name} {source.role_session},", None)
    )
    text = (
        f"profile {name}: mfa_serial cannot be used here, because its source {what} and STS takes an MFA code "
        f"from an IAM user only"
    )
    fix = f"  {role_command(name, '--mfa-serial none')}"
    if first is None or first.takes_no_code:
        fix = f"remove it:\n{fix}"
    else:
        moved = role_command(first.profile, f"--mfa-serial {shlex.quote(serial)}")
        fix = f"ask for it on the first role of the chain:\n  {moved}\n{fix}"
    return Problem(text, fix, name, settings.MFA_SERIAL)


def _first(role: Role) -> Role:
    while isinstance(role.source, Role):
        role = role.source
    return role


def _mode(profile: Profile, name: str) -> str:
    mode = text_of(profile, name, settings.MFA_SESSION) or "auto"
    if mode not in settings.MFA_SESSION_MODES:
        raise ProfileError(
            name,
            f"profile {name}: mfa_session {mode!r} is none of {', '.join(settings.MFA_SESSION_MODES)}",
            f"set one:\n  {role_command(name, '--mfa-session auto')}",
        )
    return mode


def _duration(profile: Profile, name: str, source: Role | Source, *, chained: bool) -> int | None:
    text = text_of(profile, name, settings.DURATION_SECONDS)
    if text is None:
        return None
    fault = duration_fault(text, chained=chained, source=source)
    if fault:
        raise ProfileError(
            name,
            f"profile {name}: duration_seconds {text!r} {fault}",
            f"set one:\n  {role_command(name, '--duration-seconds 3600')}",
        )
    return int(text)


def _tags(profile: Profile, name: str) -> dict[str, str]:
    text = text_of(profile, name, settings.SESSION_TAGS)
    if not text:
        return {}
    from .tags import parse_tags  # few profiles have any, and every warm command would load it

    tags, faults = parse_tags(text)
    if faults:
        raise ProfileError(
            name,
            f"profile {name}: session_tags: {'; '.join(faults)}",
            f"set them:\n  {role_command(name, '--session-tags KEY=VALUE …')}",
        )
    return tags


def _transitive(profile: Profile, name: str) -> list[str]:
    text = text_of(profile, name, settings.TRANSITIVE_SESSION_TAGS)
    return [key for key in (part.strip() for part in text.split(",")) if key] if text else []


def duration_fault(text: str, *, chained: bool, source: Role | Source | None = None) -> str | None:
    """What is wrong with a ``duration_seconds``, or None. Of a `source` that is a session already the text says so."""
    try:
        seconds = int(text)
    except ValueError:
        return "is not a whole number of seconds, such as 3600 for an hour"
    low, high = settings.MIN_ROLE_DURATION, settings.MAX_ROLE_DURATION
    if not low <= seconds <= high:
        return f"is not between {low} (15 minutes) and {high} (12 hours)"
    if chained and seconds > settings.MAX_CHAINED_DURATION:
        return (
            f"is more than {settings.MAX_CHAINED_DURATION} (1 hour), which is all that STS gives a role "
            f"that is assumed from another role or from a shared MFA session"
            + (
                f"; its source {source.name} {source.role_session}"
                if isinstance(source, Source) and source.role_session
                else ""
            )
        )
    return None
