"""A machine with one or more `aws` on the PATH, and at first without a config file."""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.support import forked
from tests.support.home import AWS, Home, Outcome

WITHOUT_PLUGIN = f"""#!{sys.executable}
import sys

class Hidden:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.split(".")[0] == "awscli_xacct":
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Hidden)
from awscli.clidriver import main
sys.exit(main())
"""
"""The real `aws` in a Python without the plugin."""

_WITH_LIBRARY = f"""#!{sys.executable}
import sys
sys.path.insert(0, {{!r}})
from awscli.clidriver import main
sys.exit(main())
"""
"""The real `aws` in a Python that looks for modules in another directory first."""


class Machine:
    """`bin` is first on the PATH, which has no other `aws`."""

    def __init__(self, home: Home, path: Path) -> None:
        self.home = home
        self._numbers = itertools.count()
        self.config = home.config
        self.config.unlink()
        self.bin = path / "bin"
        self.bin.mkdir()
        self._tools = path / "tools"
        self._tools.mkdir()
        for name in ("env", "sh", "bash", "cat", "sleep", "python3"):
            found = next(
                (place for place in (Path("/usr/bin") / name, Path("/bin") / name) if place.exists()), None
            )
            if found:
                (self._tools / name).symlink_to(found)
        self.set_path(self.bin)

    def set_path(self, *directories: Path) -> None:
        """Set the PATH to these directories, and one with a few of the system's programs."""
        self.home.environment["PATH"] = os.pathsep.join(map(str, [*directories, self._tools]))

    def link(self, aws: Path = AWS) -> Path:
        """Put a real `aws` on the PATH."""
        (self.bin / "aws").symlink_to(aws)
        return self.bin / "aws"

    def link_forked(self) -> Path:
        """Put the same on the PATH with less CPU time, for tests that are not about how it starts."""
        forked.write_client(self.bin / "aws")
        return self.bin / "aws"

    def install_without_plugin(self, directory: Path | None = None) -> Path:
        """Put an `aws` whose Python lacks the plugin on the PATH, or into another directory."""
        return self._install(WITHOUT_PLUGIN, directory or self.bin)

    def install_with_library(self, library: Path) -> Path:
        """Put an `aws` whose Python finds the plugin in `library` on the PATH."""
        return self._install(_WITH_LIBRARY.format(str(library)), self.bin)

    def _install(self, text: str, directory: Path) -> Path:
        """Put an `aws` that is forked into a directory."""
        script = self.script(text, self._tools.with_name("installed") / str(next(self._numbers)))
        forked.allow(script)
        directory.mkdir(parents=True, exist_ok=True)
        forked.write_client(directory / "aws", script)
        return directory / "aws"

    def script(self, text: str, directory: Path | None = None, name: str = "aws") -> Path:
        """Put a script on the PATH, or into another directory."""
        path = (directory or self.bin) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)
        return path

    def write(self, text: str) -> None:
        """Write the config file."""
        self.config.write_bytes(text.encode())
        self.config.chmod(0o600)

    def xacct(self, *arguments: str, environment: Mapping[str, str] | None = None) -> Outcome:
        return self.home.xacct(*arguments, environment=environment)
