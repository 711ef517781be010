"""The ``[plugins]`` section of the config file: what turns this plugin on, and what of it is ours.

Version 1 imports whatever is named there. Version 2 imports it only if the section says where plugins are, in
``cli_legacy_plugin_path``; these places come after its own, so that nothing there gets in its way.

https://docs.aws.amazon.com/cli/latest/userguide/cliv2-migration-changes.html
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from ..configfile.document import Document, Value
from ..errors import XacctError
from ..storage.files import write_temporary
from .installations import MODULE, Installation, Run
from .probes import SECONDS

SECTION = "plugins"
NAME = "xacct"
PATH = "cli_legacy_plugin_path"

NEEDED = (MODULE, "filelock", "ruamel.yaml")
PART_OF_V2 = ("ruamel.yaml",)
"""What version 2 has itself, inside its program where it is one."""

_SIGN = ("configure", "role", "list", "--output", "json")
"""Works in an `aws` that has loaded the plugin, calls nobody, and is unknown to any other."""


def places() -> list[str]:
    """The directories in which this Python finds the package and what it needs, ours first.

    Raises `XacctError` for one that version 2 could not be told of.
    """
    found = []
    for name in NEEDED:
        spec = find_spec(name)
        if spec and spec.origin:
            # One directory up for each part of the name, and one for the file itself.
            found.append(str(Path(spec.origin).parents[name.count(".") + 1].resolve()))
    for place in found:
        if os.pathsep in place or not place.isprintable():
            raise XacctError(
                f"AWS CLI v2 cannot be told of {place!r}, because of a {os.pathsep} or a control character in it. "
                f"Install the package in another directory"
            )
    return list(dict.fromkeys(found))


def turn_on(document: Document, *, v2: bool) -> None:
    """Add what is missing; what else is in the section stays.

    Ours comes before the path: version 1 imports both, and it is ours that makes the path no fault there.
    """
    if not _ours(document):
        document.set(SECTION, NAME, MODULE)
    if v2:
        others = [place for place in path_of(document) if place not in places()]
        document.set(SECTION, PATH, os.pathsep.join([*places(), *others]))


def turn_off(document: Document) -> None:
    """Take away what is ours, and the section if nothing else was in it."""
    ours, path = _ours(document), path_of(document)
    others = [place for place in path if not _is_ours(place)]
    for name in ours:
        document.remove(SECTION, name)
    if path and not others:
        document.remove(SECTION, PATH)
    elif others != path:
        document.set(SECTION, PATH, os.pathsep.join(others))
    left = section_of(document).keys() - {*ours, *([] if others else [PATH])}
    if (ours or others != path) and not left:
        document.remove_section(SECTION)


def _is_ours(place: str) -> bool:
    """Whether version 2 was told of a directory for this package's sake; it may have moved since."""
    return place in places() or Path(place, MODULE).is_dir()


def is_on(document: Document) -> bool:
    """Whether version 1 would load the plugin; version 2 needs to be told where it is as well."""
    return bool(_ours(document))


def path_of(document: Document) -> list[str]:
    """Where version 2 is told to look for plugins."""
    value = section_of(document).get(PATH)
    return value.split(os.pathsep) if isinstance(value, str) and value else []


def section_of(document: Document) -> dict[str, Value]:
    """The section's options."""
    return document.section(SECTION) if SECTION in document.names() else {}


def _ours(document: Document) -> list[str]:
    return [name for name, value in section_of(document).items() if value == MODULE]


def sign_of_life(host: Installation, environment: Mapping[str, str], seconds: float = SECONDS) -> Run:
    """Have an `aws` do what only one with the plugin can; its exit code is 0 if the plugin is active."""
    return host.run(*_SIGN, environment=environment, seconds=seconds)


@contextmanager
def trial(config: bytes, environment: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """The environment of an `aws` to which `config` is its config file, before it is anybody's."""
    directory = Path(tempfile.mkdtemp(prefix="xacct-"))
    try:
        file = write_temporary(directory, "config", config)
        yield {**environment, "AWS_CONFIG_FILE": str(file)}
    finally:
        shutil.rmtree(directory, ignore_errors=True)
