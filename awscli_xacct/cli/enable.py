"""``xacct enable``: enable the plugin for an installed `aws`, after checking that it still works then."""

import argparse
import contextlib
import os
import shlex
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from .. import settings
from ..configfile import store
from ..errors import XacctError
from ..keys.key_store import KeyStore
from ..keys.place import Files, KeyPlaces
from ..messages import listed, printable
from ..results import write_lines
from ..storage.files import is_file
from . import embedded, installations, plugin_section, probes
from .installations import Installation

HELP = "Enable the plugin for the aws on the PATH, version 1 or 2."

_TRIAL_SECONDS = 60
"""How long the `aws` to enable it for may take with the plugin."""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--aws", metavar="PATH", help="the aws to enable it for")
    parser.add_argument("--v2", action="store_true", help="use the first AWS CLI v2 on the PATH")


def run(options: argparse.Namespace) -> int:
    environment = os.environ
    found = installations.find(environment)
    chosen = choose_installation(found, options.aws, environment, v2=options.v2)
    path = Path(settings.config_paths(environment)[0])
    change = partial(plugin_section.enable, v2=chosen.is_v2)
    edit = store.preview(path, change)
    others = [other for other in found if other.real != chosen.real]
    _try(chosen, others, edit, environment)
    edit = store.edit(path, change)
    state = "is enabled" if edit.changed else "was already enabled"
    write_lines(f"the plugin {state} for {chosen} in {path}")
    states = probes.map_concurrently(lambda other: _describe_state(other, environment), others)
    for other, state in zip(others, states, strict=True):
        write_lines(f"also on the PATH: {other}: {state}")
    for tool in embedded.find(environment, [chosen, *others]):
        write_lines(f"{printable(str(tool))}. Add the plugin there:\n  {tool.fix}")
    if plugin_section.is_disabled(environment):
        write_lines(
            f"{settings.DISABLE_VARIABLE} is set, which turns the plugin off: unset {settings.DISABLE_VARIABLE}"
        )
    if edit.changed:
        write_lines("try it: aws configure role list; to disable it again: xacct disable")
        _advise_key_store()
    return 0


def _advise_key_store() -> None:
    """Say once where keys rest in the clear, if this system has a key store: else there is nothing to be done."""
    with contextlib.suppress(Exception):  # the plugin is enabled, whatever is wrong with a key store
        clear = KeyPlaces(Files.current()).in_the_clear()
        if clear:
            name = KeyStore().name
            write_lines(
                f"keys in the clear: profile {listed(clear)}; to move one into {printable(name)}: "
                f"xacct keys store {printable(shlex.quote(clear[0]))}"
            )


def choose_installation(
    found: Sequence[Installation], named: str | None, environment: Mapping[str, str], *, v2: bool
) -> Installation:
    """Return the installation to enable the plugin for. Raises `XacctError`."""
    name_one = "name one with: xacct enable --aws PATH"
    if named:
        path = Path(named).expanduser().absolute()
        if not (is_file(path) and os.access(path, os.X_OK)):
            raise XacctError(f"{path} is not an executable file; {name_one}", code="UsageError")
        found = [installations.inspect(path, environment)]
    if not found:
        raise XacctError(f"no aws found on the PATH; {name_one}")
    chosen = next((each for each in found if each.is_v2 or not v2), None)
    if chosen is None:
        raise XacctError(f"no AWS CLI v2 found, only {', '.join(map(str, found))}; {name_one}")
    if not chosen.version:
        raise XacctError(f"{chosen.path} {chosen.problem}. Check it with:\n  {chosen.command} --version")
    return chosen


def _try(
    chosen: Installation, others: Sequence[Installation], edit: store.Edit, environment: Mapping[str, str]
) -> None:
    """Raise `XacctError` if the edit, not made yet, would break an `aws` or not activate the plugin."""
    with plugin_section.try_config(edit.after, environment) as after:
        probe = plugin_section.probe(chosen, after, _TRIAL_SECONDS)
        broken = _find_broken(others, after)
    if probe.code:
        raise XacctError(_explain_refusal(chosen, edit, probe.reason, environment))
    with plugin_section.try_config(edit.before, environment) as before:
        broken_before = _find_broken(broken, before)
    for other in broken:
        if other not in broken_before:
            raise XacctError(
                f"{other} reads the same config file but cannot find the plugin: every command would end in a "
                f"traceback. {edit.path} was not changed. Install the plugin there as well:\n"
                f"  {other.get_install_command()}\n"
                f"or give that aws its own config file with AWS_CONFIG_FILE"
            )


def _find_broken(others: Sequence[Installation], environment: Mapping[str, str]) -> list[Installation]:
    """Return those that do not run with this config file, although they do without one."""
    working = [other for other in others if other.version]
    runs = probes.map_concurrently(lambda other: other.run("--version", environment=environment), working)
    return [other for other, run in zip(working, runs, strict=True) if run.code]


def _explain_refusal(
    chosen: Installation, edit: store.Edit, reason: str, environment: Mapping[str, str]
) -> str:
    with plugin_section.try_config(edit.before, environment) as before:
        bare = chosen.run("configure", "list-profiles" if chosen.is_v2 else "list", environment=before)
    unchanged = f"{edit.path} was not changed"
    if bare.code and not _is_plugin_missing(bare.reason):
        return f"{chosen} fails even without the plugin, so {unchanged}. It prints:\n  {bare.reason}"
    if _is_plugin_missing(reason):
        return f"{chosen} cannot find the plugin, so {unchanged}. Install it there:\n  {chosen.get_install_command()}"
    return (
        f"{chosen} fails with the plugin, so {unchanged}. It prints:\n  {reason}\n"
        f"To find out more: xacct doctor --aws {chosen.command}"
    )


def _is_plugin_missing(reason: str) -> bool:
    return f"No module named '{installations.MODULE}'" in reason


def _describe_state(other: Installation, environment: Mapping[str, str]) -> str:
    if not other.version:
        return other.problem
    if plugin_section.probe(other, environment).code == 0:
        return "the plugin is enabled there, too"
    return f"to enable the plugin there: xacct enable --aws {other.command}"
