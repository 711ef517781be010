"""What the subcommands of ``aws configure role`` have in common."""

from __future__ import annotations

import os
import sys
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from awscli.customizations.commands import BasicCommand

from .. import settings
from ..awsconfig import store
from ..awsconfig.inventory import Inventory
from ..awsconfig.profiles import is_role
from ..awsconfig.records import setting
from ..cache import Cache, cache_directory
from ..errors import Faults, printable


class Subcommand(BasicCommand):  # type: ignore[misc]
    """A command that looks at, or works on, the role profiles that are there."""

    def _cache(self) -> Cache:
        config = self._session.full_config
        return Cache(cache_directory(setting(config, settings.CACHE_DIR, os.environ)), warn=say)

    def _inventory(self) -> Inventory:
        return Inventory(self._session.full_config, os.environ, self._cache())

    def _config_path(self) -> Path:
        return store.locate(self._session.get_config_variable("config_file"), settings.DEFAULT_CONFIG_FILE)

    def _credentials_path(self) -> Path:
        configured = self._session.get_config_variable("credentials_file")
        return store.locate(configured, settings.DEFAULT_CREDENTIALS_FILE)


def named_profiles(parsed_args: Any, parsed_globals: Any) -> list[str]:
    """The profiles a command line names: its positional ones, else ``--profile``."""
    named = parsed_args.profile or []
    named = [named] if isinstance(named, str) else list(named)
    return named or ([parsed_globals.profile] if parsed_globals.profile else [])


def check_roles(names: list[str], inventory: Inventory) -> None:
    """Raise `Faults` unless all of `names` are role profiles; near names are offered."""
    faults = []
    for name in names:
        if name not in inventory.profiles:
            near = get_close_matches(name, list(inventory.profiles), n=3)
            hint = f"did you mean {' or '.join(map(printable, near))}?" if near else _see_list()
            faults.append(f"there is no profile {printable(name)}; {hint}")
        elif not is_role(inventory.profiles[name]):
            faults.append(
                f"profile {printable(name)} assumes no role; make it one with: "
                f"aws configure role {printable(name)} --role-arn ARN"
            )
    if faults:
        raise Faults("nothing was done, because", faults)


def _see_list() -> str:
    return "see those there are with: aws configure role list"


def say(message: str) -> None:
    """A line for the person, on stderr: stdout belongs to results."""
    sys.stderr.write(f"{printable(message)}\n")
    sys.stderr.flush()
