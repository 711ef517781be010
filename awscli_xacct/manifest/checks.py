"""What keeps wanted roles from working: the rules of `profiles.validation`, each problem with its location.

A problem that many roles share, such as a source that is missing in a manifest's defaults, is found once.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator, Mapping
from math import inf
from typing import Any

from .. import settings
from ..configfile.sections import MergedProfiles
from ..errors import Problem
from ..profiles import validation
from ..profiles.partitions import Partitions
from ..profiles.source import has_static_keys
from .model import Request, RoleSpec

_OWN_PROFILE = Problem("default is your own profile and no manifest's", "give the role another name")
_SOURCE = f"{settings.SOURCE_PROFILE}:"
_TOO_LONG = (
    f"{_SOURCE} this is a chain of more than {settings.MAX_MANIFEST_CHAIN} roles, one behind the other"
)
_HINTS = 20
_NO_CHAIN = {settings.CREDENTIAL_SOURCE: settings.CREDENTIAL_SOURCES[0]}


def find_problems(request: Request, profiles: MergedProfiles, partitions: Partitions) -> list[Problem]:
    """Return all that is wrong with the wanted roles.

    `profiles` are all profiles as they would be then.
    """
    return [*request.problems, *_Check(request, profiles, partitions).problems()]


class _Check:
    def __init__(self, request: Request, profiles: MergedProfiles, partitions: Partitions) -> None:
        self._request = request
        self._profiles = profiles
        self._partitions = partitions
        self._wanted = {role.profile for role in request.roles}
        self._of_sources: dict[Any, Problem | None] = {}

    def problems(self) -> Iterator[Problem]:
        chains = dict(self._chain_problems())
        for role in self._request.roles:
            name = role.profile
            named = _OWN_PROFILE if name == "default" else _problem(validation.name_fault(name))
            if named:
                yield named._replace(location=self._request.where(name, None))
                continue
            problem = _problem(chains.get(name)) or self._source_problem(role)
            if problem:
                yield problem._replace(location=self._request.where(name, settings.SOURCE_PROFILE))
            yield from self._setting_problems(role, with_chain=name not in chains and not problem)

    def _setting_problems(self, role: RoleSpec, *, with_chain: bool) -> Iterator[Problem]:
        name = role.profile
        profiles: Mapping[str, Any] = self._profiles
        if not with_chain:
            kept = {key: text for key, text in profiles[name].items() if key != settings.SOURCE_PROFILE}
            profiles = ChainMap({name: kept | _NO_CHAIN}, profiles)  # type: ignore[arg-type]
        for problem in validation.find_problems(
            name,
            profiles,
            partitions=self._partitions.names,
            partition_of=self._partitions.of_region,
            spelled=str,
        ):
            elsewhere = problem.profile != name and problem.profile in self._wanted
            if problem.key not in role.unread and not elsewhere:
                location = self._request.where(name, problem.key)
                yield problem._replace(fix=_fix(problem), profile=None, location=location)

    def _source_problem(self, role: RoleSpec) -> Problem | None:
        """What is wrong with a role's source itself; for all roles with the same source the same."""
        if settings.SOURCE_PROFILE in role.unread or settings.CREDENTIAL_SOURCE in role.unread:
            return None
        profile = self._profiles[role.profile]
        source = profile.get(settings.SOURCE_PROFILE)
        if settings.CREDENTIAL_SOURCE in profile or source == role.profile or isinstance(source, dict):
            return None
        if source not in self._of_sources:
            faulty = sum(problem is not None for problem in self._of_sources.values())
            if source is not None and source not in self._profiles and faulty >= _HINTS:
                # Looking for names that are near takes its time, where there are many of them.
                self._of_sources[source] = Problem(
                    f"{settings.SOURCE_PROFILE} {source!r}: there is no such profile"
                )
            else:
                problem = validation.source_problem(role.profile, self._profiles, source, str)
                self._of_sources[source] = problem and Problem(problem.text)
        return self._of_sources[source]

    def _chain_problems(self) -> Iterator[tuple[str, str]]:
        """The wanted roles whose chain is not to be followed: in a circle, leading into one, or far down.

        A circle, or the end of too long a chain, is said at one of them; the others have nothing to say.
        """
        depth: dict[str, float] = {}
        for start in (role.profile for role in self._request.roles):
            path: dict[str, None] = {}
            name: str | None = start
            while name is not None and name not in depth and name not in path:
                path[name] = None
                name = self._next(name)
            below: float = 0 if name is None else depth.get(name, 0)
            if name in path:
                followed = list(path)
                circle = followed[followed.index(str(name)) :]
                own = next((place for place, member in enumerate(circle) if member in self._wanted), None)
                if own is not None:
                    turned = circle[own:] + circle[:own]
                    yield (
                        turned[0],
                        f"{_SOURCE} the sources go in a circle, {' -> '.join([*turned, turned[0]])}; break it",
                    )
                    yield from ((member, "") for member in followed if member != turned[0])
                    depth.update(dict.fromkeys(followed, inf))
                    continue
            for member in reversed(path):
                below = depth[member] = below + 1
                if below > settings.MAX_MANIFEST_CHAIN:
                    yield member, _TOO_LONG if below == settings.MAX_MANIFEST_CHAIN + 1 else ""

    def _next(self, name: str) -> str | None:
        """The profile that a role's chain goes on with; None at its beginning."""
        profile = self._profiles.get(name)
        if profile is None or settings.ROLE_ARN not in profile:
            return None
        source = profile.get(settings.SOURCE_PROFILE)
        if not isinstance(source, str) or (source == name and has_static_keys(profile)):
            return None
        beyond = self._profiles.get(source)
        return None if beyond is None or has_static_keys(beyond) else source


def _problem(text: str | None) -> Problem | None:
    return Problem(text) if text else None


def _fix(problem: Problem) -> str | None:
    """Return how to fix a problem in the manifest: the fix it has is for the command line."""
    if problem.key is None:
        return "take another name for it"
    if problem.key == settings.MFA_SERIAL and problem.fix:
        return "write mfa_serial: null here"
    return None
