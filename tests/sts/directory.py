"""The users, MFA devices, roles and sessions that the server knows, and its clock."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping

from .identities import Caller, Role, Session, User
from .messages import Refusal
from .session_policies import NO_POLICIES, SessionPolicies
from .totp import MfaDevice, new_secret


class Directory:
    """Users, roles and sessions. Changes take effect with the next request. Every method is thread-safe.

    clock_offset  seconds by which the server's clock is ahead of the real one
    session_life  lifetime in seconds of all sessions issued from now on; None: as requested
    user_pages    number of pages that IAM's ListUsers returns
    new_key_refusals  how many calls with a new long-term key are refused before it works
    """

    def __init__(self) -> None:
        self.clock_offset: float = 0.0
        self.session_life: float | None = None
        self.user_pages = 1
        self.new_key_refusals = 0
        self.unassigned_devices: dict[str, MfaDevice] = {}
        self._lock = threading.RLock()
        self._users: list[User] = []
        self._roles: list[Role] = []
        self._sessions: dict[str, Session] = {}

    def now(self) -> float:
        """Return the time of the server's clock, in epoch seconds."""
        return time.time() + self.clock_offset

    def add_user(
        self, name: str = "dev", *, account: str = "111111111111", path: str = "/", partition: str = "aws"
    ) -> User:
        """Create a user with a long-term key. Raises ValueError if the account has a user of that name."""
        user = User(name, account, path=path, partition=partition)
        with self._lock:
            if self.find_user(account, name):
                raise ValueError(f"user {user.arn} already exists")
            self._users.append(user)
        return user

    def add_mfa_device(
        self, user: User, name: str | None = None, *, serial: str | None = None, secret: str | None = None
    ) -> MfaDevice:
        """Create an MFA device of the user: a virtual one named like the user, unless `name` or `serial` is given.

        `serial` can be the serial number of a hardware token, or the ARN of a security key (`…:u2f/…`), which has no
        codes. `secret` is base32. Raises ValueError if the serial exists already.
        """
        partition = user.arn.split(":")[1]
        serial = serial or f"arn:{partition}:iam::{user.account}:mfa/{name or user.name}"
        device = MfaDevice(serial, secret or new_secret(), self.now)
        with self._lock:
            if any(device.serial == serial for device in self.mfa_devices()):
                raise ValueError(f"device {serial} already exists")
            user.devices.append(device)
        return device

    def add_role(
        self,
        name: str,
        *,
        account: str = "222222222222",
        trusts: Iterable[str],
        external_id: str | None = None,
        require_mfa: bool = False,
        max_mfa_age: float | None = None,
        max_session_duration: int = 3600,
        path: str = "/",
        allow_tags: bool = True,
        allow_source_identity: bool = True,
        partition: str = "aws",
    ) -> Role:
        """Create a role; `Role` documents its settings. Raises ValueError if the ARN exists already."""
        role = Role(
            name=name,
            account=account,
            trusts=list(trusts),
            external_id=external_id,
            require_mfa=require_mfa,
            max_mfa_age=max_mfa_age,
            max_session_duration=max_session_duration,
            path=path,
            allow_tags=allow_tags,
            allow_source_identity=allow_source_identity,
            partition=partition,
        )
        with self._lock:
            if self.find_role(role.arn):
                raise ValueError(f"role {role.arn} already exists")
            self._roles.append(role)
        return role

    def mfa_devices(self) -> list[MfaDevice]:
        """Return the devices of all users, in the order they were added."""
        with self._lock:
            return [device for user in self._users for device in user.devices]

    def find_user(self, account: str, name: str) -> User | None:
        """Return the user of that name, or None."""
        with self._lock:
            matching = (user for user in self._users if (user.account, user.name) == (account, name))
            return next(matching, None)

    def find_role(self, arn: str) -> Role | None:
        """Return the role with that ARN, or None."""
        with self._lock:
            return next((role for role in self._roles if role.arn == arn), None)

    def find_key(self, access_key: str) -> Caller | None:
        """Return the owner of an access key, usable or not; None if it never existed or was deleted."""
        with self._lock:
            owners = (user for user in self._users if user.find_key(access_key))
            return self._sessions.get(access_key) or next(owners, None)

    def issue(
        self,
        owner: User | Role,
        life: float,
        *,
        name: str = "",
        mfa_at: float | None = None,
        source_identity: str | None = None,
        inherited_tags: Mapping[str, str] | None = None,
        policies: SessionPolicies = NO_POLICIES,
    ) -> Session:
        """Issue temporary credentials that are valid for `life` seconds."""
        if self.session_life is not None:
            life = self.session_life
        session = Session(
            owner,
            self.now() + life,
            name=name,
            mfa_at=mfa_at,
            source_identity=source_identity,
            inherited_tags=inherited_tags or {},
            policies=policies,
        )
        with self._lock:
            self._sessions[session.access_key] = session
        return session

    def expire_all_sessions(self) -> None:
        """Expire every session issued so far: from now on, the answer is ExpiredToken."""
        with self._lock:
            for session in self._sessions.values():
                session.expires = min(session.expires, self.now())

    def revoke(self, access_key: str) -> None:
        """Revoke a long-term or temporary key: from now on, the answer is InvalidClientTokenId."""
        with self._lock:
            caller = self.find_key(access_key)
            if caller is None:
                raise KeyError(access_key)
            if isinstance(caller, User):
                caller.disable_key()
            else:
                del self._sessions[access_key]

    def admit(self, access_key: str, session_token: str | None) -> Caller:
        """Return the caller with this key and token. Raises Refusal (InvalidClientTokenId) if there is none."""
        caller = self.find_key(access_key)
        known = caller is not None and (session_token or "") == caller.session_token
        if caller is None or not known or (isinstance(caller, User) and not self._works(caller, access_key)):
            raise unknown_key()
        return caller

    def _works(self, user: User, access_key: str) -> bool:
        """Return whether a user's key can be used already, and still, and note that it was."""
        with self._lock:
            key = user.find_key(access_key)
            if key is None or not key.active:
                return False
            if key.refusals:
                key.refusals -= 1
                return False
            key.last_used = self.now()
        return True


def unknown_key() -> Refusal:
    """Return the answer to an access key that is unknown, or not accepted here."""
    return Refusal(403, "InvalidClientTokenId", "The security token included in the request is invalid")
