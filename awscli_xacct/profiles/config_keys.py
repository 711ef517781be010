"""The config keys of a role profile, in one table: what each may say, and how it is asked for.

https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html
"""

from collections.abc import Callable, Mapping
from typing import Any

from .. import settings


class Key:
    """A config key of a role profile. A NamedTuple would cost every command with a role more to define than to use.

    `parse` returns what its text means, and raises `ValueError` with the reason if it means nothing; what else is
    required before a value is written is in `values`. `example` is a value for the command that fixes it, quoted
    for a shell. `question` is what the interview asks; empty: it does not ask. A `role_only` key has no effect in
    a profile without a role.
    """

    def __init__(
        self,
        name: str,
        parse: Callable[[str], Any] = str,
        example: str = "VALUE",
        question: str = "",
        *,
        role_only: bool = False,
    ) -> None:
        self.name = name
        self.parse = parse
        self.example = example
        self.question = question
        self.role_only = role_only


def _parse_mode(text: str) -> str:
    if text not in settings.MFA_SESSION_MODES:
        raise ValueError(f"must be one of {', '.join(settings.MFA_SESSION_MODES)}")
    return text


def _parse_duration(text: str) -> int:
    try:
        seconds = int(text)
    except ValueError:
        raise ValueError("must be a whole number of seconds, such as 3600 for an hour") from None
    low, high = settings.MIN_ROLE_DURATION, settings.MAX_ROLE_DURATION
    if not low <= seconds <= high:
        raise ValueError(f"must be between {low} (15 minutes) and {high} (12 hours)")
    return seconds


def _parse_tags(text: str) -> dict[str, str]:
    from .tags import parse_tags  # few profiles have any, and every warm command would load it

    tags, problems = parse_tags(text)
    if problems:
        raise ValueError("; ".join(problems))
    return tags


def _parse_tag_keys(text: str) -> list[str]:
    from .tags import parse_keys

    return parse_keys(text)


def _parse_policy_arns(text: str) -> list[str]:
    from .managed_policies import parse_arns

    return parse_arns(text)


_POLICY_ARNS_QUESTION = "Session policy ARNs (read-only: ReadOnlyAccess)"

KEYS = {
    key.name: key
    for key in (
        Key(settings.ROLE_ARN, question="Role ARN"),
        Key(settings.SOURCE_PROFILE, question="Source profile", role_only=True),
        Key(settings.CREDENTIAL_SOURCE, role_only=True),
        Key(settings.MFA_SERIAL, question="MFA device (auto: ask IAM)"),
        Key(settings.MFA_PROCESS),
        Key(settings.MFA_SESSION, _parse_mode, "auto"),
        Key(settings.EXTERNAL_ID, question="External id", role_only=True),
        Key(settings.ROLE_SESSION_NAME, question="Role session name"),
        Key(settings.DURATION_SECONDS, _parse_duration, "3600", "Duration in seconds", role_only=True),
        Key(settings.SESSION_TAGS, _parse_tags, "KEY=VALUE …", role_only=True),
        Key(settings.TRANSITIVE_SESSION_TAGS, _parse_tag_keys, "KEY …", role_only=True),
        Key(settings.SOURCE_IDENTITY, role_only=True),
        Key(settings.POLICY_ARNS, _parse_policy_arns, "ARN", _POLICY_ARNS_QUESTION, role_only=True),
        Key(settings.POLICY, str, "file://PATH", "Session policy (file://PATH or JSON)", role_only=True),
        Key(settings.REGION, question="Default region name"),
    )
}
"""The keys a role profile may have, in the order in which they are written and asked for."""
_NOT_OF_CLIENTS = (KEYS.keys() - {settings.REGION}) | {
    *settings.CREDENTIAL_KEYS,
    settings.MANIFEST,
    settings.MANIFEST_KEYS,
    "output",
}
"""Botocore's settings grow with each release, so those of a client are never listed; what is listed is the rest.
https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html"""


def select_client_settings(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of a profile's options that may make its clients differ from another's."""
    return {key: value for key, value in options.items() if key not in _NOT_OF_CLIENTS}
