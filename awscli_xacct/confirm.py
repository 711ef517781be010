"""Show a change, ask for confirmation, and apply it: the same options, words and default answer in every command.

Enter means no. Without a terminal to ask on, ``--yes`` is required.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TextIO

from .answers import wait_for_line
from .errors import ValidationError, XacctError
from .messages import print_message, printable
from .problems import Problem
from .typed import typed_again
from .wrapping import wrap


@dataclass(frozen=True)
class Consent:
    """The options about confirmation: ``--dry-run`` only shows a change, and ``--yes`` applies it without asking."""

    dry_run: bool = False
    yes: bool = False

    @classmethod
    def given_in(cls, parsed_args: Any) -> "Consent":
        """Read the options of a command that has both, one or neither of them."""
        return cls(getattr(parsed_args, "dry_run", False), getattr(parsed_args, "yes", False))


@dataclass(frozen=True)
class Change:
    """A change to a person's files or AWS accounts.

    question     the question to ask; empty if the change needs no confirmation
    declined     printed if it is not applied, such as "nothing was removed"
    apply        applies it and returns the exit code
    text         the change as text, for the terminal of a person who has redirected what `show` prints
    up_to_date   printed if there is nothing to change
    preview      printed at the end of a dry run
    only_if_yes  why the change always requires ``--yes``; empty if it does not
    unattended   whether it may be applied without asking if there is no terminal
    show         prints the change, if the command has not done so already
    on_stderr    whether `show` prints on stderr instead of stdout
    """

    question: str
    declined: str
    apply: Callable[[], int]
    text: Callable[[], str] = str
    up_to_date: str = ""
    preview: str = ""
    only_if_yes: str = ""
    unattended: bool = False
    show: Callable[[], object] = lambda: None
    on_stderr: bool = False


def confirm_and_apply(change: Change, consent: Consent) -> int:
    """Show a change, ask for confirmation unless `consent` makes that needless, and apply it. Return the exit code.

    Raises `ValidationError` if ``--yes`` is required and missing, `XacctError` if the answer is no, and whatever
    `change.apply` raises.
    """
    change.show()
    if change.up_to_date:
        print_message(change.up_to_date)
    elif consent.dry_run:
        if change.preview:
            print_message(change.preview)
    elif not consent.yes and change.question and not _is_confirmed(change):
        raise XacctError(change.declined)
    else:
        return change.apply()
    return 0


def has_terminal(*streams: Any) -> bool:
    """Whether all these streams are a terminal's. A stream that the process was started without is None."""
    return all(stream is not None and stream.isatty() for stream in streams)


def _is_confirmed(change: Change) -> bool:
    if change.only_if_yes:
        raise _refusal(change, change.only_if_yes)
    screen = next((stream for stream in (sys.stderr, sys.stdout) if has_terminal(sys.stdin, stream)), None)
    if screen is not None:
        if not has_terminal(sys.stderr if change.on_stderr else sys.stdout):
            screen.write(wrap(change.text(), screen))
        return _ask(change.question, change.declined, screen)
    if change.unattended:
        return True
    raise _refusal(change, "cannot ask for confirmation without a terminal")


def _refusal(change: Change, reason: str) -> ValidationError:
    return ValidationError(
        f"{change.declined}, because", [Problem(reason, f"go ahead with:\n  {typed_again('--yes')}")]
    )


def _ask(question: str, declined: str, screen: TextIO) -> bool:
    """Return whether the answer is yes. After Ctrl-C, say that nothing was done, before `KeyboardInterrupt` goes on."""
    screen.write(wrap(f"{printable(question)} [y/N] ", screen))
    screen.flush()
    try:
        wait_for_line()
        answer = sys.stdin.readline()
    except KeyboardInterrupt:
        screen.write("\n")
        screen.flush()
        print_message(declined)
        raise
    if not answer.endswith("\n"):
        screen.write("\n")  # Ctrl-D leaves the cursor on the line of the question
    return answer.strip().lower() in ("y", "yes")
