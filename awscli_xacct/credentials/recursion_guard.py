"""Profiles that would wait for themselves: a ``credential_process`` that asks for what it is to give.

Who starts such a program names the profiles it is for in an environment variable, which whatever the program
starts inherits. Who is about to fetch credentials looks there first. A profile is the one of that name in these
two files: a program that works with other files may well have a profile of the same name.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence

from .. import settings
from ..errors import ProfileError
from ..messages import profile_option
from ..profiles.role import Role
from ..profiles.source import Source
from ..settings import config_paths


def names_of(hop: Role | Source) -> list[str]:
    """The profiles of a chain, the last to be assumed first."""
    names = []
    while isinstance(hop, Role):
        names.append(hop.profile)
        hop = hop.source
    return names if hop.profile is None or hop.profile in names else [*names, hop.profile]


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
                f"the credentials it is to give; let it ask for another profile's:\n"
                f"  aws configure set credential_process COMMAND {profile_option(asker)}",
            )


def _files(environment: Mapping[str, str]) -> list[str]:
    return [os.path.abspath(path) for path in config_paths(environment)]  # noqa: PTH100 - links are to stay


def _resolving(environment: Mapping[str, str]) -> list[list[str]]:
    """What the variable holds; nothing if it is not what we write."""
    try:
        found = json.loads(environment.get(settings.RESOLVING_VARIABLE, "[]"))
        return [[str(part) for part in entry] for entry in found if len(entry) == 3]
    except (TypeError, ValueError, RecursionError):
        return []
