"""Each `aws` on the PATH: whether it runs, has the plugin, and really uses it."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from ... import __version__
from .. import hosts, plugins
from ..hosts import Host
from .finding import FAULT, OK, UNCHECKED, WARNING, Finding, Patient

_OLDEST = {"1": (1, 45), "2": (2, 9)}
_OLDEST_PYTHON = (3, 10)
_INSTALL = "https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html"
_TIMEOUT = 30
_LITERAL = re.compile(r'^__version__ = "([^"]+)"', re.M)
_LOCATE = """
import json, sys
from importlib.util import find_spec
sys.path += sys.argv[2:]
print(json.dumps({name: spec.origin for name in sys.argv[1].split() if (spec := find_spec(name))}))
"""


def check(patient: Patient) -> Iterator[Finding]:
    """All of them; what is wrong with another one than the first is a warning, as long as it runs."""
    named, environment = patient.aws, patient.environment
    found = [hosts.look_at(named, environment)] if named else hosts.find(environment)
    if not found:
        yield Finding(FAULT, "there is no aws on the PATH", f"install it: {_INSTALL}")
    for number, host in enumerate(found):
        yield from _look_at(host, patient, first=not number)


def _look_at(host: Host, patient: Patient, *, first: bool) -> Iterator[Finding]:
    program = shlex.quote(str(host.path))
    if not host.version:
        answer = host.run("--version", environment=patient.environment)
        yield Finding(FAULT, f"{host.path} does not run: {answer.reason}", f"{program} --version")
        return
    yield from _ages(host)
    answer = host.run("--version", environment=patient.environment)
    if answer.code:
        mend = f"{host.how_to_install()}\nor: xacct disable" if hosts.MODULE in answer.reason else ""
        if patient.document is None:
            mend = "mend the config file, of which more below"
        yield Finding(FAULT, f"{host} fails whatever it is asked: {answer.reason}", mend)
        return
    document = patient.document
    if document is None:
        yield Finding(UNCHECKED, f"{host}: whether the plugin is on, as the config file cannot be read")
        return
    if not plugins.is_on(document) or (host.is_v2 and not plugins.path_of(document)):
        mend = "xacct enable" if first and not patient.aws else f"xacct enable --aws {program}"
        yield Finding(FAULT if first else WARNING, f"{host}: the plugin is not on", mend)
        return
    sign = plugins.sign_of_life(host, patient.environment)
    if sign.code:
        yield Finding(
            FAULT if first else WARNING,
            f"{host}: the plugin is on in the config file, but not active: {sign.reason}",
            host.how_to_install(),
        )
        return
    yield Finding(OK, f"{host}: the plugin is active")
    yield from _parts(host, plugins.path_of(document) if host.is_v2 else [])


def _ages(host: Host) -> Iterator[Finding]:
    oldest = _OLDEST.get(host.version.split(".")[0])
    if oldest and _numbers(host.version) < oldest:
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


def _parts(host: Host, path: Sequence[str]) -> Iterator[Finding]:
    """Whether what the plugin needs is there, and whether it is the plugin that this `xacct` belongs to."""
    found = located(host, path)
    for name in plugins.NEEDED:
        if name not in found and not (host.is_v2 and name in plugins.PART_OF_V2):
            yield Finding(
                FAULT,
                f"{host} does not find {name}, which the plugin needs: roles are left to the CLI itself",
                host.how_to_install().replace(hosts.PACKAGE, f"{hosts.PACKAGE} {name}", 1),
            )
    origin = found.get(hosts.MODULE)
    version = _version_in(Path(origin)) if origin else ""
    if version and version != __version__:
        yield Finding(
            WARNING,
            f"{host} has the plugin {version}, and this xacct is {__version__}",
            host.how_to_install().replace("install", "install --upgrade", 1),
        )


def located(host: Host, path: Sequence[str]) -> dict[str, str]:
    """Where an `aws` finds the plugin and what that needs, by name, with `path` searched last."""
    if host.python is None:
        places = {name: Path(*name.split(".")) / "__init__.py" for name in plugins.NEEDED}
        return {
            name: str(Path(directory) / file)
            for directory in reversed(path)
            for name, file in places.items()
            if (Path(directory) / file).is_file()
        }
    done = subprocess.run(  # noqa: S603 - the Python that runs the user's aws
        [host.python, "-c", _LOCATE, " ".join(plugins.NEEDED), *path],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=_TIMEOUT,
        check=True,
    )
    return dict(json.loads(done.stdout))


def _version_in(file: Path) -> str:
    try:
        found = _LITERAL.search(file.read_text("utf-8"))
    except OSError:
        return ""
    return found[1] if found else ""


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])
