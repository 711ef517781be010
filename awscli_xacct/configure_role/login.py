"""``aws configure role login`` and ``logout``: get, or drop, what is cached."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from .. import settings
from ..credentials.fetcher import Fetcher
from ..credentials.mfa_session import MfaSession
from ..credentials.profile_session import provider_for
from ..errors import Problem, ValidationError, XacctError
from ..messages import print_message
from ..profiles.source import is_mfa_user
from ..tables import counted, remaining
from .base import Subcommand, arg_table, check_roles, flag, named_profiles, positional


class LoginCommand(Subcommand):
    """Gets MFA sessions and role sessions ahead of their use."""

    NAME = "login"
    SYNOPSIS = "aws configure role login [<profile>]"
    ARG_TABLE = arg_table(
        positional("profile", "The profile to log in to.", nargs="?"),
    )

    def _run(self, parsed_args: Any, parsed_globals: Any) -> int:
        names = named_profiles(parsed_args, parsed_globals)
        inventory = self._inventory()
        check_roles(names, inventory, or_users=True)
        profiles = inventory.profiles
        users = [name for name in names or profiles if is_mfa_user(profiles[name])]
        roles = [name for name in names if name not in users] or [
            entry.profile for entry in inventory if entry.role and not names
        ]
        failed: list[str] | None = None if names else []  # of one profile it is the command's own error
        fetchers = [provider_for(self._session, name).fetcher() for name in roles]
        sessions: dict[str, tuple[str, MfaSession]] = {}
        for fetcher in fetchers:
            with _noted(fetcher.role.profile, failed):
                _add_session(sessions, fetcher.chain()[0])
        for name in users:
            session = provider_for(self._session, name).session()
            sessions[session.name] = (str(profiles[name][settings.MFA_SERIAL]), session)
        if not names and not sessions and not failed:
            raise ValidationError(
                "there is nothing to log in to, because",
                [
                    Problem(
                        "no profile has an MFA session",
                        "give one a device with: aws configure role PROFILE --mfa-serial auto",
                    )
                ],
            )
        for serial, session in sessions.values():
            with _noted(serial, failed):
                print_message(f"MFA session of {serial}: {remaining(session.get())} left")
        for fetcher in fetchers if names else []:
            fetcher.forget_duration_refusal()
            print_message(f"profile {fetcher.role.profile}: {remaining(fetcher.fetch())} left")
        if failed:
            raise ValidationError("not all could be had, because", map(Problem, failed))
        return 0


@contextlib.contextmanager
def _noted(what: str, failed: list[str] | None) -> Iterator[None]:
    """Note in `failed`, if there is such a list, what goes wrong with one of several, so that the others are had."""
    try:
        yield
    except (XacctError, BotoCoreError, ClientError) as error:
        if failed is None:
            raise
        failed.append(f"{what}: {error}")


def _add_session(sessions: dict[str, tuple[str, MfaSession]], start: Fetcher) -> None:
    """Add the MFA session that a chain begins with, with its device, by the name of its record."""
    session = start.session()
    if session:
        source = start.role.session_source
        serial = source.mfa_serial if source else start.role.mfa_serial
        sessions.setdefault(session.name, (str(serial), session))


class LogoutCommand(Subcommand):
    """Drops records; makes no call."""

    NAME = "logout"
    SYNOPSIS = "aws configure role logout [<profile> ...] [--all]"
    ARG_TABLE = arg_table(
        positional("profile", "The profiles to log out of.", nargs="*"),
        flag("all", "Delete all cached credentials, also those of profiles that no longer exist."),
    )

    def _run(self, parsed_args: Any, parsed_globals: Any) -> int:
        names = named_profiles(parsed_args, parsed_globals)
        cache = self._cache()
        if parsed_args.all:
            dropped = cache.remove_all(cache.names())
            print_message(f"{counted(dropped, 'cached session')} dropped")
            return 0
        if not names:
            raise ValidationError("which profile is meant?", [Problem("name it, or give --all")])
        inventory = self._inventory()
        check_roles(names, inventory, or_users=True)
        records = {name: inventory.records_of(name) for name in names}
        for name, found in records.items():
            dropped = cache.remove_all(found)
            print_message(f"profile {name}: {counted(dropped, 'cached session')} dropped")
        return 0
