"""The copies of the two config files that programs get from ``xacct serve`` and ``xacct exec --serve``.

In these, ``[default]`` gives no credentials; cli/serving.py makes them. They are for AWS SDKs: `xacct`, ``aws configure
role`` and role profiles need the user's own files, which are found here.

A process of `xacct` puts them back into its environment, and works as it does outside of that shell. An `aws` must not:
it may be part of a server that runs the next command without a profile, and that one has to find ``[default]`` hidden.
"""

import os

from . import settings

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing's own is in a module, which Python would have to find and read
    from collections.abc import Mapping, MutableMapping

CONTAINER = (
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
)
"""Variables with which SDKs get credentials from a server; see cli/serving.py."""

FILES = {settings.CONFIG_FILE_VARIABLE: "config", settings.CREDENTIALS_FILE_VARIABLE: "credentials"}
"""The names of the copies, by the variable that names each."""

EXPLANATION = (
    "programs in this shell do not see the change: they have copies of your config files, made when it began. "
    "Use another shell"
)
"""What to say after a change to one of the user's own files."""

put_aside: "dict[str, str]" = {}
"""The variables that `put_back` has changed or removed, with the values that the parent of this process still has."""


def make_variables(directory: str, environment: "Mapping[str, str]") -> "dict[str, str]":
    """Return the variables for copies in `directory`: where they are, and what they have to be put back to."""
    real = [
        os.path.abspath(path) if environment.get(variable) else ""
        for variable, path in zip(FILES, settings.config_paths(environment), strict=True)
    ]
    copies = {variable: f"{directory}/{name}" for variable, name in FILES.items()}
    return {**copies, settings.COPIES_VARIABLE: os.pathsep.join(map(_escape, [directory, *real]))}


def find_own(environment: "Mapping[str, str]") -> "dict[str, str]":
    """Return the user's own files by the variable that names a copy instead; empty for one that was not set.

    A variable that somebody has changed since then is left out.
    """
    directory, *real = map(_unescape, environment.get(settings.COPIES_VARIABLE, "").split(os.pathsep))
    return {
        variable: path
        for (variable, name), path in zip(FILES.items(), real, strict=False)
        if environment.get(variable) == f"{directory}/{name}"
    }


def put_back(environment: "MutableMapping[str, str]") -> None:
    """Put the user's own files back into this process's environment, and remove what leads to the server."""
    own = find_own(environment)
    del environment[settings.COPIES_VARIABLE]
    for variable, path in own.items():
        put_aside[variable] = environment.pop(variable)
        if path:
            environment[variable] = path
    if own:
        put_aside.update({name: environment.pop(name) for name in CONTAINER if name in environment})


def _escape(path: str) -> str:
    return path.replace("%", "%25").replace(os.pathsep, "%3A")


def _unescape(path: str) -> str:
    return path.replace("%3A", os.pathsep).replace("%25", "%")
