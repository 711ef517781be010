"""Enroll a virtual MFA device for a user: make it, show its secret, and enable it with two codes of it.

Until IAM has accepted the codes there is nothing to keep: whatever happens before that, the device is deleted again.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_enable_virtual.html
"""

import contextlib
import io
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

from ..arn import Arn
from ..aws_errors import is_existing_entity, is_refused_device_code
from ..errors import CodeRejectedError, XacctError
from ..messages import printable, profile_option
from ..typed import typed_again

MAX_TRIES = 3
_WHITE_ON_BLACK, _OWN_COLORS = "\x1b[97;40m", "\x1b[0m"


def enroll_device(
    iam: Any,
    caller: str,
    profile: str,
    name: str | None,
    ask_codes: Callable[[str], tuple[str, str]],
    *,
    in_use: str = "",
) -> str:
    """Make and enable a device for the user `caller` (an ARN). Return its serial.

    `name` is the device's name, by default the user's. `ask_codes` shows a secret, given as an ``otpauth`` URI, the
    first time, and returns two codes in a row. `in_use` is the device that the profile has already. Raises
    `XacctError` and botocore's errors.
    """
    user = Arn.parse(caller)
    if user is None or not user.resource.startswith("user/"):
        raise XacctError(f"profile {profile} is {printable(caller)}, and only an IAM user has MFA devices")
    user_name = user.resource.rpartition("/")[2]
    if name is None:
        _check_none(iam, profile, user_name, in_use)
    serial, secret = _create(iam, name or user_name, user, profile)
    try:
        uri = _uri(secret, user_name, user.account)
        for _ in range(MAX_TRIES):
            first, second = ask_codes(uri)
            try:
                iam.enable_mfa_device(
                    UserName=user_name,
                    SerialNumber=serial,
                    AuthenticationCode1=first,
                    AuthenticationCode2=second,
                )
            except Exception as error:
                if not is_refused_device_code(error):
                    raise
            else:
                return serial
        raise CodeRejectedError(
            f"IAM accepted none of {MAX_TRIES} pairs of codes, so no device was enrolled. Check the device's clock, "
            f"remove what it has scanned, then run the command again"
        )
    except BaseException:
        with contextlib.suppress(Exception):
            iam.delete_virtual_mfa_device(SerialNumber=serial)
        raise


def render_qr_code(text: str) -> str | None:
    """Return a QR code for a terminal, two modules per character; None if the segno package is missing.

    It is white on black whatever the terminal's own colors are, because many apps read no inverted code.
    """
    try:
        import segno
    except ImportError:
        return None
    shown = io.StringIO()
    segno.make(text, micro=False, error="l").terminal(out=shown, border=2, compact=True)
    return "\n".join(f"{_WHITE_ON_BLACK}{line}{_OWN_COLORS}" for line in shown.getvalue().splitlines())


def secret_of(uri: str) -> str:
    """Return the secret in an ``otpauth`` URI, in groups of four for people who type it."""
    secret = uri.partition("secret=")[2].partition("&")[0]
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))


def _check_none(iam: Any, profile: str, user_name: str, in_use: str) -> None:
    devices = [str(each["SerialNumber"]) for each in iam.list_mfa_devices(UserName=user_name)["MFADevices"]]
    if not devices:
        return
    another = (
        f"To enroll another one as well, give it a name of its own:\n  {typed_again('--device-name NAME')}"
    )
    if in_use in devices:
        raise XacctError(f"profile {profile} uses the MFA device {printable(in_use)} already. {another}")
    serial = printable(devices[0])
    use = f"aws configure set mfa_serial {serial} {profile_option(profile)}"
    text = f"user {user_name} has the MFA device {serial} already. To use that one:"
    raise XacctError(f"{text}\n  {use}\n{another}", fix=use)


def _create(iam: Any, name: str, user: Arn, profile: str) -> tuple[str, str]:
    """Make the device. Return its serial and its secret in base32."""
    try:
        made = iam.create_virtual_mfa_device(VirtualMFADeviceName=name)["VirtualMFADevice"]
    except Exception as error:
        if not is_existing_entity(error):
            raise
        serial = Arn.iam(user.partition, user.account, f"mfa/{name}")
        fix = f"aws iam delete-virtual-mfa-device --serial-number {serial} {profile_option(profile)}"
        raise XacctError(
            f"there is a device named {name} already, which is not enabled for this user. If nobody uses it, delete "
            f"it:\n  {fix}\nOr choose another name:\n  {typed_again('--device-name NAME')}",
            fix=fix,
        ) from None
    seed = made["Base32StringSeed"]
    return str(made["SerialNumber"]), (seed.decode("ascii") if isinstance(seed, bytes) else str(seed)).rstrip(
        "="
    )


def _uri(secret: str, user: str, account: str) -> str:
    """https://github.com/google/google-authenticator/wiki/Key-Uri-Format"""
    return f"otpauth://totp/{quote(f'AWS:{user}@{account}')}?{urlencode({'secret': secret, 'issuer': 'AWS'})}"
