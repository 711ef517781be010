"""When one MFA session serves many roles: the rule with its reasons, and the session itself.

A code can be used in two ways. *Shared*: the code buys a session for the user (``GetSessionToken``), and roles are
assumed from that session without another code, by every process, until it expires. *Direct*: the code goes with
``AssumeRole`` and is good for that one role.

    the caller                the role asks for       mfa_session   way       lasts
    not a user with keys      anything                any           direct    as asked
    a user with keys          no more than an hour    auto, on      shared    as asked
    a user with keys          more than an hour       auto          direct    as asked, with a note
    a user with keys          more than an hour       on            shared    an hour, with a note
    a user with keys          anything                off           direct    as asked

*Not a user with keys*: GetSessionToken takes long-term keys only, and so does a code; the direct call is what the stock
CLI makes, and STS's answer says what is wrong. *More than an hour*: STS allows a role that is assumed from any session
an hour at most; a role that asks for more is worth a code of its own.

Two things are known only when they happen, and then the direct way is taken once, with one line about it: the user may
be forbidden to get a session, and a role may require a newer one (``MultiFactorAuthAge``).

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html
"""

from typing import NamedTuple

from .. import settings
from ..aws_errors import is_refused_code
from ..profiles.role import Role
from ..profiles.source import Source
from ..storage.cache import Record
from .context import Cached, FetchContext
from .single_flight import DueAt, by_its_own_rule, presigning_due
from .sts import Keys, add_place

GET_SESSION_TOKEN = "get-session-token"  # noqa: S105
"""How a record of an MFA session says that it was obtained."""


class Decision(NamedTuple):
    """How a role with MFA is assumed. `duration` is what to ask for in seconds, None for STS's default."""

    shared: bool
    duration: int | None
    note: str | None = None


def decide(role: Role, *, user_keys: bool) -> Decision:
    """Return how to assume `role`, which has an ``mfa_serial``; `user_keys` is whether the caller's are long-term."""
    asked = role.duration_seconds
    if not user_keys or role.mfa_session == "off":
        return Decision(shared=False, duration=asked)
    if (asked or 0) <= settings.MAX_CHAINED_DURATION:
        return Decision(shared=True, duration=asked)
    if role.mfa_session == "on":
        return Decision(
            shared=True,
            duration=settings.MAX_CHAINED_DURATION,
            note=f"profile {role.profile}: its role session lasts 1 hour, not duration_seconds = {asked}, "
            f"because mfa_session = on assumes it from the shared MFA session",
        )
    return Decision(
        shared=False,
        duration=asked,
        note=f"profile {role.profile}: its duration_seconds = {asked} is more than the hour that the shared "
        f"MFA session allows, so it needs its own MFA code",
    )


def shares_session(role: Role) -> bool:
    """Return whether a role is assumed from a shared MFA session, as far as its config tells."""
    return bool(role.session_source or (role.mfa_serial and decide(role, user_keys=True).shared))


class MfaSession(Cached):
    """The session that a code of one device buys one user, for all roles and processes."""

    def __init__(
        self, source: Source, context: FetchContext, role: Role | None = None, keys: Keys | None = None
    ) -> None:
        """`role` is the one whose profile names the device, None if the profile of `source` does.

        `keys` are the user's own, looked up if None.
        """
        self._serial = str(role.mfa_serial if role else source.mfa_serial)
        self._program = role.mfa_process if role else source.mfa_process
        self._profile = role.profile if role else source.name
        self._source = source
        self._keys = keys
        super().__init__(context.cache_keys.of_session(source, self._serial), context)

    def get(self) -> Record:
        """Return the session to assume a role from: cached, or bought with a code by the first process to need it."""
        return self._get(
            lambda record: max(record.refresh_at, record.expiry - settings.SESSION_REFRESH_SECONDS)
        )

    def fetch(self) -> Record:
        """Return the session as the credentials of a user profile.

        It signs, so it is refreshed as early as a role's: what it has signed expires with it. Where no one can be
        prompted, the old one is used to its end.
        """
        return self._get(by_its_own_rule)

    def fetch_to_presign(self) -> Record:
        """Return the same, but a session that lasts as long as was asked for, if it can be refreshed."""
        return self._get(presigning_due)

    def _get(self, due_at: DueAt) -> Record:
        purpose = f"an MFA session of {self._serial}"
        return self._context.flight.get(self.name, purpose, self._buy, due_at=due_at)

    def _buy(self, quick: bool) -> Record:
        from ..mfa.codes import CodeRequest
        from ..tables import duration as in_words

        context = self._context
        keys = self._keys or context.source_keys(self._profile, self._source)
        sts = context.sts(keys, quick=quick)
        duration = context.cache_keys.session_duration()

        def buy(code: str) -> Record:
            request = {"SerialNumber": self._serial, "TokenCode": code, "DurationSeconds": duration}
            try:
                return sts.get_session_token(
                    request,
                    profile=self._source.name,
                    device=self._serial,
                    source=self._source.name,
                    method=GET_SESSION_TOKEN,
                    caller=context.find_known_caller(keys.access_key) or keys.access_key,
                    mfa=self._serial,
                )
            except Exception as error:
                if not is_refused_code(error):
                    place = f"while getting an MFA session for profile {self._profile}"
                    add_place(error, place, self._profile)
                raise

        purpose = f"a session of {in_words(duration)} for all its roles"
        request = CodeRequest(self._serial, self._profile, purpose, self._program)
        return context.spend_code(request, buy, is_refused_code)
