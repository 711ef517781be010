"""``aws configure role PROFILE`` on a terminal: asking for the settings as ``aws configure`` does."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .. import settings
from ..errors import Problem, XacctError
from ..messages import option, printable
from ..profiles.edit import AUTO, NONE
from ..profiles.source import Profiles, has_static_keys, is_role
from ..profiles.validation import mfa_serial_to_inherit
from ..profiles.values import EXAMPLE_ROLE_ARN

REMOVE = "-"
"""What takes a setting away: a blank keeps it, as in ``aws configure``."""

_QUESTIONS = {
    settings.ROLE_ARN: "Role ARN",
    settings.SOURCE_PROFILE: "Source profile",
    settings.MFA_SERIAL: f"MFA device ({AUTO}: ask IAM)",
    settings.EXTERNAL_ID: "External id",
    settings.ROLE_SESSION_NAME: "Role session name",
    settings.DURATION_SECONDS: "Duration in seconds",
    settings.REGION: "Default region name",
}

_SOUND_SOURCE = {settings.CREDENTIAL_SOURCE: settings.CREDENTIAL_SOURCES[0]}

Options = Mapping[str, Any]


@dataclass(frozen=True)
class Interview:
    """Asks for the settings of one profile, each answer checked against those before it.

    `problems` gives what is wrong with the profile if it has some options; `find_device` the MFA device of
    a source profile's user, or raises `XacctError`. `default_source` is proposed where there is none.
    """

    profile: str
    current: Options
    profiles: Profiles
    default_source: str | None
    problems: Callable[[Options], list[Problem]]
    find_device: Callable[[str | None], str]

    def unmendable(self) -> list[Problem]:
        """What is wrong with the settings that are not asked for: no answer could mend it."""
        itself = self.current.get(settings.SOURCE_PROFILE) == self.profile
        source = {settings.SOURCE_PROFILE: self.profile} if itself else _SOUND_SOURCE
        return self.problems({**self._unasked(), settings.ROLE_ARN: EXAMPLE_ROLE_ARN, **source})

    def ask(self) -> dict[str, str | None]:
        """The keys to set, and those to remove (None); what is kept is left out.

        Raises `KeyboardInterrupt`, and `EOFError` where the terminal ends.
        """
        sys.stdout.write(
            f"Enter keeps what stands in brackets, {REMOVE} removes it, Ctrl-C ends and writes nothing.\n"
        )
        options = self._unasked()
        for key, text in _QUESTIONS.items():
            if key != settings.MFA_SERIAL or self._takes_device(options):
                options = self._answered(key, text, options)
        keys = (*_QUESTIONS, settings.CREDENTIAL_SOURCE)
        wanted = {key: options.get(key) for key in keys if options.get(key) != self.current.get(key)}
        # Said even where nothing changes: no device is an answer, and none is to be taken over then.
        return wanted | {settings.MFA_SERIAL: options.get(settings.MFA_SERIAL)}

    def _unasked(self) -> dict[str, Any]:
        return {key: value for key, value in self.current.items() if key not in _QUESTIONS}

    def _takes_device(self, options: Options) -> bool:
        """A role that is assumed from another role takes no code; a device that it has anyway is asked about."""
        source = self.profiles.get(str(options.get(settings.SOURCE_PROFILE)), {})
        return settings.MFA_SERIAL in self.current or not is_role(source) or has_static_keys(source)

    def _answered(self, key: str, text: str, options: dict[str, Any]) -> dict[str, Any]:
        """The options with an answer that is in order."""
        proposed = self._proposed(key, options)
        while True:
            typed = input(f"{text} [{printable(str(proposed))}]: ").strip()
            try:
                answer = self._read(key, typed, options) if typed else proposed
            except XacctError as error:
                _say(str(error))
                continue
            after = _with(options, key, answer)
            fault = self._fault(key, after, options)
            if fault is None:
                return after
            _say(fault)

    def _proposed(self, key: str, options: Options) -> Any:
        if key in self.current:
            return self.current[key]
        source = options.get(settings.SOURCE_PROFILE)
        if key == settings.SOURCE_PROFILE and settings.CREDENTIAL_SOURCE not in options:
            return self.default_source
        if key == settings.MFA_SERIAL and source != self.current.get(settings.SOURCE_PROFILE):
            return mfa_serial_to_inherit(self.profiles, str(source))
        return None

    def _read(self, key: str, typed: str, options: Options) -> str | None:
        """The value that is meant by what was typed. Raises `XacctError`."""
        if typed == REMOVE or (key == settings.MFA_SERIAL and typed == NONE):
            return None
        if key == settings.MFA_SERIAL and typed == AUTO:
            return self.find_device(options.get(settings.SOURCE_PROFILE))
        return typed

    def _fault(self, key: str, after: Options, before: Options) -> str | None:
        """What `key` has made wrong with the options."""
        if key not in after:
            missing = key == settings.ROLE_ARN or (
                key == settings.SOURCE_PROFILE and settings.CREDENTIAL_SOURCE not in after
            )
            return "a role profile has to have one" if missing else None
        known = self.problems(before)
        found = next((problem for problem in self.problems(after) if problem not in known), None)
        return None if found is None else str(found).removeprefix(f"{option(key)} ")


def _with(options: Options, key: str, answer: Any) -> dict[str, Any]:
    """The options with one answer; a source profile takes the place of a credential source."""
    if answer is None:
        return dict(options)
    replaced = settings.CREDENTIAL_SOURCE if key == settings.SOURCE_PROFILE else None
    return {**{name: value for name, value in options.items() if name != replaced}, key: answer}


def _say(text: str) -> None:
    for line in text.split("\n"):
        sys.stdout.write(f"  {printable(line)}\n" if line else "\n")
