"""Each `aws` on the PATH: whether it works, and whether it finds the plugin and uses it."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from ... import __version__, settings
from .. import embedded, installations, plugin_section, probes
from ..installations import Installation
from ..origin import get_origin
from .report import FAULT, WARNING, DoctorContext, Finding, fault, ok, unchecked, warning

_MIN_VERSIONS = {"1": (1, 45), "2": (2, 9)}
_MIN_PYTHON = (3, 10)
_INSTALL = "https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html"
_CRT = "awscrt"
"""botocore needs it for the sessions of `aws login`, and version 1 does not bring it along."""
_VERSION_LINE = re.compile(r'^__version__ = "([^"]+)"', re.M)


def check(context: DoctorContext) -> Iterator[Finding]:
    """Check them all. Only the first can have faults, unless another does not work at all."""
    named, environment = context.aws, context.environment
    found = [installations.inspect(named, environment)] if named else installations.find(environment)
    if not found:
        yield fault("no aws found on the PATH", f"install it: {_INSTALL}")
    _ = context.document, context.config  # read once, before there are threads
    for findings in probes.map_concurrently(
        lambda each: _check_safely(each, context, first=each is found[0]), found
    ):
        yield from findings
    if context.document is not None and plugin_section.is_enabled(context.document) and not named:
        for other in embedded.find(environment, found):
            yield warning(str(other), other.fix)


def _check_safely(installation: Installation, context: DoctorContext, *, first: bool) -> list[Finding]:
    """Return the findings of one `aws`. If it cannot be checked, the others still are."""
    try:
        return list(_check(installation, context, first=first))
    except Exception as error:  # noqa: BLE001 - another program may answer anything
        return [unchecked(f"{installation}: {type(error).__name__}: {error}")]


def _check(installation: Installation, context: DoctorContext, *, first: bool) -> Iterator[Finding]:
    if not installation.version:
        text = f"{installation.path} {installation.problem}"
        yield fault(text, f"{installation.command} --version")
        return
    yield from _check_versions(installation)
    document, environment = context.document, context.environment
    enabled = document is not None and plugin_section.is_enabled(document, v2=installation.is_v2)
    # If it can do what only the plugin can, there is no need to check whether it works at all.
    probe = plugin_section.probe(installation, environment) if enabled else None
    if document is not None and probe is not None and not probe.code:
        yield ok(f"{installation}: the plugin is active")
        path = plugin_section.read_plugin_path(document) if installation.is_v2 else []
        yield from _check_modules(installation, path, context)
        return
    answer = probe if probe and probe.hung else installation.run("--version", environment=environment)
    if answer.code:
        fix = ""
        if installations.MODULE in answer.reason:
            fix = f"{installation.get_install_command()}\nor: xacct disable"
        if document is None:
            fix = "fix the config file, see below"
        yield fault(f"{installation} fails at every command: {answer.reason}", fix)
        return
    if document is None:
        yield unchecked(f"{installation}: the plugin, because the config file cannot be read")
        return
    state = FAULT if first else WARNING
    if probe is None:
        fix = "xacct enable" if first and not context.aws else f"xacct enable --aws {installation.command}"
        yield Finding(state, f"{installation}: the plugin is not enabled", fix)
        return
    text = f"{installation}: the plugin is enabled in the config file, but not active: {probe.reason}"
    yield Finding(state, text, installation.get_install_command())


def _check_versions(installation: Installation) -> Iterator[Finding]:
    fix = f"install a newer one: {_INSTALL}"
    oldest = _MIN_VERSIONS.get(installation.version.split(".")[0], _MIN_VERSIONS["1"])
    if _parse_version(installation.version) < oldest:
        tested = ".".join(map(str, oldest))
        yield warning(f"{installation} is older than {tested}, the oldest the plugin is tested with", fix)
    if _parse_version(installation.python_version) < _MIN_PYTHON:
        text = (
            f"{installation} runs on Python {installation.python_version}, but the plugin needs 3.10 or later"
        )
        yield fault(text, fix)


def _check_modules(
    installation: Installation, path: Sequence[str], context: DoctorContext
) -> Iterator[Finding]:
    """Check that the plugin's dependencies are there, and that the plugin is of the same version as this `xacct`."""
    found = installation.find_modules([*plugin_section.NEEDED, _CRT], path, context.environment)
    for name in plugin_section.NEEDED:
        if name not in found and not (installation.is_v2 and name in plugin_section.PART_OF_V2):
            yield fault(
                f"{installation} cannot find {name}, which the plugin needs: the CLI handles roles itself instead",
                installation.get_install_command(get_origin(), name),
            )
    profile = None if installation.is_v2 else _find_login_profile(context)
    if profile and installation.python and _CRT not in found:
        yield fault(
            f"{installation} cannot find {_CRT}, which the {settings.LOGIN_SESSION} of profile {profile} needs",
            installation.get_install_command(_CRT),
        )
    origin = found.get(installations.MODULE)
    version = _read_version(Path(origin)) if origin else ""
    if version and version != __version__:
        yield warning(
            f"{installation} has version {version} of the plugin, but this xacct is {__version__}",
            installation.get_install_command(upgrade=True),
        )


def _find_login_profile(context: DoctorContext) -> str | None:
    """Return the first profile with a session of `aws login`."""
    profiles = context.config["profiles"] if context.config else {}
    return next((name for name, options in profiles.items() if options.get(settings.LOGIN_SESSION)), None)


def _read_version(file: Path) -> str:
    try:
        found = _VERSION_LINE.search(file.read_text("utf-8"))
    except OSError:
        return ""
    return found[1] if found else ""


def _parse_version(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])
