"""From a role profile to its credentials: the cache, else STS, hop by hop.

The calling credentials of a role come from the role before it, from a shared MFA session, or from
botocore's own providers; each is looked up only when a record is missing.
"""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .. import settings
from ..awsconfig.profiles import Role, Source
from ..awsconfig.records import role_record, session_record
from ..cache import Record, key_name
from ..mfa.codes import Codes, Request
from .flight import Flight, Tell
from .mfa_session import decide
from .sts import Issued, Keys, Sts, add_place, is_dead_caller, is_denied, is_refused_code, is_unavailable


@dataclass(frozen=True)
class Collaborators:
    """What a fetcher works with. `source_keys` resolves the beginning of a chain by botocore's providers.

    `region` is where STS is called if the session has no region. `endpoint` is whatever the user has
    configured as STS's address: credentials of one are none at another.
    `session_duration` is how long a shared MFA session is to last, in seconds.
    """

    flight: Flight
    client_creator: Callable[..., Any]
    source_keys: Callable[[Role, Source], Keys]
    codes: Codes
    tell: Tell
    region: str = settings.DEFAULT_REGION
    endpoint: tuple[Any, ...] = ()
    session_duration: int = settings.SESSION_DURATION_DEFAULT
    clock: Callable[[], float] = time.time


class Fetcher:
    """Credentials of one role profile."""

    def __init__(self, role: Role, using: Collaborators) -> None:
        self._role = role
        self._using = using
        self.name = role_record(role, using.endpoint)

    def fetch(self) -> Record:
        """The role's credentials: cached, or fetched once for all who need them.

        Raises botocore's own errors where STS refuses or cannot be reached, and `XacctError`.
        """
        return self._using.flight.get(self.name, self._purpose, self._obtain)

    def fetch_anew(self) -> Record:
        """The role's credentials from STS, whatever is cached; the roles before it may come from the cache."""
        return self._using.flight.anew(self.name, self._purpose, self._obtain)

    def chain(self) -> list[Fetcher]:
        """The fetchers of all roles of the chain, the first to be assumed first."""
        source = self._role.source
        return [*(Fetcher(source, self._using).chain() if isinstance(source, Role) else []), self]

    @property
    def role(self) -> Role:
        return self._role

    def caller_arn(self) -> str:
        """The ARN that calls for the role. May ask for an MFA code."""
        source = self._role.source
        if isinstance(source, Role):
            keys = _keys(Fetcher(source, self._using).fetch())
        else:
            session = self.session()
            keys = _keys(session) if session else self._using.source_keys(self._role, source)
        return self._sts(keys, hurry=False).caller_arn()

    def takes_own_code(self) -> bool:
        """Whether each fetch of the role costs an MFA code of its own."""
        role = self._role
        if not role.mfa_serial or isinstance(role.source, Role):
            return False
        keys = self._using.source_keys(role, role.source)
        return not decide(role, user_keys=keys.token is None).shared

    def session(self) -> Record | None:
        """The shared MFA session the role is assumed from, got if need be; None if it uses none."""
        role = self._role
        if not role.mfa_serial or isinstance(role.source, Role):
            return None
        keys = self._using.source_keys(role, role.source)
        if not decide(role, user_keys=keys.token is None).shared:
            return None
        return self._session(self.shared_name, keys)

    @property
    def _purpose(self) -> str:
        return f"credentials of profile {self._role.profile}"

    def _obtain(self, hurry: bool) -> Record:
        role = self._role
        if isinstance(role.source, Role):
            caller = Fetcher(role.source, self._using)
            keys = _keys(caller.fetch())
            try:
                return self._assume(keys, role.request, hurry)
            except Exception as error:
                if is_dead_caller(error):
                    self._using.flight.drop(caller.name)
                raise
        keys = self._using.source_keys(role, role.source)
        if not role.mfa_serial:
            return self._assume(keys, role.request, hurry)
        decision = decide(role, user_keys=keys.token is None)
        if decision.note:
            self._using.tell(decision.note)
        request = dict(role.request)
        if decision.duration is not None:
            request["DurationSeconds"] = decision.duration
        if decision.shared:
            return self._assume_shared(keys, request, hurry)
        return self._assume_with_code(keys, request, hurry)

    def _assume(self, keys: Keys, request: Mapping[str, Any], hurry: bool) -> Record:
        role = self._role
        sts = self._sts(keys, hurry)
        try:
            issued = sts.assume_role({**_session_name(self._using.clock), **request})
        except Exception as error:
            if is_refused_code(error):
                raise
            add_place(error, _place(role, error))
            raise
        return _record(issued, role, "assume-role")

    def _assume_with_code(self, keys: Keys, request: Mapping[str, Any], hurry: bool) -> Record:
        serial = str(self._role.mfa_serial)
        question = Request(serial, self._role.profile, f"role {self._role.role_arn}")
        with self._using.flight.locked(key_name({"device": serial}), f"a code of {serial}"):
            return self._using.codes.spend(
                question,
                lambda code: self._assume(
                    keys, {**request, "SerialNumber": serial, "TokenCode": code}, hurry
                ),
                is_refused_code,
            )

    def _sts(self, keys: Keys, hurry: bool) -> Sts:
        using = self._using
        return Sts(using.client_creator, keys, region=using.region, hurry=hurry, clock=using.clock)

    # -- the shared MFA session --------------------------------------------------------------------

    def _assume_shared(self, keys: Keys, request: Mapping[str, Any], hurry: bool) -> Record:
        name = self.shared_name
        session = self._session(name, keys)
        try:
            return self._assume(_keys(session), request, hurry)
        except Exception as error:
            if not is_dead_caller(error):
                raise
        # Ended at the service before its time (the user's keys or device were changed): once more, afresh.
        self._using.flight.drop(name)
        return self._assume(_keys(self._session(name, keys)), request, hurry)

    @property
    def shared_name(self) -> str:
        """The name of the record of the MFA session that serves this role and others."""
        using, source = self._using, self._role.source
        assert isinstance(source, Source)  # noqa: S101 - a chained role has no MFA session
        return session_record(str(self._role.mfa_serial), source, using.session_duration, using.endpoint)

    def _session(self, name: str, keys: Keys) -> Record:
        serial = str(self._role.mfa_serial)
        purpose = f"an MFA session of {serial}"
        return self._using.flight.get(name, purpose, lambda hurry: self._buy_session(serial, keys, hurry))

    def _buy_session(self, serial: str, keys: Keys, hurry: bool) -> Record:
        duration = self._using.session_duration
        sts = self._sts(keys, hurry)

        def buy(code: str) -> Issued:
            try:
                return sts.get_session_token(
                    {"SerialNumber": serial, "TokenCode": code, "DurationSeconds": duration}
                )
            except Exception as error:
                if is_refused_code(error):
                    raise
                add_place(error, f"while getting an MFA session for profile {self._role.profile}")
                raise

        question = Request(serial, self._role.profile, f"a session of {_hours(duration)} for all its roles")
        with self._using.flight.locked(key_name({"device": serial}), f"a code of {serial}"):
            issued = self._using.codes.spend(question, buy, is_refused_code)
        return _record(issued, self._role, "get-session-token", margin=settings.SESSION_RENEW_SECONDS)


def _keys(record: Record) -> Keys:
    return Keys(record.access_key, record.secret_key, record.token)


def _session_name(clock: Callable[[], float]) -> dict[str, str]:
    """What the stock CLI calls a role session whose profile does not name it."""
    return {"RoleSessionName": f"botocore-session-{int(clock())}"}


def _record(issued: Issued, role: Role, method: str, margin: float | None = None) -> Record:
    life = issued.expiry - issued.obtained
    if margin is None:
        margin = settings.RENEW_AT_MOST
    return Record(
        issued.access_key,
        issued.secret_key,
        issued.token,
        issued.expiry,
        issued.expiry - min(margin, life / settings.RENEW_FRACTION),
        issued.account,
        {
            "profile": role.profile,
            "role": role.role_arn,
            "source": role.source.profile if isinstance(role.source, Role) else role.source.name,
            "method": method,
            "obtained": issued.obtained,
        },
    )


def _place(role: Role, error: Exception) -> str:
    """Which hop of which profile an STS error belongs to, and what to look at."""
    source = role.source.profile if isinstance(role.source, Role) else role.source.name
    place = f"while assuming {role.role_arn} for profile {role.profile} from {source}"
    who = f"aws sts get-caller-identity --profile {shlex.quote(source)}"
    if is_denied(error):
        return (
            f"{place}. Either the role's trust policy does not admit the caller (as it is: MFA, external id), or "
            f"the caller has no permission for sts:AssumeRole on it. Who calls is shown by:\n  {who}"
        )
    if is_unavailable(error):
        return f"{place}. STS cannot be reached or does not answer just now; try the network with:\n  {who}"
    return place


def _hours(seconds: int) -> str:
    hours, rest = divmod(seconds, 3600)
    return f"{hours} h" if not rest else f"{seconds // 60} min"
