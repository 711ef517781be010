"""``xacct disable``: disable the plugin, for example before the package is uninstalled."""

import argparse
import os
import shlex
from pathlib import Path

from .. import settings
from ..configfile import store
from ..errors import XacctError
from ..messages import XACCT_ROLE, listed, role_commands, spell_role_command
from ..profiles.credential_process import find_requested, gets_key_of, runs_xacct
from ..profiles.sdk_profiles import is_sdk_profile
from ..profiles.source import Profiles
from ..results import write_lines
from . import plugin_section, resolve

HELP = "Disable the plugin; profiles and cached sessions stay."

_UNDO = '--sdk-profile ""'


def configure(parser: argparse.ArgumentParser) -> None:
    """There are no options."""


def run(options: argparse.Namespace) -> int:  # noqa: ARG001
    path = Path(settings.config_paths(os.environ)[0])
    if store.edit(path, plugin_section.disable).changed:
        lines = [
            f"the plugin is disabled in {path}",
            "profiles stay, as plain AWS CLI profiles, and so do cached sessions",
        ]
    else:
        lines = [f"the plugin is not enabled in {path}"]
    write_lines("\n".join([*lines, *_explain_uninstalling()]))
    return 0


def _explain_uninstalling() -> list[str]:
    """Return what to do before the package is uninstalled, in lines for a person."""
    try:
        profiles = resolve.read_config()["profiles"]
    except XacctError as error:
        return [f"before you uninstall the package, see which profiles run xacct: {error}"]
    users = [name for name in profiles if runs_xacct(profiles[name].get(settings.CREDENTIAL_PROCESS))]
    if not users:
        return ["the package can be uninstalled now"]
    spell_role_command(XACCT_ROLE)  # `aws` has the command no more
    stored = [name for name in users if gets_key_of(profiles[name][settings.CREDENTIAL_PROCESS], name)]
    owners = {name: owner for name in users if (owner := _find_owner(name, profiles))}
    others = [name for name in users if name not in stored and name not in owners]
    lines = [f"without the package, these profiles have no credentials: {listed(users)}"]
    if stored or owners:
        lines[0] += ". Before you uninstall it, run:"
        lines += [f"  xacct keys restore {shlex.quote(name)}" for name in stored]
        lines += [f"  {role_commands(list(dict.fromkeys(owners.values())), _UNDO)}"] if owners else []
    if others:
        lines.append(f"before you uninstall it, give another credential_process to: {listed(others)}")
    return lines


def _find_owner(name: str, profiles: Profiles) -> str | None:
    """Return the role profile whose SDK profile `name` is."""
    owner = find_requested(profiles[name][settings.CREDENTIAL_PROCESS])
    if owner is None or settings.ROLE_ARN not in profiles.get(owner, {}):
        return None
    return owner if is_sdk_profile(name, profiles[name], owner) else None
