"""credential_process recursion: a program that requests the credentials it has to provide would wait for itself.

Whoever starts such a program puts the profiles it is for into an environment variable, which everything that the
program starts inherits; whoever is about to fetch credentials looks there first. The variable goes to the program
alone, not into this process's environment: other threads start programs for other profiles. A profile is the one of
that name in these two files: a program that works with other files may have another profile of the same name.
"""

import json
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from .. import settings
from ..errors import ProfileError
from ..messages import profile_option
from ..profiles.role import Role
from ..profiles.source import Source

if TYPE_CHECKING:
    import subprocess

PROGRAM_METHOD = "custom-process"
"""What botocore calls the provider that runs a ``credential_process``."""


def guard(provider: Any, hop: Role | Source) -> None:
    """Mark the programs that `provider` starts for the chain that ends at `hop`. Raises `ProfileError` on recursion."""
    hops = hop.hops if isinstance(hop, Role) else []
    names = [role.profile for role in hops]
    source = (hops[-1].source if hops else hop).profile
    if source is not None and source not in names:
        names.append(source)
    check(names, os.environ)
    builder = provider._profile_provider_builder
    if builder and not isinstance(builder, MarkedPrograms):
        provider._profile_provider_builder = MarkedPrograms(builder, names)


def check(names: Sequence[str], environment: Mapping[str, str]) -> None:
    """Raise `ProfileError` if this process has to provide the credentials of one of `names` already."""
    files = _files(environment)
    resolving = [entry[0] for entry in _resolving(environment) if entry[1:] == files]
    for name in names:
        if name in resolving:
            path = [*resolving[resolving.index(name) :], *names[: names.index(name) + 1]]
            last = resolving[-1]
            raise ProfileError(
                name,
                f"credential_process recursion: {' -> '.join(path)}. The credential_process of {last} requests the "
                f"credentials that it has to provide",
                f"have it request another profile's:\n"
                f"  aws configure set credential_process COMMAND {profile_option(last)}",
            )


def marked(names: Sequence[str], environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for a program that has to provide the credentials of the last of `names`."""
    files = _files(environment)
    known = [*_resolving(environment), *([name, *files] for name in names)]
    return {**environment, settings.RESOLVING_VARIABLE: json.dumps(known)}


class MarkedPrograms:
    """botocore's builder of a profile's providers, changed to mark the programs they start.

    And to parse each file once: a thousand profiles with keys of their own parsed a thousand profiles a thousand times.
    `names` are the profiles of the chain, the last to be assumed first.
    """

    def __init__(self, builder: Any, names: Sequence[str]) -> None:
        self._builder = builder
        self._names = names
        self.last: subprocess.Popen[bytes] | None = None
        """The program that was started last."""

    def providers(self, *arguments: Any, **options: Any) -> list[Any]:
        """Return the providers in their order."""
        found: list[Any] = self._builder.providers(*arguments, **options)
        for provider in found:
            if provider.METHOD == PROGRAM_METHOD:
                provider._popen = self.start
            elif provider.METHOD == "shared-credentials-file":
                provider._ini_parser = partial(_parse_once, provider._ini_parser)
            elif provider.METHOD == "config-file":
                provider._config_parser = partial(_parse_once, provider._config_parser)
        return found

    def start(self, command: Sequence[str], **options: Any) -> "subprocess.Popen[bytes]":
        """Start a program as `subprocess.Popen` does, but wait for nothing that it leaves running."""
        from ..child_output import Program  # most commands that load this module start no program

        environment = marked(self._names, os.environ)
        self.last = Program(command, env=environment, **options)
        return self.last


_parsed: dict[tuple[Any, str], tuple[tuple[int, ...], Any]] = {}
_lock = threading.Lock()


def _parse_once(parse: Callable[[str], Any], filename: str) -> Any:
    """Return what botocore's `parse` makes of a file, parsed again only once the file has changed."""
    path = os.path.expanduser(os.path.expandvars(filename))  # noqa: PTH111 - as botocore does
    with _lock:
        try:
            found = os.stat(path)  # noqa: PTH116
        except OSError:
            return parse(filename)
        version = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
        known = _parsed.get((parse, path))
        if known is None or known[0] != version:
            known = _parsed[parse, path] = version, parse(filename)
        return known[1]


def _files(environment: Mapping[str, str]) -> list[str]:
    # Links are not resolved.
    return [os.path.abspath(path) for path in settings.config_paths(environment)]  # noqa: PTH100


def _resolving(environment: Mapping[str, str]) -> list[list[str]]:
    """Return what the variable holds; nothing if we did not write it."""
    try:
        found = json.loads(environment.get(settings.RESOLVING_VARIABLE, "[]"))
        return [[str(part) for part in entry] for entry in found if len(entry) == 3]
    except (TypeError, ValueError, RecursionError):
        return []
