"""`aws configure role import`, with the real `aws`."""

from __future__ import annotations

import json
import os
from pathlib import Path
from textwrap import dedent

import jsonschema
import pytest

from tests.sts import MfaDevice, Role, Sts
from tests.support.commands import WHOAMI, file_state
from tests.support.home import Home

from .steps import (
    CTRL_C,
    CTRL_D,
    ESCAPE,
    NO_REGION,
    WITHOUT_TERMINAL,
    Screen,
    cache,
    done,
    parsed,
    refused,
    run,
)

TEAM = """\
version: 1
defaults: {{source_profile: default, region: us-west-1}}
accounts: {{prod: "{account}"}}
roles:
  prod: {{account: prod, role: {name}, duration_seconds: 3600}}
  audit: {{role_arn: "{audit}", source_profile: prod}}
"""
PLAN = """\
PLAN  PROFILE  SETTING           NOW  THEN
add   prod     role_arn          -    {prod}
               source_profile    -    default
               duration_seconds  -    3600
               region            -    us-west-1
add   audit    role_arn          -    {audit}
               source_profile    -    prod
               region            -    us-west-1
"""
ADDED = """\
[profile prod]
role_arn = {prod}
source_profile = default
duration_seconds = 3600
region = us-west-1
xacct_manifest = {path}
xacct_manifest_keys = source_profile,duration_seconds,region

[profile audit]
role_arn = {audit}
source_profile = prod
region = us-west-1
xacct_manifest = {path}
xacct_manifest_keys = source_profile,region
"""


@pytest.fixture
def team(home: Home, role: Role, audit_role: Role) -> Path:
    """A manifest with a role, and another one that is assumed from it."""
    path = home.path / "team.yaml"
    path.write_text(TEAM.format(account=role.account, name=role.name, audit=audit_role.arn), encoding="utf-8")
    return path


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_import_adds_working_roles_and_does_nothing_the_second_time(
    home: Home, team: Path, role: Role, audit_role: Role
) -> None:
    before = home.config.read_text(encoding="utf-8")
    plan = PLAN.format(prod=role.arn, audit=audit_role.arn)
    outcome = done(home, "import", str(team), "--dry-run")
    assert (outcome.stdout, outcome.lines) == (plan, [f"{home.config} would be changed: 2 to add"])
    assert home.config.read_text(encoding="utf-8") == before
    outcome = done(home, "import", str(team))
    assert (outcome.stdout, outcome.lines) == (plan, [f"updated {home.config}: 2 added"])
    added = ADDED.format(prod=role.arn, audit=audit_role.arn, path=team)
    assert home.config.read_text(encoding="utf-8") == f"{before}{added}"
    assert "assumed-role/Audit/" in home.aws(*WHOAMI, "--profile", "audit").stdout
    kept = file_state(home.config)
    outcome = done(home, "import", str(team), "--prune", "--yes")
    assert (outcome.stdout, outcome.lines) == (
        "",
        [f"nothing to do: 2 profiles up to date in {home.config}"],
    )
    assert file_state(home.config) == kept


def test_import_prints_what_the_guide_shows(home: Home) -> None:
    guide = Path(__file__).parents[2].joinpath("docs", "guide.md").read_text("utf-8")
    section = guide.partition("## Many accounts")[2].partition("On a terminal")[0]
    shown = dedent(section.partition("$ cat team.yaml\n")[2])
    text, _, said = shown.partition("$ aws configure role import team.yaml\n")
    home.credentials.write_text("[default]\naws_access_key_id = A\naws_secret_access_key = S\n", "utf-8")
    (home.path / "team.yaml").write_text(text, "utf-8")
    outcome = done(home, "import", str(home.path / "team.yaml"))
    assert f"{outcome.stdout}{outcome.stderr}".replace(str(home.path), "/home/you").strip() == said.strip()


def test_import_of_a_change_needs_confirmation_and_keeps_own_settings(home: Home, team: Path) -> None:
    done(home, "import", str(team))
    edit(
        home.config,
        "duration_seconds = 3600\n",
        "duration_seconds = 3600\noutput = text\nexternal_id = 1234\n",
    )
    edit(team, "3600", "1800")
    assert refused_with_plan(home, str(team)) == [
        "nothing was changed, because",
        WITHOUT_TERMINAL,
        f"      aws configure role import {team} --yes",
    ]
    outcome = done(home, "import", str(team), "--yes")
    assert outcome.stdout == (
        "PLAN    PROFILE  SETTING           NOW   THEN\nchange  prod     duration_seconds  3600  1800\n"
    )
    assert outcome.lines == [f"updated {home.config}: 1 changed, 1 the same"]
    assert "duration_seconds = 1800\noutput = text\nexternal_id = 1234\n" in home.config.read_text("utf-8")
    edit(team, ", duration_seconds: 1800", "")
    done(home, "import", str(team), "--yes")
    assert "region = us-west-1\nxacct" in home.config.read_text("utf-8")
    assert "duration_seconds" not in home.config.read_text("utf-8")
    assert "output = text\nexternal_id = 1234\n" in home.config.read_text("utf-8")


def refused_with_plan(home: Home, *arguments: str, code: int = 252) -> list[str]:
    """Assert that an import shows its plan, fails and changes nothing. Return the lines on stderr."""
    before = file_state(home.config)
    outcome = run(home, "import", *arguments)
    assert (outcome.code, outcome.stdout[:4], file_state(home.config)) == (code, "PLAN", before)
    return outcome.lines


def test_prune_removes_profiles_of_this_manifest_and_their_credentials(
    home: Home, team: Path, role: Role
) -> None:
    home.add_role("mine", role.arn)
    edit(team, "roles:\n", "roles:\n" + "".join(f"  p{n}: {{account: prod, role: P{n}}}\n" for n in range(3)))
    done(home, "import", str(team))
    cache(home, "audit")
    assert len(home.records()) == 2
    edit(team, team.read_text("utf-8").splitlines()[-1] + "\n", "")
    outcome = done(home, "import", str(team))
    assert outcome.lines == [
        f"no longer wanted, but kept: audit. Remove profiles made from {team} with:",
        f"  aws configure role import {team} --prune",
        f"nothing to do: 4 profiles up to date in {home.config}",
    ]
    assert refused_with_plan(home, str(team), "--prune") == [
        "nothing was changed, because",
        WITHOUT_TERMINAL,
        f"      aws configure role import {team} --prune --yes",
    ]
    outcome = done(home, "import", str(team), "--prune", "--yes")
    assert outcome.lines == [f"updated {home.config}: 1 removed, 4 the same"]
    text = home.config.read_text("utf-8")
    assert "[profile audit]" not in text
    assert "[profile mine]" in text
    assert len(home.records()) == 1


def test_prune_shows_every_key_that_is_removed(home: Home, team: Path) -> None:
    done(home, "import", str(team))
    text = home.config.read_text("utf-8")
    section = text[text.index("[profile audit]") :].partition("\n\n")[0].splitlines()[1:]
    home.config.write_text(
        text.replace("[profile audit]\n", "[profile audit]\noutput = text\naws_secret_access_key = hush\n"),
        "utf-8",
    )
    edit(team, team.read_text("utf-8").splitlines()[-1] + "\n", "")
    outcome = run(home, "import", str(team), "--prune", "--output", "json")
    assert "hush" not in outcome.stdout + outcome.stderr
    (step,) = [step for step in json.loads(outcome.stdout) if step["Action"] == "remove"]
    shown = [f"{change['Key']} = {change['Old']}" for change in step["Changes"]]
    assert sorted(shown) == sorted([*section, "output = text", "aws_secret_access_key = (hidden by xacct)"])
    assert "region" in run(home, "import", str(team), "--prune").stdout


def test_import_says_once_which_profiles_have_no_region(home: Home, role: Role) -> None:
    team = home.path / "no-region.yaml"
    roles = "".join(f'  {name}: {{role_arn: "{role.arn}"}}\n' for name in ("one", "two"))
    team.write_text(f"version: 1\nroles:\n{roles}", "utf-8")
    note = (
        "one, two have no region; to use us-west-1, as their source default does:\n"
        '  for profile in one two; do aws configure role "$profile" --region us-west-1; done\n'
    )
    assert note in done(home, "import", str(team), "--dry-run").stderr
    assert (
        "no region"
        not in done(home, "import", str(team), environment={"AWS_DEFAULT_REGION": "us-west-1"}).stderr
    )
    assert done(home, "import", str(team)).lines == [f"nothing to do: 2 profiles up to date in {home.config}"]
    many = "".join(f'  r{number}: {{role_arn: "{role.arn}"}}\n' for number in range(11))
    team.write_text(f"version: 1\nroles:\n{many}", "utf-8")
    lines = done(home, "import", str(team), "--dry-run").lines
    assert lines[1].endswith("default does: write region: us-west-1 under defaults in the manifest, then:")
    assert lines[2] == f"  aws configure role import {team}"


def test_prune_of_a_renamed_role_removes_one_profile_and_adds_one(home: Home, team: Path) -> None:
    done(home, "import", str(team))
    edit(team, "  audit: ", "  auditor: ")
    outcome = done(
        home, "import", str(team), "--prune", "--yes", "--query", "[].[Profile,Action]", "--output", "json"
    )
    assert parsed(outcome) == [["prod", "same"], ["auditor", "add"], ["audit", "remove"]]


@pytest.mark.parametrize("yes", [False, True])
def test_prune_of_more_than_half_needs_yes(home: Home, team: Path, yes: bool) -> None:
    done(home, "import", str(team))
    team.write_text(
        'version: 1\nroles: {new: {account: "222222222222", role: A, source_profile: default}}\n', "utf-8"
    )
    if yes:
        done(home, "import", str(team), "--prune", "--yes")
        assert "[profile prod]" not in home.config.read_text("utf-8")
    else:
        screen = Screen(home, "import", str(team), "--prune")
        assert screen.end() == 252
        assert screen.shown.splitlines()[-3:] == [
            "nothing was changed, because",
            f"  - 2 of the 2 profiles made from {team} would be removed, more than half. Go ahead with:",
            f"      aws configure role import {team} --prune --yes",
        ]
        assert "[profile prod]" in home.config.read_text("utf-8")


@pytest.mark.parametrize(
    "text", ["", "# nothing\n", "version: 1\nroles: {}\n", "version: 1\nroles:\n  a: {\n"]
)
def test_prune_with_an_empty_or_unreadable_manifest_removes_nothing(
    home: Home, team: Path, text: str
) -> None:
    done(home, "import", str(team))
    team.write_text(text, "utf-8")
    assert (
        refused(home, "import", str(team), "--prune", "--yes", code=253)[0] == "nothing was changed, because"
    )


def test_import_over_a_foreign_profile_is_a_conflict_without_adopt(
    home: Home, team: Path, role: Role, tmp_path: Path
) -> None:
    home.add_role("prod", role.arn, duration_seconds=900)
    other = tmp_path / "other.yaml"
    other.write_text(
        'version: 1\nname: ops\nroles: {audit: {account: "222222222222", role: Other}}\n', "utf-8"
    )
    done(home, "import", str(other))
    assert refused_with_plan(home, str(team), "--yes", code=253) == [
        "nothing was changed, because",
        "  - profile prod was made by hand and differs. Choose another name, or take it over:",
        f"      aws configure role import {team} --yes --adopt",
        "  - profile audit was made from ops and differs. Choose another name, or take it over:",
        f"      aws configure role import {team} --yes --adopt",
    ]
    outcome = done(home, "import", str(team), "--adopt", "--yes", "--output", "json")
    assert [(step["Profile"], step["Action"], step["MadeFrom"]) for step in parsed(outcome)] == [
        ("prod", "change", None),
        ("audit", "change", "ops"),
    ]
    assert home.config.read_text("utf-8").count(f"xacct_manifest = {team}\n") == 2


def test_import_reports_every_problem_with_its_location(home: Home, team: Path, role: Role) -> None:
    home.add_role("b", role.arn)
    team.write_text(
        """\
version: 1
defaults: {source_profile: defualt}
roles:
  default: {account: "222222222222", role: A}
  a: {account: 222222222222, role: A, regoin: us-west-1}
  b: {account: "222222222222", role: A, source_profile: c, duration_seconds: 1h}
  c: {account: "222222222222", role: A, source_profile: b}
  "d\\e[31m]": {account: "222222222222", role: A}
""",
        "utf-8",
    )
    assert refused(home, "import", str(team), "--yes", "--prune", code=253) == [
        "nothing was changed, because",
        f"  - {team}:2:28: source_profile 'defualt': there is no such profile; did you mean default?",
        f"  - {team}:4:3: a manifest cannot manage the default profile; give the role another name",
        f"  - {team}:5:16: the account id 222222222222 must be quoted, because YAML reads it as a number; write "
        f'"222222222222"',
        f"  - {team}:5:39: unknown key 'regoin'; did you mean region?",
        f"  - {team}:6:57: source_profile: recursion: b -> c -> b; give one of them another source",
        f"  - {team}:6:78: duration_seconds '1h': must be a whole number of seconds, such as 3600 for an hour",
        f"  - {team}:8:3: the profile name 'd\\x1b[31m]' begins or ends with a space or has a control character",
    ]


def test_import_refuses_a_file_that_cannot_be_read(home: Home, tmp_path: Path) -> None:
    latin = tmp_path / "latin.yaml"
    latin.write_bytes(b"version: 1\nroles: {\xe9: {}}\n")
    big = tmp_path / "big.yaml"
    big.write_bytes(b"#" * (8 * 1024 * 1024 + 1))
    pipe = tmp_path / f"pipe{ESCAPE}"
    os.mkfifo(pipe)
    shown = str(pipe).replace("\x1b", "\\x1b")
    for path, said in (
        (tmp_path / "none", f"{tmp_path}/none cannot be read: No such file or directory"),
        (tmp_path, f"{tmp_path} is a directory"),
        (pipe, f"{shown} is not a regular file; send it to stdin, and name it -"),
        (latin, f"{latin}:2:9: byte 0xe9 is not UTF-8 text"),
        (big, f"{big} is larger than 8 MiB, the limit for a manifest"),
    ):
        lines = refused(home, "import", str(path), "--yes", code=253 if path == latin else 252)
        assert lines == ["nothing was changed, because", f"  - {said}"]
    assert refused(home, "import") == [
        "no manifest given",
        "  - usage: aws configure role import FILE",
    ]


def test_import_reads_a_manifest_from_stdin(home: Home, team: Path) -> None:
    text = team.read_text("utf-8")
    outcome = home.aws("configure", "role", "import", "-", stdin=f"\ufeff{text}".replace("\n", "\r\n"))
    assert (outcome.code, outcome.lines) == (0, [f"updated {home.config}: 2 added"])
    assert "xacct_manifest = -\n" in home.config.read_text("utf-8")
    outcome = home.aws("configure", "role", "import", "-", "--prune", "--yes", stdin=text)
    assert (outcome.code, outcome.lines) == (
        253,
        [
            "nothing was changed, because",
            "  - stdin: --prune needs the name of a manifest that comes from stdin; give the manifest a name, as in "
            "name: team",
        ],
    )
    named = text.replace("version: 1", "version: 1\nname: team")
    outcome = home.aws("configure", "role", "import", "-", "--adopt", "--prune", "--yes", stdin=named)
    assert (outcome.code, outcome.lines) == (0, [f"updated {home.config}: 2 changed"])
    outcome = home.aws("configure", "role", "import", "-", "--yes", stdin="x" * (8 * 1024 * 1024 + 2))
    assert outcome.lines[1] == "  - stdin is larger than 8 MiB, the limit for a manifest"


def test_import_marks_profiles_with_the_resolved_path(home: Home, team: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.yaml"
    link.symlink_to(team)
    done(home, "import", str(link))
    assert f"xacct_manifest = {team}\n" in home.config.read_text("utf-8")
    assert done(home, "import", str(team)).lines == [f"nothing to do: 2 profiles up to date in {home.config}"]
    odd = tmp_path / "odd\n.yaml"
    odd.write_text(team.read_text("utf-8"), "utf-8")
    assert refused(home, "import", str(odd), code=253) == [
        "nothing was changed, because",
        f"  - {tmp_path}/odd\\n.yaml: its path cannot be written to a config file; give the manifest a name, as in "
        f"name: team",
    ]


def test_import_on_a_terminal_shows_the_plan_and_asks(
    home: Home, team: Path, role: Role, audit_role: Role
) -> None:
    before = file_state(home.config)
    for keys, code in (("\r", 255), ("no\r", 255), (CTRL_D, 255), (CTRL_C, 130)):
        screen = Screen(home, "import", str(team))
        screen.keys("[y/N] ", keys)
        assert (screen.end(), file_state(home.config)) == (code, before)
        assert screen.shown.startswith(PLAN.format(prod=role.arn, audit=audit_role.arn))
    screen = Screen(home, "import", str(team), columns=40)
    screen.answer("(2 to add)?", "y")
    assert screen.end() == 0
    assert " ".join(screen.shown.split()).endswith(f"updated {home.config}: 2 added")
    screen = Screen(home, "import", str(team))
    assert (screen.end(), screen.shown) == (
        0,
        f"nothing to do: 2 profiles up to date in {home.config}\n",
    )


def test_import_copies_the_device_of_the_source_unless_it_is_null(
    home: Home, sts: Sts, team: Path, device: MfaDevice
) -> None:
    edit(home.config, "[default]\n", f"[default]\nmfa_serial = {device.serial}\n")
    edit(team, "roles:\n", "roles:\n  plain: {account: prod, role: Plain, mfa_serial: null}\n")
    outcome = done(home, "import", str(team))
    assert outcome.lines[0] == f"prod: mfa_serial = {device.serial}, copied from profile default"
    assert home.config.read_text("utf-8").count(f"mfa_serial = {device.serial}\n") == 2
    assert done(home, "import", str(team)).stdout == ""
    assert sts.calls == []


def test_import_reads_the_file_of_the_extension(
    home: Home, role: Role, audit_role: Role, tmp_path: Path
) -> None:
    path = tmp_path / "extension.txt"
    path.write_text(
        f"; mine\n[base]\naws_account_id = 111111111111\n\n[prod]\naws_account_id = {role.account}\n"
        f"role_name = {role.name}\nsource_profile = base\ncolor = ff0000\n\n"
        f"[profile audit]\nrole_arn = {audit_role.arn}\nregion = eu-west-1\n",
        "utf-8",
    )
    outcome = done(home, "import", str(path))
    assert outcome.lines == [
        "base account base is not among your profiles; its roles get the source profile default",
        f"color belongs to the extension and stays in {path}",
        "prod, audit: source_profile = default, because no source was given",
        NO_REGION,
        f"updated {home.config}: 2 added",
    ]
    assert (
        f"assumed-role/{role.name}/" in home.aws(*WHOAMI, "--profile", "prod", "--region", "us-west-1").stdout
    )


def test_import_schema_is_printed_and_validates_a_manifest(home: Home, team: Path) -> None:
    from ruamel.yaml import YAML

    outcome = done(home, "import", "--schema")
    schema = json.loads(outcome.stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    good = YAML(typ="safe", pure=True).load(team.read_text("utf-8"))
    assert list(validator.iter_errors(good)) == []
    good["accounts"]["prod"] = 222222222222
    good["roles"]["default"] = {"account": "prod", "role": "A", "regoin": "x"}
    assert len(list(validator.iter_errors(good))) == 3


def test_import_of_a_thousand_roles_writes_once(home: Home, team: Path) -> None:
    lines = "".join(f'  p{n}: {{account: "{n:012d}", role: Power}}\n' for n in range(1000))
    edit(team, "roles:\n", f"roles:\n{lines}")
    outcome = done(home, "import", str(team))
    assert outcome.lines == [f"updated {home.config}: 1002 added"]
    assert home.config.read_text("utf-8").count("xacct_manifest = ") == 1002
    kept = file_state(home.config)
    done(home, "import", str(team))
    assert file_state(home.config) == kept


def test_import_from_another_tool_completes_the_profiles_of_the_own_config(home: Home, role: Role) -> None:
    home.config.write_text(
        home.config.read_text("utf-8") + f"[profile common]\nsource_profile = default\n"
        f"region = us-west-1\n\n"
        f"[profile prod]\ninclude_profile = common\nrole_arn = {role.arn}\ncolour = red\n",
        "utf-8",
    )
    before = home.config.read_text("utf-8")
    notes = ["unknown key colour is not imported: prod"]
    lines = refused_with_plan(home, "--from", "aws-vault")
    assert lines[:1] == notes
    assert lines[-2:] == [WITHOUT_TERMINAL, "      aws configure role import --from aws-vault --yes"]
    outcome = done(home, "import", "--from", "aws-vault", "--yes")
    assert outcome.stdout == (
        "PLAN    PROFILE  SETTING         NOW  THEN\n"
        "change  prod     source_profile  -    default\n"
        "                 region          -    us-west-1\n"
    )
    assert outcome.lines == [*notes, f"updated {home.config}: 1 changed"]
    assert home.config.read_text("utf-8") == f"{before}source_profile = default\nregion = us-west-1\n"
    assert "assumed-role/" in home.aws(*WHOAMI, "--profile", "prod").stdout
    outcome = done(home, "import", "--from", "aws-vault", "--yes")
    assert outcome.lines == [*notes, f"nothing to do: 1 profile up to date in {home.config}"]


def test_import_of_a_role_whose_keys_only_aws_vault_has_is_one_problem(home: Home, role: Role) -> None:
    """It was said to be its own source first, which its file does not say."""
    other = home.path / "old-config"
    other.write_text(f"[profile old]\nrole_arn = {role.arn}\n", "utf-8")
    outcome = run(home, "import", str(other), "--from", "aws-vault")
    assert (outcome.code, outcome.stdout) == (253, "")
    assert "recursion" not in outcome.stderr
    assert len([line for line in outcome.lines if line.startswith("  - ")]) == 1
    assert "old-config:2:1: profile old has no source_profile: aws-vault assumes" in outcome.stderr


def test_import_from_another_tools_file_adds_profiles_without_marks(home: Home, role: Role) -> None:
    other = home.path / "old-config"
    other.write_text(f"[profile prod]\nrole_arn = {role.arn}\nrole_duration = 1800\n", "utf-8")
    done(home, "import", "--from", "awsume", str(other))
    assert home.config.read_text("utf-8").endswith(
        f"[profile prod]\nrole_arn = {role.arn}\nsource_profile = default\nduration_seconds = 1800\n"
    )


def test_import_from_another_tool_reports_every_problem_with_its_line(home: Home) -> None:
    other = home.path / "old-config"
    other.write_text(
        "[profile a]\nrole_arn = nonsense\n\n[profile b]\nrole_arn = x\nsource_profile = gone\n"
        "credentials_duration = soon\n",
        "utf-8",
    )
    lines = refused(home, "import", "--from", "aws-runas", str(other), code=253)
    found = [line.split(": ")[0].strip(" -") for line in lines if line.startswith("  - ")]
    assert found == [f"{other}:1:1", f"{other}:2:1", f"{other}:5:1", f"{other}:6:1", f"{other}:7:1"]
    assert refused(home, "import", "--from", "granted", "--prune") == [
        "nothing was changed, because",
        "  - --prune works with a manifest only; leave it out",
    ]
