"""What a role profile means: its settings, and the chain of roles behind it. Everything else asks here.

It works on plain dicts: botocore's ``session.full_config["profiles"]``, or what `configfile.sections` reads from
the two files without botocore. A property test holds the two equal, and the errors found here equal to those of
botocore's own assume-role provider.

https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from .. import settings
from ..errors import PolicyError, ProfileError
from ..messages import option, profile_option, role_command
from .config_keys import KEYS
from .source import (
    MACHINE_SESSIONS,
    Profile,
    Profiles,
    Source,
    can_be_source,
    get_text,
    has_static_keys,
    identify_credential_source,
    is_role,
    resolve_user,
)

_EMPTY_COUNTS = (settings.EXTERNAL_ID, settings.DURATION_SECONDS)
"""Keys whose empty text is an error, as in the stock CLI; any other empty text means that the key is not set."""


def parse_role_settings(name: str, options: Profile) -> dict[str, Any]:
    """Return the settings of profile `name` that `Role` has fields for, parsed. Raises `ProfileError`."""
    parsed: dict[str, Any] = {settings.ROLE_ARN: ""}
    for key in (key for key in KEYS.values() if key.name in Role._fields):
        text = get_text(options, name, key.name)
        if text or (text is not None and key.name in _EMPTY_COUNTS):
            try:
                parsed[key.name] = key.parse(text)
            except ValueError as error:
                kind = PolicyError if key.name == settings.POLICY_ARNS else ProfileError
                raise kind(
                    name,
                    f"profile {name}: {key.name} {text!r}: {error}",
                    f"set one:\n  {role_command(name, f'{option(key.name)} {key.example}')}",
                ) from None
    return parsed


class Role(NamedTuple):
    """One hop of a chain: a role, everything that is sent to assume it, and the source of the calling credentials.

    `policy` is the session policy as the profile has it, perhaps the name of a file, and `policy_document` its text.
    """

    profile: str
    role_arn: str
    source: "Role | Source"
    external_id: str | None = None
    mfa_serial: str | None = None
    mfa_session: str = "auto"
    role_session_name: str | None = None
    duration_seconds: int | None = None
    session_tags: Mapping[str, str] = {}
    transitive_session_tags: Sequence[str] = ()
    source_identity: str | None = None
    mfa_process: str | None = None
    policy_arns: Sequence[str] = ()
    policy: str | None = None
    policy_document: str | None = None

    @property
    def name(self) -> str:
        """What messages call it, as a source."""
        return self.profile

    @property
    def hops(self) -> "list[Role]":
        """The roles of the chain: this one, the one it is assumed from and so on."""
        hops, source = [self], self.source
        while isinstance(source, Role):
            hops.append(source)
            source = source.source
        return hops

    @property
    def narrowed(self) -> bool:
        """Whether the sessions may do less than the role."""
        return bool(self.policy_arns or self.policy)

    @property
    def chained(self) -> bool:
        """Whether the caller is a role too, as far as the config tells: STS then allows an hour at most.

        An instance's role is exempt from that limit, according to AWS.
        https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html#iam-term-role-chaining
        """
        source = self.source
        return isinstance(source, Role) or (
            source.role_session is not None and source.credential_source != "Ec2InstanceMetadata"
        )

    @property
    def takes_no_code(self) -> bool:
        """Whether the caller is a role, from which STS accepts no MFA code."""
        return isinstance(self.source, Role) or self.source.role_session is not None

    @property
    def session_source(self) -> Source | None:
        """The source, if its own MFA session calls for this role, which has no device; STS then allows an hour."""
        source = self.source
        return source if isinstance(source, Source) and source.mfa_serial and not self.mfa_serial else None

    @property
    def request(self) -> dict[str, Any]:
        """The parameters of AssumeRole that are known before any call, under the API's names."""
        sent = {
            "RoleArn": self.role_arn,
            "RoleSessionName": self.role_session_name,
            "ExternalId": self.external_id,
            "DurationSeconds": self.duration_seconds,
            "SourceIdentity": self.source_identity,
            "Tags": [{"Key": key, "Value": value} for key, value in self.session_tags.items()] or None,
            "TransitiveTagKeys": list(self.transitive_session_tags) or None,
            "PolicyArns": [{"arn": arn} for arn in self.policy_arns] or None,
            "Policy": self.policy_document,
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
    """Return the chain of roles that profile `name` stands for.

    Raises `ProfileError`, which is `structural` where the stock CLI finds the same error.
    """
    return _Resolver(profiles, sso_sessions or {}, environment).role([name])


class _Resolver:
    """Follows source profiles. A `chain` is the names of the profiles from the first to the current one."""

    def __init__(self, profiles: Profiles, sso_sessions: Profiles, environment: Mapping[str, str]) -> None:
        self._profiles = profiles
        self._sso_sessions = sso_sessions
        self._environment = environment

    def role(self, chain: list[str]) -> Role:
        name = chain[-1]
        source = self._source(chain, self._profiles[name])
        role = Role(profile=name, source=source, **parse_role_settings(name, self._profiles[name]))
        if role.narrowed:
            role = role._replace(policy_document=_read_policies(role))
        if role.mfa_serial and role.takes_no_code:
            from .chain_problems import chained_mfa_problem

            problem = chained_mfa_problem(name, role.mfa_serial, source)
            raise ProfileError(name, problem.text, problem.fix)
        seconds = role.duration_seconds
        if seconds and seconds > settings.MAX_CHAINED_DURATION and (role.chained or role.session_source):
            from .chain_problems import chained_duration_problem

            text = f"{settings.DURATION_SECONDS} '{seconds}' {chained_duration_problem(source)}"
            raise _error(name, text, "set one", "--duration-seconds 3600", structural=False)
        return role

    def _source(self, chain: list[str], profile: Profile) -> Role | Source:
        name, profiles = chain[-1], self._profiles
        source = get_text(profile, name, settings.SOURCE_PROFILE)
        named = get_text(profile, name, settings.CREDENTIAL_SOURCE)
        if source is not None and named is not None:
            text = "both source_profile and credential_source are set"
            raise _error(name, text, "remove one", '--credential-source ""')
        if named is not None:
            if named not in settings.CREDENTIAL_SOURCES:
                text = f"credential_source {named!r} must be one of {', '.join(settings.CREDENTIAL_SOURCES)}"
                raise _error(name, text, "set one", "--credential-source Environment")
            identity = identify_credential_source(named, self._environment, profiles[chain[0]])
            return Source(None, named, identity, role_session=MACHINE_SESSIONS.get(named))
        if source is None:
            raise _error(name, "neither source_profile nor credential_source is set", "set one")
        if source not in profiles:
            raise _error(name, f"its source_profile {source} does not exist", "name an existing profile")
        if source in chain and not (source == name and has_static_keys(profiles[source])):
            raise _error(
                name, f"its source profiles form a loop: {' -> '.join([*chain, source])}", "break it"
            )
        if has_static_keys(profiles[source]) or not is_role(profiles[source]):
            if not can_be_source(profiles, source):
                raise ProfileError(
                    name,
                    f"profile {name}: its source_profile {source} has no credentials",
                    f"add some:\n  aws configure {profile_option(source)}",
                    structural=True,
                    code="NoCredentials",
                )
            refuse_ignored_policy(source, profiles[source])
            return resolve_user(profiles, source, sso_sessions=self._sso_sessions)
        if len(chain) >= settings.MAX_CHAIN:
            # Without a limit, one such chain made all of `list` fail, in Python's own.
            text = f"its chain is too long: more than {settings.MAX_CHAIN} roles"
            raise _error(chain[0], text, "use a source closer to a user", structural=False)
        return self.role([*chain, source])


def refuse_ignored_policy(name: str, profile: Profile) -> None:
    """Raise `PolicyError` for a role that botocore assumes with a web identity: it would ignore the policies."""
    keys = [key for key in (settings.POLICY_ARNS, settings.POLICY) if profile.get(key)]
    if keys and settings.ROLE_ARN in profile and not is_role(profile):
        raise PolicyError(
            name,
            f"profile {name}: its {' and '.join(keys)} would be ignored, because its role is assumed with "
            f"{settings.WEB_IDENTITY_TOKEN_FILE}",
            "remove one of the two",
        )


def _read_policies(role: Role) -> str | None:
    """Return the text of a role's session policy. Raises `ProfileError` if it or the managed ones cannot be used."""
    from .managed_policies import find_foreign
    from .policies import read_policy, shortened

    foreign = find_foreign(role.policy_arns, role.role_arn)
    if foreign:
        text = f"{settings.POLICY_ARNS}: {'; '.join(foreign)}"
        raise _policy_error(role.profile, text, "--policy-arns ARN")
    if not role.policy:
        return None
    try:
        return read_policy(role.policy)
    except ValueError as error:
        text = f"{settings.POLICY} {shortened(role.policy)!r}: {error}"
        raise _policy_error(role.profile, text, "--policy file://PATH") from None


def _policy_error(name: str, text: str, options: str) -> PolicyError:
    return PolicyError(
        name, f"profile {name}: {text}", f"correct it, or set another:\n  {role_command(name, options)}"
    )


def _error(
    name: str, text: str, fix: str, options: str = "--source-profile PROFILE", *, structural: bool = True
) -> ProfileError:
    """Return the error of profile `name` that is fixed by setting `options`."""
    return ProfileError(
        name, f"profile {name}: {text}", f"{fix}:\n  {role_command(name, options)}", structural=structural
    )
