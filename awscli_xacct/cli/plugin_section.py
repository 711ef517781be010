"""The ``[plugins]`` section of the config file: what enables this plugin, and which parts of it are ours.

Version 1 imports every module named there. Version 2 does so only if ``cli_legacy_plugin_path`` says where plugins
are; it searches these directories after its own, so they cannot shadow its parts.

https://docs.aws.amazon.com/cli/latest/userguide/cliv2-migration-changes.html
"""

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from .. import settings
from ..configfile.document import Document, Value
from ..errors import XacctError
from ..storage.files import is_directory, write_temporary
from .installations import MODULE, Installation, Run
from .probes import SECONDS

SECTION = "plugins"
NAME = "xacct"
PATH = "cli_legacy_plugin_path"

NEEDED = (MODULE, "ruamel.yaml")
PART_OF_V2 = ("ruamel.yaml",)
"""What version 2 brings along, inside its program if it is one."""

_PROBE = ("configure", "role", "list", "--output", "json")
"""Works only in an `aws` that has loaded the plugin, and uses no network."""


def find_directories() -> list[str]:
    """Return the directories in which this Python finds the package and what it needs, the package's first.

    Raises `XacctError` for a directory that cannot be in version 2's setting.
    """
    found = []
    for name in NEEDED:
        spec = find_spec(name)
        if spec and spec.origin:
            # One directory up for each part of the name, and one for the file itself.
            found.append(str(Path(spec.origin).parents[name.count(".") + 1].resolve()))
    for directory in found:
        if os.pathsep in directory or not directory.isprintable():
            raise XacctError(
                f"AWS CLI v2 cannot load plugins from {directory!r}, because of a {os.pathsep} or a control character "
                f"in it. Install the package in another directory"
            )
    return list(dict.fromkeys(found))


def enable(document: Document, *, v2: bool) -> None:
    """Add what is missing, and keep everything else in the section.

    Our module comes before the path: version 1 imports both, and our module makes it accept the path.
    """
    if not is_enabled(document):
        document.set(SECTION, NAME, MODULE)
    if v2:
        ours = find_directories()
        others = [directory for directory in read_plugin_path(document) if directory not in ours]
        document.set(SECTION, PATH, os.pathsep.join([*ours, *others]))


def disable(document: Document) -> None:
    """Remove what is ours, and the section if it holds nothing else."""
    ours, path = _find_ours(document), read_plugin_path(document)
    others = [directory for directory in path if not _is_ours(directory)]
    for name in ours:
        document.remove(SECTION, name)
    if path and not others:
        document.remove(SECTION, PATH)
    elif others != path:
        document.set(SECTION, PATH, os.pathsep.join(others))
    left = _read_section(document).keys() - {*ours, *([] if others else [PATH])}
    if (ours or others != path) and not left:
        document.remove_section(SECTION)


def is_enabled(document: Document, *, v2: bool = False) -> bool:
    """Whether version 1, or version 2, would load the plugin."""
    return bool(_find_ours(document)) and not (v2 and not read_plugin_path(document))


def is_disabled(environment: Mapping[str, str]) -> bool:
    """Whether the plugin does nothing in this environment, wherever it is enabled."""
    return environment.get(settings.DISABLE_VARIABLE, "").lower() not in settings.NOT_DISABLING


def read_plugin_path(document: Document) -> list[str]:
    """Return the directories in which version 2 looks for plugins."""
    value = _read_section(document).get(PATH)
    return value.split(os.pathsep) if isinstance(value, str) and value else []


def _read_section(document: Document) -> dict[str, Value]:
    return document.section(SECTION) if SECTION in document.names() else {}


def _find_ours(document: Document) -> list[str]:
    return [name for name, value in _read_section(document).items() if value == MODULE]


def _is_ours(directory: str) -> bool:
    """Whether a directory of version 2's path is there for this package, which may have moved since."""
    return directory in find_directories() or is_directory(Path(directory, MODULE))


def probe(installation: Installation, environment: Mapping[str, str], seconds: float = SECONDS) -> Run:
    """Run a command that only works with the plugin; its exit code is 0 if the plugin is active."""
    return installation.run(*_PROBE, environment=environment, seconds=seconds)


@contextmanager
def try_config(config: bytes, environment: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Yield an environment in which `config` is the config file, before anything is written to the real one."""
    directory = Path(tempfile.mkdtemp(prefix="xacct-"))
    try:
        file = write_temporary(directory, "config", config)
        yield {**environment, "AWS_CONFIG_FILE": str(file)}
    finally:
        shutil.rmtree(directory, ignore_errors=True)
