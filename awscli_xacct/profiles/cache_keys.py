"""The cache keys of a profile, and the plugin-wide settings.

A cache key is a digest of everything that makes the credentials of its record what they are, so editing any setting
leads to another record. `config` is botocore's ``session.full_config`` throughout.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from .. import settings
from ..errors import ProfileError
from ..storage.cache import Cache, cache_directory, key_name
from .role import Role, resolve
from .source import Source, is_mfa_user, is_role, resolve_user

if TYPE_CHECKING:
    from .session_names import SessionNames

_MAX_DIGITS = 10
_MAX_SHOWN = 80
"""Characters of an invalid value that are shown."""


class CacheKeys:
    """One profile under one config and environment, and the keys of the records that its credentials are in.

    Whatever may send STS calls elsewhere than to AWS is part of each key: credentials of one endpoint mean nothing to
    another. https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
    """

    def __init__(self, config: Mapping[str, Any], profile: str, environment: Mapping[str, str]) -> None:
        self.config = config
        self.profile = profile
        self._environment = environment
        options = config.get("profiles", {}).get(profile, {})
        services = config.get("services", {}).get(str(options.get("services")), {})
        self._endpoint = (
            environment.get("AWS_ENDPOINT_URL_STS"),
            environment.get("AWS_ENDPOINT_URL"),
            environment.get(settings.IGNORE_ENDPOINTS_VARIABLE),
            services.get("sts"),
            options.get("endpoint_url"),
            options.get("ignore_configured_endpoint_urls"),
        )

    @cached_property
    def role(self) -> Role:
        """The chain of the profile, which assumes a role. Raises `ProfileError`."""
        profiles, sso_sessions = self.config["profiles"], self.config.get("sso_sessions")
        return resolve(profiles, self.profile, sso_sessions=sso_sessions, environment=self._environment)

    @cached_property
    def hops(self) -> list[Role]:
        """The roles of the profile's chain, its own first; none if it assumes no role. Raises `ProfileError`."""
        return self.role.hops if is_role(self.config["profiles"][self.profile]) else []

    @cached_property
    def user(self) -> Source:
        """The profile as a source: it assumes no role. Raises `ProfileError`."""
        sso_sessions = self.config.get("sso_sessions")
        return resolve_user(self.config["profiles"], self.profile, sso_sessions=sso_sessions)

    def of_role(self, role: Role | None = None) -> str:
        """Return the key of a role session: that of a hop, or if None the profile's own. Raises `ProfileError`."""
        role = role or self.role
        key: dict[str, Any] = {"role": role.identity, "at": self._endpoint}
        names = self.session_names
        # What determines the names of the chain's sessions, of those that the profiles do not name.
        called = (
            [names.key(hop.profile) for hop in reversed(role.hops) if not hop.role_session_name]
            if names
            else []
        )
        return key_name({**key, "called": called} if called else key)

    @cached_property
    def session_names(self) -> "SessionNames | None":
        """What names the role sessions that their profiles do not; None: STS is sent what the stock CLI makes up.

        Raises `ProfileError`.
        """
        if not setting(self.config, settings.ROLE_SESSION_NAME, self._environment):
            return None
        from .session_names import session_names  # few have any, and every warm command would load it

        return session_names(self.config, self._environment)

    def of_caller(self, access_key: str) -> str:
        """Return the key under which is remembered who the owner of an access key is."""
        return key_name({"caller": access_key, "at": self._endpoint})

    def of_session(self, source: Source, serial: str | None = None) -> str:
        """Return the key of a shared MFA session: one for each user and device. Raises `ProfileError`.

        `serial` is the device of the role that it is for, None if it is the source's own.
        """
        device = [serial or str(source.mfa_serial), self.session_duration()]
        return key_name({"session": device, "by": source.identity, "at": self._endpoint})

    def shared_session_of(self, role: Role) -> str | None:
        """Return the key of the shared MFA session that calls for a role, None if none does. Raises `ProfileError`."""
        source = role.source
        if isinstance(source, Role) or not (role.mfa_serial or source.mfa_serial):
            return None
        return self.of_session(source, role.mfa_serial)

    def all(self) -> list[str]:
        """Return the keys of all records the profile uses, its own first: its chain's, and its MFA session's.

        None for a profile that neither assumes a role nor uses an MFA session. Raises `ProfileError`.
        """
        if not self.hops:
            return [self.of_session(self.user)] if is_mfa_user(self.config["profiles"][self.profile]) else []
        return [key for hop in self.hops for key in (self.of_role(hop), self.shared_session_of(hop)) if key]

    @property
    def depend_on_directory(self) -> bool:
        """Whether the profile has other keys in another directory: a program of its is found, or reads, there.

        Raises `ProfileError`.
        """
        from .credential_process import DIRECTORY

        source = self.hops[-1].source if self.hops else self.user
        return DIRECTORY in source.identity

    def sign_policy_files(self) -> dict[str, str] | None:
        """Return the `file_signature` of each file with a session policy of the chain.

        None if one has changed since the keys were made of its content. Raises `ProfileError`.
        """
        files: dict[str, str] = {}
        for hop in self.hops:
            if hop.policy:
                from ..storage.memo import file_signature
                from .policies import find_file, policy_text_is

                path = find_file(hop.policy)
                if path:
                    files[path] = file_signature(path)
                    if not policy_text_is(hop.policy, hop.policy_document):
                        return None
        return files

    def session_duration(self) -> int:
        """Return how long a shared MFA session lasts, in seconds. Raises `ProfileError`."""
        return session_duration(self.config, self._environment)


def record_cache(
    config: Mapping[str, Any], environment: Mapping[str, str], warn: Callable[[str], None]
) -> Cache:
    """Return the cache that `config` names; `warn` prints one line."""
    configured = setting(config, settings.CACHE_DIR, environment)
    named = describe_setting(settings.CACHE_DIR, environment) if configured else ""
    return Cache(cache_directory(configured), warn=warn, named=named)


def setting(config: Mapping[str, Any], key: str, environment: Mapping[str, str]) -> str | None:
    """Return a plugin-wide setting: its environment variable, else its key in the ``[xacct]`` section."""
    value = environment.get(settings.VARIABLES[key]) or config.get(settings.CONFIG_SECTION, {}).get(key)
    return None if value is None else str(value)


def describe_setting(key: str, environment: Mapping[str, str], value: str = "") -> str:
    """Return where a plugin-wide setting comes from, and its value if given: a variable, or a key in a file."""
    variable, given = settings.VARIABLES[key], f" = {value}" if value else ""
    if environment.get(variable):
        return f"{variable}{given}"
    file = environment.get(settings.CONFIG_FILE_VARIABLE) or settings.DEFAULT_CONFIG_FILE
    return f"[{settings.CONFIG_SECTION}] {key}{given} in {file}"


def mfa_prompt(config: Mapping[str, Any], environment: Mapping[str, str]) -> str:
    """Return where MFA codes are prompted for. Raises `ProfileError`."""
    return _choice(config, settings.MFA_PROMPT, settings.MFA_PROMPTS, environment)


def keeps_history(config: Mapping[str, Any], environment: Mapping[str, str]) -> bool:
    """Return whether each session obtained is recorded. Raises `ProfileError`."""
    return _choice(config, settings.HISTORY, settings.HISTORY_MODES, environment) == "on"


def _choice(
    config: Mapping[str, Any], key: str, choices: Sequence[str], environment: Mapping[str, str]
) -> str:
    """Return a plugin-wide setting that is one of `choices`, of which the first is the default."""
    choice = setting(config, key, environment) or choices[0]
    if choice not in choices:
        raise invalid_setting(key, choice, f"one of {', '.join(choices)}", choices[0], environment)
    return choice


def session_duration(config: Mapping[str, Any], environment: Mapping[str, str]) -> int:
    """Return how long a shared MFA session lasts, in seconds. Raises `ProfileError`."""
    text = setting(config, settings.MFA_SESSION_DURATION, environment)
    if text is None:
        return settings.DEFAULT_SESSION_DURATION
    low, high = settings.MIN_SESSION_DURATION, settings.MAX_SESSION_DURATION
    # int() takes no more than some thousand digits.
    if not (text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS and low <= int(text) <= high):
        rule = f"a number of seconds between {low} (15 minutes) and {high} (36 hours)"
        example = str(settings.DEFAULT_SESSION_DURATION)
        raise invalid_setting(settings.MFA_SESSION_DURATION, text, rule, example, environment)
    return int(text)


def invalid_setting(
    key: str, value: str, rule: str, example: str, environment: Mapping[str, str]
) -> ProfileError:
    """Return the error for a plugin-wide setting that is not what `rule` says, with the place that it comes from."""
    variable = settings.VARIABLES[key]
    name = describe_setting(key, environment)
    if environment.get(variable):
        fix = f"unset it, or set another value:\n  unset {variable}"
    else:
        fix = f"correct it there, or override it with:\n  export {variable}={example}"
    shown = repr(value if len(value) <= _MAX_SHOWN else f"{value[:_MAX_SHOWN]}…")
    return ProfileError(settings.CONFIG_SECTION, f"{name} is {shown}, but must be {rule}", fix)
