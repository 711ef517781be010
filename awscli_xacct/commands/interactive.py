"""``aws configure role PROFILE`` on a terminal: asking for the settings as ``aws configure`` does."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from .. import settings
from ..awsconfig import values
from ..awsconfig.profiles import Profiles, duration_fault, gives_credentials
from ..errors import printable

REMOVE = "-"
"""What takes a setting away: a blank keeps it, as in ``aws configure``."""

Check = Callable[[str], str | None]


@dataclass(frozen=True)
class Question:
    """One setting: how it is asked for and what is wrong with an answer."""

    key: str
    text: str
    check: Check


def can_ask() -> bool:
    """Whether a person can be asked on stdin and stdout."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stdout.isatty()


def questions(profile: str, profiles: Profiles, partitions: Collection[str]) -> list[Question]:
    """The settings a person is asked for, in their order."""

    def source_fault(name: str) -> str | None:
        if name not in profiles:
            return "there is no such profile; see those there are with: aws configure role list"
        if not gives_credentials(profiles, name, to=profile):
            return "that profile has no credentials to call with"
        return None

    return [
        Question(settings.ROLE_ARN, "Role ARN", lambda arn: values.role_arn_fault(arn, partitions)),
        Question(settings.SOURCE_PROFILE, "Source profile", source_fault),
        Question(settings.MFA_SERIAL, "MFA device", values.serial_fault),
        Question(settings.EXTERNAL_ID, "External id", values.external_id_fault),
        Question(settings.ROLE_SESSION_NAME, "Role session name", values.session_name_fault),
        Question(
            settings.DURATION_SECONDS, "Duration in seconds", lambda s: duration_fault(s, chained=False)
        ),
        Question(settings.REGION, "Default region name", values.region_fault),
    ]


def ask_all(
    asked: list[Question], current: Mapping[str, Any], defaults: Mapping[str, str]
) -> dict[str, str | None]:
    """What a person answers: the keys to set, and those to remove (None); what is kept is left out.

    `defaults` are proposed where there is no current value. Raises `KeyboardInterrupt` and `EOFError`.
    """
    sys.stdout.write(f"Enter keeps what stands in brackets, {REMOVE} removes it.\n")
    wanted: dict[str, str | None] = {}
    for question in asked:
        kept = current.get(question.key)
        proposed = kept if kept is not None else defaults.get(question.key)
        answer = _ask(question, None if proposed is None else str(proposed))
        if answer == REMOVE:
            wanted[question.key] = None
        elif answer is not None and answer != kept:
            wanted[question.key] = answer
    return wanted


def agreed(text: str) -> bool:
    """Ask yes or no; Enter is yes."""
    return input(f"{text} [Y/n]: ").strip().lower() in ("", "y", "yes")


def _ask(question: Question, proposed: str | None) -> str | None:
    """One answer that is in order, the proposed one for a blank; None if there is none."""
    while True:
        answer = input(f"{question.text} [{printable(str(proposed))}]: ").strip() or proposed
        if answer is None or answer == REMOVE:
            return answer
        fault = question.check(answer)
        if fault is None:
            return answer
        sys.stdout.write(f"  {fault}\n")
