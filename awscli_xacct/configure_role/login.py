"""``aws configure role login`` and ``logout``: get credentials before they are needed, and delete them."""

import contextlib
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from .. import settings
from ..credentials.fetcher import Fetcher
from ..credentials.mfa_session import MfaSession
from ..credentials.profile_session import provider_for
from ..errors import ValidationError, XacctError
from ..failures import Failure, combine, describe
from ..messages import print_message
from ..problems import Problem, bullets
from ..profiles.source import is_mfa_user
from ..storage.cache import Record
from ..tables import counted, lifetime
from .arguments import flag, nothing_given, positional, profiles_given
from .base import Subcommand, require_roles


class LoginCommand(Subcommand):
    """Gets shared MFA sessions and role sessions in advance."""

    NAME = "login"
    ARG_TABLE = (positional("profile", "The profile to log in to.", nargs="?"),)

    def _run(self, parsed_args: Any, parsed_globals: Any) -> int:
        names = profiles_given(parsed_args, parsed_globals)
        inventory = self._inventory()
        require_roles(names, inventory, or_users=True)
        profiles = inventory.profiles
        users = [name for name in names or profiles if is_mfa_user(profiles[name])]
        roles = [name for name in names if name not in users] or [
            entry.profile for entry in inventory if entry.role and not names
        ]
        # The error of a single profile is the command's own.
        failures: list[Failure] | None = None if names else []
        fetchers = [provider_for(self._session, name).fetcher() for name in roles]
        sessions: dict[str, tuple[str, MfaSession]] = {}
        for fetcher in fetchers:
            with _collect(fetcher.role.profile, failures):
                _add_session(sessions, fetcher.chain()[0])
        for name in users:
            session = provider_for(self._session, name).session()
            sessions[session.name] = (str(profiles[name][settings.MFA_SERIAL]), session)
        if not names and not sessions and not failures:
            fix = "set one with: aws configure role PROFILE --mfa-serial auto"
            raise ValidationError(
                "nothing to log in to, because",
                [Problem("no profile uses an MFA device", fix, code="ProfileInvalid")],
            )
        rows: list[dict[str, Any]] = []
        for serial, session in sessions.values():
            with _collect(serial, failures):
                record = session.get()
                profile = str(record.metadata.get("profile", ""))
                rows.append(_to_dict(record, "mfa-session", profile, serial))
                whose = f", the device of profile {profile}" if profile and not names else ""
                print_message(f"MFA session of {serial}{whose}: valid {lifetime(record)}")
        for fetcher in fetchers if names else []:
            fetcher.forget_duration_refusal()
            record = fetcher.fetch()
            rows.append(_to_dict(record, "role", fetcher.role.profile, fetcher.role.mfa_serial))
            print_message(f"profile {fetcher.role.profile}: valid {lifetime(record)}")
        self._print(parsed_globals, rows, str)
        if failures:
            lines = bullets([Problem(failure.message) for failure in failures])
            raise combine(failures, "\n".join(["could not log in to every device, because", *lines]))
        return 0


def _to_dict(record: Record, kind: str, profile: str, serial: str | None) -> dict[str, Any]:
    """Return what programs are told about credentials that somebody has logged in to; the kinds are `status`'s."""
    return {
        "Profile": profile or None,
        "Kind": kind,
        "MfaSerial": serial or None,
        "Expiration": record.expiry_text,
    }


@contextlib.contextmanager
def _collect(what: str, failures: list[Failure] | None) -> Iterator[None]:
    """Append an error to `failures`, so that the others are tried as well; without that list, let it pass."""
    try:
        yield
    except (XacctError, BotoCoreError, ClientError) as error:
        if failures is None:
            raise
        failure = describe(error)
        failures.append(failure._replace(message=f"{what}: {failure.message}"))


def _add_session(sessions: dict[str, tuple[str, MfaSession]], start: Fetcher) -> None:
    """Add the MFA session at the start of a chain, with the serial of its device, under the name of its record."""
    session = start.session()
    if session:
        source = start.role.session_source
        serial = source.mfa_serial if source else start.role.mfa_serial
        sessions.setdefault(session.name, (str(serial), session))


class LogoutCommand(Subcommand):
    """Deletes cache records. Makes no calls."""

    NAME = "logout"
    ARG_TABLE = (
        positional("profile", "The profiles to log out of.", nargs="*"),
        flag("all", "Delete all cached credentials, also those of profiles that no longer exist."),
    )

    def _run(self, parsed_args: Any, parsed_globals: Any) -> int:
        names = profiles_given(parsed_args, parsed_globals)
        cache = self._cache()
        if parsed_args.all:
            print_message(f"deleted {counted(cache.remove_all(cache.names()), 'cached session')}")
            cache.remove_locks()
            return 0
        if not names:
            raise nothing_given("profile", "aws configure role logout PROFILE, or --all")
        inventory = self._inventory()
        require_roles(names, inventory, or_users=True)
        records = {name: inventory.keys(name).all() for name in names}
        for name, found in records.items():
            print_message(f"profile {name}: deleted {counted(cache.remove_all(found), 'cached session')}")
        return 0
