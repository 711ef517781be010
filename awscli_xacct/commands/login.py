"""``aws configure role login`` and ``logout``: get, or drop, what is cached."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..credentials.fetcher import Fetcher
from ..credentials.mfa_session import MfaSession
from ..credentials.provider import provider_for
from ..errors import Faults
from .base import Subcommand, check_roles, named_profiles, say
from .output import remaining


class LoginCommand(Subcommand):
    """Gets MFA sessions and role sessions ahead of their use."""

    NAME = "login"
    DESCRIPTION = (
        "Get the credentials of a role profile now, with the MFA session behind them if there is one. Until that "
        "ends, commands that have no terminal to ask on work as well. Without a profile, the MFA session of every "
        "device that role profiles use is got."
    )
    SYNOPSIS = "aws configure role login [<profile>]"
    EXAMPLES = (
        "To give the MFA code in the morning, for the whole day::\n\n    $ aws configure role login prod\n"
    )
    ARG_TABLE = [  # noqa: RUF012 - the shape awscli asks for
        {"name": "profile", "positional_arg": True, "nargs": "?", "help_text": "The profile to log in to."},
    ]

    def _run_main(self, parsed_args: Any, parsed_globals: Any) -> int:
        names = named_profiles(parsed_args, parsed_globals)
        inventory = self._inventory()
        check_roles(names, inventory)
        if names:
            fetchers = [provider_for(self._session, name).fetcher() for name in names]
        else:
            entries = [entry for entry in inventory if entry.role and entry.role.mfa_serial]
            fetchers = [provider_for(self._session, entry.profile).fetcher() for entry in entries]
            if not fetchers:
                raise Faults("there is nothing to log in to", ["no role profile has an mfa_serial"])
        for serial, session in one_per_session(fetchers).values():
            say(f"MFA session of {serial}: {remaining(session.get())} left")
        for fetcher in fetchers if names else []:
            say(f"profile {fetcher.role.profile}: {remaining(fetcher.fetch())} left")
        return 0


def one_per_session(fetchers: Sequence[Fetcher]) -> dict[str, tuple[str, MfaSession]]:
    """The MFA sessions that some fetchers share, with their devices, by the name of their record."""
    sessions = {}
    for start in (fetcher.chain()[0] for fetcher in fetchers):
        session = start.session()
        if session:
            sessions[session.name] = (str(start.role.mfa_serial), session)
    return sessions


class LogoutCommand(Subcommand):
    """Drops records; makes no call."""

    NAME = "logout"
    DESCRIPTION = (
        "Drop the cached credentials of role profiles, and the MFA sessions behind them. Credentials that are "
        "already in use elsewhere stay valid at AWS until they end."
    )
    SYNOPSIS = "aws configure role logout [<profile> ...] [--all]"
    EXAMPLES = "To drop everything that is cached::\n\n    $ aws configure role logout --all\n"
    ARG_TABLE = [  # noqa: RUF012 - the shape awscli asks for
        {"name": "profile", "positional_arg": True, "nargs": "*", "help_text": "The profiles to log out of."},
        {"name": "all", "action": "store_true", "help_text": "Drop every record, of profiles long gone too."},
    ]

    def _run_main(self, parsed_args: Any, parsed_globals: Any) -> int:
        names = named_profiles(parsed_args, parsed_globals)
        cache = self._cache()
        if parsed_args.all:
            dropped = sum(cache.remove(name) for name in cache.names())
            say(f"{dropped} cached sessions dropped")
            return 0
        if not names:
            raise Faults("which profile is meant?", ["name it, or give --all"])
        inventory = self._inventory()
        check_roles(names, inventory)
        for name in names:
            dropped = sum(cache.remove(record) for record in inventory.records_of(name))
            say(f"profile {name}: {dropped} cached sessions dropped")
        return 0
