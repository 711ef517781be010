"""The accounts the server knows: their users, devices, roles and live sessions, and the clock there."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping

from .identities import Caller, Role, Session, User
from .messages import Refusal
from .totp import MfaDevice, new_secret


class Directory:
    """Users, roles and sessions. Changes take effect with the next request; every method is thread safe.

    clock_offset  seconds the server's clock is ahead of the real one
    session_life  seconds every session issued from now on lives, whatever was asked for; None: as asked
    user_pages    pages that IAM's ListUsers has
    """

    def __init__(self) -> None:
        self.clock_offset: float = 0.0
        self.session_life: float | None = None
        self.user_pages = 1
        self._lock = threading.RLock()
        self._users: list[User] = []
        self._roles: list[Role] = []
        self._sessions: dict[str, Session] = {}

    def now(self) -> float:
        """The server's clock, in epoch seconds."""
        return time.time() + self.clock_offset

    def add_user(
        self, name: str = "dev", *, account: str = "111111111111", path: str = "/", partition: str = "aws"
    ) -> User:
        """A user with a long-term key. Raises ValueError for a second one of that name in the account."""
        user = User(name, account, path=path, partition=partition)
        with self._lock:
            if self.find_user(account, name):
                raise ValueError(f"There is a user {user.arn} already.")
            self._users.append(user)
        return user

    def add_mfa_device(
        self, user: User, name: str | None = None, *, serial: str | None = None, secret: str | None = None
    ) -> MfaDevice:
        """A device of the user's, virtual and named like the user unless `name` or `serial` tells otherwise.

        `serial` may be that of a hardware token, or the ARN of a security key (`…:u2f/…`), which gives no
        codes. `secret` is base32. Raises ValueError for a serial that is taken.
        """
        partition = user.arn.split(":")[1]
        serial = serial or f"arn:{partition}:iam::{user.account}:mfa/{name or user.name}"
        device = MfaDevice(serial, secret or new_secret(), self.now)
        with self._lock:
            if any(device.serial == serial for device in self.mfa_devices()):
                raise ValueError(f"There is a device {serial} already.")
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
        """A role, see `Role` for what its settings mean. Raises ValueError for an ARN that is taken."""
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
                raise ValueError(f"There is a role {role.arn} already.")
            self._roles.append(role)
        return role

    def mfa_devices(self) -> list[MfaDevice]:
        """Every user's devices, in the order they were added."""
        with self._lock:
            return [device for user in self._users for device in user.devices]

    def find_user(self, account: str, name: str) -> User | None:
        """The user of that name, or None."""
        with self._lock:
            matching = (user for user in self._users if (user.account, user.name) == (account, name))
            return next(matching, None)

    def find_role(self, arn: str) -> Role | None:
        """The role with that ARN, or None."""
        with self._lock:
            return next((role for role in self._roles if role.arn == arn), None)

    def find_key(self, access_key: str) -> Caller | None:
        """Whose access key this is, usable or not; None for one that never was or is gone."""
        with self._lock:
            owners = (user for user in self._users if user.access_key == access_key)
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
    ) -> Session:
        """Temporary credentials that live for `life` seconds."""
        if self.session_life is not None:
            life = self.session_life
        session = Session(
            owner,
            self.now() + life,
            name=name,
            mfa_at=mfa_at,
            source_identity=source_identity,
            inherited_tags=inherited_tags or {},
        )
        with self._lock:
            self._sessions[session.access_key] = session
        return session

    def expire_all_sessions(self) -> None:
        """End every session issued so far: ExpiredToken from now on."""
        with self._lock:
            for session in self._sessions.values():
                session.expires = min(session.expires, self.now())

    def revoke(self, access_key: str) -> None:
        """Make a key worthless, long-term or temporary: InvalidClientTokenId from now on."""
        with self._lock:
            caller = self.find_key(access_key)
            if caller is None:
                raise KeyError(access_key)
            if isinstance(caller, User):
                caller.disable_key()
            else:
                del self._sessions[access_key]

    def admit(self, access_key: str, session_token: str | None) -> Caller:
        """The caller with this key and token; Refusal (InvalidClientTokenId) if there is none such."""
        caller = self.find_key(access_key)
        known = caller is not None and (session_token or "") == caller.session_token
        if caller is None or not known or (isinstance(caller, User) and not caller.enabled):
            raise unknown_key()
        return caller


def unknown_key() -> Refusal:
    """What the service says to a key it does not know, or does not take here."""
    return Refusal(403, "InvalidClientTokenId", "The security token included in the request is invalid")
