"""From a role profile to its credentials: the cache, else STS, hop by hop.

The calling credentials of a role come from the role before it, from a shared MFA session, or from botocore's own
providers; each is looked up only when a record is missing.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from .. import settings
from ..aws_errors import is_denied, is_expired_or_unknown_caller, is_refused_code, is_too_long
from ..errors import CannotPromptError, RoleDurationError
from ..history.entry import name_policies
from ..messages import printable, role_command, subcommand
from ..profiles.role import Role
from ..profiles.session_names import user_name
from ..storage.cache import Record
from .advice import HOUR, add_advice, duration_advice
from .context import Cached, FetchContext
from .mfa_session import GET_SESSION_TOKEN, MfaSession, decide
from .single_flight import presigning_due, purpose_of
from .sts import Keys, keys_of

_FRESH = 60
"""Seconds for which a new MFA session cannot be too old for a role."""


class CallerKeys(NamedTuple):
    """Who calls for a role.

    keys    what the call is signed with
    name    the ARN if it is known, else the access key id; for the history
    source  the keys that the chain begins with, None if they have not been needed so far
    user    the name of the user or session behind them, None if it has not been asked for
    mfa     the device whose code these credentials were obtained with
    """

    keys: Keys
    name: str
    source: Keys | None = None
    user: str | None = None
    mfa: str | None = None


class Fetcher(Cached):
    """Credentials of one role profile."""

    def __init__(self, role: Role, context: FetchContext) -> None:
        super().__init__(context.cache_keys.of_role(role), context)
        self.role = role

    def fetch(self) -> Record:
        """Return the role's credentials: cached, or fetched once for all who need them.

        Raises botocore's own errors where STS refuses or cannot be reached, and `XacctError`.
        """
        return self._context.flight.get(self.name, self._purpose, self._obtain)

    get = fetch

    def fetch_to_presign(self) -> Record:
        """Return the same, but credentials that last as long as STS allows, if they can be refreshed."""
        return self._context.flight.get(self.name, self._purpose, self._obtain, due_at=presigning_due)

    def refresh(self) -> Record:
        """Return new credentials from STS, whatever is cached; those of the roles before it may come from the cache."""
        self.forget_duration_refusal()
        return self._context.flight.refresh(self.name, self._purpose, self._obtain)

    def forget_duration_refusal(self) -> None:
        """Forget that STS has found the role's maximum shorter than what the profile asks for."""
        self._context.too_long.remove(self.name)

    def chain(self) -> "list[Fetcher]":
        """Return the fetchers of all roles of the chain, the first to be assumed first."""
        source = self.role.source
        return [*(Fetcher(source, self._context).chain() if isinstance(source, Role) else []), self]

    def session(self) -> MfaSession | None:
        """Return the shared MFA session the role is assumed from, or None if it is assumed without one."""
        caller = self._caller()
        return caller if isinstance(caller, MfaSession) else None

    def caller_arn(self) -> str:
        """Return the ARN that calls for the role. May prompt for an MFA code."""
        caller = self._caller()
        keys = keys_of(caller.get()) if caller else self._source_keys()
        return self._context.sts(keys).caller_arn()

    @property
    def _purpose(self) -> str:
        return purpose_of(self.role.profile)

    # -- the three ways ----------------------------------------------------------------------------

    def _caller(self) -> Cached | None:
        """Return the credentials that call for the role; None if those of its source itself do."""
        role = self.role
        if isinstance(role.source, Role):
            return Fetcher(role.source, self._context)
        if role.session_source:
            return MfaSession(role.session_source, self._context)
        if not role.mfa_serial:
            return None
        keys = self._source_keys()
        return self._shared_session(keys) if decide(role, user_keys=keys.token is None).shared else None

    def _obtain(self, quick: bool) -> Record:
        role = self.role
        if isinstance(role.source, Role) or role.session_source:
            caller = self._caller()
            assert caller is not None  # noqa: S101 - the role before, or the source's MFA session
            return self._assume_from(caller, role.request, quick)
        keys = self._source_keys()
        if not role.mfa_serial:
            return self._assume(self._owner_of(keys), role.request, quick)
        decision = decide(role, user_keys=keys.token is None)
        if not decision.shared:
            self._check_duration()
        if decision.note:
            self._context.warn(decision.note)
        request = dict(role.request)
        if decision.duration is not None:
            request["DurationSeconds"] = decision.duration
        assume = self._assume_shared if decision.shared else self._assume_with_code
        return assume(keys, request, quick)

    def _assume_shared(self, keys: Keys, request: Mapping[str, Any], quick: bool) -> Record:
        """Assume the role from the shared session; with a code if the user can get none, or it is too old."""
        session = self._shared_session(keys)
        try:
            record = session.get()
        except Exception as error:
            if not is_denied(error):
                raise
            self._context.warn(
                f"profile {self.role.profile}: the user is not allowed an MFA session, so it needs its own MFA code"
            )
            return self._assume_with_code(keys, request, quick)
        try:
            return self._assume_from(session, request, quick, keys)
        except Exception as error:
            age = self._context.clock() - float(record.metadata["obtained"])
            if not is_denied(error) or age < _FRESH:
                raise
            self._context.warn(
                f"profile {self.role.profile}: denied with an MFA session that is {age / 60:.0f} min old; "
                f"the role may require a newer one, so it needs its own MFA code"
            )
            try:
                return self._assume_with_code(keys, request, quick)
            except CannotPromptError:
                raise error from None

    def _assume_with_code(self, keys: Keys, request: Mapping[str, Any], quick: bool) -> Record:
        from ..mfa.codes import CodeRequest

        serial = str(self.role.mfa_serial)
        prompt = CodeRequest(serial, self.role.profile, f"role {self.role.role_arn}", self.role.mfa_process)
        owner = self._owner_of(keys)
        # Whatever can fail does before anybody is prompted.
        named, owner = self._name_session(owner, request, quick)

        def assume(code: str) -> Record:
            try:
                return self._assume(owner, {**named, "SerialNumber": serial, "TokenCode": code}, quick)
            except Exception as error:
                if is_too_long(error):
                    self._context.too_long.write(self.name)
                raise

        return self._context.spend_code(
            prompt, assume, lambda error: is_refused_code(error) and keys.token is None
        )

    def _check_duration(self) -> None:
        """Raise `RoleDurationError` if STS has lately refused so long a session: it would cost another code."""
        marker = self._context.too_long.read(self.name)
        if marker is None or marker[0] > settings.TOO_LONG_SECONDS:
            return
        role = self.role
        raise RoleDurationError(
            f"profile {role.profile}: STS refused duration_seconds = {role.duration_seconds} {marker[0] / 60:.0f} min "
            f"ago, because it is more than the maximum of {printable(role.role_arn)}, so no other MFA code is spent "
            f"on it. {duration_advice(role)}\nIf the maximum has been raised, try again with:\n"
            f"  {subcommand('login', role.profile)}",
            hop=role.profile,
            fix=role_command(role.profile, HOUR),
        )

    def _assume_from(
        self, caller: Cached, request: Mapping[str, Any], quick: bool, source: Keys | None = None
    ) -> Record:
        """Assume the role with a caller's session, and once more with a new one if STS says that it has expired."""
        record = caller.get()
        try:
            return self._assume(_owner_of_session(record, source), request, quick)
        except Exception as error:
            if not is_expired_or_unknown_caller(error):
                raise
        caller.drop(record.access_key)
        return self._assume(_owner_of_session(caller.get(), source), request, quick)

    def _assume(self, caller: CallerKeys, request: Mapping[str, Any], quick: bool) -> Record:
        role = self.role
        try:
            request, caller = self._name_session(caller, request, quick)
            return self._context.sts(caller.keys, quick=quick).assume_role(
                request,
                profile=role.profile,
                role=role.role_arn,
                source=role.source.name,
                method="assume-role",
                caller=caller.name,
                user=caller.user,
                session_name=request["RoleSessionName"],
                mfa=request.get("SerialNumber") or caller.mfa,
                policy=name_policies(request),
            )
        except Exception as error:
            add_advice(error, role, self._context.clock(), by_session=caller.keys.token is not None)
            raise

    def _name_session(
        self, caller: CallerKeys, request: Mapping[str, Any], quick: bool
    ) -> tuple[Mapping[str, Any], CallerKeys]:
        """Return the request with a session name, and the caller with its user's name if that was asked for."""
        if "RoleSessionName" in request:
            return request, caller
        now = self._context.clock()
        names = self._context.cache_keys.session_names
        if names is None:
            # The stock CLI's name for a role session whose profile does not name it.
            return {"RoleSessionName": f"botocore-session-{int(now)}", **request}, caller

        def find_user() -> str:
            nonlocal caller
            if caller.user is None:
                keys = caller.source or self.chain()[0]._source_keys()
                arn = self._context.find_caller(keys, quick=quick)
                known = caller.name == keys.access_key
                caller = caller._replace(user=user_name(arn), name=arn if known else caller.name)
            return str(caller.user)

        return {"RoleSessionName": names.make(self.role.profile, find_user, now), **request}, caller

    def _owner_of(self, keys: Keys) -> CallerKeys:
        """Return the owner of the keys that the chain begins with."""
        name = self._context.find_known_caller(keys.access_key) or keys.access_key
        return CallerKeys(keys, name, keys)

    def _source_keys(self) -> Keys:
        assert not isinstance(self.role.source, Role)  # noqa: S101 - a role's keys are its fetcher's
        return self._context.source_keys(self.role.profile, self.role.source)

    def _shared_session(self, keys: Keys) -> MfaSession:
        assert not isinstance(self.role.source, Role)  # noqa: S101 - no role can get a session
        return MfaSession(self.role.source, self._context, self.role, keys)


def _owner_of_session(record: Record, source: Keys | None) -> CallerKeys:
    """Return the owner of a session: a role session itself, or the user of an MFA session."""
    about = record.metadata
    is_users = about.get("method") == GET_SESSION_TOKEN
    name = about.get("caller" if is_users else "arn") or record.access_key
    return CallerKeys(
        keys_of(record), name, source, about.get("user"), about.get("mfa") if is_users else None
    )
