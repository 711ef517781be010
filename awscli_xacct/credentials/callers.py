"""What STS refuses to whoever calls with a session, which only its answer tells where the config does not.

A program, a variable or a file may give a user's keys or a session. Where the config tells, the profile is refused
before any call: see `profiles.source.role_session`.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html#iam-term-role-chaining
"""

from __future__ import annotations

from ..messages import role_command
from ..profiles.role import Role
from ..profiles.source import Source


def hour_of_a_session(role: Role) -> str:
    """Why `role` cannot last longer than an hour, and the command that asks for as much."""
    return (
        f"What {_source(role)} gives is a session already, and STS gives a role that is assumed from a session (role "
        f"chaining) 1 hour at most. Ask for that:\n  {role_command(role.profile, '--duration-seconds 3600')}"
    )


def no_code_of_a_session(role: Role) -> str:
    """Why no MFA code is taken for `role`, and the command that leaves the device out."""
    return (
        f"What {_source(role)} gives is a session, and only a user's long-term keys can give an MFA code. Use such "
        f"keys as source, or leave the device out:\n  {role_command(role.profile, '--mfa-serial none')}"
    )


def _source(role: Role) -> str:
    source = role.source
    return (
        source.name if isinstance(source, Source) and source.profile is None else f"profile {source.profile}"
    )
