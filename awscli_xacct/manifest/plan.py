"""Plan what a request changes in the config file, as a whole, and apply it to a `Document`.

Two keys in each profile that a request made record its owner: the request's mark, and which keys it set. So a
profile that a person wrote is never changed by accident, a person's own settings in a profile made here stay, and
what a manifest no longer says is removed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from .. import settings
from ..configfile.document import Document
from ..configfile.sections import MergedProfiles, group_headers, make_header
from ..errors import ValidationError
from ..messages import listed
from ..problems import Problem
from ..profiles.config_keys import KEYS
from ..profiles.defaults import apply_changes, list_without_region
from ..profiles.partitions import Partitions
from ..profiles.policies import ONLY_HERE, is_narrowed
from ..profiles.values import EXAMPLE_ROLE_ARN
from ..redaction import HIDDEN, SECRETS
from .checks import find_problems
from .model import SOURCES, RoleSpec, RolesRequest, equivalent, resolve_settings
from .sdk_profiles import SdkProfiles

ADD, CHANGE, SAME, REMOVE, CONFLICT = "add", "change", "same", "remove", "conflict"

_OWNER_KEYS = (settings.MANIFEST, settings.MANIFEST_KEYS)


class KeyChange(NamedTuple):
    """One key with its value now and then; None where there is none."""

    key: str
    old: str | None
    new: str | None


@dataclass(frozen=True)
class PlannedEdit:
    """What is done with one profile. `owner` is the mark it has now, "" for none."""

    profile: str
    action: str
    changes: tuple[KeyChange, ...] = ()
    owner: str = ""


@dataclass(frozen=True)
class Plan:
    """One edit for each role, in their order, then one for each profile to remove.

    `owned` is how many profiles have the same mark now, `left` those of them that the request no longer has and that
    stay. `notes` are for the user. `without_region` are the profiles that get no region although their source has one,
    by that source, the profile that its region is from, and the region.
    """

    edits: tuple[PlannedEdit, ...]
    owned: int
    left: tuple[str, ...]
    notes: tuple[str, ...]
    without_region: Mapping[tuple[str, str, str], list[str]]

    def of(self, action: str) -> list[PlannedEdit]:
        """Return the edits of one kind."""
        return [edit for edit in self.edits if edit.action == action]

    @property
    def changes_anything(self) -> bool:
        return any(edit.action not in (SAME, CONFLICT) for edit in self.edits)

    @property
    def removes_most(self) -> bool:
        """Whether more than half of the profiles with the same mark are removed."""
        return 2 * len(self.of(REMOVE)) > self.owned

    def apply(self, document: Document) -> None:
        """Make the changes in the document for which the plan was made."""
        headers = group_headers(document.names())
        for edit in self.edits:
            own = headers.get(edit.profile, [])
            if edit.action == REMOVE:
                for header in own:
                    document.remove_section(header)
            elif edit.action in (ADD, CHANGE):
                header = own[-1] if own else make_header(edit.profile)
                document.change(header, {change.key: change.new for change in edit.changes})


def plan(request: RolesRequest, document: Document, credentials: Document, partitions: Partitions) -> Plan:
    """Return what `request` changes in the config `document`, given the credentials file.

    Raises `ValidationError` with every problem of it.
    """
    return _Planner(request, document, credentials, partitions).plan()


class _Planner:
    def __init__(
        self, request: RolesRequest, document: Document, credentials: Document, partitions: Partitions
    ) -> None:
        self._request = request
        self._roles = request.specs.roles
        self._locate = request.specs.locate
        self._document = document
        self._headers = group_headers(document.names())
        self._partitions = partitions
        self._before = MergedProfiles(document, credentials)
        self._after = MergedProfiles(document, credentials)
        self._names = {role.profile for role in self._roles}
        self._notes: dict[str, list[str]] = {}

    def plan(self) -> Plan:
        for role in self._roles:
            options = dict(role.options)
            if role.account or settings.ROLE_ARN in role.invalid_keys:
                options[settings.ROLE_ARN] = EXAMPLE_ROLE_ARN
            self._after.changed[role.profile] = apply_changes(self._before.get(role.profile, {}), options)
        full = {role.profile: self._options(role) for role in self._roles}
        pairs = SdkProfiles(self._request, self._before, self._after)
        full |= pairs.options
        self._names |= full.keys()
        owned = self._owned()
        left = [name for name in owned if name not in self._names]
        removed, left = (left, []) if self._request.prune else ([], left)
        problems = find_problems(self._request.specs, self._after, self._partitions)
        problems += [*pairs.problems, *self._overruled_problems(full), *self._removal_problems(removed)]
        if problems:
            raise ValidationError("nothing was changed, because", problems, "ProfileInvalid")
        edits = [self._edit(name, options) for name, options in full.items()]
        notes = [f"{listed(names)}: {note}" for note, names in self._notes.items()]
        notes += self._user_notes([edit.profile for edit in edits if edit.action == CHANGE], removed)
        edits += [self._removal(name) for name in removed]
        after = {role.profile: self._after[role.profile] for role in self._roles}
        without_region = list_without_region(after, self._before, self._after)
        return Plan(tuple(edits), len(owned), tuple(left), tuple(notes), without_region)

    def _options(self, role: RoleSpec) -> dict[str, str | None]:
        """Return all keys to set or (None) remove for a role: those asked for, what follows, and the owner's two."""
        name = role.profile
        before = self._before.get(name, {})
        wanted = dict(role.options)
        is_ours = before.get(settings.MANIFEST) == self._request.mark
        set_before = str(before.get(settings.MANIFEST_KEYS, "")).split(",") if is_ours else []
        wanted.update({key: None for key in set_before if key in KEYS and key not in wanted})
        for one, other in (SOURCES, SOURCES[::-1]):
            if wanted.get(one) and other not in role.options and other in before:
                wanted[other] = None
        # Only this profile is seen as it is; its sources are seen as they will be.
        self._after.changed[name] = before
        full, notes = resolve_settings(role, wanted, self._after, self._partitions)
        after = apply_changes(before, full)
        if settings.ROLE_ARN in role.invalid_keys:
            after.setdefault(settings.ROLE_ARN, EXAMPLE_ROLE_ARN)
        self._after.changed[name] = after
        if is_narrowed(after) and not is_narrowed(before):
            self._notes.setdefault(ONLY_HERE, []).append(name)
        for note in notes if name not in self._before else ():
            self._notes.setdefault(note, []).append(name)
        keys = [
            key
            for key in [*KEYS][1:]
            if wanted.get(key) is not None
            # A person who had set a key to the same value before still owns it.
            and (not is_ours or key in set_before or not equivalent(key, before.get(key), wanted[key]))
        ]
        if self._request.mark:
            full[settings.MANIFEST] = self._request.mark
            full[settings.MANIFEST_KEYS] = ",".join(keys) or None
        return full

    def _edit(self, name: str, full: Mapping[str, str | None]) -> PlannedEdit:
        if name not in self._before:
            return PlannedEdit(
                name, ADD, tuple(KeyChange(key, None, text) for key, text in full.items() if text)
            )
        before = self._before[name]
        owner = str(before.get(settings.MANIFEST, ""))
        may_change = owner == self._request.mark or self._request.adopt
        changes = tuple(
            KeyChange(key, None if before.get(key) is None else str(before[key]), text)
            for key, text in full.items()
            if not equivalent(key, before.get(key), text) and (may_change or key not in _OWNER_KEYS)
        )
        action = (CHANGE if may_change else CONFLICT) if changes else SAME
        return PlannedEdit(name, action, changes, owner)

    def _removal(self, name: str) -> PlannedEdit:
        """Return the edit that removes a profile: every key of its sections in the config file."""
        options: dict[str, Any] = {}
        for header in self._headers.get(name, ()):
            options |= self._document.section(header)
        changes = (
            KeyChange(key, HIDDEN if key in SECRETS else str(text), None) for key, text in options.items()
        )
        return PlannedEdit(name, REMOVE, tuple(changes), self._request.mark)

    def _owned(self) -> list[str]:
        """Return the profiles in the config file that have the request's mark."""
        return [
            name
            for name, headers in self._headers.items()
            if any(
                self._document.section(each).get(settings.MANIFEST) == self._request.mark for each in headers
            )
        ]

    def _overruled_problems(self, full: Mapping[str, Mapping[str, str | None]]) -> Iterator[Problem]:
        """Yield settings that the credentials file, which is never modified, has as well and overrides."""
        for name, options in full.items():
            for key, text in self._before.find_overridden(name, options).items():
                if not equivalent(key, self._before[name][key], options[key]):
                    yield Problem(text, location=self._locate(name, key))

    def _removal_problems(self, removed: list[str]) -> Iterator[Problem]:
        """Yield profiles that stay and would lose their source."""
        going = set(removed)
        for name, users in self._users(removed).items():
            for user in users:
                if user not in going:
                    text = f"{name} cannot be removed, because it is the source of {user}, which is kept"
                    yield Problem(text, location=self._locate(user, settings.SOURCE_PROFILE))

    def _user_notes(self, names: list[str], removed: list[str]) -> Iterator[str]:
        own = self._names.union(removed)
        for name, users in self._users(names).items():
            others = [user for user in users if user not in own]
            if others:
                yield f"{name} changes, and it is also the source of {listed(others)}"

    def _users(self, names: list[str]) -> dict[str, list[str]]:
        """Return the profiles that will use each of `names` as their source."""
        users: dict[str, list[str]] = {name: [] for name in names}
        for other in self._after if names else ():
            source = self._after[other].get(settings.SOURCE_PROFILE)
            if source != other and isinstance(source, str) and source in users:
                users[source].append(other)
        return users
