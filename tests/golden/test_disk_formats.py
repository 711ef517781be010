"""The formats of files on disk: another version must be able to read them, or recognize that it cannot."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from awscli_xacct import __version__, settings
from awscli_xacct.history import log
from awscli_xacct.history.entry import entry_of
from awscli_xacct.profiles.cache_keys import CacheKeys
from awscli_xacct.setup.journal import Journal
from awscli_xacct.storage.cache import Cache, Record
from awscli_xacct.storage.files import write_temporary
from awscli_xacct.storage.markers import Markers
from awscli_xacct.storage.memo import Memo
from awscli_xacct.storage.snapshot import ConfigSnapshot

NAME = "0123456789abcdef" * 4
NOW = 1_800_000_000.25
RECORD = Record(
    "ASIAEXAMPLE",
    "secret",
    "token",
    NOW + 3600,
    NOW + 3000,
    "222222222222",
    {"profile": "prod", "source": "default", "obtained": NOW},
)


def test_record(tmp_path: Path) -> None:
    cache = Cache(tmp_path, clock=lambda: NOW, warn=pytest.fail)
    cache.write(NAME, RECORD)
    assert (tmp_path / f"{NAME}.json").read_text("ascii") == (
        f"xacct 2 {NAME} 1800000000.25 1800003600.25 1800003000.25 b802cee2\n"
        '{"Version": 1, "AccessKeyId": "ASIAEXAMPLE", "SecretAccessKey": "secret", "SessionToken": "token", '
        '"Expiration": "2027-01-15T09:00:00Z", "AccountId": "222222222222"}\n'
        '{"profile": "prod", "source": "default"}\n'
    )
    assert cache.read(NAME) == RECORD


def test_record_name_of_a_chain() -> None:
    """A record is found only by its name: if the name of a chain changes, it costs another MFA code."""
    profiles = {
        "default": {"aws_access_key_id": "AKIAEXAMPLE", "aws_secret_access_key": "secret"},
        "prod": {
            "role_arn": "arn:aws:iam::222222222222:role/Power",
            "source_profile": "default",
            "mfa_serial": "arn:aws:iam::111111111111:mfa/dev",
            "external_id": "42",
            "session_tags": "team=blue",
        },
        "audit": {"role_arn": "arn:aws:iam::333333333333:role/Audit", "source_profile": "prod"},
    }
    keys = CacheKeys({"profiles": profiles}, "audit", {})
    assert keys.of_role(keys.role) == "8970777e3b9e627feeaeffb43e7df87acaa5fd45677525bbd67fb6cf64423726"


@pytest.mark.parametrize("kind", ["code", "retry", "too-long", "caller"])
def test_marker(tmp_path: Path, kind: str) -> None:
    Markers(tmp_path, kind, clock=lambda: NOW).write(NAME, "two words")
    assert [(path.name, path.read_text("ascii")) for path in tmp_path.iterdir()] == [
        (f"{NAME}.{kind}", "1800000000 two words")
    ]


def test_temporary_file(tmp_path: Path) -> None:
    path = write_temporary(tmp_path, f"{NAME}.json", b"")
    assert path.name.startswith(f".{NAME}.json.xacct-")
    assert path.suffix == ".tmp"


def test_memo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    snapshot = ConfigSnapshot("prod", __version__)
    files = {str(tmp_path / "policy.json"): "-"}
    variables = ["AWS_REGION=us-west-1"]
    snapshot.remember(
        Memo(NAME, "/cache", "us-west-1", variables, ["A", "B"], "89abcdef", files, narrowed=True)
    )
    (path,) = (tmp_path / ".aws" / "xacct" / "resolved").iterdir()
    head, _, body = path.read_bytes().partition(b"\n")
    assert path.suffix == ".memo"
    assert head.startswith(b"xacct-memo 4 ")
    fields = [
        NAME,
        "/cache",
        "us-west-1",
        "A B",
        "89abcdef",
        "narrowed",
        "1",
        str(tmp_path / "policy.json"),
        "-",
        *variables,
    ]
    assert body.split(b"\0")[-10:] == [field.encode() for field in fields]


def test_journal_of_setup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    with Journal.open(Path("/config"), "prod") as journal:
        journal.metadata = {"role_arn": "arn"}
        journal.add({"kind": "attachment", "arn": "policy"})
    assert journal.path.relative_to(tmp_path) == Path(
        ".aws/xacct/setup/4788df66e84e8bfb71b6022a1707c0d0.json"
    )
    assert json.loads(journal.path.read_bytes()) == {
        "version": 1,
        "about": {"role_arn": "arn"},
        "entries": [{"kind": "attachment", "arn": "policy"}],
    }


def test_history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    about = {
        **RECORD.metadata,
        "role": "arn:aws:iam::222222222222:role/Power",
        "caller": "arn:aws:iam::111111111111:user/dev",
        "session_name": "dev",
        "mfa": "arn:aws:iam::111111111111:mfa/dev",
        "policy": ["arn:aws:iam::aws:policy/ReadOnlyAccess"],
    }
    log.append(entry_of(RECORD._replace(metadata=about), "terraform > xacct").line())
    assert (tmp_path / ".aws" / "xacct" / "history.jsonl").read_text("ascii") == (
        '{"Time": "2027-01-15T08:00:00Z", "Profile": "prod", "Role": "arn:aws:iam::222222222222:role/Power", '
        '"Account": "222222222222", "Caller": "arn:aws:iam::111111111111:user/dev", "SessionName": "dev", '
        '"AccessKeyId": "ASIAEXAMPLE", "Expiration": "2027-01-15T09:00:00Z", '
        '"Mfa": "arn:aws:iam::111111111111:mfa/dev", "Policy": ["arn:aws:iam::aws:policy/ReadOnlyAccess"], '
        '"Program": "terraform > xacct"}\n'
    )


def test_names_that_are_promises() -> None:
    """Variables, keys and paths that people, programs and other versions rely on."""
    assert settings.MANIFEST == "xacct_manifest"
    assert settings.MANIFEST_KEYS == "xacct_manifest_keys"
    assert settings.RESOLVING_VARIABLE == "AWS_XACCT_RESOLVING"
    assert settings.HISTORY_FILE == "history.jsonl"
    assert settings.DISABLE_VARIABLE == "AWS_XACCT_DISABLE"
    assert settings.DEFAULT_CACHE_DIRECTORY == "~/.aws/xacct/cache"
    assert os.path.dirname(settings.MEMO_DIRECTORY) == "~/.aws/xacct"  # noqa: PTH120 - a text, not a path yet
