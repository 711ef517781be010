"""`--mfa-serial auto` looks the caller's device up in IAM; by default the source profile's device is copied."""

from __future__ import annotations

import pytest

from tests.sts import MfaDevice, Role, Sts, User
from tests.support.commands import ONE_TRY, operations
from tests.support.home import Home

from .steps import NO_REGION, XML_ESCAPE, done, refused

KEY = "arn:aws:iam::111111111111:u2f/user/dev/yubikey-ABC"
HEADING = "--mfa-serial auto found no device, because"


def test_mfa_serial_auto_finds_the_only_device(
    home: Home, sts: Sts, user: User, role: Role, device: MfaDevice
) -> None:
    sts.add_mfa_device(user, serial=KEY)
    outcome = done(home, "prod", "--role-arn", role.arn, "--mfa-serial", "auto")
    assert outcome.lines == [
        f"mfa_serial = {device.serial}, the device of the user of profile default",
        "source_profile = default, because no source was given",
        NO_REGION,
        f"wrote profile prod to {home.config}",
        "try it: aws sts get-caller-identity --profile prod --region us-west-1",
    ]
    assert home.config.read_text(encoding="utf-8").endswith(
        f"[profile prod]\nrole_arn = {role.arn}\nsource_profile = default\nmfa_serial = {device.serial}\n"
    )
    assert operations(sts) == ["ListMFADevices"]


def test_mfa_serial_auto_lists_several_devices(home: Home, sts: Sts, user: User, role: Role) -> None:
    first, second = (sts.add_mfa_device(user, name) for name in ("phone", "token"))
    assert refused(home, "prod", "--role-arn", role.arn, "--mfa-serial", "auto") == [
        "the user of profile default has several MFA devices; choose one of:",
        f"  - {first.serial}. Use it:",
        f"      aws configure role prod --role-arn {role.arn} --mfa-serial {first.serial}",
        f"  - {second.serial}. Use it:",
        f"      aws configure role prod --role-arn {role.arn} --mfa-serial {second.serial}",
    ]


def test_mfa_serial_auto_rejects_a_security_key(home: Home, sts: Sts, user: User, role: Role) -> None:
    sts.add_mfa_device(user, serial=KEY)
    assert refused(home, "prod", "--role-arn", role.arn, "--mfa-serial", "auto", code=253) == [
        HEADING,
        f"  - security keys give no codes, and the user has no other device: {KEY}. Enroll a virtual "
        "one as well:",
        "      xacct mfa enroll default --device-name NAME",
    ]


def test_mfa_serial_auto_explains_a_user_without_a_device(home: Home, role: Role) -> None:
    assert refused(home, "prod", "--role-arn", role.arn, "--mfa-serial", "auto", code=253) == [
        HEADING,
        "  - the user of profile default has no MFA device. Enroll one, or set none:",
        "      xacct mfa enroll default",
        f"      aws configure role prod --role-arn {role.arn} --mfa-serial none",
    ]


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("AccessDenied", "Allow the user iam:ListMFADevices, or name the device:"),
        ("InvalidClientTokenId", "Name the device:"),
    ],
)
def test_mfa_serial_auto_explains_what_iam_refuses(
    home: Home, sts: Sts, role: Role, code: str, advice: str
) -> None:
    sts.fail("ListMFADevices", status=403, code=code, message=f"No{XML_ESCAPE}.")
    assert refused(
        home, "prod", "--role-arn", role.arn, "--mfa-serial", "auto", environment=ONE_TRY, code=254
    ) == [
        HEADING,
        f"  - IAM could not be asked with profile default: An error occurred ({code}) when calling the ListMFADevices "
        f"operation: No\\x9b31m. {advice}",
        f"      aws configure role prod --role-arn {role.arn} --mfa-serial ARN",
    ]


def test_mfa_serial_auto_asks_iam_for_users_only_and_last(
    home: Home, sts: Sts, role: Role, device: MfaDevice
) -> None:
    home.add_role("prod", role.arn)
    assert refused(home, "new", "--role-arn", "x", "--source-profile", "prdo", "--mfa-serial", "auto") == [
        "profile new was not written, because",
        "  - --role-arn 'x': a role ARN looks like arn:aws:iam::222222222222:role/NAME",
        "  - --source-profile 'prdo': there is no such profile; did you mean prod?",
    ]
    common = ("new", "--role-arn", role.arn, "--mfa-serial", "auto")
    assert refused(home, *common, "--source-profile", "prod", code=253) == [
        HEADING,
        "  - the source prod is a role, and only users have devices; set it in the first role of the chain: "
        "aws configure role prod --mfa-serial auto",
    ]
    assert refused(home, *common, "--credential-source", "Environment", code=253) == [
        HEADING,
        "  - there is no source profile to ask IAM with. Name the device:",
        f"      aws configure role new --role-arn {role.arn} --credential-source Environment --mfa-serial ARN",
    ]
    assert sts.calls == [], device


def test_mfa_serial_is_copied_from_the_source_and_reported(home: Home, role: Role, device: MfaDevice) -> None:
    text = home.config.read_text(encoding="utf-8").rstrip()
    home.config.write_text(f"{text}\nmfa_serial = {device.serial}\n", encoding="utf-8")
    outcome = done(home, "prod", "--role-arn", role.arn, "--source-profile", "default")
    assert outcome.lines[0] == f"mfa_serial = {device.serial}, copied from profile default"
    section = (
        f"[profile prod]\nrole_arn = {role.arn}\nsource_profile = default\nmfa_serial = {device.serial}\n"
    )
    assert home.config.read_text(encoding="utf-8").endswith(section)
    # The device of a role is not copied: only the first role of a chain takes codes.
    done(home, "audit", "--role-arn", role.arn, "--source-profile", "prod")
    done(home, "none", "--role-arn", role.arn, "--mfa-serial", "none")
    assert home.config.read_text(encoding="utf-8").endswith(
        f"{section}\n[profile audit]\nrole_arn = {role.arn}\nsource_profile = prod\n"
        f"\n[profile none]\nrole_arn = {role.arn}\nsource_profile = default\n"
    )
