"""From a role profile to its credentials: the cache, else STS, hop by hop.

The calling credentials of a role come from the role before it, from a shared MFA session, or from
botocore's own providers; each is looked up only when a record is missing.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from typing import Any

from .. import settings
from ..errors import CannotPromptError, RoleDurationError
from ..messages import printable, profile_option, role_command, subcommand
from ..profiles.cache_keys import role_record
from ..profiles.role import Role
from ..storage.cache import Record
from .callers import hour_of_a_session, no_code_of_a_session
from .context import FetchContext, keys_of, record_of
from .mfa_session import MfaSession, decide, device_lock, user_session
from .sts import (
    Keys,
    add_place,
    clock_fault,
    is_chained,
    is_denied,
    is_expired_or_unknown_caller,
    is_refused_code,
    is_too_long,
    is_unavailable,
)

_FRESH = 60
"""Seconds for which a new MFA session cannot be what a role finds too old."""


class Fetcher:
    """Credentials of one role profile."""

    def __init__(self, role: Role, context: FetchContext) -> None:
        self.role = role
        self._context = context
        self.name = role_record(role, context.endpoint)

    def fetch(self) -> Record:
        """The role's credentials: cached, or fetched once for all who need them.

        Raises botocore's own errors where STS refuses or cannot be reached, and `XacctError`.
        """
        return self._context.flight.get(self.name, self._purpose, self._obtain)

    def refresh(self) -> Record:
        """The role's credentials from STS, whatever is cached; the roles before it may come from the cache."""
        self.forget_duration_refusal()
        return self._context.flight.refresh(self.name, self._purpose, self._obtain)

    def forget_duration_refusal(self) -> None:
        """Forget that STS has found the role's maximum shorter than what is asked for."""
        self._context.too_long.remove(self.name)

    def is_dead(self, keys: Keys) -> bool:
        """Whether STS says that these credentials, which a service has refused, have ended."""
        return self._context.is_dead(keys)

    def drop(self, access_key: str) -> None:
        """Forget the credentials with this access key, which a service has refused."""
        self._context.flight.drop(self.name, access_key)

    def chain(self) -> list[Fetcher]:
        """The fetchers of all roles of the chain, the first to be assumed first."""
        source = self.role.source
        return [*(Fetcher(source, self._context).chain() if isinstance(source, Role) else []), self]

    def session(self) -> MfaSession | None:
        """The shared MFA session the role is assumed from, or None if it is assumed without one."""
        role = self.role
        if role.session_source:
            return user_session(role.session_source, self._context)
        if not role.mfa_serial or isinstance(role.source, Role):
            return None
        if not decide(role, user_keys=self._source_keys().token is None).shared:
            return None
        return MfaSession(role.mfa_serial, role.source, role.profile, self._context, role.mfa_process)

    def caller_arn(self) -> str:
        """The ARN that calls for the role. May ask for an MFA code."""
        source = self.role.source
        if isinstance(source, Role):
            keys = keys_of(Fetcher(source, self._context).fetch())
        else:
            session = self.session()
            keys = keys_of(session.get()) if session else self._source_keys()
        return self._context.sts(keys).caller_arn()

    @property
    def _purpose(self) -> str:
        return f"credentials of profile {self.role.profile}"

    # -- the three ways ----------------------------------------------------------------------------

    def _obtain(self, quick: bool) -> Record:
        role = self.role
        if isinstance(role.source, Role):
            caller = Fetcher(role.source, self._context)
            return self._assume_from(caller.fetch, caller.drop, role.request, quick)
        if role.session_source:
            session = user_session(role.session_source, self._context)
            return self._assume_from(session.get, session.drop, role.request, quick)
        keys = self._source_keys()
        if not role.mfa_serial:
            return self._assume(keys, role.request, quick)
        decision = decide(role, user_keys=keys.token is None)
        if not decision.shared:
            self._check_maximum()
        if decision.note:
            self._context.warn(decision.note)
        request = dict(role.request)
        if decision.duration is not None:
            request["DurationSeconds"] = decision.duration
        if not decision.shared:
            return self._assume_with_code(keys, request, quick)
        session = MfaSession(role.mfa_serial, role.source, role.profile, self._context, role.mfa_process)
        return self._assume_shared(session, keys, request, quick)

    def _assume_shared(
        self, session: MfaSession, keys: Keys, request: Mapping[str, Any], quick: bool
    ) -> Record:
        """From the shared session; or, if there can be none or it is too old for the role, with a code."""
        try:
            got = session.get(keys)
        except Exception as error:
            if not is_denied(error):
                raise
            self._context.warn(
                f"profile {self.role.profile}: no MFA session may be had, so it takes a code of its own"
            )
            return self._assume_with_code(keys, request, quick)
        try:
            return self._assume_from(lambda: session.get(keys), session.drop, request, quick)
        except Exception as error:
            age = self._context.clock() - float(got.about["obtained"])
            if not is_denied(error) or age < _FRESH:
                raise
            self._context.warn(
                f"profile {self.role.profile}: refused from an MFA session that is {age / 60:.0f} min old; "
                f"the role may want a younger one, so it takes a code of its own"
            )
            try:
                return self._assume_with_code(keys, request, quick)
            except CannotPromptError:
                raise error from None

    def _assume_with_code(self, keys: Keys, request: Mapping[str, Any], quick: bool) -> Record:
        from ..mfa.codes import Request

        serial = str(self.role.mfa_serial)
        question = Request(serial, self.role.profile, f"role {self.role.role_arn}", self.role.mfa_process)

        def assume(code: str) -> Record:
            try:
                return self._assume(keys, {**request, "SerialNumber": serial, "TokenCode": code}, quick)
            except Exception as error:
                if is_too_long(error):
                    self._context.too_long.write(self.name)
                raise

        with self._context.flight.locked(device_lock(serial), f"a code of {serial}"):
            return self._context.codes().spend(
                question, assume, lambda error: is_refused_code(error) and keys.token is None
            )

    def _check_maximum(self) -> None:
        """Raise `RoleDurationError` where STS has lately refused so long a session: it would cost another code."""
        note = self._context.too_long.read(self.name)
        if note is None or note[0] > settings.TOO_LONG_SECONDS:
            return
        role = self.role
        raise RoleDurationError(
            f"profile {role.profile}: STS refused duration_seconds = {role.duration_seconds} {note[0] / 60:.0f} min "
            f"ago, because that is more than the maximum of {printable(role.role_arn)}, and no other MFA code is "
            f"spent on it. {_shorter(role)}\nIf that has been done, try again with:\n"
            f"  {subcommand('login', role.profile)}"
        )

    def _assume_from(
        self, get: Callable[[], Record], drop: Callable[[str], None], request: Mapping[str, Any], quick: bool
    ) -> Record:
        """With a caller's session, once more with a new one if the service says that it has ended already."""
        caller = get()
        try:
            return self._assume(keys_of(caller), request, quick)
        except Exception as error:
            if not is_expired_or_unknown_caller(error):
                raise
        drop(caller.access_key)
        return self._assume(keys_of(get()), request, quick)

    def _assume(self, keys: Keys, request: Mapping[str, Any], quick: bool) -> Record:
        try:
            issued = self._context.sts(keys, quick=quick).assume_role({**self._session_name(), **request})
        except Exception as error:
            if not is_refused_code(error):
                add_place(error, _place(self.role, error, self._context.clock()))
            elif keys.token is not None:  # no other code will be taken either
                add_place(error, f"{_while(self.role)}. {no_code_of_a_session(self.role)}")
            raise
        about = {
            "profile": self.role.profile,
            "role": self.role.role_arn,
            "source": _source_name(self.role),
            "method": "assume-role",
        }
        return record_of(issued, about=about)

    def _session_name(self) -> dict[str, str]:
        """What the stock CLI calls a role session whose profile does not name it."""
        return {"RoleSessionName": f"botocore-session-{int(self._context.clock())}"}

    def _source_keys(self) -> Keys:
        assert not isinstance(self.role.source, Role)  # noqa: S101 - a role's keys are its fetcher's
        return self._context.source_keys(self.role.profile, self.role.source)


def _source_name(role: Role) -> str:
    return role.source.profile if isinstance(role.source, Role) else role.source.name


def _while(role: Role) -> str:
    return f"while assuming {role.role_arn} for profile {role.profile} from {_source_name(role)}"


def _place(role: Role, error: Exception, now: float) -> str:
    """Which hop of which profile an STS error belongs to, and what to do about it."""
    place = _while(role)
    who = f"aws sts get-caller-identity {profile_option(_source_name(role))}"
    if is_denied(error):
        return (
            f"{place}. Who may not do what, and the policies that would allow it, are shown by:\n"
            + f"  {subcommand('verify', role.profile)}"
        )
    if is_too_long(error):
        return f"{place}. {_shorter(role)}"
    if is_chained(error):
        return f"{place}. {hour_of_a_session(role)}"
    if is_unavailable(error):
        return f"{place}. STS cannot be reached or does not answer just now; try the network with:\n  {who}"
    fault = clock_fault(error, now)
    return f"{place}. {fault[0].upper()}{fault[1:]}" if fault else place


def _shorter(role: Role) -> str:
    *_, account, path = f"::{role.role_arn}".split(":")
    name = path.rpartition("/")[2]
    # Without a profile it would act in the caller's own account, where there may be a role of that name.
    there = profile_option(f"ADMIN-OF-{account}")
    return (
        f"Ask for less, or have the role's maximum raised in its account:\n"
        f"  {role_command(role.profile, '--duration-seconds 3600')}\n"
        f"  aws iam update-role --role-name {shlex.quote(printable(name))} "
        f"--max-session-duration {role.duration_seconds} {printable(there)}"
    )
