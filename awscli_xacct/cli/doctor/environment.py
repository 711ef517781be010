"""Environment variables that decide something without being seen: whose credentials, which profile, the plugin."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from ... import settings
from ...errors import ProfileError
from ...messages import unknown_profile
from ...profiles.cache_keys import mfa_prompt, session_duration
from .report import FAULT, OK, WARNING, DoctorContext, Finding

_KEY, _SECRET, _TOKEN = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"
_PROFILES = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")
_PREFIX = "AWS_XACCT_"


def check(context: DoctorContext) -> Iterator[Finding]:
    """All at once; a healthy environment is one line."""
    found = [*_keys(context), *_profile(context), *_own(context)]
    yield from found or [Finding(OK, "no environment variable stands in the way")]


def _keys(context: DoctorContext) -> Iterator[Finding]:
    set_ = [name for name in (_KEY, _SECRET, _TOKEN) if context.environment.get(name)]
    unset = f"unset {' '.join(set_)}"
    if set_ and (_KEY in set_) != (_SECRET in set_):
        yield Finding(
            FAULT, f"of {_KEY} and {_SECRET} only one is set, and no command works with that", unset
        )
    elif set_ == [_TOKEN]:
        yield Finding(WARNING, f"{_TOKEN} is set, and belongs to no key", unset)
    elif set_:
        yield Finding(
            WARNING,
            f"{' and '.join(set_[:2])} are set: they win over AWS_PROFILE and over the default profile, though not "
            f"over --profile",
            unset,
        )


def _profile(context: DoctorContext) -> Iterator[Finding]:
    for name in _PROFILES:
        profile = context.environment.get(name)
        if profile and context.config is not None and profile not in context.config["profiles"]:
            yield Finding(
                FAULT, f"{name}: {unknown_profile(profile, context.config['profiles'])}", f"unset {name}"
            )


def _own(context: DoctorContext) -> Iterator[Finding]:
    if context.environment.get(settings.DISABLE_VARIABLE, "") not in ("", "0"):
        yield Finding(
            WARNING,
            f"{settings.DISABLE_VARIABLE} is set: the plugin is off for each command",
            f"unset {settings.DISABLE_VARIABLE}",
        )
    known = [settings.variable(key) for key in settings.PLUGIN_WIDE]
    known += [settings.DISABLE_VARIABLE, settings.RESOLVING_VARIABLE]
    for name in sorted(context.environment):
        if name.startswith(_PREFIX) and name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            yield Finding(WARNING, f"{name} is set, and nothing reads it{hint}", f"unset {name}")
    for read in (mfa_prompt, session_duration):
        try:
            read(context.config or {}, context.environment)
        except ProfileError as error:
            yield Finding(FAULT, error.problem.text, error.problem.commands)
