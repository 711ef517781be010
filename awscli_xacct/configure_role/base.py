"""What the subcommands of ``aws configure role`` have in common."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from awscli.customizations.commands import BasicCommand
from botocore.exceptions import BotoCoreError, ClientError

from .. import settings
from ..configfile import store
from ..configfile.document import Document
from ..configfile.sections import MergedProfiles
from ..credentials.mfa_session import shares_session
from ..errors import Problem, ValidationError, XacctError
from ..messages import print_message, printable_lines, role_command, wrap
from ..profiles.cache_keys import record_cache
from ..profiles.inventory import Entry, Inventory
from ..profiles.names import no_profile
from ..profiles.partitions import Partitions
from ..profiles.source import is_mfa_user, is_role
from ..storage.cache import Cache, Record
from .clients import usable

if TYPE_CHECKING:
    from ..profiles.edit import Plan

FAILED = 255
"""The exit code of a command that could not do what it was asked."""


def positional(name: str, help_text: str, **details: Any) -> dict[str, Any]:
    """Describe a positional argument to awscli."""
    return argument(name, help_text, positional_arg=True, **details)


def flag(name: str, help_text: str) -> dict[str, Any]:
    """Describe an option without a value to awscli."""
    return argument(name, help_text, action="store_true")


def argument(name: str, help_text: str, **details: Any) -> dict[str, Any]:
    """Describe an option to awscli."""
    return {"name": name, "help_text": help_text, **details}


def arg_table(*arguments: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the arguments of a command in the form that awscli asks for."""
    return list(arguments)


def synopsis(first: str, *others: str) -> str:
    """Return the synopsis of a help page. Lines that do not begin a command continue the one before.

    awscli indents the first line only, and so the others are indented here.
    """
    return "\n    ".join([first, *(line if line.startswith("aws ") else f"    {line}" for line in others)])


class Subcommand(BasicCommand):  # type: ignore[misc]
    """A command that looks at, or works on, the role profiles that are there.

    Its help page has a description and examples in ``examples/NAME``. They are ASCII: awscli reads them in the
    encoding of the locale.
    """

    _session: Any

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.DESCRIPTION, cls.EXAMPLES = (
            cls.FROM_FILE(cls.NAME, page, root_module=sys.modules[__package__])
            for page in ("_description.rst", "_examples.rst")
        )

    def _run_main(self, parsed_args: Any, parsed_globals: Any) -> int:
        try:
            self._session = usable(self._session)
            return self._run(parsed_args, parsed_globals)
        except (XacctError, BotoCoreError, ClientError) as error:
            # The CLI prints it as it is, and it may quote a config file or a service.
            error.args = (wrap(printable_lines(str(error)), sys.stderr), *error.args[1:])
            raise

    def _run(self, parsed_args: Any, parsed_globals: Any) -> int:
        """What the command does; gives its exit code."""
        raise NotImplementedError

    def _cache(self) -> Cache:
        config = self._session.full_config
        return record_cache(config, os.environ, print_message)

    def _inventory(self) -> Inventory:
        return Inventory(self._session.full_config, os.environ, self._cache())

    def _config_path(self) -> Path:
        return store.locate(self._session.get_config_variable("config_file"), settings.DEFAULT_CONFIG_FILE)

    def _credentials_path(self) -> Path:
        configured = self._session.get_config_variable("credentials_file")
        return store.locate(configured, settings.DEFAULT_CREDENTIALS_FILE)

    def _document(self) -> Document:
        path = self._config_path()
        return Document(store.read(path), str(path))

    def _partitions(self) -> Partitions:
        return Partitions(self._session.get_component("data_loader").load_data("partitions"))

    def _apply(self, plan: Plan, document: Document) -> MergedProfiles:
        """Make a plan's changes in a document, and give all profiles as they are then. Raises `ValidationError`."""
        path = self._credentials_path()
        return plan.apply(document, Document(store.read(path), str(path)), self._partitions())


def named_profiles(parsed_args: Any, parsed_globals: Any) -> list[str]:
    """The profiles a command line names, each once: its positional ones, else ``--profile``."""
    named = parsed_args.profile or []
    named = [named] if isinstance(named, str) else list(dict.fromkeys(named))
    return named or ([parsed_globals.profile] if parsed_globals.profile else [])


def check_roles(names: list[str], inventory: Inventory, *, or_users: bool = False) -> None:
    """Raise `ValidationError` unless all of `names` are role profiles; near names are offered.

    With `or_users` the profiles of users that run on an MFA session will do as well.
    """
    problems = []
    for name in names:
        profile = inventory.profiles.get(name)
        if profile is None:
            problems.append(Problem(no_profile(name, inventory.profiles)))
        elif not (is_role(profile) or (or_users and is_mfa_user(profile))):
            fix = f"make it one with: {role_command(name, '--role-arn ARN')}"
            problems.append(Problem(f"profile {name} assumes no role", fix))
    if problems:
        raise ValidationError("nothing was done, because", problems)


def session_behind(entry: Entry) -> Record | None:
    """That session, while it is valid."""
    return entry.session if entry.role and shares_session(entry.role) else None


NO_ROLES = "no profile assumes a role; make one with: aws configure role PROFILE --role-arn ARN"
