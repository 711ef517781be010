"""Packages of npm: the AWS SDK for JavaScript, as another reader of what `xacct credentials` prints, and Mermaid.

`python -m tests.cli.node` installs both, into a directory of the tree that Git does not look at.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from filelock import FileLock

SDK = ("@aws-sdk/client-sts@^3.700.0", "@aws-sdk/credential-providers@^3.700.0")
MERMAID = ("mermaid@^11.4.0", "jsdom@^25.0.0")
_DIRECTORY = Path(__file__).resolve().parents[2] / ".node"
_SECONDS = 300


class NodeError(Exception):
    """The packages are not installed and cannot be."""


def install(packages: tuple[str, ...]) -> Path:
    """Return a directory with packages in its ``node_modules``; the first caller installs them. Raises `NodeError`."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        raise NodeError("there is no node with npm here")
    digest = hashlib.sha256(" ".join(packages).encode()).hexdigest()[:16]
    directory = _DIRECTORY / digest
    directory.mkdir(parents=True, exist_ok=True)
    installed = directory / "installed"
    with FileLock(directory / "lock"):
        if not installed.exists():
            options = (
                "--no-audit",
                "--no-fund",
                "--ignore-scripts",
                "--no-update-notifier",
                "--loglevel=error",
            )
            done = subprocess.run(
                [npm, "install", "--prefix", str(directory), *options, *packages],
                env={**os.environ, "NPM_CONFIG_CACHE": str(_DIRECTORY / "cache")},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=_SECONDS,
                check=False,
            )
            if done.returncode:
                raise NodeError(f"npm cannot install them: {done.stderr.strip()[-500:]}")
            installed.touch()
    return directory


if __name__ == "__main__":
    print(install(SDK))
    print(install(MERMAID))
