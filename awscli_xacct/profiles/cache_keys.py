"""What the records of a configuration are called in the cache, and the plugin-wide settings.

The name of a record is made of everything that makes its credentials what they are, so editing any
setting leads to another record. `config` is botocore's ``session.full_config`` throughout.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import settings
from ..errors import ProfileError
from ..storage.cache import key_name
from .role import Role
from .source import Source

_DIGITS = 10
_SHOWN = 80


def role_record(role: Role, endpoint: tuple[Any, ...]) -> str:
    """The name of a role session's record."""
    return key_name({"role": role.identity, "at": endpoint})


def session_record(serial: str, source: Source, duration: int, endpoint: tuple[Any, ...]) -> str:
    """The name of a shared MFA session's record: one for each user and device. `duration` is in seconds."""
    return key_name({"session": [serial, duration], "by": source.identity, "at": endpoint})


def endpoint(config: Mapping[str, Any], profile: str, environment: Mapping[str, str]) -> tuple[Any, ...]:
    """Whatever may send a profile's STS calls elsewhere than to AWS: credentials of one are none there.

    https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
    """
    options = config.get("profiles", {}).get(profile, {})
    services = config.get("services", {}).get(str(options.get("services")), {})
    return (
        environment.get("AWS_ENDPOINT_URL_STS"),
        environment.get("AWS_ENDPOINT_URL"),
        environment.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"),
        services.get("sts"),
        options.get("endpoint_url"),
        options.get("ignore_configured_endpoint_urls"),
    )


def setting(config: Mapping[str, Any], key: str, environment: Mapping[str, str]) -> str | None:
    """A plugin-wide setting: its environment variable, else its key in the ``[xacct]`` section."""
    value = environment.get(settings.variable(key)) or config.get(settings.CONFIG_SECTION, {}).get(key)
    return None if value is None else str(value)


def mfa_prompt(config: Mapping[str, Any], environment: Mapping[str, str]) -> str:
    """Where MFA codes are asked for. Raises `ProfileError`."""
    mode = setting(config, settings.MFA_PROMPT, environment) or "auto"
    if mode not in settings.MFA_PROMPTS:
        rule = f"none of {', '.join(settings.MFA_PROMPTS)}"
        raise _fault(settings.MFA_PROMPT, mode, rule, "auto", environment)
    return mode


def session_duration(config: Mapping[str, Any], environment: Mapping[str, str]) -> int:
    """How long a shared MFA session is to last, in seconds. Raises `ProfileError`."""
    text = setting(config, settings.MFA_SESSION_DURATION, environment)
    if text is None:
        return settings.SESSION_DURATION_DEFAULT
    low, high = settings.MIN_SESSION_DURATION, settings.MAX_SESSION_DURATION
    # int() takes no more than some thousand digits.
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS and low <= int(text) <= high):
        rule = f"not a number of seconds between {low} (15 minutes) and {high} (36 hours)"
        sound = str(settings.SESSION_DURATION_DEFAULT)
        raise _fault(settings.MFA_SESSION_DURATION, text, rule, sound, environment)
    return int(text)


def _fault(key: str, value: str, rule: str, sound: str, environment: Mapping[str, str]) -> ProfileError:
    """A plugin-wide setting that cannot be, told with the place that it comes from."""
    variable = settings.variable(key)
    shown = repr(value if len(value) <= _SHOWN else f"{value[:_SHOWN]}…")
    if environment.get(variable):
        text = f"{variable} {shown} is {rule}. Set another value, or none:\n  unset {variable}"
    else:
        text = (
            f"[{settings.CONFIG_SECTION}] {key} {shown} is {rule}. Mend it in "
            f"{environment.get(settings.CONFIG_FILE_VARIABLE) or settings.DEFAULT_CONFIG_FILE}, or for now with:\n"
            f"  export {variable}={sound}"
        )
    return ProfileError(settings.CONFIG_SECTION, text)
