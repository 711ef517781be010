"""Each `aws` on the PATH: whether it runs, has the plugin, and really uses it."""

from __future__ import annotations

import json
import os
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ... import __version__, settings
from ...errors import XacctError
from .. import embedded, installations, plugin_section, probes
from ..installations import Installation
from .report import FAULT, OK, UNCHECKED, WARNING, DoctorContext, Finding

_OLDEST = {"1": (1, 45), "2": (2, 9)}
_OLDEST_PYTHON = (3, 10)
_INSTALL = "https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html"
_CRT = "awscrt"
"""What botocore needs for the sessions of `aws login`, and version 1 does not bring along."""
_LITERAL = re.compile(r'^__version__ = "([^"]+)"', re.M)
_LOCATE = """
import json, sys
from importlib.util import find_spec
sys.path += sys.argv[2:]
print(json.dumps({name: spec.origin for name in sys.argv[1].split() if (spec := find_spec(name))}))
"""


def check(context: DoctorContext) -> Iterator[Finding]:
    """All of them; what is wrong with another one than the first is a warning, as long as it runs."""
    named, environment = context.aws, context.environment
    found = [installations.look_at(named, environment)] if named else installations.find(environment)
    if not found:
        yield Finding(FAULT, "there is no aws on the PATH", f"install it: {_INSTALL}")
    _ = context.document, context.config  # read once, before there are threads
    for findings in probes.map_concurrently(
        lambda host: _all_of(host, context, first=host is found[0]), found
    ):
        yield from findings
    if context.document is not None and plugin_section.is_on(context.document) and not named:
        for other in embedded.find(environment, found):
            yield Finding(WARNING, str(other), other.fix)


def _all_of(host: Installation, context: DoctorContext, *, first: bool) -> list[Finding]:
    """What is found of one `aws`; that one cannot be looked at keeps nobody from the others."""
    try:
        return list(_look_at(host, context, first=first))
    except Exception as error:  # noqa: BLE001 - whatever a program of somebody else's answers
        return [Finding(UNCHECKED, f"{host}: {type(error).__name__}: {error}")]


def _look_at(host: Installation, context: DoctorContext, *, first: bool) -> Iterator[Finding]:
    program = shlex.quote(str(host.path))
    if not host.version:
        yield Finding(FAULT, f"{host.path} {host.trouble}", f"{program} --version")
        return
    yield from _ages(host)
    document = context.document
    on = document is not None and plugin_section.is_on(document)
    on = on and not (host.is_v2 and document is not None and not plugin_section.path_of(document))
    # One that does what only the plugin can needs not be asked whether it runs at all.
    sign = plugin_section.sign_of_life(host, context.environment) if on else None
    if document is not None and sign is not None and not sign.code:
        yield Finding(OK, f"{host}: the plugin is active")
        logins = [] if host.is_v2 or not context.config else _logins(context.config["profiles"])
        yield from _parts(host, plugin_section.path_of(document) if host.is_v2 else [], logins)
        return
    answer = sign if sign and sign.hung else host.run("--version", environment=context.environment)
    if answer.code:
        fix = f"{host.how_to_install()}\nor: xacct disable" if installations.MODULE in answer.reason else ""
        if context.document is None:
            fix = "mend the config file, of which more below"
        yield Finding(FAULT, f"{host} fails whatever it is asked: {answer.reason}", fix)
        return
    if document is None:
        yield Finding(UNCHECKED, f"{host}: whether the plugin is on, as the config file cannot be read")
        return
    if sign is None:
        fix = "xacct enable" if first and not context.aws else f"xacct enable --aws {program}"
        yield Finding(FAULT if first else WARNING, f"{host}: the plugin is not on", fix)
        return
    yield Finding(
        FAULT if first else WARNING,
        f"{host}: the plugin is on in the config file, but not active: {sign.reason}",
        host.how_to_install(),
    )


def _ages(host: Installation) -> Iterator[Finding]:
    oldest = _OLDEST.get(host.version.split(".")[0], _OLDEST["1"])
    if _numbers(host.version) < oldest:
        yield Finding(
            WARNING,
            f"{host} is older than what the plugin is tested with, {'.'.join(map(str, oldest))}",
            f"install a newer one: {_INSTALL}",
        )
    if _numbers(host.python_version) < _OLDEST_PYTHON:
        yield Finding(
            FAULT,
            f"{host} runs on Python {host.python_version}, and the plugin needs 3.10 or later",
            f"install a newer one: {_INSTALL}",
        )


def _logins(profiles: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The profiles with a session of `aws login`."""
    return [name for name, options in profiles.items() if options.get(settings.LOGIN_SESSION)]


def _parts(host: Installation, path: Sequence[str], logins: Sequence[str]) -> Iterator[Finding]:
    """Whether what the plugin needs is there, and whether it is the plugin that this `xacct` belongs to."""
    found = located(host, path)
    for name in plugin_section.NEEDED:
        if name not in found and not (host.is_v2 and name in plugin_section.PART_OF_V2):
            yield Finding(
                FAULT,
                f"{host} does not find {name}, which the plugin needs: roles are left to the CLI itself",
                host.how_to_install().replace(installations.PACKAGE, f"{installations.PACKAGE} {name}", 1),
            )
    if logins and host.python and _CRT not in found:
        yield Finding(
            FAULT,
            f"{host} does not find {_CRT}, without which profile {logins[0]} has no credentials: its "
            f"{settings.LOGIN_SESSION} needs it",
            host.how_to_install().replace(installations.origin(), _CRT),
        )
    origin = found.get(installations.MODULE)
    version = _version_in(Path(origin)) if origin else ""
    if version and version != __version__:
        yield Finding(
            WARNING,
            f"{host} has the plugin {version}, and this xacct is {__version__}",
            host.how_to_install().replace("install", "install --upgrade", 1),
        )


def located(host: Installation, path: Sequence[str]) -> dict[str, str]:
    """Where an `aws` finds the plugin and what that needs, by name, with `path` searched last."""
    if host.python is None:
        places = {name: Path(*name.split(".")) / "__init__.py" for name in plugin_section.NEEDED}
        return {
            name: str(Path(directory) / file)
            for directory in reversed(path)
            for name, file in places.items()
            if (Path(directory) / file).is_file()
        }
    done = probes.run(
        [str(host.python), "-c", _LOCATE, " ".join([*plugin_section.NEEDED, _CRT]), *path], os.environ
    )
    if done.code:
        raise XacctError(f"{host.python} does not say where it finds the plugin: {done.reason}")
    return dict(json.loads(done.stdout))


def _version_in(file: Path) -> str:
    try:
        found = _LITERAL.search(file.read_text("utf-8"))
    except OSError:
        return ""
    return found[1] if found else ""


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])
