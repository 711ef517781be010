"""Messages on stderr, the escaping of text from outside, and the commands that messages quote.

A profile may be called ``list``, or ``-x``, or something else that a command line does not take for a profile. The
commands made here still work when they are pasted into a shell. Where the plain name works, it is used.
"""

import shlex

TYPE_CHECKING = False
if TYPE_CHECKING:  # the real constant is in a module, which every `aws` command would load
    from collections.abc import Iterable, Sequence
    from typing import TextIO

SUBCOMMANDS = (
    "list",
    "show",
    "verify",
    "login",
    "logout",
    "remove",
    "rename",
    "import",
    "export",
    "discover",
    "setup",
)
"""What the first word after ``aws configure role`` may be instead of a profile; configure_role/role.py runs them."""

COMMANDS = (
    "role",
    "credentials",
    "exec",
    "serve",
    "use",
    "each",
    "console",
    "status",
    "whoami",
    "history",
    "keys",
    "mfa",
    "enable",
    "disable",
    "doctor",
    "completion",
)
"""What the first word after ``xacct`` may be, in the order in which help lists them."""

HELP = "help"
"""The word that shows help wherever a command line expects a profile."""


ROLE_COMMAND = "aws configure role"
"""How the command is spelled in this code. Messages spell it `role_command_spelling`, see `spelled`."""
XACCT_ROLE = "xacct role"
"""How it is spelled where no `aws` has the plugin."""
role_command_spelling = ROLE_COMMAND

_MAX_LISTED = 10
LIST_PROFILES = f"list the profiles with: {ROLE_COMMAND} list"


def spell_role_command(spelling: str) -> None:
    """Have messages quote the command as `spelling`: `XACCT_ROLE` runs where ``aws configure role`` may not exist."""
    global role_command_spelling
    role_command_spelling = spelling


def spelled(text: str) -> str:
    """Return a message with the commands in it as this process's user types them."""
    return text.replace(ROLE_COMMAND, role_command_spelling)


def role_command(profile: str, options: str = "") -> str:
    """Return ``aws configure role PROFILE`` with options, which are quoted already."""
    from .typed import is_unwritten, typed_again  # a warm command has no use for it

    if options and is_unwritten(profile):
        return typed_again(options)
    plain = profile not in SUBCOMMANDS
    return " ".join(filter(None, [role_command_spelling, _named(profile, plain=plain), options]))


def role_commands(profiles: "Sequence[str]", options: str) -> str:
    """Return `role_command` for each of the profiles, as one line for a shell."""
    if len(profiles) == 1:
        return role_command(profiles[0], options)
    is_plain = not any(profile in SUBCOMMANDS or profile.startswith("-") for profile in profiles)
    each = '"$profile"' if is_plain else '"--profile=$profile"'
    return f"for profile in {shlex.join(profiles)}; do {role_command_spelling} {each} {options}; done"


def subcommand(name: str, profile: str) -> str:
    """Return ``aws configure role NAME PROFILE``, for a subcommand that takes a profile."""
    return f"{role_command_spelling} {name} {_named(profile)}"


def identity_command(profile: str, region: str | None = None) -> str:
    """Return the command that shows whose credentials a profile gives.

    Where `xacct role` is typed, the `aws` may not have the plugin, or is not there; and where programs have copies of
    the config files, they do not find what has just been written.
    """
    import os  # a warm command has no use for them

    from .copies import find_own

    if role_command_spelling != ROLE_COMMAND or find_own(os.environ):
        return f"xacct whoami --check {shlex.quote(profile)}"
    in_region = f" --region {region}" if region else ""
    return f"aws sts get-caller-identity {profile_option(profile)}{in_region}"


def option(key: str) -> str:
    """Return the command line option for a config key."""
    return f"--{key.replace('_', '-')}"


def profile_option(profile: str) -> str:
    """Return ``--profile PROFILE``, quoted, for any `aws` command."""
    return shlex.join(profile_words(profile))


def profile_words(profile: str) -> list[str]:
    """Return the words of ``--profile PROFILE``, not quoted."""
    return [f"--profile={profile}"] if profile.startswith("-") else ["--profile", profile]


def _named(profile: str, *, plain: bool = True) -> str:
    """Return a profile as a positional argument, or as an option if it would be misunderstood there."""
    # With "://" in it, the CLI takes an argument for the address of a file to read it from.
    odd = profile.startswith("-") or profile == HELP or "://" in profile
    return shlex.quote(profile) if plain and not odd else shlex.quote(f"--profile={profile}")


def unknown_profile(name: str, profiles: "Iterable[str]") -> str:
    """Return that there is no profile `name`, with the nearest of the existing ones."""
    from difflib import get_close_matches  # a warm command has no use for it

    from .typed import find_naming_variable

    variable = find_naming_variable(name)
    named = f", which {variable} names" if variable else ""
    near = get_close_matches(name, list(profiles), n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else LIST_PROFILES
    return f"there is no profile {name}{named}; {hint}"


def describe_end(code: int) -> str:
    """Return how a program ended, in words, given its exit code or, negative, the signal that ended it."""
    if code >= 0:
        return f"ended with exit code {code}"
    import signal  # not in what every `aws` command loads

    try:
        return f"was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"was ended by signal {-code}"


def listed(names: "Sequence[str]") -> str:
    """Return names for a sentence: all, or the first ten and how many more there are."""
    shown = ", ".join(map(printable, names[:_MAX_LISTED]))
    return f"{shown} and {len(names) - _MAX_LISTED} more" if len(names) > _MAX_LISTED else shown


def warn(message: str) -> None:
    """Print one line for the user, after the name of this package."""
    print_message(f"xacct: {printable(message)}")


def print_message(message: str) -> None:
    """Print lines for the user on stderr, because stdout is for results. On a terminal they are wrapped."""
    write_message(f"{wrap_message(printable_lines(message))}\n")


def wrap_message(text: str, indent: int = 0) -> str:
    """Return a text for stderr: wrapped if that is a terminal, beside `indent` columns that the caller will print."""
    import sys

    from .wrapping import wrap  # a warm command has no use for it

    return wrap(text, sys.stderr, indent)


def warn_once(message: str) -> None:
    """`warn`, but only once per process and message: an edit may start over."""
    if message not in _warned:
        _warned.add(message)
        warn(message)


_warned: set[str] = set()


def write_message(text: str) -> None:
    """Write text to stderr as it is.

    A stderr that is closed or on a full disk does not fail the command, whose work may be done by now.
    """
    import sys

    try:
        if sys.stderr is not None:
            sys.stderr.write(text)
            sys.stderr.flush()
    except (OSError, ValueError):
        abandon(sys.stderr)


def abandon(stream: "TextIO") -> None:
    """Discard what is in a stream's buffer and what is written to it later.

    Otherwise the interpreter writes it when it exits, and fails if it cannot.
    """
    import os

    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except (OSError, ValueError):
        pass  # closed, or not a file


def printable(text: str) -> str:
    """Return `text` with control characters escaped, so that it cannot drive the terminal, and URL passwords hidden."""
    if "://" in text and ("@" in text or "=" in text):
        from .redaction import without_passwords  # loads a module that most commands do without

        text = without_passwords(text)
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in text
    )


def printable_lines(text: str) -> str:
    """Return `printable` of each line of a text, with the commands in it `spelled`."""
    return spelled("\n".join(printable(line) for line in text.split("\n")))
