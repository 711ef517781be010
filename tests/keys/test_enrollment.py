"""`xacct mfa enroll` on a terminal, from the secret to the profiles that use the device."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pexpect
import pytest

from tests.sts import Role, Sts, User
from tests.sts.totp import STEP, code_at
from tests.support.commands import WHOAMI
from tests.support.home import XACCT, Home
from tests.support.programs import need

SECRET = re.compile(r"\r?\n  ((?:[A-Z2-7]{1,4} ?)+)\r?\n")


class Enrollment:
    """`xacct mfa enroll` on a terminal."""

    def __init__(self, home: Home, *options: str, columns: int = 200) -> None:
        self.child = home.terminal_for(str(XACCT), "mfa", "enroll", "default", *options, columns=columns)

    def read_secret(self) -> str:
        self.child.expect(SECRET)
        found = self.child.match
        assert isinstance(found, re.Match)
        return str(found[1]).replace(" ", "")

    def enter(self, first: str, second: str) -> None:
        self.child.expect_exact("First code: ")
        self.child.sendline(first)
        self.child.expect_exact("Second code, once the device shows another one: ")
        self.child.sendline(second)

    def finish(self) -> tuple[int | None, str]:
        self.child.expect(pexpect.EOF)
        self.child.wait()
        return self.child.exitstatus, str(self.child.before).replace("\r\n", "\n")


def scan(screen: str, directory: Path) -> str:
    """Return the text in the QR code on a screen, as a camera would see it: white on black, two modules a character."""
    rows = re.findall(r"\x1b\[97;40m(.*?)\x1b\[0m", screen)
    size = 8
    pixels = bytearray()
    for row in rows:
        for lights in ("█▀", "█▄"):
            pixels += b"".join(bytes([255 * (char in lights)]) * size for char in row) * size
    image = directory / "screen.pgm"
    image.write_bytes(b"P5 %d %d 255\n" % (len(rows[0]) * size, len(rows) * 2 * size) + pixels)
    done = subprocess.run(["zbarimg", "-q", "--raw", str(image)], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def codes(sts: Sts, secret: str) -> tuple[str, str]:
    """Return a code and the next one. IAM takes both even if a step ends before it gets them."""
    now = sts.now()
    return code_at(secret, now), code_at(secret, now + STEP)


def test_enrollment_sets_the_device_for_the_user_and_its_roles(
    home: Home, sts: Sts, user: User, role: Role, prod: str
) -> None:
    enrollment = Enrollment(home, "--roles")
    enrollment.enter(*codes(sts, enrollment.read_secret()))
    code, text = enrollment.finish()
    assert code == 0, text
    (device,) = user.devices
    assert device.serial == "arn:aws:iam::111111111111:mfa/dev"
    assert f"enrolled {device.serial}; mfa_serial is set for: default, {prod}" in text
    assert home.config.read_text("utf-8").count(f"mfa_serial = {device.serial}\n") == 2
    role.require_mfa = True
    home.config.write_text(
        home.config.read_text("utf-8").replace(
            f"[profile {prod}]\n", f"[profile {prod}]\nmfa_process = curl -s {sts.url}/_code\n"
        ),
        "utf-8",
    )
    assert home.aws(*WHOAMI, "--profile", prod).code == 0


@pytest.mark.late
def test_enrollment_shows_a_qr_code_of_the_secret(home: Home, user: User, tmp_path: Path) -> None:
    need("zbarimg")
    enrollment = Enrollment(home)
    secret = enrollment.read_secret()
    assert scan(str(enrollment.child.before), tmp_path) == (
        f"otpauth://totp/AWS%3Adev%40111111111111?secret={secret}&issuer=AWS"
    )
    enrollment.child.sendintr()
    assert enrollment.finish()[0] == 130
    assert user.devices == []


@pytest.mark.usefixtures("user")
@pytest.mark.parametrize(("columns", "is_drawn"), [(80, True), (40, False)])
def test_qr_code_is_drawn_whole_or_not_at_all(home: Home, columns: int, is_drawn: bool) -> None:
    enrollment = Enrollment(home, columns=columns)
    enrollment.child.expect_exact("First code: ")
    shown = str(enrollment.child.before)
    enrollment.child.sendintr()
    enrollment.finish()
    rows = re.findall(r"\x1b\[97;40m(.*?)\x1b\[0m", shown)
    assert bool(rows) == is_drawn
    assert len({len(row) for row in rows}) == is_drawn
    assert ("a wider terminal" in shown) != is_drawn
    assert all(len(line) <= columns for line in shown.splitlines() if "\x1b" not in line)


def test_enrollment_takes_two_different_codes_of_six_digits(home: Home, sts: Sts, user: User) -> None:
    enrollment = Enrollment(home)
    first, second = codes(sts, enrollment.read_secret())
    enrollment.child.expect_exact("First code: ")
    enrollment.child.sendline("12345")
    enrollment.child.expect_exact("A code has six digits.")
    enrollment.enter(first, first)
    enrollment.child.expect_exact("That is the same code again.")
    enrollment.child.expect_exact("Second code")
    enrollment.child.sendline(second)
    assert enrollment.finish()[0] == 0
    assert len(user.devices) == 1


def test_enrollment_with_wrong_codes_leaves_nothing_behind(home: Home, sts: Sts, user: User) -> None:
    before = home.config.read_bytes()
    enrollment = Enrollment(home)
    enrollment.read_secret()
    for _ in range(3):
        enrollment.enter("000000", "000001")
    code, text = enrollment.finish()
    assert (code, user.devices, sts.unassigned_devices) == (254, [], {}), text
    assert "IAM accepted none of 3 pairs of codes, so no device was enrolled." in text
    assert home.config.read_bytes() == before


def test_enrollment_interrupted_leaves_nothing_behind(home: Home, sts: Sts, user: User) -> None:
    before = home.config.read_bytes()
    enrollment = Enrollment(home)
    enrollment.read_secret()
    enrollment.child.expect_exact("First code: ")
    enrollment.child.sendintr()
    assert enrollment.finish()[0] == 130
    assert (user.devices, sts.unassigned_devices, home.config.read_bytes()) == ([], {}, before)


def test_enrollment_of_a_user_with_a_device_says_how_to_use_it(home: Home, sts: Sts, user: User) -> None:
    device = sts.add_mfa_device(user, "phone")
    code, text = Enrollment(home).finish()
    assert code == 255
    assert f"user dev has the MFA device {device.serial} already." in text
    assert f"aws configure set mfa_serial {device.serial} --profile default" in text
    second = Enrollment(home, "--device-name", "tablet")
    second.enter(*codes(sts, second.read_secret()))
    assert second.finish()[0] == 0
    assert [each.serial.rpartition("/")[2] for each in user.devices] == ["phone", "tablet"]


def test_enrollment_of_a_device_that_the_profile_uses_says_so(home: Home, sts: Sts, user: User) -> None:
    device = sts.add_mfa_device(user, "phone")
    home.write_config(f"mfa_serial = {device.serial}\nmfa_process = echo {device.next_code()}\n")
    code, text = Enrollment(home).finish()
    assert code == 255
    assert (
        f"profile default uses the MFA device {device.serial} already. To enroll another one as well" in text
    )


def test_enrollment_with_a_name_that_is_taken_says_so(home: Home, sts: Sts, user: User) -> None:
    other = sts.add_user("other")
    sts.add_mfa_device(other, "phone")
    code, text = Enrollment(home, "--device-name", "phone").finish()
    assert (code, user.devices) == (255, [])
    assert "there is a device named phone already" in text


@pytest.mark.usefixtures("user")
def test_enrollment_needs_a_terminal(home: Home, sts: Sts) -> None:
    outcome = home.xacct("mfa", "enroll", "default")
    assert outcome.code == 253
    assert "there is no terminal to ask on" in outcome.stderr
    assert sts.calls == []
