"""The name of a role session whose profile names none: the template in the ``[xacct]`` section.

It shows in CloudTrail and can be a condition of a trust policy (``sts:RoleSessionName``). Without a template it is what
the stock CLI makes up, ``botocore-session-`` and the time.

The values of two placeholders, ``{profile}`` and ``{host}``, are part of the cache key: sessions with different names
are never shared. The two others are not. Which user ``{user}`` is follows from the source's credentials,
which are part of the key anyway, and ``{time}`` is when the session was obtained.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from .. import settings
from ..arn import Arn
from ..storage.record import machine_name
from .cache_keys import invalid_setting, setting

USER, PROFILE, HOST, TIME = "user", "profile", "host", "time"
_PLACEHOLDERS = (USER, PROFILE, HOST, TIME)
_FIELD = re.compile(r"\{([^{}]*)\}")
_REFUSED = re.compile(r"[^\w+=,.@-]", re.ASCII)
_MIN_LENGTH, _MAX_LENGTH = 2, 64
"""https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html"""


class SessionNames:
    """A template, with the placeholders above."""

    def __init__(self, template: str) -> None:
        """Raises `ValueError` with what a template has to be."""
        names = _FIELD.findall(template)
        if set("{}") & set(_FIELD.sub("", template)) or not set(names) <= set(_PLACEHOLDERS):
            known = ", ".join(f"{{{name}}}" for name in _PLACEHOLDERS)
            raise ValueError(f"text with no placeholders other than {known}")
        self._template = template

    def key(self, profile: str) -> str:
        """Return what determines the names of a profile's sessions, for the cache key."""
        return _FIELD.sub(lambda found: self._value(found, profile) or found[0], self._template)

    def make(self, profile: str, user: Callable[[], str], now: float) -> str:
        """Return the name of a session of that time. `user` is called if the template has its name.

        A character that STS refuses becomes ``-``, and what is longer than it allows is cut.
        """

        def value(found: re.Match[str]) -> str:
            return self._value(found, profile) or (user() if found[1] == USER else str(int(now)))

        whole = _FIELD.sub(value, self._template)
        return _REFUSED.sub("-", whole)[:_MAX_LENGTH].ljust(_MIN_LENGTH, "-")

    @staticmethod
    def _value(found: re.Match[str], profile: str) -> str:
        return {PROFILE: profile, HOST: machine_name() or "unknown"}.get(found[1], "")


def session_names(config: Mapping[str, Any], environment: Mapping[str, str]) -> SessionNames | None:
    """Return the template that names sessions; None if there is none. Raises `ProfileError`."""
    template = setting(config, settings.ROLE_SESSION_NAME, environment)
    if not template:
        return None
    try:
        return SessionNames(template)
    except ValueError as error:
        raise invalid_setting(
            settings.ROLE_SESSION_NAME, template, str(error), "'{user}'", environment
        ) from None


def user_name(arn: str) -> str:
    """Return the name of whom an ARN is of: a user's own, a role session's, such as a mail address; else ``root``."""
    found = Arn.parse(arn)
    return found.resource.rpartition("/")[2] if found else arn
