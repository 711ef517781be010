"""Users with long-term keys, roles with their trust policies, and sessions.

A request is signed by a `Session` or a `User`; a `User` stands for its long-term key.
"""

from __future__ import annotations

import secrets
import string
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TypeAlias

from .session_policies import NO_POLICIES, SessionPolicies
from .totp import MfaDevice

_ID_LETTERS = string.ascii_uppercase + "234567"
_SECRET_LETTERS = string.ascii_letters + string.digits + "+/"


def new_id(prefix: str, length: int) -> str:
    """Return a random id like those of AWS: `AKIA…`, `ASIA…` (20 characters), `AROA…`, `AIDA…` (21)."""
    return prefix + "".join(secrets.choice(_ID_LETTERS) for _ in range(length - len(prefix)))


def new_secret_key() -> str:
    """Return a random secret access key of 40 characters."""
    return "".join(secrets.choice(_SECRET_LETTERS) for _ in range(40))


def timestamp(time: float) -> str:
    """Format epoch seconds as AWS does, truncated to the second."""
    return datetime.fromtimestamp(time, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class AccessKey:
    """A long-term key. `refusals` is how many calls are still refused, because a new key takes a while to work.

    Times are epoch seconds of the server's clock; `last_used` is None for a key that was never used.
    """

    created: float
    refusals: int = 0
    active: bool = True
    last_used: float | None = None
    id: str = field(default_factory=lambda: new_id("AKIA", 20))
    secret: str = field(default_factory=new_secret_key)


class User:
    """An IAM user with one long-term key, or with more, of which `access_key` is the first."""

    session_token = ""
    source_identity: str | None = None
    # A long-term key does not prove MFA: only a code in the request itself does.
    mfa_at: float | None = None

    def __init__(self, name: str, account: str, *, path: str = "/", partition: str = "aws") -> None:
        self.name = name
        self.account = account
        self.path = path
        self.arn = f"arn:{partition}:iam::{account}:user{path}{name}"
        self.user_id = new_id("AIDA", 21)
        self.devices: list[MfaDevice] = []
        self.keys = [AccessKey(time.time())]

    @property
    def access_key(self) -> str:
        """The id of the first key."""
        return self.keys[0].id

    @property
    def secret_key(self) -> str:
        """The secret of the first key."""
        return self.keys[0].secret

    def find_key(self, key_id: str) -> AccessKey | None:
        """Return the key with this id, or None."""
        return next((key for key in self.keys if key.id == key_id), None)

    def rotate_key(self) -> None:
        """Replace the first key with a new one. Sessions issued to the old key stay valid."""
        self.keys[0] = AccessKey(time.time())

    def disable_key(self) -> None:
        """Make the first key inactive. Sessions issued to it stay valid."""
        self.keys[0].active = False

    def enable_key(self) -> None:
        """Make the first key active again."""
        self.keys[0].active = True

    @property
    def principals(self) -> frozenset[str]:
        """The names by which a trust policy can trust this caller."""
        return account_names(self.arn, self.account) | {self.arn}

    @property
    def inherited_tags(self) -> Mapping[str, str]:
        """Transitive session tags; a user has none."""
        return {}


@dataclass(eq=False)
class Role:
    """A role and its trust policy. Tests may change every field while the server runs.

    `trusts` has the trusted principals: ARNs of users, roles or role sessions, account ids, `arn:…:root`, or `*`.
    `external_id`, `require_mfa` and `max_mfa_age` (seconds) are the policy's conditions `sts:ExternalId`,
    `aws:MultiFactorAuthPresent` and `aws:MultiFactorAuthAge`. `allow_tags` and `allow_source_identity` are its
    permissions `sts:TagSession` and `sts:SetSourceIdentity`.
    """

    name: str
    account: str
    trusts: list[str]
    external_id: str | None = None
    require_mfa: bool = False
    max_mfa_age: float | None = None
    max_session_duration: int = 3600
    path: str = "/"
    allow_tags: bool = True
    allow_source_identity: bool = True
    partition: str = "aws"
    role_id: str = field(default_factory=lambda: new_id("AROA", 21))

    @property
    def arn(self) -> str:
        """The role's ARN."""
        return f"arn:{self.partition}:iam::{self.account}:role{self.path}{self.name}"


@dataclass(eq=False)
class Session:
    """Temporary credentials of a role (with a session name) or of a user (GetSessionToken; the name is empty).

    `expires` and `mfa_at` (when MFA was proved; None: never) are epoch seconds of the server's clock.
    `inherited_tags` are the transitive session tags, `policies` what limits the session.
    """

    owner: User | Role
    expires: float
    name: str = ""
    mfa_at: float | None = None
    source_identity: str | None = None
    inherited_tags: Mapping[str, str] = field(default_factory=dict)
    policies: SessionPolicies = NO_POLICIES
    access_key: str = field(default_factory=lambda: new_id("ASIA", 20))
    secret_key: str = field(default_factory=new_secret_key)
    session_token: str = field(default_factory=lambda: "FwoGZXIvYXdzE" + secrets.token_urlsafe(240))

    @property
    def account(self) -> str:
        """The account that the session acts in."""
        return self.owner.account

    @property
    def arn(self) -> str:
        """The caller's ARN: the user's own, or that of the assumed role, without the role's path."""
        if isinstance(self.owner, User):
            return self.owner.arn
        role = self.owner
        return f"arn:{role.partition}:sts::{role.account}:assumed-role/{role.name}/{self.name}"

    @property
    def user_id(self) -> str:
        """`AIDA…`, or `AROA…:session name`."""
        if isinstance(self.owner, User):
            return self.owner.user_id
        return f"{self.owner.role_id}:{self.name}"

    @property
    def principals(self) -> frozenset[str]:
        """The names by which a trust policy can trust this caller."""
        return account_names(self.arn, self.account) | {self.arn, self.owner.arn}

    def to_credentials(self) -> dict[str, str]:
        """Return the `Credentials` of an answer. The expiration is truncated to the second, so it is never too late."""
        return {
            "AccessKeyId": self.access_key,
            "SecretAccessKey": self.secret_key,
            "SessionToken": self.session_token,
            "Expiration": timestamp(self.expires),
        }


Caller: TypeAlias = User | Session


def secret_of(caller: Caller, access_key: str) -> str:
    """Return the secret with which a caller signs with this key."""
    key = caller.find_key(access_key) if isinstance(caller, User) else None
    return key.secret if key else caller.secret_key


def account_names(arn: str, account: str) -> frozenset[str]:
    """Return the names by which a trust policy can trust everyone in the account of this ARN."""
    partition = arn.split(":")[1]
    return frozenset({"*", account, f"arn:{partition}:iam::{account}:root"})


def trusts_any(role: Role, principals: Iterable[str]) -> bool:
    """Return whether the role's trust policy names one of these principals."""
    return not set(role.trusts).isdisjoint(principals)
