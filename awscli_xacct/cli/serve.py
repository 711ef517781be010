"""``xacct serve PROFILE …``: a server from which AWS SDKs get credentials, and new ones in time.

It runs until it is interrupted or terminated, and prompts for MFA codes on its own terminal.
"""

import argparse
import contextlib
import os
import shlex
import signal
import sys
import threading
from collections.abc import Sequence
from queue import SimpleQueue

from ..confirm import has_terminal
from ..credentials.resolution import Resolved
from ..error_codes import first_of
from ..errors import UsageError, XacctError
from ..history.program import name_server
from ..messages import abandon, print_message, printable
from ..results import write_result
from ..slips import show_command
from . import for_once
from .formats import SHELLS
from .launch import ACCOUNT, BEFORE_CONTAINER, CREDENTIAL_VARIABLES, REGIONS, STALE, removed
from .resolve import read_config, resolve_in
from .serving import Serving, hiding_default
from .signal_wait import SignalWait
from .use import FUNCTION_VARIABLE

HELP = "Serve the credentials of profiles to programs and containers, and renew them in time."

_MAX_PORT = 65535
_ENDS = ("SIGINT", "SIGTERM", "SIGHUP")
_PARENT_SECONDS = 0.5
"""How often to look whether the subshell is still there that ran the shell's function `xacct`; see use.py."""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("profiles", metavar="PROFILE", nargs="+", help="any profiles, with or without a role")
    parser.add_argument(
        "--format",
        choices=SHELLS,
        default="env",
        help="how the variables are printed: one of %(choices)s (default: %(default)s)",
        metavar="FORMAT",
    )
    parser.add_argument(
        "--port", type=_port, default=0, metavar="N", help="the port on 127.0.0.1 (default: any free one)"
    )
    parser.add_argument(
        "--container",
        action="store_true",
        help="leave out the variables that hide your files from programs: a container does not see those files",
    )
    for_once.add_options(parser)


def split(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Split at a ``--`` after a profile: what follows is another profile, or the command that somebody wants to run."""
    words = for_once.join(arguments)
    end = words.index("--") if "--" in words[1:] else len(words)
    return words[:end], words[end + 1 :]


def run(options: argparse.Namespace) -> int:
    """Print the variables and serve until a signal ends it."""
    names = list(dict.fromkeys([*options.profiles, *options.command]))
    given = for_once.parse(options)
    if options.command and options.command[0] not in read_config()["profiles"]:
        words = shlex.join([*(given.words if given else []), options.profiles[0]])
        meant = f"xacct exec --serve {words} -- {show_command(options.command)}"
        raise UsageError(f"serve runs no command; did you mean: {meant}", fix=meant)
    resolved = _resolve_all(names, given)
    ended: list[int] = []
    told = os.environ.pop(FUNCTION_VARIABLE, "")
    parent = int(told) or os.getppid() if told.isdecimal() else 0
    name_server("serve")
    with contextlib.ExitStack() as stack:
        signals = stack.enter_context(SignalWait(_ENDS, ended.append))
        served = stack.enter_context(Serving(names, options.port, for_once=given))
        files = {} if options.container else stack.enter_context(hiding_default())
        write_result(_format(options, resolved, served, files))
        sys.stdout.flush()
        if has_terminal(sys.stdout):
            print_message(
                "xacct: serving until Ctrl-C; the lines above are for another terminal, where programs run"
            )
        # Whoever reads the variables from a pipe waits for its end.
        abandon(sys.stdout)
        threading.Thread(target=_fetch_all, args=[served], daemon=True).start()
        while not ended:
            signals.wait(_PARENT_SECONDS if parent else None)
            if parent and os.getppid() != parent:
                ended.append(signal.SIGTERM)
    return 0 if ended[0] == signal.SIGTERM else 128 + ended[0]


def _resolve_all(names: Sequence[str], given: for_once.ForOnce | None) -> list[Resolved]:
    """Resolve all profiles. Raises `XacctError` with what is wrong with any of them."""
    config = read_config()
    found, errors = [], []
    for name in names:
        try:
            found.append(resolve_in(config, name, given))
        except XacctError as error:
            errors.append(error)
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise XacctError("\n".join(map(str, errors)), code=first_of(error.code for error in errors))
    return found


def _format(
    options: argparse.Namespace, resolved: Sequence[Resolved], served: Serving, files: dict[str, str]
) -> str:
    shell = SHELLS[options.format]
    # A container has none of this shell's variables.
    stale = (
        []
        if options.container
        else [*STALE, *CREDENTIAL_VARIABLES, ACCOUNT[0], *REGIONS, *BEFORE_CONTAINER, *removed]
    )
    blocks = []
    for each in resolved:
        region = dict.fromkeys(REGIONS, each.memo.region) if each.memo.region else {}
        block = shell.format({**served.variables(each.profile), **files, **region}, stale)
        title = f"{shell.comment} {printable(each.profile)}\n" if len(resolved) > 1 else ""
        blocks.append(title + block)
    return "\n".join(blocks)


def _fetch_all(served: Serving) -> None:
    """Fetch what is not cached before anybody asks, one profile after the other: SDKs wait a second or two at most."""
    delivered: SimpleQueue[object] = SimpleQueue()
    for renewal in served.renewals.values():
        renewal.request(delivered.put)
        delivered.get()


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= _MAX_PORT):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: 1 to {_MAX_PORT}")
    return int(text)
