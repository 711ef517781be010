"""``--mfa-serial auto``: which MFA device the calling user has, as IAM knows it.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListMFADevices.html
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session

from .. import settings
from ..credentials.provider import install
from ..errors import Faults, printable

_HEADING = "--mfa-serial auto found no device, because"


def find_device(source: str | None, host: Any) -> str:
    """The serial of the only device that can give codes. Raises `Faults`, which lists them if there are several.

    `host` is the CLI's session, whose files are read; the call is made with the credentials of `source`.
    """
    if source is None:
        raise Faults(_HEADING, ["there is no source profile to ask with; name the device: --mfa-serial ARN"])
    session = Session(profile=source)
    for name in ("config_file", "credentials_file", "ca_bundle"):
        session.set_config_variable(name, host.get_config_variable(name))
    install(session)
    region = session.get_config_variable("region") or settings.DEFAULT_REGION
    try:
        devices = session.create_client("iam", region_name=region).list_mfa_devices()["MFADevices"]
    except (ClientError, BotoCoreError) as error:
        raise Faults(_HEADING, [f"IAM answered profile {source}: {printable(str(error))}"]) from None
    serials = [str(device["SerialNumber"]) for device in devices]
    usable = [serial for serial in serials if ":u2f/" not in serial]
    if len(usable) == 1:
        return usable[0]
    if usable:
        raise Faults(
            _HEADING, ["there are several; name one:", *(f"--mfa-serial {serial}" for serial in usable)]
        )
    if serials:
        raise Faults(
            _HEADING,
            [f"{', '.join(serials)} gives no codes, being a security key; add a virtual device to the user"],
        )
    raise Faults(
        _HEADING, [f"the user of profile {source} has none; add one in IAM, or give --mfa-serial none"]
    )
