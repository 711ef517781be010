"""Profiles that would wait for themselves: a ``credential_process`` that asks for what it is to give.

Who starts such a program names the profiles it is for in an environment variable, which whatever the program
starts inherits. Who is about to fetch credentials looks there first. A profile is the one of that name in these
two files: a program that works with other files may well have a profile of the same name.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .. import settings
from ..errors import ProfileError
from ..messages import profile_option
from ..profiles.role import Role
from ..profiles.source import Source
from ..settings import config_paths

if TYPE_CHECKING:
    import subprocess

_PROCESS = "custom-process"


def names_of(hop: Role | Source) -> list[str]:
    """The profiles of a chain, the last to be assumed first."""
    names = []
    while isinstance(hop, Role):
        names.append(hop.profile)
        hop = hop.source
    return names if hop.profile is None or hop.profile in names else [*names, hop.profile]


def guard(provider: Any, hop: Role | Source) -> None:
    """Mark the programs that `provider` starts. Raises `ProfileError` where one of them would wait for itself."""
    names = names_of(hop)
    check(names, os.environ)
    builder = provider._profile_provider_builder
    if builder and not isinstance(builder, MarkedPrograms):
        provider._profile_provider_builder = MarkedPrograms(builder, names)


def marked(names: Sequence[str], environment: Mapping[str, str]) -> dict[str, str]:
    """The environment for a program that is to give the credentials of the last of `names`."""
    files = _files(environment)
    known = [*_resolving(environment), *([name, *files] for name in names)]
    return {**environment, settings.RESOLVING_VARIABLE: json.dumps(known)}


def check(names: Sequence[str], environment: Mapping[str, str]) -> None:
    """Raise `ProfileError` if this process is to give the credentials of one of `names` already."""
    files = _files(environment)
    resolving = [entry[0] for entry in _resolving(environment) if entry[1:] == files]
    for name in names:
        if name in resolving:
            way = [*resolving[resolving.index(name) :], *names[: names.index(name) + 1]]
            asker = resolving[-1]
            raise ProfileError(
                name,
                f"profile {name} waits for itself: {' -> '.join(way)}. The credential_process of {asker} asks for "
                f"the credentials it is to give",
                f"let it ask for another profile's:\n"
                f"  aws configure set credential_process COMMAND {profile_option(asker)}",
            )


class MarkedPrograms:
    """botocore's builder of a source profile's providers, with that of programs changed.

    `names` are the profiles of the chain, the last to be assumed first.
    """

    def __init__(self, builder: Any, names: Sequence[str]) -> None:
        self._builder = builder
        self._names = names
        self.last: subprocess.Popen[bytes] | None = None
        """The program that was started last."""

    def providers(self, *arguments: Any, **options: Any) -> list[Any]:
        """The providers in their order."""
        found: list[Any] = self._builder.providers(*arguments, **options)
        for provider in found:
            if provider.METHOD == _PROCESS:
                provider._popen = self._start
        return found

    def _start(self, command: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:
        import subprocess  # most that loads this module starts no program

        environment = marked(self._names, os.environ)
        self.last = subprocess.Popen(command, env=environment, **options)  # noqa: S603 - the user's own command
        return self.last


def _files(environment: Mapping[str, str]) -> list[str]:
    return [os.path.abspath(path) for path in config_paths(environment)]  # noqa: PTH100 - links are to stay


def _resolving(environment: Mapping[str, str]) -> list[list[str]]:
    """What the variable holds; nothing if it is not what we write."""
    try:
        found = json.loads(environment.get(settings.RESOLVING_VARIABLE, "[]"))
        return [[str(part) for part in entry] for entry in found if len(entry) == 3]
    except (TypeError, ValueError, RecursionError):
        return []
