"""The steps of a setup, or of taking one back: what each would do, and doing them one after the other.

A step that is to be done is noted in the journal before its call is made; one that takes back is struck out
after it. IAM is eventually consistent, so a call that cannot know yet what was just made is made again.

https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..aws_errors import is_denied, is_missing_entity, is_rejected_request, is_unknown_principal, service_code
from ..errors import Problem, ValidationError
from .journal import Entry, Journal

ADD, CHANGE, SAME, REMOVE, KEEP = "add", "change", "same", "remove", "keep"
"""What a step comes to. `SAME` and `KEEP` do nothing: it is so already; it is not setup's to take back."""

_PAUSES = (1.0, 2.0, 3.0, 5.0)
"""Seconds between tries; the last one again and again."""

_HINTS = {
    "LimitExceeded": "a quota of IAM is reached: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html",
    "EntityAlreadyExists": "somebody else has made it meanwhile; run it again to see what there is now",
    "DeleteConflict": "something is attached to it that setup has not made; see: aws iam get-role, "
    "aws iam list-instance-profiles-for-role",
    "UnmodifiableEntity": "AWS itself looks after it, and nobody else may change it",
}


@dataclass(frozen=True)
class Step:
    """One thing to do, or why it is not done.

    title    what it is about, for a person
    detail   more lines about it: a policy document, a difference
    profile  whose credentials do it; nothing for a file
    needs    the permission that takes
    command  the `aws` command that does the same
    entries  what the journal is to hold of it; for `REMOVE`, what it is not to hold any longer
    """

    state: str
    title: str
    act: Callable[[], object] = lambda: None
    detail: Sequence[str] = ()
    document: Any = None
    profile: str = ""
    needs: str = ""
    command: Sequence[str] = ()
    entries: Sequence[Entry] = ()

    @property
    def to_do(self) -> bool:
        return self.state in (ADD, CHANGE, REMOVE)


@dataclass(frozen=True)
class RetryPolicy:
    """How long to wait for IAM, in seconds, and whom to tell. `clock` and `sleep` are the machine's own."""

    seconds: float
    warn: Callable[[str], None]
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def until(self, attempt: Callable[[], bool], waiting_for: str) -> bool:
        """Try until `attempt` gives True or the time is up; whether it did. Each wait is told."""
        begin = self.clock()
        tries = 0
        while not attempt():
            waited = self.clock() - begin
            pause = min(_PAUSES[min(tries, len(_PAUSES) - 1)], self.seconds - waited)
            if pause <= 0:
                return False
            self.warn(f"waiting for {waiting_for}: {waited:.0f} s of at most {self.seconds:g} s")
            self.sleep(pause)
            tries += 1
        return True


def carry_out(steps: Sequence[Step], journal: Journal, patience: RetryPolicy, *, command: str) -> None:
    """Do the steps that are to be done; `command` is the one that completes it if that ends half-way.

    Raises `ValidationError` with what was done and what was not. Ctrl-C passes, and the same is told before.
    """
    todo = [step for step in steps if step.to_do]
    done = 0
    try:
        for step in todo:
            _do(step, journal, patience, fresh=done > 0)
            done += 1
            patience.warn(f"done: {_title(step)}")
    except KeyboardInterrupt:
        under_way = [f"under way: {_title(step)}" for step in todo[done : done + 1]]
        patience.warn("\n".join(["", "interrupted", *under_way, *_state_of(todo, done, command)]))
        raise
    except Exception as error:  # noqa: BLE001 - whatever ends it, what was done is to be told
        failed = todo[done]
        faults = [f"{_title(failed)}: {_reason(failed, error)}", *_state_of(todo, done, command)]
        raise ValidationError("it ended half-way", map(Problem, faults)) from None


def _do(step: Step, journal: Journal, patience: RetryPolicy, *, fresh: bool) -> None:
    if step.state == REMOVE:
        _call(step, patience, fresh=fresh)
        for entry in step.entries:
            journal.remove(entry)
        return
    noted = journal.entries
    for entry in step.entries:
        journal.add(entry)
    try:
        _call(step, patience, fresh=fresh)
    except Exception as error:
        if is_rejected_request(error):
            journal.restore(noted)
        raise


def _call(step: Step, patience: RetryPolicy, *, fresh: bool) -> None:
    """The step's call, again while IAM may not have heard yet of what it is about."""
    last: list[Exception] = []

    def attempt() -> bool:
        try:
            step.act()
        except Exception as error:
            if not _may_pass(error, fresh=fresh):
                raise
            last[:] = [error]
            return False
        return True

    if not patience.until(attempt, f"IAM, which does not know everything yet ({step.title})"):
        raise last[0]


def _may_pass(error: Exception, *, fresh: bool) -> bool:
    """Whether an error may come of IAM's being eventually consistent. `fresh`: something was just made or removed.

    A trust policy with a principal that IAM does not know yet is called malformed.
    """
    code = service_code(error)
    if is_unknown_principal(error) or code in ("ConcurrentModification", "EntityTemporarilyUnmodifiable"):
        return True
    return fresh and (is_missing_entity(error) or code == "DeleteConflict")


def _reason(step: Step, error: Exception) -> str:
    code = service_code(error)
    if is_denied(error) and step.needs:
        return f"{error}; profile {step.profile} needs {step.needs} for that"
    if is_unknown_principal(error):
        return f"{error}; IAM knows no such principal. If it is new, run this again in a minute"
    return f"{error}; {_HINTS[code]}" if code in _HINTS else str(error) or type(error).__name__


def _state_of(todo: Sequence[Step], number: int, command: str) -> list[str]:
    """What was done and what was not, of steps of which the one of this number has failed."""
    done = [f"done before: {_title(step)}" for step in todo[:number]]
    left = [f"not done: {_title(step)}" for step in todo[number + 1 :]]
    return [*(done or ["nothing was done before"]), *left, f"run it again to complete it: {command}"]


def _title(step: Step) -> str:
    return f"{step.state} {step.title}"
