"""How to install what the environment of this `xacct` lacks, whatever made the environment."""

import sys
from pathlib import Path

import pytest

from awscli_xacct.xacct_program import install_command


def pretend(monkeypatch: pytest.MonkeyPatch, prefix: Path, *on_path: Path) -> None:
    """Have this Python be the one of an environment, with these directories on the PATH."""
    monkeypatch.setattr(sys, "prefix", str(prefix))
    monkeypatch.setattr(sys, "executable", str(prefix / "bin" / "python"))
    monkeypatch.setenv("PATH", ":".join(map(str, on_path)))


def test_package_is_installed_by_what_made_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_uv = tmp_path / "uv" / "tools" / "awscli"
    by_uv.mkdir(parents=True)
    (by_uv / "uv-receipt.toml").touch()
    pretend(monkeypatch, by_uv)
    assert install_command("keyring") == f"uv pip install --python {by_uv} keyring"
    pretend(monkeypatch, tmp_path / "pipx" / "venvs" / "aws cli")
    assert install_command("keyring") == "pipx inject 'aws cli' keyring"


def test_package_is_installed_by_the_pip_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, other = tmp_path / "own", tmp_path / "other"
    for environment in (own, other):
        (environment / "bin").mkdir(parents=True)
        (environment / "bin" / "pip").write_text("#!/bin/sh\n")
        (environment / "bin" / "pip").chmod(0o755)
    pretend(monkeypatch, own, own / "bin", other / "bin")
    assert install_command("keyring") == "pip install keyring"
    pretend(monkeypatch, own, other / "bin", own / "bin")
    assert install_command("keyring") == f"{own}/bin/python -m pip install keyring"
