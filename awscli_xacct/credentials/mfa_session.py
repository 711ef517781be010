"""When one MFA session serves many roles: the rule, with its reasons, in one place.

A code can be given in two ways. *Shared*: the code buys a session for the user (``GetSessionToken``), and
roles are assumed from that session without another code, by every process, until it ends. *Direct*: the
code goes with ``AssumeRole`` and is good for that one role.

    the caller                the role asks for       mfa_session   way       lasts
    not a user with keys      anything                any           direct    as asked
    a user with keys          no more than an hour    auto, on      shared    as asked
    a user with keys          more than an hour       auto          direct    as asked, and said so
    a user with keys          more than an hour       on            shared    an hour, and said so
    a user with keys          anything                off           direct    as asked

*Not a user with keys*: GetSessionToken takes long-term keys only, and so does a code; the direct call is
what the stock CLI makes, and STS's answer says what is wrong. *More than an hour*: STS gives a role that
is assumed from any session an hour at most; a role that asks for more is worth a code of its own.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html
"""

from __future__ import annotations

from dataclasses import dataclass

from .. import settings
from ..awsconfig.profiles import Role


@dataclass(frozen=True)
class Decision:
    """How a role under MFA is assumed. `duration` is what to ask for in seconds, None for STS's default."""

    shared: bool
    duration: int | None
    note: str | None = None


def decide(role: Role, *, user_keys: bool) -> Decision:
    """How to assume `role`, which has an ``mfa_serial``, with a caller that has long-term keys or not."""
    asked = role.duration_seconds
    longer = (asked or 0) > settings.CHAINED_DURATION_MAXIMUM
    if not user_keys or role.mfa_session == "off":
        return Decision(shared=False, duration=asked)
    if not longer:
        return Decision(shared=True, duration=asked)
    if role.mfa_session == "on":
        return Decision(
            shared=True,
            duration=settings.CHAINED_DURATION_MAXIMUM,
            note=f"profile {role.profile}: its role session lasts 1 hour, not duration_seconds = {asked}, "
            f"because mfa_session = on assumes it from the shared MFA session",
        )
    return Decision(
        shared=False,
        duration=asked,
        note=f"profile {role.profile}: its duration_seconds = {asked} is more than the hour that the shared "
        f"MFA session allows, so it takes a code of its own",
    )
