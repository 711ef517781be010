"""Writing role profiles into a manifest: a new one, or one that is there, of which all else stays as it is.

A role that already comes to what it should is not touched, however it is written. Of another one the settings
that differ are changed where they stand, or added. One change can bring about the next, as where a role's
mapping is merged by others; so the outcome is read again until nothing differs, which is its proof too.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping
from typing import Any

from .. import settings
from ..arn import Arn
from ..errors import EditError, ValidationError, in_order
from ..messages import printable
from ..profiles.defaults import Wanted, role_arn
from ..profiles.partitions import Partitions
from ..profiles.role import KEYS
from ..profiles.source import Profiles
from ..profiles.validation import mfa_serial_to_inherit
from ..profiles.values import EXAMPLE_ROLE_ARN, account_fault
from . import writing, yaml_nodes
from .fields import ACCOUNT, ROLE
from .meaning import resolve_settings, same
from .model import RoleSpec
from .reader import Manifest, read
from .yaml_edit import Splices

Options = Mapping[str, Any]

_PASSES = 6
_SOURCES = (settings.SOURCE_PROFILE, settings.CREDENTIAL_SOURCE)


def merge(
    text: str | None,
    path: str,
    roles: Mapping[str, Options],
    profiles: Profiles,
    partitions: Partitions,
    accounts: Mapping[str, str] | None = None,
) -> str:
    """The text of a manifest in which `roles` (config options by profile) come to just these options.

    `text` is the manifest as it is, None or blank for none; its other roles keep their meaning. `profiles` are
    those of the config, `accounts` names for account ids, which are added where the manifest has none for them.
    Raises `ValidationError` with all that is wrong with the manifest as it is, and `EditError` where it is written so
    that it cannot be changed in place.
    """
    return _Merging(path, roles, profiles, partitions, accounts or {}).merged(text)


class _Merging:
    def __init__(
        self,
        path: str,
        roles: Mapping[str, Options],
        profiles: Profiles,
        partitions: Partitions,
        accounts: Mapping[str, str],
    ) -> None:
        self._path = path
        self._meant = {
            name: {key: str(options[key]) for key in KEYS if key in options}
            for name, options in roles.items()
        }
        self._profiles: Profiles = ChainMap(self._meant, profiles)  # type: ignore[arg-type]
        self._partitions = partitions
        self._accounts = {
            name: account
            for name, account in accounts.items()
            if name.strip() and name.isprintable() and account_fault(name)  # what a manifest takes for a name
        }

    def merged(self, text: str | None) -> str:
        if not (text or "").strip():
            return self._new()
        assert text is not None  # noqa: S101 - a blank one is none
        manifest = self._read(text)
        if manifest.top is None:  # comments alone
            return f"{text.rstrip()}\n\n{self._new()}"
        others = [role for role in manifest.roles if role.profile not in self._meant]
        # Each sees its source as a role, before what either comes to is known.
        self._meant.update(
            {role.profile: {settings.ROLE_ARN: EXAMPLE_ROLE_ARN} | _set(role.options) for role in others}
        )
        self._meant.update([(role.profile, self._effective(role)) for role in others])
        for _ in range(_PASSES):
            after = self._pass(manifest, text)
            if after == text:
                return text
            text = after
            manifest = read(text, self._path, may_be_empty=True)
            if manifest.problems:
                break
        found = "; ".join(map(str, in_order(manifest.problems))) or "a change of it changes more"
        raise EditError(
            f"{printable(self._path)}: what is to be changed is written so that it cannot be changed in place "
            f"({found}); nothing was written. Write those roles out, without alias or merge"
        )

    def _read(self, text: str) -> Manifest:
        manifest = read(text, self._path, may_be_empty=True)
        if manifest.problems:
            raise ValidationError("nothing was written, because", manifest.problems)
        return manifest

    def _new(self) -> str:
        names = _names(self._accounts)
        entries = {name: self._entry(name, names, {}) for name in self._meant}
        common = writing.shared(entries.values(), but=(settings.ROLE_ARN, ACCOUNT))
        own = {
            name: {key: item for key, item in entry.items() if key not in common}
            for name, entry in entries.items()
        }
        text = writing.whole(common, self._accounts, own)
        manifest = self._read(text)
        if self._pass(manifest, text) != text:
            raise EditError(f"{printable(self._path)}: these profiles cannot be written as a manifest")
        return text

    def _pass(self, manifest: Manifest, text: str) -> str:
        """The text with one round of changes, or the same one where nothing differs."""
        splices = Splices(text)
        known = self._add_accounts(manifest, splices)
        names = _names(known)
        there = {role.profile: role for role in manifest.roles}
        added: dict[str, writing.Entry] = {}
        for name, meant in self._meant.items():
            role = there.get(name)
            if role is None:
                added[name] = self._entry(name, names, manifest.defaults)
                continue
            effective = self._effective(role)
            differing = [key for key in KEYS if not same(key, effective.get(key), meant.get(key))]
            node = manifest.role_nodes.get(name)
            if differing and isinstance(node, yaml_nodes.Mapping):
                self._change(node, differing, effective, meant, names, splices)
            elif differing and isinstance(node, yaml_nodes.Alias):
                entry = self._entry(name, names, manifest.defaults)
                splices.replace(node, writing.flow(entry))
            elif differing:  # it comes out of a merge of whole roles
                added[name] = self._entry(name, names, manifest.defaults)
        self._add_roles(manifest, added, splices)
        return splices.text()

    def _change(
        self,
        node: yaml_nodes.Mapping,
        differing: list[str],
        effective: Options,
        meant: Mapping[str, str],
        names: Mapping[str, str],
        splices: Splices,
    ) -> None:
        own = node.own()
        for key in differing:
            if key == settings.ROLE_ARN:
                self._change_arn(node, str(effective.get(key, "")), meant[key], names, splices)
            elif key in meant:
                splices.set(node, key, writing.value(key, meant[key]))
            elif key in own and own[key][1].value is own[key][1] and not _is_null(own[key][1]):
                splices.remove(node, key)  # what the defaults say instead is found in the next round
            elif not (key in _SOURCES and any(source in meant for source in _SOURCES)):
                splices.set(node, key, None)

    def _change_arn(
        self, node: yaml_nodes.Mapping, old: str, new: str, names: Mapping[str, str], splices: Splices
    ) -> None:
        own = node.own()
        before, after = Arn.parse(old), Arn.parse(new)
        if settings.ROLE_ARN in own:
            splices.set(node, settings.ROLE_ARN, new)
        elif before and after and before[:3] == after[:3]:
            if before.account != after.account:
                splices.set(node, ACCOUNT, names.get(after.account, after.account))
            if before.resource != after.resource:
                splices.set(node, ROLE, after.role_name)
        else:
            for key in (ACCOUNT, ROLE):
                if key in own:
                    splices.remove(node, key)
            splices.set(node, settings.ROLE_ARN, new)

    def _effective(self, role: RoleSpec) -> dict[str, str]:
        """What the import of a role comes to in a config that does not have its profile yet."""
        alone: Profiles = ChainMap({role.profile: {}}, self._profiles)  # type: ignore[arg-type]
        return _set(resolve_settings(role, role.options, alone, self._partitions)[0])

    def _entry(self, name: str, names: Mapping[str, str], defaults: Options) -> dict[str, Any]:
        """A role written out, without what the defaults say or what follows by itself."""
        meant = self._meant[name]
        entry: dict[str, Any] = dict(self._named(name, names))
        for key in [*KEYS][1:]:
            follows = key == settings.MFA_SERIAL and same(key, meant.get(key), self._inherited(name))
            if not follows and key in meant and not same(key, meant[key], defaults.get(key)):
                entry[key] = writing.value(key, meant[key])
            elif not follows and key == settings.MFA_SERIAL and key not in meant:
                entry[key] = None
        return {key: item for key, item in entry.items() if key != ROLE or item != defaults.get(ROLE)}

    def _inherited(self, name: str) -> str | None:
        """The MFA device that the role gets if its entry says nothing of one."""
        source = self._meant[name].get(settings.SOURCE_PROFILE)
        return mfa_serial_to_inherit(self._profiles, source) if source else None

    def _named(self, name: str, names: Mapping[str, str]) -> dict[str, str]:
        """Which role it is: by account and name if that comes to the same ARN, else by its ARN."""
        meant = self._meant[name]
        text = meant.get(settings.ROLE_ARN, "")
        arn = Arn.parse(text)
        if arn:
            alone: Profiles = ChainMap({name: {}}, self._profiles)  # type: ignore[arg-type]
            if role_arn(name, arn.account, arn.role_name, alone, meant, self._partitions) == text:
                return {ACCOUNT: names.get(arn.account, arn.account), ROLE: arn.role_name}
        return {settings.ROLE_ARN: text}

    def _add_accounts(self, manifest: Manifest, splices: Splices) -> Mapping[str, str]:
        """Add the accounts that the manifest has no name for; gives all names with their ids."""
        known = dict(manifest.accounts)
        new = {
            name: account
            for name, account in self._accounts.items()
            if name not in known and account not in known.values()
        }
        if new:
            node = manifest.top.own().get("accounts") if manifest.top else None
            found = node[1].value if node else None
            if isinstance(found, yaml_nodes.Mapping) and found.items:
                for name, account in new.items():
                    splices.add(found, name, account)
            else:
                lines = "".join(f"\n  {writing.flow(name)}: {writing.flow(new[name])}" for name in new)
                if node:
                    splices.replace(node[1], lines)
                elif manifest.top and "roles" in manifest.top.own():
                    splices.insert_line(manifest.top.own()["roles"][0], f"accounts:{lines}\n\n")
                else:
                    splices.append(f"\naccounts:{lines}\n")
        return known | new

    def _add_roles(self, manifest: Manifest, added: Mapping[str, writing.Entry], splices: Splices) -> None:
        if not added:
            return
        own = manifest.top.own() if manifest.top else {}
        roles = own["roles"][1] if "roles" in own else None
        if isinstance(roles, yaml_nodes.Mapping) and roles.items:
            for name, entry in added.items():
                splices.add_role(roles, name, entry)
            return
        lines = [line for name, entry in added.items() for line in writing.role_lines(name, entry, 2)]
        if roles is None:
            splices.append("".join(f"{line}\n" for line in ("", "roles:", *lines)))
        else:
            splices.replace(roles, "".join(f"\n{line}" for line in lines))


def _names(accounts: Mapping[str, str]) -> dict[str, str]:
    """The first name of each account id."""
    names: dict[str, str] = {}
    for name, account in accounts.items():
        names.setdefault(account, name)
    return names


def _set(options: Wanted) -> dict[str, str]:
    return {key: text for key, text in options.items() if text is not None}


def _is_null(node: yaml_nodes.Node) -> bool:
    return isinstance(node, yaml_nodes.Scalar) and node.is_null
