"""The line that ``xacct status --prompt`` prints for a shell's prompt."""

import time

from .. import settings
from ..storage.memo import Memo, read_memo

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing's own is in a module, which Python would have to find and read
    from collections.abc import Mapping


_NARROWED = " narrowed"


def read_prompt(environment: "Mapping[str, str]", version: str) -> "str | None":
    """Return the line for a shell's prompt, empty without a profile in use; None if there is no memo."""
    if settings.SHELL_VARIABLE in environment:
        return _format_shell(environment[settings.SHELL_VARIABLE])
    profile = settings.find_current_profile(environment)
    if not profile:
        return ""
    memo = read_memo(profile, version)
    return format_prompt(profile, memo) if memo else None


def format_prompt(profile: str, memo: Memo) -> str:
    """Format a profile and the time its credentials have left: ``-`` for expired, nothing if it uses no record."""
    name = f"{escape_for_prompt(profile)}{_NARROWED if memo.narrowed else ''}"
    if not memo.record:
        return f"{name}\n"
    now = time.time()
    found = memo.valid_document(now)
    return f"{name} {_format_short(found[0].expiry - now) if found else '-'}\n"


def _format_shell(value: str) -> str:
    """Format the profile of a shell that ``xacct exec`` has started, and the time that its credentials have left."""
    end, _, profile = value.partition(" ")
    expiry = end.removesuffix(settings.SHELL_NARROWED)
    left = int(expiry) - time.time() if expiry.isdecimal() else 0
    name = f"{escape_for_prompt(profile)}{_NARROWED if expiry != end else ''}"
    if expiry == "0":
        return f"{name}\n"
    return f"{name} {_format_short(left) if left > 0 else '-'}\n"


def escape_for_prompt(name: str) -> str:
    """Replace by ``?`` whatever drives a terminal or is expanded in a shell's prompt.

    zsh expands ``%`` in what a prompt's command prints. A PS1 that PROMPT_COMMAND puts together is expanded once
    more, so a ``$(…)`` in it would run.
    """
    return "".join(c if c.isprintable() and c not in "%\\$`!" else "?" for c in name)


def _format_short(seconds: float) -> str:
    """Format a time as ``3h05m``, ``52m`` or ``40s``, rounded down."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes:02}m"
    return f"{minutes}m" if minutes else f"{rest}s"
