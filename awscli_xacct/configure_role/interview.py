"""``aws configure role PROFILE`` on a terminal: ask for the settings, in the manner of ``aws configure``."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .. import settings
from ..answers import wait_for_line
from ..errors import ValidationError, XacctError
from ..messages import option, printable, printable_lines
from ..problems import Problem
from ..profiles.config_keys import KEYS
from ..profiles.defaults import suggest_region
from ..profiles.edit import AUTO, NONE
from ..profiles.managed_policies import read_only_arn
from ..profiles.policies import make_absolute
from ..profiles.source import Profile, Profiles, has_static_keys, is_role
from ..profiles.validation import find_inherited_mfa_serial
from ..profiles.values import EXAMPLE_ROLE_ARN
from ..results import write_lines, write_result
from ..wrapping import wrap

REMOVE = "-"
"""The answer that removes a setting. An empty one keeps it, as in ``aws configure``."""

READ_ONLY = "read-only"
"""The answer that limits sessions to AWS's policy ReadOnlyAccess."""

_QUESTIONS = {key.name: key.question for key in KEYS.values() if key.question}

_VALID_SOURCE = {settings.CREDENTIAL_SOURCE: settings.CREDENTIAL_SOURCES[0]}


@dataclass(frozen=True)
class Interview:
    """Asks for the settings of one profile, and checks each answer against those before it.

    default_source  the source profile to propose if the profile has none
    problems        returns what would be wrong with the profile if it had these options
    find_device     returns the MFA device of a source profile's user, or raises `XacctError`
    """

    profile: str
    current: Profile
    profiles: Profiles
    default_source: str | None
    problems: Callable[[Profile], list[Problem]]
    find_device: Callable[[str | None], str]

    def hopeless(self) -> list[Problem]:
        """Return what is wrong with settings that are not asked for, so that no answer can fix it."""
        itself = self.current.get(settings.SOURCE_PROFILE) == self.profile
        source = {settings.SOURCE_PROFILE: self.profile} if itself else _VALID_SOURCE
        return self.problems({**self._unasked(), settings.ROLE_ARN: EXAMPLE_ROLE_ARN, **source})

    def ask(self) -> dict[str, str | None]:
        """Ask, and return the keys to set, with None for those to remove. Keys that stay as they are are left out.

        Raises `KeyboardInterrupt`, and `EOFError` at the end of the input.
        """
        how = (
            f"Press Enter to keep the value in brackets, type {REMOVE} to remove it, or press Ctrl-C to quit without "
            "writing anything."
        )
        write_lines(how)
        options = self._unasked()
        for key, text in _QUESTIONS.items():
            if key != settings.MFA_SERIAL or self._may_have_device(options):
                options = self._ask(key, text, options)
        keys = (*_QUESTIONS, settings.CREDENTIAL_SOURCE)
        wanted = {key: options.get(key) for key in keys if options.get(key) != self.current.get(key)}
        # Always included: an answer without a device must keep the source profile's from being copied, and one without
        # a region must not be commented on.
        return wanted | {key: options.get(key) for key in (settings.MFA_SERIAL, settings.REGION)}

    def _unasked(self) -> dict[str, Any]:
        return {key: value for key, value in self.current.items() if key not in _QUESTIONS}

    def _may_have_device(self, options: Profile) -> bool:
        """Return False for a role assumed from another role, which takes no code, unless it has a device anyway."""
        source = self.profiles.get(str(options.get(settings.SOURCE_PROFILE)), {})
        return settings.MFA_SERIAL in self.current or not is_role(source) or has_static_keys(source)

    def _ask(self, key: str, text: str, options: dict[str, Any]) -> dict[str, Any]:
        """Ask until the answer is valid, and return the options with it."""
        proposed = self._propose(key, options)
        while True:
            write_result(wrap(f"{text} [{printable(str(proposed))}]: ", sys.stdout))
            sys.stdout.flush()
            wait_for_line()
            line = sys.stdin.readline()  # not input(), which fails without a stderr
            if not line:
                raise EOFError
            typed = line.strip()
            try:
                answer = self._read(key, typed, options) if typed else proposed
            except XacctError as error:
                _print(str(error))
                continue
            after = _with(options, key, answer)
            problem = self._problem(key, after, options)
            if problem is None:
                return after
            _print(problem)

    def _propose(self, key: str, options: Profile) -> Any:
        if key in self.current:
            return self.current[key]
        source = options.get(settings.SOURCE_PROFILE)
        if key == settings.SOURCE_PROFILE and settings.CREDENTIAL_SOURCE not in options:
            return self.default_source
        if source == self.current.get(settings.SOURCE_PROFILE):
            return None
        if key == settings.MFA_SERIAL:
            return find_inherited_mfa_serial(self.profiles, str(source))
        if key == settings.REGION:
            found = suggest_region(self.profiles, str(source or ""))
            return found[1] if found else None
        return None

    def _read(self, key: str, typed: str, options: Profile) -> str | None:
        """Return the value that was typed, None for no value. Raises `XacctError`."""
        if typed == REMOVE or (key == settings.MFA_SERIAL and typed == NONE):
            return None
        if key == settings.MFA_SERIAL and typed == AUTO:
            return self._device(options.get(settings.SOURCE_PROFILE))
        if key == settings.POLICY_ARNS and typed == READ_ONLY:
            return read_only_arn(str(options.get(settings.ROLE_ARN)))
        return make_absolute(typed) if key == settings.POLICY else typed

    def _device(self, source: str | None) -> str:
        try:
            return self.find_device(source)
        except ValidationError as error:
            # Its fixes are commands, and what helps here is another answer.
            raise ValidationError(error.heading, [Problem(each.text) for each in error.problems]) from None

    def _problem(self, key: str, after: Profile, before: Profile) -> str | None:
        """Return what the answer for `key` has made wrong with the options, or None."""
        if key not in after:
            missing = key == settings.ROLE_ARN or (
                key == settings.SOURCE_PROFILE and settings.CREDENTIAL_SOURCE not in after
            )
            return "a role profile needs one" if missing else None
        known = self.problems(before)
        found = next((problem for problem in self.problems(after) if problem not in known), None)
        return None if found is None else str(found).removeprefix(f"{option(key)} ")


def _with(options: Profile, key: str, answer: Any) -> dict[str, Any]:
    """Return the options with one answer. A source profile replaces a credential source."""
    if answer is None:
        return dict(options)
    replaced = settings.CREDENTIAL_SOURCE if key == settings.SOURCE_PROFILE else None
    return {**{name: value for name, value in options.items() if name != replaced}, key: answer}


def _print(text: str) -> None:
    for line in wrap(printable_lines(text), sys.stdout, 2).split("\n"):
        write_result(f"  {line}\n" if line else "\n")
