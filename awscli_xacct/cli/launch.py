"""Running a command with a profile's credentials in its environment. Imports next to nothing at its top.

https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html#EVarSettings
"""

import os
import sys

from .. import settings

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing's own is in a module, which Python would have to find and read
    import subprocess
    from collections.abc import Mapping, MutableMapping, Sequence
    from typing import Any, NoReturn

    from ..storage.memo import Memo

CREDENTIAL_VARIABLES = {
    "AWS_ACCESS_KEY_ID": "AccessKeyId",
    "AWS_SECRET_ACCESS_KEY": "SecretAccessKey",
    "AWS_SESSION_TOKEN": "SessionToken",
    "AWS_CREDENTIAL_EXPIRATION": "Expiration",
}
"""The environment variables for credentials, each with its key in a ``credential_process`` document."""

ACCOUNT = ("AWS_ACCOUNT_ID", "AccountId")
"""SDKs take it for the account of the credentials in the environment."""

PROFILES = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")

STALE = (
    *PROFILES,
    "AWS_SECURITY_TOKEN",
    # Where there are no keys by the usual names, Terraform and others in Go take the first two, those in Ruby all.
    "AWS_ACCESS_KEY",
    "AWS_SECRET_KEY",
    "AMAZON_ACCESS_KEY_ID",
    "AMAZON_SECRET_ACCESS_KEY",
    "AMAZON_SESSION_TOKEN",
)
"""Variables that contradict other credentials, or would be taken for them."""

BEFORE_CONTAINER = (
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
)
"""Variables that SDKs follow rather than those, besides the ones above."""

REGIONS = ("AWS_REGION", "AWS_DEFAULT_REGION")
"""SDKs read one of these variables, the AWS CLI the other."""

removed: "list[str]" = []
"""The variables that `remove_exported_settings` has removed from this process: its parent still has them."""

NOT_FOUND = 127
NOT_EXECUTABLE = 126
"""The exit codes that shells have for these."""


def to_variables(document: "Mapping[str, Any]") -> "dict[str, str]":
    """Convert a ``credential_process`` document to environment variables."""
    return {name: str(document[key]) for name, key in CREDENTIAL_VARIABLES.items() if key in document}


def build_environment(
    document: "Mapping[str, Any]", memo: "Memo", inherited: "Mapping[str, str]"
) -> "dict[str, str]":
    """Return the inherited environment with the credentials of `document` and the region of its profile.

    The profile's other settings, ``memo.exported``, do not override an inherited variable, except one; see
    credentials/exported_settings.py.
    """
    account, key = ACCOUNT
    dropped = {*CREDENTIAL_VARIABLES, *STALE, settings.RESOLVING_VARIABLE, settings.SHELL_VARIABLE, account}
    kept = {name: value for name, value in inherited.items() if name not in dropped}
    exported = dict(pair.split("=", 1) for pair in memo.exported)
    exported = {
        name: value
        for name, value in exported.items()
        if name not in kept or name == settings.IGNORE_ENDPOINTS_VARIABLE
    }
    if exported:
        exported[settings.HANDED_VARIABLE] = "\n".join(f"{name}={value}" for name, value in exported.items())
    environment = {**kept, **exported, **to_variables(document)}
    if key in document:
        environment[account] = str(document[key])
    if memo.region:
        environment.update(dict.fromkeys(REGIONS, memo.region))
    return environment


def remove_exported_settings(environment: "MutableMapping[str, str]") -> None:
    """Remove the settings of another profile, which an outer `xacct` has exported to this one."""
    for pair in environment.pop(settings.HANDED_VARIABLE, "").split("\n"):
        name, _, value = pair.partition("=")
        if environment.get(name) == value:  # a variable that was changed since then stays
            del environment[name]
            removed.append(name)
    removed.append(settings.HANDED_VARIABLE)


def become(command: "Sequence[str]", environment: "Mapping[str, str]") -> int:
    """Replace this process by `command`, or run it as a child on a system that cannot do that.

    Returns the child's exit code. Raises `XacctError` with a shell's for a command that cannot be run.
    """
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    try:
        words = resolve_program(command, environment.get("PATH"))
        return spawn(words, environment) if os.name == "nt" else _replace(words, environment)
    except OSError as error:
        from ..errors import UsageError

        code, text = explain_exec_error(command, error)
        failed = UsageError(text)
        failed.exit_code = code
        raise failed from None


def explain_exec_error(command: "Sequence[str]", error: OSError) -> "tuple[int, str]":
    """Return a shell's exit code and a message for a command that cannot be run."""
    if isinstance(error, FileNotFoundError):
        return NOT_FOUND, f"{command[0]}: command not found"
    return NOT_EXECUTABLE, f"{command[0]}: {error.strerror or error}"


def _replace(command: "list[str]", environment: "Mapping[str, str]") -> "NoReturn":
    import signal

    # Python ignores these two, and exec keeps ignored signals ignored: `yes | head` would never end.
    for name in ("SIGPIPE", "SIGXFSZ"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_DFL)
    os.execvpe(command[0], command, environment)  # noqa: S606 - without a shell on purpose


def spawn(command: "list[str]", environment: "Mapping[str, str]") -> int:
    """Run `command` as a child and return its exit code. Ctrl-C is left to the child, which gets it as well."""
    import signal
    import subprocess

    # A handler, unlike SIG_IGN, is not inherited.
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        code = subprocess.run(command, env=dict(environment), check=False).returncode  # noqa: S603
    finally:
        signal.signal(signal.SIGINT, before)
    return code if code >= 0 else 128 - code


def resolve_program(command: "Sequence[str]", path: "str | None" = None) -> "list[str]":
    """Return the words that start a command: Windows itself finds an .exe on the PATH, but no .cmd.

    Raises `FileNotFoundError`, also for an empty name, for which Python raises another error.
    """
    program: str | None = command[0]
    if os.name == "nt":
        import shutil

        program = shutil.which(command[0], path=path)
    if not program:
        raise FileNotFoundError(command[0])
    return [program, *command[1:]]


def kill_group(process: "subprocess.Popen[bytes]") -> None:
    """Kill a child that leads a process group, and everything it has started in that group."""
    import signal

    try:
        if os.name == "nt":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
    except OSError:
        pass  # it has ended; macOS reports a group of zombies as one that may not be signalled
