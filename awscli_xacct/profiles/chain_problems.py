"""What a role's source rules out: an MFA device, and more than an hour. Loaded only when a profile has the problem."""

import shlex

from .. import settings
from ..messages import role_command
from ..problems import Problem
from .role import Role
from .source import Source


def chained_mfa_problem(name: str, serial: str, source: Role | Source) -> Problem:
    """Return why profile `name`, whose `source` gives a role's session, can have no MFA device."""
    if isinstance(source, Role):
        what, first = f"{source.profile} is a role", source.hops[-1]
    else:
        what, first = f"{source.name} {source.role_session},", None
    text = (
        f"profile {name}: mfa_serial cannot be used here, because its source {what} and STS accepts an MFA code from "
        f"an IAM user only"
    )
    fix = f"  {role_command(name, '--mfa-serial none')}"
    if first is None or first.takes_no_code:
        fix = f"remove it:\n{fix}"
    else:
        moved = role_command(first.profile, f"--mfa-serial {shlex.quote(serial)}")
        fix = f"set it on the first role of the chain:\n  {moved}\n{fix}"
    return Problem(text, fix, name, settings.MFA_SERIAL)


def chained_duration_problem(source: Role | Source) -> str:
    """Return why a session of more than an hour is too long for a role that `source` calls for."""
    session = source.role_session if isinstance(source, Source) else None
    which = f"; its source {source.name} {session}" if session else ""
    return (
        f"is more than {settings.MAX_CHAINED_DURATION} (1 hour), the most that STS gives a role that is "
        f"assumed from another role or from a shared MFA session{which}"
    )
