"""Running a command with a profile's credentials in its environment. Loads next to nothing until it does.

https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html#EVarSettings
"""

import os
import sys

from .. import settings

TYPE_CHECKING = False
if TYPE_CHECKING:  # the real one is in a module, which would have to be found and read
    from collections.abc import Mapping, MutableMapping, Sequence
    from typing import Any, NoReturn

VARIABLES = {
    "AWS_ACCESS_KEY_ID": "AccessKeyId",
    "AWS_SECRET_ACCESS_KEY": "SecretAccessKey",
    "AWS_SESSION_TOKEN": "SessionToken",
    "AWS_CREDENTIAL_EXPIRATION": "Expiration",
}
"""The environment variables for credentials, and where they stand in a ``credential_process`` document."""

ACCOUNT = ("AWS_ACCOUNT_ID", "AccountId")
"""SDKs take it for the account of the credentials in the environment."""

STALE = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SECURITY_TOKEN", settings.RESOLVING_VARIABLE)
"""What would contradict, or be taken for, the credentials that a command is given."""

NOT_FOUND = 127
NOT_EXECUTABLE = 126
"""The exit codes that shells have for these."""


def variables(document: "Mapping[str, Any]") -> "dict[str, str]":
    """The environment variables that a ``credential_process`` document comes to."""
    return {name: str(document[key]) for name, key in VARIABLES.items() if key in document}


def environment(
    document: "Mapping[str, Any]",
    region: str,
    inherited: "Mapping[str, str]",
    handed: "Sequence[str]" = (),
) -> "dict[str, str]":
    """The environment of a command: what is inherited, with these credentials and this region, if there is one.

    What is `handed` on besides, as ``NAME=value``, counts only where nothing is inherited.
    """
    name, key = ACCOUNT
    dropped = {*VARIABLES, *STALE, name}
    kept = {variable: value for variable, value in inherited.items() if variable not in dropped}
    account = {name: str(document[key])} if key in document else {}
    regions = {"AWS_REGION": region, "AWS_DEFAULT_REGION": region} if region else {}
    more = dict(pair.split("=", 1) for pair in handed)
    more = {variable: value for variable, value in more.items() if variable not in kept}
    if more:
        more[settings.HANDED_VARIABLE] = "\n".join(f"{variable}={value}" for variable, value in more.items())
    return {**kept, **more, **variables(document), **account, **regions}


def take_back(environment: "MutableMapping[str, str]") -> None:
    """Take away what an xacct further out has handed on to this one: the settings of another profile."""
    for pair in environment.pop(settings.HANDED_VARIABLE, "").split("\n"):
        name, _, value = pair.partition("=")
        if environment.get(name) == value:  # what has been set anew since then stays
            del environment[name]


def become(command: "Sequence[str]", variables: "Mapping[str, str]") -> int:
    """Run `command` in the place of this process, or, where there is no such thing, as a child of it.

    Gives its exit code, or what a shell gives for a command that cannot be run.
    """
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    try:
        if not command[0]:
            raise FileNotFoundError(command[0])  # Python would call it another fault
        return spawn(command, variables) if os.name == "nt" else _replace(command, variables)
    except OSError as error:
        return report_exec_error(command, error)


def report_exec_error(command: "Sequence[str]", error: OSError) -> int:
    """Say why a command cannot be run, and give the exit code for that."""
    from ..messages import warn

    if isinstance(error, FileNotFoundError):
        warn(f"{command[0]}: command not found")
        return NOT_FOUND
    warn(f"{command[0]}: {error.strerror or error}")
    return NOT_EXECUTABLE


def _replace(command: "Sequence[str]", variables: "Mapping[str, str]") -> "NoReturn":
    import signal

    # Python ignores these two, and whatever is ignored stays so: `yes | head` would never end.
    for name in ("SIGPIPE", "SIGXFSZ"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_DFL)
    os.execvpe(command[0], list(command), variables)  # noqa: S606 - no shell is what is wanted


def spawn(command: "Sequence[str]", variables: "Mapping[str, str]") -> int:
    """Run `command` as a child. Ctrl-C reaches it as it reaches this process, and what comes of it is its affair."""
    import shutil
    import signal
    import subprocess

    # Windows itself finds an .exe on the PATH, and no .cmd.
    found = shutil.which(command[0], path=variables.get("PATH"))
    if found is None:
        raise FileNotFoundError(command[0])
    # A handler, unlike SIG_IGN, is not inherited.
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        code = subprocess.run([found, *command[1:]], env=dict(variables), check=False).returncode  # noqa: S603
    finally:
        signal.signal(signal.SIGINT, before)
    return code if code >= 0 else 128 - code
