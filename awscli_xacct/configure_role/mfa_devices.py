"""``--mfa-serial auto``: which MFA device the calling user has, as IAM knows it.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListMFADevices.html
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from .. import settings
from ..aws_errors import is_denied
from ..errors import Problem, ValidationError
from ..messages import role_command
from ..profiles.edit import AUTO, NONE
from ..profiles.source import Profiles, has_static_keys, is_role, role_session
from .clients import ProfileClients

_HEADING = "--mfa-serial auto found no device, because"
_BY_HAND = "name the device: --mfa-serial ARN"


def find_device(source: str | None, host: Any) -> str:
    """The serial of the only device that can give codes. Raises `ValidationError`, which lists several.

    `host` is the CLI's session, whose files are read; the call is made with the credentials of `source`.
    """
    if source is None:
        raise ValidationError(_HEADING, [Problem("there is no source profile to ask with", _BY_HAND)])
    first = _first_role(source, host.full_config["profiles"])
    if first is not None:
        raise ValidationError(
            _HEADING,
            [
                Problem(
                    f"the source {source} is a role, and only a user has devices",
                    f"the first role of the chain is the one that takes codes: "
                    f"{role_command(first, f'--mfa-serial {AUTO}')}",
                )
            ],
        )
    session = role_session(host.full_config["profiles"], source)
    if session is not None:
        raise ValidationError(
            _HEADING,
            [
                Problem(
                    f"the source {source} {session}, and only a user has devices: give --mfa-serial {NONE}"
                )
            ],
        )
    serials = _serials(source, host)
    usable = [serial for serial in serials if ":u2f/" not in serial]
    if len(usable) == 1:
        return usable[0]
    if usable:
        raise ValidationError(
            f"the user of profile {source} has several MFA devices; name the one to use:",
            [Problem(f"--mfa-serial {serial}") for serial in usable],
        )
    if serials:
        raise ValidationError(
            _HEADING,
            [
                Problem(
                    f"{', '.join(serials)} gives no codes, being a security key",
                    "add a virtual device to the user",
                )
            ],
        )
    raise ValidationError(
        _HEADING,
        [Problem(f"the user of profile {source} has none", f"add one in IAM, or give --mfa-serial {NONE}")],
    )


def _serials(source: str, host: Any) -> list[str]:
    try:
        devices = ProfileClients(source, host).client("iam").list_mfa_devices()["MFADevices"]
    except (ClientError, BotoCoreError) as error:
        mend = f"allow the user iam:ListMFADevices, or {_BY_HAND}" if is_denied(error) else _BY_HAND
        raise ValidationError(
            _HEADING, [Problem(f"IAM was asked with profile {source}: {error}", mend)]
        ) from None
    return [str(device["SerialNumber"]) for device in devices]


def _first_role(name: str, profiles: Profiles) -> str | None:
    """Of the roles that give `name` its credentials, if any do, the first to be assumed."""
    first = None
    seen = set()
    while name not in seen and is_role(profiles.get(name, {})) and not has_static_keys(profiles[name]):
        seen.add(name)
        first, name = name, str(profiles[name].get(settings.SOURCE_PROFILE))
    return first
