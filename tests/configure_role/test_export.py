"""`aws configure role export`, with the real `aws`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sts import MfaDevice, Role
from tests.support.commands import file_state
from tests.support.home import Home

from .steps import WITHOUT_TERMINAL, Screen, done, refused, run

NEW = """\
version: 1

defaults:
  region: us-west-1

roles:
  prod: {{account: "{account}", role: Power, source_profile: default}}
  audit:
    account: "333333333333"
    role: Audit
    source_profile: prod
    duration_seconds: 900
    session_tags: {{team: ops, app: "1"}}
"""


@pytest.fixture
def profiles(home: Home, role: Role, audit_role: Role) -> str:
    """Two role profiles. Returns the manifest that exporting them creates."""
    home.add_role("prod", role.arn)
    home.add_role(
        "audit", audit_role.arn, source_profile="prod", session_tags="team=ops, app=1", duration_seconds=900
    )
    return NEW.format(account=role.account)


def test_export_writes_all_role_profiles_and_importing_them_changes_nothing(
    home: Home, profiles: str, tmp_path: Path
) -> None:
    path = tmp_path / "team.yaml"
    outcome = done(home, "export", str(path))
    assert (outcome.stdout, outcome.lines) == ("", [f"wrote 2 role profiles to {path}"])
    assert path.read_text("utf-8") == profiles
    kept = file_state(path), file_state(home.config)
    outcome = done(home, "export", str(path))
    assert outcome.lines == [f"nothing to do: 2 role profiles up to date in {path}"]
    outcome = done(home, "import", str(path), "--prune")
    assert outcome.lines == [f"nothing to do: 2 profiles up to date in {home.config}"]
    assert (file_state(path), file_state(home.config)) == kept
    assert done(home, "export", "-").stdout == profiles


@pytest.mark.usefixtures("profiles")
def test_export_edits_an_existing_manifest_in_place(home: Home, role: Role, tmp_path: Path) -> None:
    text = (
        f"\ufeff# Ours.\r\nversion: 1\r\naccounts: {{prod: '{role.account}'}}   # ids\r\n"
        f"defaults: {{source_profile: default, region: us-west-1}}\r\n"
        f"roles:\r\n  # The first.\r\n  prod: {{account: prod,   role: 'Old'}}\r\n"
        f"  gone:\r\n    account: prod # kept\r\n    role: Gone\r\n"
    )
    path = tmp_path / "team.yaml"
    path.write_bytes(text.encode())
    path.chmod(0o640)
    link = tmp_path / "link.yaml"
    link.symlink_to(path)
    after = text.replace("'Old'", "'Power'") + (
        "  audit:\r\n"
        '    account: "333333333333"\r\n'
        "    role: Audit\r\n"
        "    source_profile: prod\r\n"
        "    duration_seconds: 900\r\n"
        '    session_tags: {team: ops, app: "1"}\r\n'
    )
    outcome = done(home, "export", str(link), "--dry-run")
    assert "-  prod: {account: prod,   role: 'Old'}" in outcome.stdout
    assert path.read_bytes() == text.encode()
    outcome = run(home, "export", str(link))
    assert outcome.code == 252
    assert "+  prod: {account: prod,   role: 'Power'}" in outcome.stdout
    assert outcome.lines == [
        "nothing was written, because",
        WITHOUT_TERMINAL,
        f"      aws configure role export {link} --yes",
    ]
    assert path.read_bytes() == text.encode()
    assert done(home, "export", str(link), "--yes").lines == [f"wrote 2 role profiles to {link}"]
    assert path.read_bytes() == after.encode()
    assert (link.is_symlink(), path.stat().st_mode & 0o777) == (True, 0o640)


def test_export_skips_and_reports_what_could_not_be_imported(home: Home, role: Role, tmp_path: Path) -> None:
    home.add_role("prod", role.arn)
    home.add_role("hours", role.arn, duration_seconds="1h")
    home.add_role("behind", role.arn, source_profile="nobody")
    outcome = done(home, "export", str(tmp_path / "team.yaml"))
    assert outcome.lines == [
        "skipped profile hours: --duration-seconds '1h': must be a whole number of seconds, such as 3600 for "
        "an hour",
        "skipped profile behind: --source-profile 'nobody': there is no such profile; possible sources: default, "
        "hours, prod",
        f"wrote 1 role profile to {tmp_path}/team.yaml",
    ]


def test_export_marks_a_role_without_the_device_of_its_source(
    home: Home, role: Role, device: MfaDevice, tmp_path: Path
) -> None:
    text = home.config.read_text("utf-8")
    home.config.write_text(text.replace("[default]\n", f"[default]\nmfa_serial = {device.serial}\n"), "utf-8")
    home.add_role("none", role.arn)
    home.add_role("with", role.arn, mfa_serial=device.serial)
    path = tmp_path / "team.yaml"
    done(home, "export", str(path))
    assert path.read_text("utf-8").splitlines()[-2:] == [
        f'  none: {{account: "{role.account}", mfa_serial: null}}',
        f'  with: {{account: "{role.account}"}}',
    ]
    kept = file_state(home.config)
    done(home, "import", str(path))
    assert file_state(home.config) == kept


def test_export_does_not_overwrite_another_file(home: Home, role: Role, tmp_path: Path) -> None:
    path = tmp_path / "team.yaml"
    assert refused(home, "export", str(path), code=253) == [
        "nothing was written, because",
        "  - there are no role profiles; create one with: aws configure role PROFILE --role-arn ARN",
    ]
    home.add_role("prod", role.arn)
    for text, said in (
        (
            "some: yaml\n",
            f"{path}:1:1: unknown key 'some'; the keys of a manifest are version, name, defaults, acc",
        ),
        ("just text", f"{path}:1:1: a manifest must be a mapping, not 'just text'"),
        (
            "[a]\naws_account_id = 1\n",
            f"{path} has the format extend-switch-roles; omit --format, or choose ano",
        ),
    ):
        path.write_text(text, "utf-8")
        code = 252 if "--format" in said else 253
        lines = refused(home, "export", str(path), "--format", "manifest", code=code)
        assert lines[0] == "nothing was written, because"
        assert lines[1].startswith(f"  - {said}")
        assert path.read_text("utf-8") == text
    path.write_bytes(b"\xff")
    assert refused(home, "export", str(path), code=253)[1] == f"  - {path}:1:1: byte 0xff is not UTF-8 text"
    assert refused(home, "export", str(tmp_path), code=253) == [
        f"{tmp_path} is not a regular file; nothing was written. Look at it with: ls -ld {tmp_path}"
    ]
    assert refused(home, "export", str(tmp_path / "none" / "x")) == [
        "nothing was written, because",
        f"  - there is no directory {tmp_path}/none",
    ]
    assert refused(home, "export") == ["no file given", "  - usage: aws configure role export FILE"]
    assert run(home, "export", str(path), "--format", "json").code in (2, 252)


def test_export_for_the_extension_keeps_its_colors(
    home: Home, profiles: str, role: Role, audit_role: Role, tmp_path: Path
) -> None:
    assert profiles
    path = tmp_path / "extension.txt"
    done(home, "export", str(path), "--format", "extend-switch-roles")
    assert path.read_text("utf-8") == (
        f"[prod]\nrole_arn = {role.arn}\nregion = us-west-1\n\n"
        f"[audit]\nrole_arn = {audit_role.arn}\nregion = us-west-1\n"
    )
    text = path.read_text("utf-8").replace("us-west-1\n\n", "eu-west-1 ; here\ncolor = ff0000\n\n")
    path.write_text(text, "utf-8")
    assert run(home, "export", str(path)).lines[-2] == WITHOUT_TERMINAL
    assert path.read_text("utf-8") == text
    done(home, "export", str(path), "--yes")
    assert path.read_text("utf-8") == text.replace("eu-west-1", "us-west-1")


@pytest.mark.usefixtures("profiles")
def test_export_asks_before_it_changes_an_existing_manifest_only(home: Home, tmp_path: Path) -> None:
    path = tmp_path / "team.yaml"
    screen = Screen(home, "export", str(path))
    assert (screen.end(), screen.shown) == (0, f"wrote 2 role profiles to {path}\n")
    screen = Screen(home, "export", str(path))
    assert (screen.end(), screen.shown) == (0, f"nothing to do: 2 role profiles up to date in {path}\n")
    before = path.read_text("utf-8").replace("role: Power", "role: Other")
    path.write_text(before, "utf-8")
    screen = Screen(home, "export", str(path))
    screen.answer(f"Write this to {path}?", "n")
    assert screen.end() != 0
    assert "role: Power" in screen.shown.partition("Write this")[0]
    assert screen.shown.splitlines()[-1] == "nothing was written"
    assert path.read_text("utf-8") == before
    screen = Screen(home, "export", str(path))
    screen.answer(f"Write this to {path}?", "y")
    assert (screen.end(), screen.shown.splitlines()[-1]) == (0, f"wrote 2 role profiles to {path}")
    assert path.read_text("utf-8") == before.replace("role: Other", "role: Power")


@pytest.mark.usefixtures("profiles")
@pytest.mark.parametrize(
    ("written", "line"),
    [
        ("terraform", '  profile             = "audit"'),
        ("steampipe", '  profile = "audit"'),
        ("mermaid", '    p2["audit<br>333333333333<br>Audit"]'),
    ],
)
def test_export_for_another_program_is_written_again_but_nothing_else_is_overwritten(
    home: Home, tmp_path: Path, written: str, line: str
) -> None:
    path = tmp_path / "roles"
    assert (
        done(home, "export", str(path), "--format", written).lines[-1] == f"wrote 2 role profiles to {path}"
    )
    first = path.read_text("utf-8")
    assert line in first.splitlines()
    path.write_text(f"{first}edited\n", "utf-8")
    done(home, "export", str(path))
    assert path.read_text("utf-8") == first
    path.write_text("mine = 1\n", "utf-8")
    assert refused(home, "export", str(path), "--format", written) == [
        "nothing was written, because",
        f"  - {path} has the format manifest; omit --format, or choose another file",
    ]
    assert path.read_text("utf-8") == "mine = 1\n"


def test_export_for_another_program_uses_sdk_profiles_and_says_where_one_is_missing(
    home: Home, role: Role, device: MfaDevice
) -> None:
    home.add_role("prod", role.arn, mfa_serial=device.serial)
    home.add_role("plain", role.arn)
    outcome = done(home, "export", "-", "--format", "terraform")
    assert outcome.stderr.splitlines()[-1] == "  aws configure role prod --sdk-profile"
    assert outcome.lines[0].startswith("prod: other programs read a role profile themselves")
    done(home, "prod", "--sdk-profile")
    outcome = done(home, "export", "-", "--format", "terraform")
    assert (outcome.lines, '"prod-sdk"' in outcome.stdout) == ([], True)
