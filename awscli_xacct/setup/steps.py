"""The steps of a setup or its undo: what each would do, and doing them one after the other.

Before a step's call its entries are added to the journal; after the call of one that removes, they are taken out of it.
IAM is eventually consistent, so calls that depend on what was just made are repeated.

https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from .. import aws_errors
from ..errors import ValidationError
from ..failures import code_of
from ..problems import Problem
from .journal import Journal, JournalEntry

ADD, CHANGE, SAME, REMOVE, KEEP = "add", "change", "same", "remove", "keep"
"""States of a step. `SAME` and `KEEP` do nothing: it is already so, or it is not setup's to remove."""

_PAUSES = (1.0, 2.0, 3.0, 5.0)
"""Seconds between attempts; the last one repeats."""

_TRANSIENT_CODES = ("ConcurrentModification", "EntityTemporarilyUnmodifiable")
_HINTS = {
    "LimitExceeded": "an IAM quota is reached: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html",
    "EntityAlreadyExists": "someone else has created it meanwhile; run this again for a new plan",
    "DeleteConflict": "something that setup did not create is attached to it; look for it with: aws iam get-role, "
    "aws iam list-instance-profiles-for-role",
    "UnmodifiableEntity": "it is managed by AWS and cannot be changed",
}


@dataclass(frozen=True)
class Step:
    """One change, or why it is not made.

    title       what is changed, for a person
    detail      more lines about it: a policy, a difference
    policy      the IAM policy that it writes
    profile     the profile whose credentials it uses; empty for a file
    permission  the IAM action it needs
    command     the `aws` command that does the same
    entries     the journal entries it adds or, for `REMOVE`, takes out
    """

    state: str
    title: str
    act: Callable[[], object] = lambda: None
    detail: Sequence[str] = ()
    policy: Any = None
    profile: str = ""
    permission: str = ""
    command: Sequence[str] = ()
    entries: Sequence[JournalEntry] = ()

    @property
    def to_do(self) -> bool:
        return self.state in (ADD, CHANGE, REMOVE)

    def __str__(self) -> str:
        return f"{self.state} {self.title}"


@dataclass(frozen=True)
class RetryPolicy:
    """How many seconds to wait for IAM, and how to report it. `clock` and `sleep` are for tests."""

    seconds: float
    warn: Callable[[str], None]
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def until(self, attempt: Callable[[], bool], waiting_for: str) -> bool:
        """Repeat `attempt` until it returns True or the time is up. Return whether it did. Each wait is reported."""
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


def carry_out(steps: Sequence[Step], journal: Journal, retry: RetryPolicy, *, command: str) -> None:
    """Carry out the steps; `command` is the one to continue with if that fails half-way.

    Raises `ValidationError` with what was done and what was not. Ctrl-C passes through after the same report.
    """
    todo = [step for step in steps if step.to_do]
    done = 0
    try:
        for step in todo:
            _carry_out_step(step, journal, retry, fresh=done > 0)
            done += 1
            retry.warn(f"done: {step}")
    except KeyboardInterrupt:
        in_progress = [f"in progress: {step}" for step in todo[done : done + 1]]
        retry.warn("\n".join(["", "interrupted", *in_progress, *_list_progress(todo, done, command)]))
        raise
    except Exception as error:  # noqa: BLE001 - whatever fails, what was done has to be reported
        failed = todo[done]
        problems = [f"{failed}: {_explain(failed, error)}", *_list_progress(todo, done, command)]
        raise ValidationError("failed half-way", map(Problem, problems), code_of(error)) from None


def _carry_out_step(step: Step, journal: Journal, retry: RetryPolicy, *, fresh: bool) -> None:
    if step.state == REMOVE:
        _call(step, retry, fresh=fresh)
        for entry in step.entries:
            journal.remove(entry)
        return
    before = journal.entries
    for entry in step.entries:
        journal.add(entry)
    try:
        _call(step, retry, fresh=fresh)
    except Exception as error:
        if aws_errors.is_rejected_request(error):
            journal.restore(before)
        raise


def _call(step: Step, retry: RetryPolicy, *, fresh: bool) -> None:
    """Make the step's call, and repeat it while IAM may not know yet what it is about."""
    last: list[Exception] = []

    def attempt() -> bool:
        try:
            step.act()
        except Exception as error:
            if not _is_transient(error, fresh=fresh):
                raise
            last[:] = [error]
            return False
        return True

    if not retry.until(attempt, f"IAM to propagate changes ({step.title})"):
        raise last[0]


def _is_transient(error: Exception, *, fresh: bool) -> bool:
    """Whether an error may be due to eventual consistency; `fresh` is whether a step was carried out just before."""
    code = aws_errors.service_code(error)
    if aws_errors.is_unknown_principal(error) or code in _TRANSIENT_CODES:
        return True
    return fresh and (aws_errors.is_missing_entity(error) or code == "DeleteConflict")


def _explain(step: Step, error: Exception) -> str:
    code = aws_errors.service_code(error)
    if aws_errors.is_denied(error) and step.permission:
        return f"{error}; profile {step.profile} needs {step.permission}"
    if aws_errors.is_unknown_principal(error):
        return f"{error}; IAM does not know the principal; if it is new, run this again in a minute"
    return f"{error}; {_HINTS[code]}" if code in _HINTS else str(error) or type(error).__name__


def _list_progress(todo: Sequence[Step], failed: int, command: str) -> list[str]:
    """Return what was done and what was not, of steps of which the one with the index `failed` failed."""
    done = [f"already done: {step}" for step in todo[:failed]]
    left = [f"not done: {step}" for step in todo[failed + 1 :]]
    return [*(done or ["nothing was done yet"]), *left, f"to continue, run: {command}"]
