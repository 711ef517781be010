"""What a request would change in the config file, worked out as a whole, and doing it to a `Document`.

What belongs to whom is told by two keys in each profile that a request made: whose it is, and which keys
were set. So a profile that a person wrote is never changed unawares, of one that was made here the person's
own settings stay, and what a manifest no longer says is taken back.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from .. import settings
from ..configfile.document import Document
from ..configfile.sections import MergedProfiles, header_for, headers_of, profile_of
from ..errors import Problem, ValidationError
from ..profiles.defaults import changed
from ..profiles.partitions import Partitions
from ..profiles.role import KEYS
from ..profiles.values import EXAMPLE_ROLE_ARN
from .checks import find_problems
from .meaning import resolve_settings, same
from .model import Request, RoleSpec

ADD, CHANGE, SAME, REMOVE, CONFLICT = "add", "change", "same", "remove", "conflict"


class Change(NamedTuple):
    """One key: what it is now and what it is to be; None where it is not there."""

    key: str
    old: str | None
    new: str | None


@dataclass(frozen=True)
class Step:
    """What becomes of one profile. `owner` is whose mark it has now, "" for nobody's."""

    profile: str
    action: str
    changes: tuple[Change, ...] = ()
    owner: str = ""


@dataclass(frozen=True)
class Plan:
    """One step for each wanted role, in their order, then one for each profile to remove.

    `made` is how many profiles of the same mark there are now, `left` those that the request no longer has and
    that stay. `notes` is what is to be said about the changes.
    """

    steps: tuple[Step, ...]
    made: int
    left: tuple[str, ...]
    notes: tuple[str, ...]

    def of(self, action: str) -> list[Step]:
        """The steps of one kind."""
        return [step for step in self.steps if step.action == action]

    @property
    def changes_anything(self) -> bool:
        return any(step.action not in (SAME, CONFLICT) for step in self.steps)

    @property
    def removes_most(self) -> bool:
        """Whether more than half of what the same mark has made would go."""
        return 2 * len(self.of(REMOVE)) > self.made

    def apply(self, document: Document) -> None:
        """Make the changes in the document the plan was made from."""
        headers = {}
        for header in document.names():
            name = profile_of(header)
            if name is not None:
                headers[name] = header
        for step in self.steps:
            if step.action == REMOVE:
                for header in headers_of(document.names(), step.profile):
                    document.remove_section(header)
            elif step.action in (ADD, CHANGE):
                header = headers.get(step.profile) or header_for(step.profile)
                for change in step.changes:
                    if change.new is None:
                        document.remove(header, change.key)
                    else:
                        document.set(header, change.key, change.new)


def plan(request: Request, document: Document, credentials: Document, partitions: Partitions) -> Plan:
    """What `request` would change in the config `document`, beside the credentials file.

    Raises `ValidationError` with all that is wrong with it.
    """
    return _Planning(request, document, credentials, partitions).plan()


class _Planning:
    def __init__(
        self, request: Request, document: Document, credentials: Document, partitions: Partitions
    ) -> None:
        self._request = request
        self._document = document
        self._partitions = partitions
        self._before = MergedProfiles(document, credentials)
        self._after = MergedProfiles(document, credentials)
        self._wanted = {role.profile for role in request.roles}
        self._notes: dict[str, list[str]] = {}

    def plan(self) -> Plan:
        for role in self._request.roles:
            options = dict(role.options)
            if role.account or settings.ROLE_ARN in role.unread:
                options[settings.ROLE_ARN] = EXAMPLE_ROLE_ARN
            self._after.changed[role.profile] = changed(self._before.get(role.profile, {}), options)
        full = {role.profile: self._options(role) for role in self._request.roles}
        made = self._made()
        left = [name for name in made if name not in self._wanted]
        gone = left if self._request.prune else []
        problems = find_problems(self._request, self._after, self._partitions)
        problems += [*self._elsewhere_problems(full), *self._users_problems(gone)]
        if problems:
            raise ValidationError("nothing was changed, because", problems)
        steps = [self._step(role.profile, full[role.profile]) for role in self._request.roles]
        notes = [f"{listed(names)}: {note}" for note, names in self._notes.items()]
        notes += self._user_notes([step.profile for step in steps if step.action == CHANGE], gone)
        steps += [self._removal(name) for name in gone]
        left = [] if self._request.prune else left
        return Plan(tuple(steps), len(made), tuple(left), tuple(notes))

    def _options(self, role: RoleSpec) -> dict[str, str | None]:
        """All that a wanted role comes to: what is asked, what follows from it, what is taken back, the marks."""
        name = role.profile
        before = self._before.get(name, {})
        asked = dict(role.options)
        ours = before.get(settings.MANIFEST) == self._request.mark
        set_before = str(before.get(settings.MANIFEST_KEYS, "")).split(",") if ours else []
        asked.update({key: None for key in set_before if key in KEYS and key not in asked})
        for one, other in (_SOURCES, _SOURCES[::-1]):
            if asked.get(one) and other not in role.options and other in before:
                asked[other] = None
        # Only this profile is seen as it is, its sources as they will be.
        self._after.changed[name] = before
        full, notes = resolve_settings(role, asked, self._after, self._partitions)
        after = changed(before, full)
        self._after.changed[name] = after | (
            {settings.ROLE_ARN: EXAMPLE_ROLE_ARN} if _unread_arn(role, after) else {}
        )
        for note in notes if name not in self._before else ():
            self._notes.setdefault(note, []).append(name)
        keys = [
            key
            for key in [*KEYS][1:]
            if asked.get(key) is not None
            # What a person had set to the same before is still theirs.
            and (not ours or key in set_before or not same(key, before.get(key), asked[key]))
        ]
        full[settings.MANIFEST] = self._request.mark
        full[settings.MANIFEST_KEYS] = ",".join(keys) or None
        return full

    def _step(self, name: str, full: Mapping[str, str | None]) -> Step:
        if name not in self._before:
            return Step(name, ADD, tuple(Change(key, None, text) for key, text in full.items() if text))
        before = self._before[name]
        owner = str(before.get(settings.MANIFEST, ""))
        changes = tuple(
            Change(key, None if before.get(key) is None else str(before[key]), text)
            for key, text in full.items()
            if not same(key, before.get(key), text)
        )
        own = owner == self._request.mark or self._request.adopt
        if not own:
            changes = tuple(change for change in changes if change.key not in _MARKS)
        return Step(name, (CHANGE if own else CONFLICT) if changes else SAME, changes, owner)

    def _removal(self, name: str) -> Step:
        options = self._before[name]
        changes = (
            Change(key, str(options[key]), None) for key in (settings.ROLE_ARN, *_SOURCES) if key in options
        )
        return Step(name, REMOVE, tuple(changes), self._request.mark)

    def _made(self) -> list[str]:
        """The profiles in the config file that have the request's mark."""
        made = []
        for header in self._document.names():
            name = profile_of(header)
            if name and self._document.section(header).get(settings.MANIFEST) == self._request.mark:
                made.append(name)
        return list(dict.fromkeys(made))

    def _elsewhere_problems(self, full: Mapping[str, Mapping[str, str | None]]) -> Iterator[Problem]:
        """Settings that the credentials file has too: there they win, and that file is left alone."""
        for name, options in full.items():
            for key, text in self._before.overruled(name, options).items():
                if not same(key, self._before[name][key], options[key]):
                    yield Problem(text, location=self._request.where(name, key))

    def _users_problems(self, gone: list[str]) -> Iterator[Problem]:
        """Profiles that stay and would lose their source."""
        for name, users in self._users(gone).items():
            for user in users:
                if user in gone:
                    continue
                key = settings.SOURCE_PROFILE
                place = (
                    self._request.where(user, key) if user in self._wanted else self._request.where("", None)
                )
                yield Problem(
                    f"{name} would be removed, and it is the source of {user}, which stays", location=place
                )

    def _user_notes(self, names: list[str], gone: list[str]) -> Iterator[str]:
        for name, users in self._users(names).items():
            others = [user for user in users if user not in self._wanted and user not in gone]
            if others:
                yield f"{name} changes, and it is the source of {listed(others)} too"

    def _users(self, names: list[str]) -> dict[str, list[str]]:
        """The profiles that will use each of `names` as their source."""
        users: dict[str, list[str]] = {name: [] for name in names}
        for other in self._after if names else ():
            source = self._after[other].get(settings.SOURCE_PROFILE)
            if source != other and isinstance(source, str) and source in users:
                users[source].append(other)
        return users


def listed(names: Sequence[str]) -> str:
    """Names in a sentence; of many the first ones and how many more there are."""
    if len(names) <= _LISTED:
        return ", ".join(names)
    return f"{', '.join(names[:_LISTED])} and {len(names) - _LISTED} more"


_LISTED = 10
_SOURCES = (settings.SOURCE_PROFILE, settings.CREDENTIAL_SOURCE)
_MARKS = (settings.MANIFEST, settings.MANIFEST_KEYS)


def _unread_arn(role: RoleSpec, after: Mapping[str, Any]) -> bool:
    return settings.ROLE_ARN in role.unread and settings.ROLE_ARN not in after
