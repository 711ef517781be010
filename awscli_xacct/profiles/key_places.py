"""Where the credentials of a profile without a role rest, as far as its settings tell. The files are not read here.

https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
"""

from collections.abc import Mapping
from typing import Any

from .. import settings
from .credential_process import first_word, gets_key_of
from .role import Role
from .source import Profiles, Source, has_static_keys

FILE = "file, in the clear"
KEY_STORE = "key store"
PROGRAM = "program"
SSO = "SSO"
LOGIN = "aws login"
WEB_IDENTITY = "web identity"
NOWHERE = "nowhere"

_OF_CREDENTIAL_SOURCES = {
    "Environment": "environment",
    "EcsContainer": "container",
    "Ec2InstanceMetadata": "instance",
}


def find_kind(profile: str, options: Mapping[str, Any]) -> str:
    """Return which of the places above a profile's credentials rest in, the one that botocore asks first."""
    if options.get(settings.WEB_IDENTITY_TOKEN_FILE):
        return WEB_IDENTITY
    if any(key in options for key in (settings.SSO_ROLE_NAME, settings.SSO_ACCOUNT_ID)):
        return SSO
    if has_static_keys(options):
        return FILE
    if settings.LOGIN_SESSION in options:
        return LOGIN
    command = options.get(settings.CREDENTIAL_PROCESS)
    if not command:
        return NOWHERE
    return KEY_STORE if gets_key_of(str(command), profile) else PROGRAM


def describe_place(profile: str, options: Mapping[str, Any]) -> str | None:
    """Return in words where a profile's credentials rest, a program by its name; None if that cannot be told."""
    kind = find_kind(profile, options)
    if kind == PROGRAM:
        return name_program(str(options[settings.CREDENTIAL_PROCESS]))
    return None if kind == NOWHERE else kind


def describe_source(source: Role | Source, profiles: Profiles) -> str | None:
    """Return in words where the credentials rest that a chain begins with; None if that cannot be told."""
    if source.profile is None:
        return _OF_CREDENTIAL_SOURCES.get(source.name)
    return describe_place(source.profile, profiles[source.profile])


def name_program(command: str) -> str:
    """Return how a ``credential_process`` is named, by its first word: the others may be secret."""
    return f"{PROGRAM} {first_word(command)}"
