"""Check the roles of a request by the rules of `profiles.validation`, and locate each problem in the manifest.

A problem that many roles share, such as a missing source in a manifest's defaults, is found once.
"""

from collections import ChainMap
from collections.abc import Iterator, Mapping
from math import inf
from typing import Any

from .. import settings
from ..configfile.sections import MergedProfiles
from ..problems import Hints, Problem
from ..profiles import validation
from ..profiles.partitions import Partitions
from ..profiles.source import has_static_keys
from .model import RoleSpec, RoleSpecs

_RENAME = "give the role another name"
_DEFAULT = Problem("a manifest cannot manage the default profile", _RENAME)
_SOURCE = settings.SOURCE_PROFILE
_TOO_LONG = Problem(f"{_SOURCE}: this is a chain of more than {settings.MAX_MANIFEST_CHAIN} roles")
_NO_CHAIN = {settings.CREDENTIAL_SOURCE: settings.CREDENTIAL_SOURCES[0]}


def find_problems(specs: RoleSpecs, profiles: MergedProfiles, partitions: Partitions) -> list[Problem]:
    """Return the problems of the roles and of their file; `profiles` are all profiles as they would be."""
    return [*specs.problems, *_Check(specs, profiles, partitions).problems()]


class _Check:
    def __init__(self, specs: RoleSpecs, profiles: MergedProfiles, partitions: Partitions) -> None:
        self._specs = specs
        self._profiles = profiles
        self._partitions = partitions
        self._names = {role.profile for role in specs.roles}
        self._of_sources: dict[Any, Problem | None] = {}
        self._hints = Hints()

    def problems(self) -> Iterator[Problem]:
        chains = dict(self._chain_problems())
        for role in self._specs.roles:
            name = role.profile
            reason = validation.name_problem(name)
            if name == "default" or reason:
                problem = Problem(reason) if reason else _DEFAULT
                yield problem._replace(location=self._specs.locate(name))
                continue
            source = chains.get(name) or self._source_problem(role)
            if source:
                yield source._replace(location=self._specs.locate(name, _SOURCE))
            yield from self._setting_problems(role, with_chain=name not in chains and not source)

    def _setting_problems(self, role: RoleSpec, *, with_chain: bool) -> Iterator[Problem]:
        name = role.profile
        profiles: Mapping[str, Any] = self._profiles
        if not with_chain:
            kept = {key: text for key, text in profiles[name].items() if key != _SOURCE}
            profiles = ChainMap({name: kept | _NO_CHAIN}, profiles)  # type: ignore[arg-type]
        for problem in validation.find_problems(
            name, profiles, partitions=self._partitions, spelled=str, hints=self._hints
        ):
            is_elsewhere = problem.profile != name and problem.profile in self._names
            if problem.key not in role.invalid_keys and not is_elsewhere:
                yield Problem(
                    problem.text, _fix_in_manifest(problem), location=self._specs.locate(name, problem.key)
                )

    def _source_problem(self, role: RoleSpec) -> Problem | None:
        """Return what is wrong with a role's source itself; roles with the same source share it."""
        if {_SOURCE, settings.CREDENTIAL_SOURCE} & role.invalid_keys:
            return None
        profile = self._profiles[role.profile]
        source = profile.get(_SOURCE)
        if settings.CREDENTIAL_SOURCE in profile or source == role.profile or isinstance(source, dict):
            return None
        if source not in self._of_sources:
            found = validation.source_problem(role.profile, self._profiles, source, str, self._hints)
            self._of_sources[source] = found and Problem(found.text)
        return self._of_sources[source]

    def _chain_problems(self) -> Iterator[tuple[str, Problem | None]]:
        """Yield the roles whose chain cannot be followed: recursive, leading into recursion, or too long.

        Recursion, or the end of a chain that is too long, is reported for one of them; the others come with None.
        """
        depth: dict[str, float] = {}
        for start in (role.profile for role in self._specs.roles):
            path: dict[str, None] = {}
            name: str | None = start
            while name is not None and name not in depth and name not in path:
                path[name] = None
                name = self._next(name)
            below: float = 0 if name is None else depth.get(name, 0)
            if name in path:
                members = list(path)
                loop = members[members.index(str(name)) :]
                first = next((index for index, member in enumerate(loop) if member in self._names), None)
                if first is not None:
                    loop = loop[first:] + loop[:first]
                    recursion = f"{_SOURCE}: recursion: {' -> '.join([*loop, loop[0]])}"
                    yield from ((member, None) for member in members)
                    yield loop[0], Problem(recursion, "give one of them another source")
                    depth.update(dict.fromkeys(members, inf))
                    continue
            for member in reversed(path):
                below = depth[member] = below + 1
                if below > settings.MAX_MANIFEST_CHAIN:
                    yield member, _TOO_LONG if below == settings.MAX_MANIFEST_CHAIN + 1 else None

    def _next(self, name: str) -> str | None:
        """Return the profile that a role is assumed from; None where its chain begins."""
        profile = self._profiles.get(name)
        if profile is None or settings.ROLE_ARN not in profile:
            return None
        source = profile.get(_SOURCE)
        if not isinstance(source, str) or (source == name and has_static_keys(profile)):
            return None
        next_profile = self._profiles.get(source)
        return None if next_profile is None or has_static_keys(next_profile) else source


def _fix_in_manifest(problem: Problem) -> str | None:
    """Return how to fix a problem in a manifest: the fix it has is for the command line."""
    if problem.key is None:
        return _RENAME
    if problem.key == settings.MFA_SERIAL and problem.fix:
        return "write mfa_serial: null"
    return None
