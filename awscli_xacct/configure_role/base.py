"""What all subcommands of ``aws configure role`` share: the session, the config files, and checks."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from awscli.customizations.commands import BasicCommand

from .. import settings
from ..configfile import store
from ..configfile.document import Document
from ..configfile.sections import MergedProfiles
from ..credentials.mfa_session import shares_session
from ..errors import ValidationError, annotate, facts_of
from ..messages import HELP, print_message, role_command, unknown_profile
from ..problems import Hints, Problem
from ..profiles import validation
from ..profiles.cache_keys import record_cache
from ..profiles.inventory import Inventory, RoleEntry
from ..profiles.partitions import Partitions
from ..profiles.sdk_profiles import describe_owner
from ..profiles.source import Profiles, can_be_source, is_mfa_user, is_role
from ..storage.cache import Cache, Record
from .arguments import (
    ERROR_FORMAT_OPTION,
    asks_for_help,
    keep_urls,
    parse,
    profiles_given,
    restore_urls,
)
from .clients import usable
from .output import print_result

if TYPE_CHECKING:
    from ..profiles.edit import ProfileEdit


class Subcommand(BasicCommand):  # type: ignore[misc]
    """Base of the subcommands. A subclass has `NAME`, `ARG_TABLE` and `_run`.

    The synopsis, the description and the examples of its help page are in ``examples/NAME``. They are ASCII, because
    awscli reads them in the encoding of the locale. Of the synopsis it indents the first line only.
    """

    STRAY = ""
    """What to do instead of naming a profile, in a sentence, where the command takes none."""
    _session: Any

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        page = cls.FROM_FILE(root_module=sys.modules[__package__])
        cls.DESCRIPTION = cls.SYNOPSIS = cls.EXAMPLES = page
        cls.ARG_TABLE = [*cls.ARG_TABLE, ERROR_FORMAT_OPTION]

    def __call__(self, args: list[str], parsed_globals: Any) -> Any:
        if asks_for_help(args):
            args = [HELP]
        else:
            # awscli's own parser ends the process with a page about `aws`, and in version 1 with exit code 2.
            self._parse(args)
        return super().__call__(keep_urls(args), parsed_globals)

    def _parse(self, args: list[str]) -> Any:
        """Parse the words of the command line as awscli will. Raises `UsageError`."""
        return parse(self.arg_table, args, " ".join(self.lineage_names), self.STRAY)

    def _run_main(self, parsed_args: Any, parsed_globals: Any) -> int:
        restore_urls(parsed_args)
        try:
            self._session = usable(self._session)
            for path in (self._config_path(), self._credentials_path()):
                store.read(path)  # or what botocore cannot read would look empty
            return self._run(parsed_args, parsed_globals)
        except (Exception, KeyboardInterrupt) as error:
            named = profiles_given(parsed_args, parsed_globals)
            if len(named) == 1 and "profile" not in facts_of(error):
                annotate(error, profile=named[0])
            raise

    def _run(self, parsed_args: Any, parsed_globals: Any) -> int:
        """Run the command and return its exit code."""
        raise NotImplementedError

    def _print(self, parsed_globals: Any, result: Any, text: Callable[[], str]) -> None:
        """Print `text` for people, or `result` in the format that the command line asks for."""
        print_result(self._session, parsed_globals, self.NAME, result, text)

    def _cache(self) -> Cache:
        return record_cache(self._session.full_config, os.environ, print_message)

    def _inventory(self) -> Inventory:
        return Inventory(self._session.full_config, os.environ, self._cache().read)

    def _config_path(self) -> Path:
        return store.locate(self._session.get_config_variable("config_file"), settings.DEFAULT_CONFIG_FILE)

    def _credentials_path(self) -> Path:
        configured = self._session.get_config_variable("credentials_file")
        return store.locate(configured, settings.DEFAULT_CREDENTIALS_FILE)

    def _document(self) -> Document:
        return store.read_document(self._config_path())

    def _partitions(self) -> Partitions:
        return Partitions(self._session.get_component("data_loader").load_data("partitions"))

    def _find_problems(
        self, name: str, profiles: Profiles, *, force: bool = False, hints: Hints | None = None
    ) -> list[Problem]:
        """Return everything that is wrong with the role profile `name` among `profiles`."""
        return validation.find_problems(
            name, profiles, partitions=self._partitions(), force=force, hints=hints
        )

    def _apply(self, edit: "ProfileEdit", document: Document) -> MergedProfiles:
        """Make the changes of `edit` in `document`. Return all profiles as they are then.

        Raises `ValidationError`.
        """
        edit.needs_region = not find_region_variable(self._session)
        edit.has_environment_keys = bool(os.environ.get("AWS_ACCESS_KEY_ID"))
        return edit.apply(document, store.read_document(self._credentials_path()), self._partitions())


def find_region_variable(session: Any) -> str | None:
    """Return the region that this `aws` takes from the environment: version 1 does not read AWS_REGION."""
    names = session.session_var_map["region"][1]
    found = (os.environ.get(name) for name in ([names] if isinstance(names, str) else names))
    return next(filter(None, found), None)


def refusal(declined: str, text: str, fix: str | None = None, code: str | None = None) -> ValidationError:
    """Return the error for a command that does not go ahead, for a single reason."""
    return ValidationError(f"{declined}, because", [Problem(text, fix)], code)


def require_roles(
    names: list[str], inventory: Inventory, *, or_users: bool = False, may_become: bool = True
) -> None:
    """Raise `ValidationError` unless all of `names` are role profiles, with suggestions for misspelled names.

    With `or_users`, profiles of users that have a shared MFA session are accepted too. With `may_become`, one that has
    no credentials may be meant to become a role profile; the default profile and those of users never are.
    """
    problems, hints = [], Hints()
    for name in names:
        profile = inventory.profiles.get(name)
        if profile is None:
            text = unknown_profile(name, inventory.profiles if hints.take() else ())
            problems.append(Problem(text, code="ProfileNotFound"))
        elif not (is_role(profile) or (or_users and is_mfa_user(profile))):
            fix = describe_owner(name, inventory.profiles)
            if not fix and may_become and name != "default" and not can_be_source(inventory.profiles, name):
                fix = f"make it one with: {role_command(name, '--role-arn ARN')}"
            fix = fix or "list those with: aws configure role list"
            problems.append(Problem(f"profile {name} is not a role profile", fix, code="ProfileInvalid"))
    if problems:
        raise ValidationError("nothing was done, because", problems)


def shared_session(entry: RoleEntry) -> Record | None:
    """Return the valid MFA session that the profile of `entry` shares with others, or None."""
    return entry.session if entry.role and shares_session(entry.role) else None


NO_ROLE_PROFILES = Problem(
    "there are no role profiles",
    "create one with: aws configure role PROFILE --role-arn ARN",
    code="ProfileNotFound",
)
