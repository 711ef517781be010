"""``xacct use [PROFILE]``: switch the shell it is typed in to a profile.

A program cannot change its shell's variables. So in bash, zsh and fish `xacct` is a function, which ``xacct
completion`` brings, and evaluates what this module prints. What must be given back lies in variables of the shell that
it does not export: no secret leaves the shell, and a shell started from it begins anew.
"""

import argparse
import os
import shlex
from collections.abc import Callable, Mapping
from typing import NamedTuple

from .. import copies, settings
from ..errors import XacctError
from ..messages import printable, unknown_profile, warn
from ..results import write_result
from .formats import quote_fish
from .launch import ACCOUNT, BEFORE_CONTAINER, CREDENTIAL_VARIABLES, REGIONS, STALE
from .resolve import read_config

HELP = "Switch this shell to a profile, in bash, zsh and fish with the function that completion brings."

MARK = ": xacct use"
"""The first line of what the function evaluates, a command that does nothing; it shows anything else, such as help."""
PROFILE_STATE, PREVIOUS_STATE = "_XACCT_PROFILE", "_XACCT_PREVIOUS"
"""What the function tells: the profile in use, and after a ``:`` the one before; empty for none in use."""

FUNCTION_VARIABLE = "_XACCT_FUNCTION"
"""Set by the function for `serve`, which is to end when the subshell does that runs the function: the number of its
process, 0 where the shell does not know it."""

_SET = ("AWS_PROFILE", *REGIONS)
_CLEARED = tuple(
    name
    for name in (*STALE, *CREDENTIAL_VARIABLES, ACCOUNT[0], *BEFORE_CONTAINER)
    if name not in _SET and not name.startswith("AWS_CONTAINER_")
)
"""What SDKs follow rather than `AWS_PROFILE`."""
_SERVED = (*copies.FILES, *copies.CONTAINER, settings.COPIES_VARIABLE)
"""What leads to a server of ours; see copies.py. The first is the copy of the config file."""
_HOW = {
    "bash": 'eval "$(xacct completion bash)"',
    "zsh": 'eval "$(xacct completion zsh)"',
    "fish": "xacct completion fish | source",
}


class _Shell(NamedTuple):
    """How to write down what a shell is to do. The templates have `name` and `value`."""

    quote: Callable[[str], str]
    assign: str
    export: str
    unset: str
    """… a variable of `_CLEARED`; `value` is for one that cannot be unset …"""
    unset_region: str
    """… and a region or what leads to a server, which may not be empty."""
    keep: str
    restore: str
    """Of a variable that `use` sets …"""
    restore_cleared: str
    """… and of one that it only clears: what has been set since then stays."""
    restore_served: str
    """Do `lines` for the variables of a server, while its copy of the config file, `name`, is there."""
    forget: str


_SH = _Shell(
    shlex.quote,
    assign="{name}={value}",
    export="export {name}={value}",
    unset="unset -v {name}",
    unset_region="unset -v {name}",
    keep='if [ -n "${{{name}+x}}" ]; then _xacct_kept_{name}=${name}; else unset -v _xacct_kept_{name}; fi',
    restore='if [ -n "${{_xacct_kept_{name}+x}}" ]; then export {name}="$_xacct_kept_{name}"; '
    "unset -v _xacct_kept_{name}; else unset -v {name}; fi",
    restore_cleared='if [ -n "${{_xacct_kept_{name}+x}}" ]; then export {name}="$_xacct_kept_{name}"; '
    "unset -v _xacct_kept_{name}; fi",
    restore_served='if [ -e "${{_xacct_kept_{name}-}}" ]; then\n{lines}\nfi',
    forget="unset -v _xacct_kept_{name}",
)


_FISH = _Shell(
    quote_fish,
    assign="set -g {name} {value}",
    export="set -gx {name} {value}",
    # A universal variable is all sessions' own, and exported even where a global one that is not exported hides it.
    unset="set -eg {name}; set -qU {name}; and set -gx {name} {value}",
    unset_region="set -eg {name}",
    keep="if set -qg {name}; set -g _xacct_kept_{name} ${name}; else; set -eg _xacct_kept_{name}; end",
    restore="if set -qg _xacct_kept_{name}; set -gx {name} $_xacct_kept_{name}; set -eg _xacct_kept_{name}; "
    "else; set -eg {name}; end",
    restore_cleared="if set -qg _xacct_kept_{name}; set -gx {name} $_xacct_kept_{name}; "
    "set -eg _xacct_kept_{name}; else; set -qU {name}; and set -eg {name}; end",
    restore_served='if test -e "$_xacct_kept_{name}"\n{lines}\nend',
    forget="set -eg _xacct_kept_{name}",
)

_SHELLS = {"sh": _SH, "fish": _FISH}


def configure(parser: argparse.ArgumentParser) -> None:
    parser.usage = "xacct use [-h] [PROFILE | - | --off]"
    parser.add_argument(
        "profile",
        metavar="PROFILE",
        nargs="?",
        help="any profile; - for the one before; without one, choose from a list",
    )
    parser.add_argument("--off", action="store_true", help="restore what the first use replaced")
    parser.add_argument("--shell", choices=_SHELLS, help=argparse.SUPPRESS)


def run(options: argparse.Namespace) -> int:
    """Print what the shell's function evaluates. Returns 130 if nothing was chosen."""
    if options.off and options.profile is not None:
        raise XacctError("--off takes no profile. Use one or the other", code="UsageError")
    if settings.SHELL_VARIABLE in os.environ:
        name = os.environ[settings.SHELL_VARIABLE].partition(" ")[2]
        raise XacctError(
            f"this shell has the credentials of profile {printable(name)}, from xacct exec. Leave it first: exit",
            code="UsageError",
            fix="exit",
        )
    if not options.shell:
        raise XacctError(_explain_function(os.environ), code="UsageError")
    current = os.environ.get(PROFILE_STATE, "")
    wanted = "" if options.off else _find_wanted(options.profile, os.environ)
    shell = _SHELLS[options.shell]
    if not wanted and not current:
        warn("no profile is in use in this shell: nothing to give back")
    lines = _switch(shell, current, wanted) if wanted else _give_back(shell, current) if current else []
    # The last one makes the exit code, which fish's `set` leaves as it was.
    write_result("\n".join([MARK, *lines, ":", ""]))
    return 0


def _explain_function(environment: Mapping[str, str]) -> str:
    name = os.path.basename(environment.get("SHELL", ""))  # noqa: PTH119 - no file
    return (
        f"use changes the variables of a shell, which needs a function in bash, zsh or fish. Define it with: "
        f"{_HOW.get(name, _HOW['bash'])}"
    )


def _find_wanted(given: str | None, environment: Mapping[str, str]) -> str:
    """Return the profile to use; empty for none. Raises `XacctError`, and `KeyboardInterrupt` if none is chosen."""
    if given == "-":
        if not environment.get(PREVIOUS_STATE):
            raise XacctError("no other profile was in use in this shell", code="UsageError")
        given = environment[PREVIOUS_STATE].removeprefix(":")
        if not given:
            return ""
    profiles = read_config()["profiles"]
    if given is None:
        from .chooser import choose_profile

        given = choose_profile(list(profiles))
    if given not in profiles:
        raise XacctError(unknown_profile(given, profiles), code="ProfileNotFound", profile=given)
    return given


def _switch(shell: _Shell, current: str, wanted: str) -> list[str]:
    region = read_config()["profiles"][wanted].get(settings.REGION)
    values = {"AWS_PROFILE": wanted}
    if isinstance(region, str) and region:
        values.update(dict.fromkeys(REGIONS, region))
    served = _SERVED if copies.put_aside else ()
    lines = [] if current else [shell.keep.format(name=name) for name in (*_SET, *_CLEARED, *served)]
    lines += _leave_server(shell) if served else []
    # SDKs take any other one for none if it is empty.
    instead = {"AWS_DEFAULT_PROFILE": wanted}
    lines += [shell.unset.format(name=name, value=shell.quote(instead.get(name, ""))) for name in _CLEARED]
    lines += [shell.unset_region.format(name=name) for name in REGIONS if name not in values]
    lines += [shell.export.format(name=name, value=shell.quote(value)) for name, value in values.items()]
    return lines + _note(shell, current, wanted)


def _leave_server(shell: _Shell) -> list[str]:
    """Return what puts the user's own config files back, and removes what leads to a server.

    When the server has ended, its copies of those files are gone, and no `aws` would find a profile.
    """
    own = {name: os.environ[name] for name in copies.FILES if name in os.environ}
    lines = [shell.unset_region.format(name=name) for name in _SERVED if name not in own]
    return lines + [shell.export.format(name=name, value=shell.quote(path)) for name, path in own.items()]


def _give_back(shell: _Shell, current: str) -> list[str]:
    lines = [shell.restore.format(name=name) for name in _SET]
    lines += [shell.restore_cleared.format(name=name) for name in _CLEARED]
    served = "\n".join(shell.restore_cleared.format(name=name) for name in _SERVED)
    lines.append(shell.restore_served.format(name=_SERVED[0], lines=served))
    lines += [shell.forget.format(name=name) for name in _SERVED]
    return lines + _note(shell, current, "")


def _note(shell: _Shell, before: str, now: str) -> list[str]:
    """Return what remembers the two for the next `use`; the same profile once more changes nothing."""
    notes = {"_xacct_profile": now, "_xacct_previous": before}
    return [
        shell.assign.format(name=name, value=shell.quote(value))
        for name, value in notes.items()
        if before != now
    ]
