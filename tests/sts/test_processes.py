"""The server and its clients in separate processes: `python -m tests.sts` and the real `aws`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from . import Sts, User
from .clients import Clients, refused
from .totp import STEP, code_at

ROOT = Path(__file__).resolve().parents[2]


def get(url: str) -> str:
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=120) as answer:
        text: str = answer.read().decode()
        return text


@contextmanager
def standalone(*options: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """Run the server on its own; yield the process and the JSON that it printed."""
    command = [sys.executable, "-m", "tests.sts", "--port", "0", *options]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield process, json.loads(process.stdout.readline())
        finally:
            process.kill()


def test_process_runs_until_its_stdin_closes() -> None:
    with standalone("--roles", "3", "--require-mfa", "--delay", "0.01") as (process, scenario):
        assert [arn.rpartition("/")[2] for arn in scenario["roles"]] == [
            "CrossAccountPowerUser",
            "Role2",
            "Role3",
        ]
        code = get(f"{scenario['url']}/_code").strip()
        assert code in {code_at(scenario["totp_secret"], time.time() - late) for late in (0, STEP)}
        with Clients(scenario["url"]) as connect:
            client = connect(
                {"AccessKeyId": scenario["access_key"], "SecretAccessKey": scenario["secret_key"]}
            )
            request = {"RoleArn": scenario["roles"][2], "RoleSessionName": "me"}
            with refused("AccessDenied"):
                client.assume_role(**request)
            client.assume_role(SerialNumber=scenario["mfa_serial"], TokenCode=code, **request)
        calls = json.loads(get(f"{scenario['url']}/_calls"))
        assert [(call["operation"], call["status"]) for call in calls] == [
            ("AssumeRole", 403),
            ("AssumeRole", 200),
        ]
        assert calls[1]["parameters"]["TokenCode"] == code
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(10) == 0


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to handle")
def test_process_stops_on_a_signal() -> None:
    with standalone() as (process, _):
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def test_process_serves_codes_and_calls_over_http(sts: Sts, user: User) -> None:
    first = sts.add_mfa_device(user)
    second = sts.add_mfa_device(user, "phone")
    assert first.accept(get(f"{sts.url}/_code").strip())
    assert second.accept(get(f"{sts.url}/_code?serial={second.serial}").strip())
    assert get(f"{sts.url}/_calls") == "[]"
    with pytest.raises(urllib.error.HTTPError, match="404"):
        get(f"{sts.url}/_nothing")


def test_aws_is_served_a_role_and_all_pages(sts: Sts, user: User, tmp_path: Path) -> None:
    """The server accepts what the real `aws` sends, for a role and three pages."""
    role = sts.add_role("CrossAccountPowerUser", trusts=[user.account], external_id="tenant/42")
    sts.user_pages = 3
    config = tmp_path / "config"
    config.write_text(
        f"[profile prod]\nrole_arn = {role.arn}\nsource_profile = dev\nexternal_id = tenant/42\n"
        f"[profile dev]\naws_access_key_id = {user.access_key}\naws_secret_access_key = {user.secret_key}\n"
    )
    environment = {
        **{name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ},
        "HOME": str(tmp_path),
        "AWS_CONFIG_FILE": str(config),
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_ENDPOINT_URL": sts.url,
        "AWS_DEFAULT_REGION": "us-west-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    aws = [sys.executable, "-m", "awscli", "--profile", "prod"]
    command = [*aws, "iam", "list-users", "--query", "Users[].UserName", "--output", "text"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.split()) == 6
    assert [call.operation for call in sts.calls] == ["AssumeRole", *["ListUsers"] * 3]
    assert all("/CrossAccountPowerUser/" in call.caller_arn for call in sts.calls[1:])
