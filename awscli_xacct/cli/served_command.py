"""A command, or a shell, that gets a profile's credentials from a server which lasts as long as it does."""

import contextlib
from collections.abc import Mapping, Sequence

from ..copies import CONTAINER
from ..history.program import name_server
from ..storage.memo import Memo
from .child import end_like, run_child
from .for_once import ForOnce
from .launch import BEFORE_CONTAINER, build_environment
from .renewal import start_credentials
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
        renewal = served.renewals[profile]
        if not renewal.is_fresh():
            # Whoever started the command is there to enter a code, or to read why there are no credentials.
            process = start_credentials(profile, for_once)
            document, _ = process.communicate()
            if process.returncode:
                return end_like(process.returncode)
            renewal.keep(document)
        code = run_child(command, environment)
    return end_like(code)
