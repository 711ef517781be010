"""``--mfa-serial auto``: look the MFA device of the calling user up in IAM.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListMFADevices.html
"""

import shlex
from itertools import takewhile
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from ..aws_errors import is_denied
from ..errors import ValidationError
from ..failures import code_of
from ..messages import role_command
from ..problems import Problem
from ..profiles.edit import AUTO, NONE
from ..profiles.source import Profiles, describe_role_session, follow_sources, has_static_keys, is_role
from ..typed import typed_again
from .base import refusal
from .clients import ProfileClients


def find_device(source: str | None, host: Any) -> str:
    """Return the serial of the user's MFA device, if exactly one can give codes. Raises `ValidationError`.

    IAM is asked with the credentials of the profile `source`, found in the files of the CLI's session `host`.
    """
    if source is None:
        text = "there is no source profile to ask IAM with"
        raise _not_found(text, _again("name the device", "ARN"), "NoCredentials")
    profiles = host.full_config["profiles"]
    first = _first_role(source, profiles)
    if first is not None:
        raise _not_found(
            f"the source {source} is a role, and only users have devices",
            f"set it in the first role of the chain: {role_command(first, f'--mfa-serial {AUTO}')}",
        )
    session = describe_role_session(profiles, source)
    if session is not None:
        raise _not_found(
            f"the source {source} {session}, and only users have devices", _again("set none", NONE)
        )
    serials = _list_serials(source, host)
    usable = [serial for serial in serials if ":u2f/" not in serial]
    if len(usable) == 1:
        return usable[0]
    if usable:
        raise ValidationError(
            f"the user of profile {source} has several MFA devices; choose one of:",
            [Problem(serial, _again("use it", shlex.quote(serial))) for serial in usable],
        )
    if serials:
        text = f"security keys give no codes, and the user has no other device: {', '.join(serials)}"
        enroll = f"xacct mfa enroll {shlex.quote(source)} --device-name NAME"
        raise _not_found(text, f"enroll a virtual one as well:\n  {enroll}")
    commands = f"xacct mfa enroll {shlex.quote(source)}\n  {typed_again(f'--mfa-serial {NONE}')}"
    raise _not_found(
        f"the user of profile {source} has no MFA device", f"enroll one, or set none:\n  {commands}"
    )


def _not_found(text: str, fix: str, code: str = "ProfileInvalid") -> ValidationError:
    return refusal("--mfa-serial auto found no device", text, fix, code)


def _again(what: str, serial: str) -> str:
    """Return, as a fix, the command line with this device."""
    return f"{what}:\n  {typed_again(f'--mfa-serial {serial}')}"


def _list_serials(source: str, host: Any) -> list[str]:
    try:
        devices = ProfileClients(source, host).client("iam").list_mfa_devices()["MFADevices"]
    except (ClientError, BotoCoreError) as error:
        name_it = "name the device"
        fix = f"allow the user iam:ListMFADevices, or {name_it}" if is_denied(error) else name_it
        text = f"IAM could not be asked with profile {source}: {error}"
        raise _not_found(text, _again(fix, "ARN"), code_of(error)) from None
    return [str(device["SerialNumber"]) for device in devices]


def _first_role(name: str, profiles: Profiles) -> str | None:
    """Return the first role of the chain that gives `name` its credentials, or None if it is not a role."""
    chain = follow_sources(profiles, name)
    roles = takewhile(lambda each: is_role(profiles[each]) and not has_static_keys(profiles[each]), chain)
    return next(reversed(list(roles)), None)
