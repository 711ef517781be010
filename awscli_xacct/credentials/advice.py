"""What to do about an error that STS answers AssumeRole with.

A program, a variable or a file may give a user's keys or a session, and only STS's answer tells which. Where the config
tells, the profile is refused before any call: see `profiles.source.role_session`.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html#iam-term-role-chaining
"""

import shlex

from botocore.exceptions import SSLError

from .. import aws_errors, settings
from ..arn import Arn
from ..messages import identity_command, printable, profile_option, role_command, subcommand
from ..profiles.policies import shortened
from ..profiles.role import Role
from .sts import SettingsError, add_place, clock_problem, is_unavailable

HOUR = "--duration-seconds 3600"
"""The options that ask for a session which every role gives."""


def add_advice(error: Exception, role: Role, now: float, *, by_session: bool) -> None:
    """Add to an STS error which hop of which profile it belongs to, and what to do about it.

    `by_session` is whether the caller was a session; `now` is in seconds since the epoch. Nothing is added to the
    refusal of a user's MFA code: the next one may be right.
    """
    advice, fix = "", None
    if aws_errors.is_refused_code(error):
        if not by_session:
            return
        fix = role_command(role.profile, "--mfa-serial none")
        advice = (
            f"The credentials of {_source(role)} are temporary, and STS takes MFA codes only with a user's long-term "
            f"keys. Use such keys as source, or remove the device:\n  {fix}"
        )
    elif aws_errors.is_denied(error):
        fix = subcommand("verify", role.profile)
        advice = f"See who is denied what, and the policies that would allow it:\n  {fix}"
    elif aws_errors.is_too_long(error):
        fix = role_command(role.profile, HOUR)
        advice = duration_advice(role)
    elif aws_errors.is_chained(error):
        fix = role_command(role.profile, HOUR)
        advice = (
            f"The credentials of {_source(role)} are temporary, and STS limits a role that is assumed from a session "
            f"(role chaining) to 1 hour. Ask for that:\n  {fix}"
        )
    elif aws_errors.is_malformed_policy(error) and role.policy:
        advice = (
            f"The {settings.POLICY} of the session, {shortened(role.policy)}, is valid JSON, but IAM does not accept "
            f"it as a policy. Each statement needs an Effect, an Action and a Resource, and must not have a Principal"
        )
    elif aws_errors.is_too_large_policy(error):
        advice = _size_advice(role)
    elif isinstance(error, SSLError):
        fix = f"aws configure set ca_bundle FILE {printable(profile_option(role.profile))}"
        advice = (
            f"If a proxy stands before STS, name the file with the certificates of its authority; --ca-bundle and "
            f"--no-verify-ssl do not apply to this call:\n  {fix}"
        )
    elif isinstance(error, SettingsError):
        fix = subcommand("show", role.profile)
        advice = f"See each setting with its line:\n  {fix}"
    elif is_unavailable(error):
        fix = identity_command(role.source.name)
        advice = f"STS cannot be reached or does not answer; check the network with:\n  {fix}"
    elif problem := clock_problem(error, now):
        advice = f"{problem[0].upper()}{problem[1:]}"
    place = f"while assuming {role.role_arn} for profile {role.profile} from {role.source.name}"
    add_place(error, f"{place}. {advice}" if advice else place, role.profile, fix)


def duration_advice(role: Role) -> str:
    """Return what to do where a role's maximum is shorter than what its profile asks for."""
    arn = Arn.parse(role.role_arn)
    account, name = (arn.account, arn.name.rpartition("/")[2]) if arn else ("", role.role_arn)
    # Without a profile it would act in the caller's own account, where there may be a role of that name.
    there = profile_option(f"ADMIN-OF-{account}")
    return (
        f"Ask for less, or have the role's maximum raised in its account:\n"
        f"  {role_command(role.profile, HOUR)}\n"
        f"  aws iam update-role --role-name {shlex.quote(printable(name))} "
        f"--max-session-duration {role.duration_seconds} {printable(there)}"
    )


def _size_advice(role: Role) -> str:
    """Return what to do where STS finds the policies and the tags of a session too large together."""
    sizes = [
        (f"{len(role.policy_document or '')} characters of {settings.POLICY}", role.policy_document),
        (f"{len(role.policy_arns)} {settings.POLICY_ARNS}", role.policy_arns),
        (f"{len(role.session_tags)} {settings.SESSION_TAGS}", role.session_tags),
    ]
    sent = ", ".join(text for text, value in sizes if value)
    managed = role_command(role.profile, '--policy-arns ARN --policy ""')
    return (
        f"STS packs a session's policies and tags together, and its limit for that is not in characters; here there "
        f"are {sent}. Use a shorter policy (wildcards, no Sid), or let IAM keep it as a managed policy of the role's "
        f"account:\n  {managed}"
    )


def _source(role: Role) -> str:
    return role.source.name if role.source.profile is None else f"profile {role.source.profile}"
