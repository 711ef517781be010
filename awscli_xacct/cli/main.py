"""The entry point of the ``xacct`` script. Answers from the memo when it can.

That takes little more time than starting Python, because next to nothing is imported. No module on this path has
``from __future__ import annotations``: that is a module too, which Python would have to find and read.
"""

import os
import sys
import time

from .. import __version__, settings
from ..storage import memo


def main(arguments: "list[str] | None" = None) -> int:
    """Run one command line and return its exit code."""
    try:
        return _main(sys.argv[1:] if arguments is None else arguments)
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # noqa: BLE001 - what reports errors may be what is broken
        if sys.stderr is not None:
            reason = f"{type(error).__name__}: {error}".encode("unicode_escape").decode("ascii")
            sys.stderr.write(f"xacct: this installation is broken: {reason}. {_find_repair()}\n")
        return 255


def _find_repair() -> str:
    try:
        from .origin import get_reinstall_command

        return f"Install it again with:\n  {get_reinstall_command()}"
    except Exception:  # noqa: BLE001 - this is a part of what is broken
        return "Install it again, as at the first time"


def _main(arguments: "list[str]") -> int:
    try:
        if settings.COPIES_VARIABLE in os.environ:
            from .. import copies

            copies.put_back(os.environ)
        if settings.HANDED_VARIABLE in os.environ:
            from . import launch

            launch.remove_exported_settings(os.environ)
        code = _try_fast_path(arguments)
        if code is not None:
            return code
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - users get a message, not a traceback
        from .dispatch import make_reporter, split_line

        return make_reporter(split_line(arguments)).report(error, "xacct: ")
    from .dispatch import run

    return run(arguments)


def _try_fast_path(arguments: "list[str]") -> "int | None":
    """Run a command line that a memo is enough for, and return its exit code; None for any other."""
    form = os.environ.get(settings.ERROR_FORMAT_VARIABLE)
    if form and form.lower() not in settings.ERROR_FORMATS:
        return None
    if arguments == ["status", "--prompt"] and sys.stdout is not None:
        from .prompt import read_prompt

        line = read_prompt(os.environ, __version__)
        return _print(None if line is None else line.encode())
    command, *words = arguments or [""]
    if command not in ("credentials", "exec"):
        return None
    given = None
    if any(word.startswith("--policy") or word == "--read-only" for word in words):
        from .for_once import take

        given, words = take(words, with_command=command == "exec")
    served = command == "exec" and words[:1] == ["--serve"]
    profile, *rest = words[served:] or [""]
    if profile.startswith("-"):
        return None
    key = given.memo_key(profile) if given else profile
    if command == "credentials" and rest in ([], ["--cli-error-format", "json"]) and sys.stdout is not None:
        return _print(memo.read_document(key, __version__))
    if command != "exec" or rest[:1] != ["--"] or len(rest) == 1:
        return None
    found = memo.read_memo(key, __version__)
    document = found.fresh_document(time.time()) if found else None
    if found is None or document is None:
        return None
    if served:
        from .served_command import run_served

        return run_served(rest[1:], profile, given, found, dict(os.environ))
    return _exec(rest[1:], found, document)


def _print(document: "bytes | None") -> "int | None":
    if document is None:
        return None
    try:
        sys.stdout.buffer.write(document)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        from ..errors import XacctError
        from ..results import describe_output_failure

        raise XacctError(describe_output_failure(error)) from None
    return 0


def _exec(command: "list[str]", found: "memo.Memo", document: bytes) -> "int | None":
    credentials = memo.parse_document(document)
    if credentials is None:
        return None
    from . import launch

    return launch.become(command, launch.build_environment(credentials, found, os.environ))
