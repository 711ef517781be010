"""A command, or a shell, that gets a profile's credentials from a server which lasts as long as it does."""

import contextlib
from collections.abc import Mapping, Sequence

from ..copies import CONTAINER
from ..history.program import name_server
from ..storage.memo import Memo
from .child import end_like, run_child, run_to_end
from .for_once import ForOnce
from .launch import BEFORE_CONTAINER, build_environment
from .renewal import read_signatures, start_credentials
from .serving import Serving, hiding_default


def run_served(
    command: Sequence[str],
    profile: str,
    for_once: ForOnce | None,
    memo: Memo,
    inherited: Mapping[str, str],
) -> int:
    """Run `command`, or the user's shell if it is empty, and return its exit code.

    `memo` is that of the profile, narrowed `for_once`. Raises `XacctError` and `OSError` if it cannot be served.
    """
    environment = build_environment({}, memo, inherited)
    for name in (*CONTAINER, *BEFORE_CONTAINER):
        environment.pop(name, None)
    if not command:
        from .shell import make_shell

        command, variables = make_shell(profile, "", inherited, narrowed=memo.narrowed)
        environment.update(variables)
    name_server("exec")
    with contextlib.ExitStack() as stack:
        served = stack.enter_context(Serving([profile], for_once=for_once))
        environment.update(stack.enter_context(hiding_default()))
        environment.update(served.variables(profile))
        renewal, code = served.renewals[profile], 0
        if not renewal.is_fresh():
            # Whoever started the command is there to enter a code, or to read why there are no credentials.
            files = read_signatures()
            document, code = _fetch(profile, for_once)
            if not code:
                renewal.keep(document, files)
        code = code or run_child(command, environment)
    return end_like(code)


def _fetch(profile: str, for_once: ForOnce | None) -> tuple[bytes, int]:
    """Return a profile's ``credential_process`` document, and the exit code of the process that fetched it."""
    process = run_to_end(lambda: start_credentials(profile, for_once))
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    with process.stdout:  # which holds more than a request's headers may, and so any session token
        return process.stdout.read(), process.returncode
