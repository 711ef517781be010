"""Write role profiles into a manifest: a new one, or an existing one, in which everything else stays as it is.

A role that already has the right settings is not touched, however it is written. Of the others the settings that
differ are changed in place, or added. One change can make the next one necessary, as where other roles merge a
role's mapping, so the result is read again until nothing differs. That is also the proof that it is right.
"""

from collections import ChainMap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .. import settings
from ..arn import Arn
from ..errors import EditError, ValidationError
from ..messages import printable
from ..problems import in_order
from ..profiles.config_keys import KEYS
from ..profiles.defaults import apply_changes, build_role_arn
from ..profiles.partitions import Partitions
from ..profiles.sdk_profiles import default_name, map_sdk_profiles
from ..profiles.source import Profile, Profiles
from ..profiles.validation import find_inherited_mfa_serial
from ..profiles.values import EXAMPLE_ROLE_ARN, account_problem
from . import yaml_nodes
from .model import (
    ACCOUNT,
    DEFAULT_SDK_PROFILE,
    ROLE,
    SDK_PROFILE,
    SOURCES,
    RoleSpec,
    equivalent,
    resolve_settings,
    typed_value,
)
from .reader import VERSION, Manifest, read
from .yaml_edit import YamlEdits, YamlEntry, entry_lines, flow_pairs, to_flow

_EXPORTED = (*KEYS, SDK_PROFILE)
_MAX_PASSES = 6


def merge(
    text: str,
    path: str,
    roles: Profiles,
    profiles: Profiles,
    partitions: Partitions,
    accounts: Mapping[str, str] | None = None,
) -> str:
    """Return the manifest `text` with `roles` (config options by profile) in it, each with just these options.

    A `text` that is blank makes a new manifest; other roles in it keep their meaning. `profiles` are those of the
    config, `accounts` ids by names, which are added where the manifest has no name for an id. Raises
    `ValidationError` with every problem of the manifest as it is, and `EditError` if it cannot be edited in place.
    """
    wanted = {
        name: {key: str(options[key]) for key in KEYS if key in options} for name, options in roles.items()
    }
    for name, pair in map_sdk_profiles(profiles).items():
        if name in wanted:
            wanted[name][SDK_PROFILE] = _sdk_text(name, pair)
    names = {
        name: account
        for name, account in (accounts or {}).items()
        if name.strip() and name.isprintable() and account_problem(name)  # what a manifest takes for a name
    }
    seen: Profiles = ChainMap(wanted, profiles)  # type: ignore[arg-type]
    return _Merge(path, wanted, seen, partitions, names).apply(text)


@dataclass(frozen=True)
class _Merge:
    """The manifest's path, and the options by profile, all profiles, and ids by account name that it is to have."""

    path: str
    wanted: dict[str, dict[str, str]]
    profiles: Profiles
    partitions: Partitions
    accounts: Mapping[str, str]

    def apply(self, text: str) -> str:
        manifest = self._read(text)
        if manifest.top is None:  # blank, or comments alone
            text = self._with_skeleton(text)
            manifest = self._read(text)
        others = [role for role in manifest.roles if role.profile not in self.wanted]
        # The ARN of a role depends on its source, which has to be known as a role first.
        self.wanted.update(
            {
                role.profile: {settings.ROLE_ARN: EXAMPLE_ROLE_ARN} | apply_changes({}, role.options)
                for role in others
            }
        )
        self.wanted.update([(role.profile, self._imported(role)) for role in others])
        for _ in range(_MAX_PASSES):
            after = self._pass(manifest, text)
            if after == text:
                return text
            text = after
            manifest = read(text, self.path, may_be_empty=True)
            if manifest.problems:
                break
        reason = "; ".join(map(str, in_order(manifest.problems))) or "a change of it changes more"
        raise EditError(
            f"{printable(self.path)}: these roles cannot be changed in place ({reason}); nothing was written. "
            f"Write them out, without alias or merge"
        )

    def _read(self, text: str) -> Manifest:
        manifest = read(text, self.path, may_be_empty=True)
        if manifest.problems:
            raise ValidationError("nothing was written, because", manifest.problems, "ProfileInvalid")
        return manifest

    def _with_skeleton(self, comments: str) -> str:
        """Return a manifest without roles, whose defaults are the settings that all of several roles share."""
        first, *rest = [self._entry(name, {}, {}) for name in self.wanted] or [{}]
        shared = {
            key: item
            for key, item in (first if rest else {}).items()
            if key not in (settings.ROLE_ARN, ACCOUNT)
            and all(key in entry and entry[key] == item for entry in rest)
        }
        lines = [comments.rstrip(), ""] if comments.strip() else []
        lines.append(f"version: {VERSION}")
        if shared:
            lines += ["", "defaults:", *(f"  {pair}" for pair in flow_pairs(shared))]
        if not self.wanted:
            lines += ["", "roles: {}"]
        newline = "\r\n" if "\r\n" in comments else "\n"
        return "".join(f"{line}{newline}" for line in lines)

    def _imported(self, role: RoleSpec) -> dict[str, str]:
        """Return the options that an import of the role gives to a profile that does not exist yet."""
        alone: Profiles = ChainMap({role.profile: {}}, self.profiles)  # type: ignore[arg-type]
        imported = apply_changes({}, resolve_settings(role, role.options, alone, self.partitions)[0])
        return imported | (
            {SDK_PROFILE: _sdk_text(role.profile, role.sdk_profile)} if role.sdk_profile else {}
        )

    def _pass(self, manifest: Manifest, text: str) -> str:
        """Return the text after one round of changes; the same text where nothing differs."""
        edits = YamlEdits(text)
        names = {account: name for name, account in reversed(self._add_accounts(manifest, edits).items())}
        existing = {role.profile: role for role in manifest.roles}
        added: dict[str, YamlEntry] = {}
        for name, wanted in self.wanted.items():
            role, node = existing.get(name), manifest.role_nodes.get(name)
            imported = self._imported(role) if role else {}
            differing = [
                key
                for key in _EXPORTED
                # A config without the SDK profile is one into which it has not been imported yet.
                if (key != SDK_PROFILE or key in wanted)
                and not equivalent(key, imported.get(key), wanted.get(key))
            ]
            if not differing:
                continue
            if isinstance(node, yaml_nodes.Mapping):
                self._change(node, differing, name, imported, names, edits)
                continue
            entry = self._entry(name, names, manifest.defaults)
            if isinstance(node, yaml_nodes.Alias):
                edits.replace(node, to_flow(entry))
            else:  # a new role, or one that comes from a merge of whole roles
                added[name] = entry
        _add(manifest, "roles", added, edits)
        return edits.apply()

    def _change(
        self,
        node: yaml_nodes.Mapping,
        differing: list[str],
        name: str,
        imported: Profile,
        names: Mapping[str, str],
        edits: YamlEdits,
    ) -> None:
        own, wanted = node.own(), self.wanted[name]
        for key in differing:
            if key == settings.ROLE_ARN:
                _change_arn(node, str(imported.get(key, "")), wanted[key], names, edits)
            elif key in wanted:
                edits.set(node, key, typed_value(key, wanted[key]))
            elif key in own and own[key][1].value is own[key][1] and not yaml_nodes.is_null(own[key][1]):
                edits.remove(node, key)  # what the defaults say instead is found in the next pass
            elif not (key in SOURCES and any(source in wanted for source in SOURCES)):
                edits.set(node, key, None)

    def _entry(self, name: str, names: Mapping[str, str], defaults: Profile) -> dict[str, Any]:
        """Return a role as a manifest has it, without what the defaults say and what an import adds by itself."""
        wanted = self.wanted[name]
        source = wanted.get(settings.SOURCE_PROFILE)
        inherited = find_inherited_mfa_serial(self.profiles, source) if source else None
        entry: dict[str, Any] = {
            key: item
            for key, item in self._named(name, names).items()
            if key != ROLE or item != defaults.get(ROLE)
        }
        for key in _EXPORTED[1:]:
            if key == settings.MFA_SERIAL and equivalent(key, wanted.get(key), inherited):
                continue
            if key in wanted and not equivalent(key, wanted[key], defaults.get(key)):
                entry[key] = typed_value(key, wanted[key])
            elif key == settings.MFA_SERIAL and key not in wanted and defaults.get(key, "") is not None:
                entry[key] = None
        return entry

    def _named(self, name: str, names: Mapping[str, str]) -> dict[str, str]:
        """Return what names a role: account and role name if they lead to the same ARN, else the ARN."""
        wanted = self.wanted[name]
        text = wanted.get(settings.ROLE_ARN, "")
        arn = Arn.parse(text)
        if arn:
            alone: Profiles = ChainMap({name: {}}, self.profiles)  # type: ignore[arg-type]
            if build_role_arn(name, arn.account, arn.role_name, alone, wanted, self.partitions) == text:
                return {ACCOUNT: names.get(arn.account, arn.account), ROLE: arn.role_name}
        return {settings.ROLE_ARN: text}

    def _add_accounts(self, manifest: Manifest, edits: YamlEdits) -> dict[str, str]:
        """Add the accounts for which the manifest has no name, and return the ids of all accounts by name."""
        known = dict(manifest.accounts)
        new = {
            name: account
            for name, account in self.accounts.items()
            if name not in known and account not in known.values()
        }
        _add(manifest, "accounts", new, edits)
        return known | new


def _add(manifest: Manifest, key: str, entries: Mapping[str, Any], edits: YamlEdits) -> None:
    """Add entries under a key of the manifest, which may be missing, or have no value."""
    own = manifest.top.own() if manifest.top else {}
    node = own[key][1] if key in own else None
    lines = "".join(f"\n{line}" for name, entry in entries.items() for line in entry_lines(name, entry))
    if not entries:
        return
    if node and isinstance(node.value, yaml_nodes.Mapping) and node.value.items:
        for name, entry in entries.items():
            edits.add_entry(node.value, name, entry)
    elif node:
        edits.replace(node, lines)
    elif "roles" in own:
        edits.insert_above(own["roles"][0], f"{key}:{lines}\n\n")
    else:
        edits.append(f"\n{key}:{lines}\n")


def _change_arn(
    node: yaml_nodes.Mapping, old: str, new: str, names: Mapping[str, str], edits: YamlEdits
) -> None:
    own = node.own()
    before, after = Arn.parse(old), Arn.parse(new)
    if settings.ROLE_ARN in own:
        edits.set(node, settings.ROLE_ARN, new)
    elif before and after and before[:3] == after[:3]:
        if before.account != after.account:
            edits.set(node, ACCOUNT, names.get(after.account, after.account))
        if before.resource != after.resource:
            edits.set(node, ROLE, after.role_name)
    else:
        for key in (ACCOUNT, ROLE):
            if key in own:
                edits.remove(node, key)
        edits.set(node, settings.ROLE_ARN, new)


def _sdk_text(profile: str, name: str) -> str:
    return DEFAULT_SDK_PROFILE if name == default_name(profile) else name
