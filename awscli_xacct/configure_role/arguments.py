"""The arguments of the subcommands: how they are described to awscli, and how they are read."""

import argparse
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, NoReturn

from awscli.argparser import ArgTableArgParser

from .. import settings
from ..errors import UsageError, ValidationError
from ..messages import HELP
from ..problems import Problem
from ..profiles.edit import NONE
from ..profiles.policies import make_absolute
from ..reporter import OPTION


def positional(name: str, help_text: str, **details: Any) -> dict[str, Any]:
    """Describe a positional argument to awscli."""
    return argument(name, help_text, positional_arg=True, **details)


def flag(name: str, help_text: str) -> dict[str, Any]:
    """Describe an option without a value to awscli."""
    return argument(name, help_text, action="store_true")


def argument(name: str, help_text: str, **details: Any) -> dict[str, Any]:
    """Describe an option to awscli."""
    return {"name": name, "help_text": help_text, **details}


DRY_RUN = flag("dry-run", "Show what would change, without changing anything.")
YES = flag("yes", "Do not ask for confirmation.")
ERROR_FORMAT_OPTION = argument(
    OPTION.removeprefix("--"),
    "``json`` prints an error as one JSON object, the last line on stderr. The other values of AWS CLI version 2 "
    "print it in words.",
    choices=list(settings.ERROR_FORMATS),
)
"""An option of all subcommands; see reporting.py."""


_DASHES = "-\N{EN DASH}\N{EM DASH}\N{MINUS SIGN}"
"""What text that was formatted for reading has instead of the hyphens of an option."""


class _Parser(ArgTableArgParser):  # type: ignore[misc]
    """awscli's parser, but its errors are raised, and name choices in one line."""

    _check_value = argparse.ArgumentParser._check_value

    def error(self, message: str) -> NoReturn:
        raise UsageError(message)


def asks_for_help(words: Sequence[str]) -> bool:
    """Whether a command line asks for the help page: in the way of `aws`, or in that of most programs."""
    return list(words) == [HELP] or not {"--help", "-h"}.isdisjoint(words)


def parse(
    arg_table: Mapping[str, Any], words: list[str], command: str, stray: str = ""
) -> argparse.Namespace:
    """Parse a command line as awscli will. Raises `UsageError`, also for words that are left.

    `stray` is what to do instead of the first of these, unless that is an option.
    """
    try:
        parsed, left = _Parser(arg_table).parse_known_args(words)
        if left:
            hint = "" if left[0].startswith("-") or not stray else f". {stray}"
            suggested = _suggest_option(left[0], arg_table)
            raise UsageError(f"unrecognized arguments: {' '.join(left)}{suggested}{hint}")
        if getattr(parsed, "cli_error_format", None):
            raise UsageError(f"write {OPTION} in full")
    except UsageError as error:
        raise UsageError(f"{error.args[0]}. See: aws {command} help") from None
    return parsed  # type: ignore[no-any-return]


_URL = re.compile(r"(--[a-z-]+=)?(https?://)")


def keep_urls(words: list[str]) -> list[str]:
    """Return a command line with a space before each URL, which keeps it one.

    Version 1 fetches it and goes on with what it got: of a link of the console that is pasted, a page.
    """
    return [_URL.sub(r"\1 \2", word, count=1) if _URL.match(word) else word for word in words]


def restore_urls(parsed_args: argparse.Namespace) -> None:
    """Take the spaces away again."""
    for name, value in vars(parsed_args).items():
        if isinstance(value, list):
            setattr(parsed_args, name, [_restore(each) for each in value])
        else:
            setattr(parsed_args, name, _restore(value))


def _restore(value: Any) -> Any:
    return value[1:] if isinstance(value, str) and _URL.match(value[1:]) else value


def _suggest_option(word: str, arg_table: Mapping[str, Any]) -> str:
    """Return the option that a word may be a misspelling of, as the end of a message."""
    is_option = not word[:1].isalnum() or "=" in word
    name = word.partition("=")[0].lower().lstrip(_DASHES).replace("_", "-")
    near = get_close_matches(f"--{name}", [f"--{name}" for name in arg_table], n=1)
    return f" (did you mean {near[0]}?)" if near and is_option else ""


def profiles_given(parsed_args: Any, parsed_globals: Any) -> list[str]:
    """Return the profiles that a command line names, each once: its arguments, ``--profile``, or else AWS_PROFILE."""
    given = getattr(parsed_args, "profile", None) or getattr(parsed_args, "old", None) or []
    given = [given] if isinstance(given, str) else list(dict.fromkeys(given))
    named = parsed_globals.profile or settings.find_current_profile(os.environ)
    return given or ([named] if named else [])


def required_profiles(parsed_args: Any, parsed_globals: Any, usage: str) -> list[str]:
    """Return the profiles that a command line names. Raises `ValidationError` if it names none."""
    names = profiles_given(parsed_args, parsed_globals)
    if not names:
        raise nothing_given("profile", usage)
    return names


def nothing_given(what: str, usage: str) -> ValidationError:
    """Return the error for a command line without the profile or file that it needs."""
    return ValidationError(f"no {what} given", [Problem(f"usage: {usage}")])


def settings_given(parsed_args: Any, keys: Iterable[str], region: str | None) -> dict[str, str | None]:
    """Return the values that a command line gives for config keys, with None for keys to remove."""
    given = {**{key: getattr(parsed_args, key) for key in keys}, settings.REGION: region}
    found = {
        key: (",".join(value) if isinstance(value, list) else value) or None
        for key, value in given.items()
        if value is not None
    }
    if found.get(settings.MFA_SERIAL) == NONE:
        found[settings.MFA_SERIAL] = None
    policy = found.get(settings.POLICY)
    if policy:
        found[settings.POLICY] = make_absolute(policy.strip())
    return found
