"""Environment variables that silently decide something: whose credentials, which profile, the plugin."""

import time
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

from ... import copies, settings
from ...errors import ProfileError
from ...messages import unknown_profile
from ...profiles.cache_keys import keeps_history, mfa_prompt, session_duration
from ...profiles.session_names import session_names
from ...storage.files import is_file
from ..plugin_section import is_disabled
from .report import DoctorContext, Finding, fault, ok, warning

_KEY, _SECRET, _TOKEN = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"
_PROFILES = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")
_PREFIX = "AWS_XACCT_"


def check(context: DoctorContext) -> Iterator[Finding]:
    """Check all variables. A healthy environment is one finding."""
    found = [*_check_shell(context), *_check_profile(context), *_check_own(context)]
    yield from found or [ok("no environment variable interferes")]


def _check_shell(context: DoctorContext) -> Iterator[Finding]:
    """Check what decides whose credentials programs get that name no profile."""
    ours = context.environment.get(settings.SHELL_VARIABLE)
    if copies.put_aside:
        yield _check_server()
    elif ours and all(map(context.environment.get, (_KEY, _SECRET))):
        end, _, profile = ours.partition(" ")
        expiry = end.removesuffix(settings.SHELL_NARROWED)
        if expiry.isdecimal() and 0 < int(expiry) < time.time():
            yield warning(f"the credentials of this shell, of profile {profile}, have expired", "exit")
        else:
            yield ok(f"this shell has the credentials of profile {profile}, from xacct exec")
    else:
        yield from _check_keys(context)


def _check_server() -> Finding:
    """Check a server of ours, by whether the copies that it has made for this shell are still there."""
    if all(is_file(Path(copies.put_aside[name])) for name in copies.FILES if name in copies.put_aside):
        return ok("this shell has credentials from a server of xacct, and copies of your config files")
    names = [*copies.FILES, *copies.CONTAINER, settings.COPIES_VARIABLE]
    text = "the server of xacct that this shell had credentials from has ended: no aws command works here"
    return fault(text, f"unset {' '.join(names)}")


def _check_keys(context: DoctorContext) -> Iterator[Finding]:
    names = [name for name in (_KEY, _SECRET, _TOKEN) if context.environment.get(name)]
    unset = f"unset {' '.join(names)}"
    if names and (_KEY in names) != (_SECRET in names):
        yield fault(f"{_KEY} and {_SECRET} must both be set, but only one is: no command works", unset)
    elif names == [_TOKEN]:
        yield warning(f"{_TOKEN} is set without an access key", unset)
    elif names:
        yield warning(
            f"{' and '.join(names[:2])} are set: they override AWS_PROFILE and the default profile, but not --profile",
            unset,
        )


def _check_profile(context: DoctorContext) -> Iterator[Finding]:
    for name in _PROFILES:
        profile = context.environment.get(name)
        if profile and context.config is not None and profile not in context.config["profiles"]:
            text = unknown_profile(profile, context.config["profiles"])
            yield fault(f"{name}: {text}", f"unset {name}")


def _check_own(context: DoctorContext) -> Iterator[Finding]:
    if is_disabled(context.environment):
        yield warning(
            f"{settings.DISABLE_VARIABLE} is set, which turns the plugin off in every command",
            f"unset {settings.DISABLE_VARIABLE}",
        )
    known = [settings.VARIABLES[key] for key in settings.PLUGIN_WIDE]
    known.append(settings.DISABLE_VARIABLE)
    not_by_people = (settings.RESOLVING_VARIABLE, settings.SHELL_VARIABLE, settings.PROGRAM_VARIABLE)
    for name in sorted(context.environment):
        if name.startswith(_PREFIX) and name not in (*known, *not_by_people):
            near = get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            yield warning(f"unknown variable {name}{hint}", f"unset {name}")
    for parse in (mfa_prompt, session_duration, session_names, keeps_history):
        try:
            parse(context.config or {}, context.environment)
        except ProfileError as error:
            yield fault(error.problem.text, error.problem.commands)
