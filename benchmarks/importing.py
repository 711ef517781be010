"""Compare the import of many roles with the two `aws configure set` calls that each takes with the stock CLI."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.support.home import AWS, Home

from .measure import Run, run

ROLES = 1000
MANY = 10_000
SAMPLE = 10
"""How many calls of the stock CLI are measured; all of them would take a quarter of an hour."""
ROUNDS = 3


def compare() -> None:
    """Measure and print."""
    print(f"Import of a manifest, compared with {2 * ROLES} `aws configure set`")
    start = min((_started() for _ in range(ROUNDS)), key=lambda each: each.seconds)
    few = min((_imported(ROLES) for _ in range(ROUNDS)), key=lambda each: each.seconds)
    stock = _set_by_stock()
    ratio = 2 * ROLES * stock / few.seconds
    print(
        f"  {ROLES:>6} roles   {few.seconds:>7.2f} s, {few.memory:>5.0f} MiB; a bare `aws` {start.seconds:.2f} s"
    )
    print(
        f"  stock, {SAMPLE} calls sampled in a file of {ROLES // 2} profiles and multiplied: "
        f"{2 * ROLES} x {stock:.2f} s = {2 * ROLES * stock:.0f} s, {ratio:.0f} times as long (target 300)"
    )
    many = _imported(MANY)
    more = (many.seconds - start.seconds) / (few.seconds - start.seconds)
    print(
        f"  {MANY:>6} roles   {many.seconds:>7.2f} s, {many.memory:>5.0f} MiB; beyond the start {more:.1f} times as "
        f"long for {MANY // ROLES} times as many (target: linear)"
    )
    print()


def _home(directory: str) -> Home:
    home = Home(Path(directory) / "home", "http://127.0.0.1:9")
    home.credentials.write_text(
        "[default]\naws_access_key_id = A\naws_secret_access_key = S\n", encoding="utf-8"
    )
    home.credentials.chmod(0o600)
    return home


def _started() -> Run:
    with tempfile.TemporaryDirectory() as directory:
        return run([str(AWS), "configure", "get", "region"], _home(directory).environment)


def _imported(roles: int) -> Run:
    with tempfile.TemporaryDirectory() as directory:
        home = _home(directory)
        manifest = Path(directory) / "team.yaml"
        lines = "".join(
            f'  p{n}: {{account: "{n:012d}", role: CrossAccountPowerUser}}\n' for n in range(roles)
        )
        manifest.write_text(
            f"version: 1\ndefaults: {{source_profile: default, region: us-west-1}}\nroles:\n{lines}",
            encoding="utf-8",
        )
        taken = run([str(AWS), "configure", "role", "import", str(manifest), "--yes"], home.environment)
        assert home.config.read_text(encoding="utf-8").count("role_arn = ") == roles
        return taken


def _set_by_stock() -> float:
    """Return how many seconds one call takes in a file with half of the profiles."""
    with tempfile.TemporaryDirectory() as directory:
        home = _home(directory)
        text = "".join(
            f"[profile p{n}]\nrole_arn = arn:aws:iam::{n:012d}:role/CrossAccountPowerUser\nsource_profile = default\n\n"
            for n in range(ROLES // 2)
        )
        home.config.write_text(text, encoding="utf-8")  # without the plugin
        command = [str(AWS), "configure", "set", "role_arn", "arn:aws:iam::222222222222:role/A", "--profile"]
        seconds = [run([*command, f"new{n}"], home.environment).seconds for n in range(SAMPLE)]
        return sorted(seconds)[SAMPLE // 2]
