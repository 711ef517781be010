"""How a command that failed says so: in words for people, or as one JSON object for a program; and its exit code.

A program asks for the object with the switch of AWS CLI v2: ``--cli-error-format json``, ``AWS_CLI_ERROR_FORMAT``, or
``cli_error_format`` in the profile or in ``[default]``. It is the last line on stderr.

https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-error-format.html
"""

import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from . import settings
from .error_codes import exit_code_of
from .errors import UsageError, XacctError, annotate
from .failures import code_of, describe
from .messages import abandon, print_message, printable, write_message
from .results import describe_output_failure, flush_or_abandon

JSON = "json"
OPTION = "--cli-error-format"

ReadProfiles = Callable[[], Mapping[str, Mapping[str, Any]]]


_PARSERS = "botocore.parsers"
_UNREADABLE = (
    "an answer of AWS cannot be read; a proxy or the login page of a network may have answered instead"
)


class Reporter:
    """Reports how a command failed, in the form that its user asks for.

    `words` are those of the command line that are the command's own, later without the option. `read_profiles` returns
    the profiles of the config, and may raise anything; it is called only if neither the option nor the variable says
    anything. `asked_for` is the profile that the command is about, once that is known.
    """

    def __init__(
        self,
        words: Iterable[str],
        read_profiles: ReadProfiles,
        profile: str | None = None,
    ) -> None:
        """`profile` is the one that the command uses if the words name no other; None: the environment's."""
        self.words, self._given = take_option(words)
        self.asked_for: str | None = None
        self._read_profiles = read_profiles
        self._profile = profile

    def check(self) -> None:
        """Raise `UsageError` if what the user asks for is no form."""
        place, value = next(iter(self._asked()), ("", JSON))
        if value.lower() not in settings.ERROR_FORMATS:
            raise UsageError(f"{place} {value!r} must be one of {', '.join(settings.ERROR_FORMATS)}")

    def use(self, form: str | None) -> None:
        """Use the form that a parser found in the command line, unless that is None."""
        self._given = form or self._given

    def report(self, error: BaseException, prefix: str = "") -> int:
        """Print whatever a command has raised, for people after `prefix`, and return the exit code."""
        if isinstance(error, KeyboardInterrupt) and sys.stdout is not None:
            abandon(sys.stdout)  # its reader may have ended by the same Ctrl-C, or be blocked for ever
        flushed = flush_or_abandon()
        if isinstance(error, (KeyboardInterrupt, BrokenPipeError)):
            return self._print(error, "")  # the reader of a pipe has had enough, as `head` does
        text = str(error) or type(error).__name__
        if isinstance(error, OSError) and not flushed:
            text = describe_output_failure(error)
            annotate(error, message=text)
        elif isinstance(error, OSError) and error.strerror:
            text = f"{error.strerror}{f': {error.filename}' if error.filename else ''}"  # without the number
            annotate(error, message=text)
        elif _is_of_parser(error):
            text = _UNREADABLE
            annotate(error, message=text, code="ServiceError")
        elif not _is_for_users(error):
            text = f"unexpected {type(error).__name__}: {text}"
            annotate(error, message=text)
        return self._print(error, f"{prefix}{text}")

    def _print(self, error: BaseException, text: str) -> int:
        failure = describe(error)
        if self.wants_json():
            write_message(f"{failure._replace(profile=failure.profile or self.asked_for).to_json()}\n")
        elif text and not getattr(error, "is_told", False):
            print_message(text)
        return getattr(error, "exit_code", None) or exit_code_of(failure.code)

    def wants_json(self) -> bool:
        """Whether a program reads the errors. What is no form is passed over: `check` reports it."""
        forms = (value.lower() for _, value in self._asked())
        return next((form for form in forms if form in settings.ERROR_FORMATS), "") == JSON

    def _asked(self) -> Iterable[tuple[str, str]]:
        """Yield what is asked for, with the place where; what comes first counts."""
        if self._given is not None:
            yield OPTION, self._given
        variable = settings.ERROR_FORMAT_VARIABLE
        if value := os.environ.get(variable):
            yield variable, value
        else:
            yield from self._configured()

    def _configured(self) -> Iterable[tuple[str, str]]:
        try:
            profiles = self._read_profiles()
        except Exception:  # noqa: BLE001 - the command itself reports what is wrong with the config
            return
        if not profiles:
            return
        named = [word for word in self.words if word in profiles]
        current = self._profile or settings.find_current_profile(os.environ)
        for name in (*named, current, "default"):
            value = profiles.get(name, {}).get(settings.ERROR_FORMAT)
            if isinstance(value, str) and value:
                yield f"{settings.ERROR_FORMAT} of profile {printable(name)}", value
                return


def _is_of_parser(error: BaseException) -> bool:
    """Whether botocore failed to read an answer. It may raise anything then, and its own error has the answer in it."""
    trace = error.__traceback__
    while trace is not None:
        if str(trace.tb_frame.f_globals.get("__name__")).endswith(_PARSERS):
            return True
        trace = trace.tb_next
    return False


def _is_for_users(error: BaseException) -> bool:
    """Whether an error's text was written for users: ours, the system's, botocore's, or awscli's."""
    if isinstance(error, (XacctError, OSError)) or code_of(error) == "UsageError":
        return True
    exceptions = sys.modules.get("botocore.exceptions")
    return exceptions is not None and isinstance(error, (exceptions.BotoCoreError, exceptions.ClientError))


def take_option(
    words: Iterable[str], *, with_command: bool = False, valued: Sequence[str] = ()
) -> tuple[list[str], str | None]:
    """Return a command line without ``--cli-error-format FORMAT``, and the format; an empty one if it is missing.

    Nothing is taken from what follows ``--``, nor, `with_command`, from what follows the profile and its options.
    `valued` are the other options that have values.
    """
    kept: list[str] = []
    given, profiles = None, 0
    left = list(words)
    while left:
        word = left.pop(0)
        if word == "--" or (with_command and profiles and not word.startswith("-")):
            kept += [word, *left]
            break
        if word == OPTION:
            given = left.pop(0) if left else ""
        elif word.startswith(f"{OPTION}="):
            given = word.partition("=")[2]
        elif word in valued and left:
            kept += [word, left.pop(0)]
        else:
            kept.append(word)
            profiles += not word.startswith("-")
    return kept, given
