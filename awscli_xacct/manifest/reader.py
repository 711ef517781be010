"""A manifest: the YAML file that describes the accounts and roles of a team. docs/manifest.md is its reference.

What is read here is what the file itself tells, with all that is wrong with it; whether its roles go with the
config is found by `plan`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from .. import settings
from ..errors import Location, Problem
from ..profiles.values import account_fault, role_name_fault
from . import yaml_nodes
from .fields import ACCOUNT, NOT_IN_DEFAULTS, ROLE, ROLE_KEYS, Settings, Values
from .model import RoleSpec
from .yaml_nodes import Node, Scalar

VERSION = "1"
_TOP = ("version", "name", "defaults", "accounts", "roles")
_OWN = "x-"
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
_SOURCES = (settings.SOURCE_PROFILE, settings.CREDENTIAL_SOURCE)
NO_ROLES = "there are no roles in it"
_HINTS = 20
_LONGEST_NEAR = 100


@dataclass
class Manifest:
    """A manifest as far as it can be read, and what is wrong with it.

    `name` is the one it gives itself. `role_nodes` are the nodes of its roles by their names.
    """

    path: str
    name: str | None = None
    accounts: dict[str, str] = field(default_factory=dict)
    defaults: dict[str, str | None] = field(default_factory=dict)
    roles: list[RoleSpec] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    top: yaml_nodes.Mapping | None = None
    role_nodes: dict[str, Node] = field(default_factory=dict)
    places: dict[tuple[str, str | None], Location] = field(default_factory=dict)

    def where(self, profile: str, key: str | None) -> Location:
        """The place of a role's setting; of the role, or of the whole file, where there is none."""
        keys = (settings.ROLE_ARN, ACCOUNT, None) if key == settings.ROLE_ARN else (key, None)
        found = (self.places.get((profile, each)) for each in keys)
        return next((place for place in found if place), Location(self.path))


def read(text: str, path: str, *, may_be_empty: bool = False) -> Manifest:
    """The manifest in a text. `path` is for messages. One without roles is at fault unless it `may_be_empty`."""
    manifest = Manifest(path)
    try:
        root, manifest.problems = yaml_nodes.tree(text, path)
    except yaml_nodes.UnreadableError as error:
        manifest.problems = [error.problem]
        return manifest
    _Reader(manifest, may_be_empty=may_be_empty).read(root)
    return manifest


class _Reader:
    def __init__(self, manifest: Manifest, *, may_be_empty: bool) -> None:
        self._manifest = manifest
        self._may_be_empty = may_be_empty
        self._values = Values(manifest.path, manifest.problems)
        self._bad_accounts: set[str] = set()
        self._unknown_accounts: dict[str, str] = {}

    def read(self, root: Node | None) -> None:
        if root is None or _is_nothing(root):
            if not self._may_be_empty:
                self._manifest.problems.append(Problem("it is empty", location=Location(self._manifest.path)))
            return
        top = self._values.mapping(root, "a manifest")
        if top is None:
            return
        self._manifest.top = top
        entries = top.entries()
        for text, (key, _) in entries.items():
            if text not in _TOP and not text.startswith(_OWN):
                self._values.unknown(key, _TOP, "a manifest")
        self._version(top, entries)
        self._name(entries)
        self._accounts(entries)
        defaults = (self._settings(entries["defaults"][1]) if "defaults" in entries else None) or Settings()
        self._no_pair(defaults, _SOURCES)
        self._manifest.defaults = defaults.texts
        self._roles(entries, defaults)

    def _version(self, top: yaml_nodes.Mapping, entries: Mapping[str, tuple[Scalar, Node]]) -> None:
        if "version" not in entries:
            self._values.fault(top, f"version is missing; it begins with version: {VERSION}")
            return
        node = entries["version"][1]
        if not isinstance(node, Scalar) or node.text != VERSION:
            shown = yaml_nodes.shortened(node.text) if isinstance(node, Scalar) else node.kind
            self._values.fault(node, f"version {shown}: the one known here is {VERSION}")

    def _name(self, entries: Mapping[str, tuple[Scalar, Node]]) -> None:
        if "name" not in entries:
            return
        node = entries["name"][1]
        text = self._values.text(node, "name")
        if text is not None and not _NAME.fullmatch(text):
            rule = "is up to 64 letters, digits and characters of _.-, and begins with none of the last two"
            self._values.fault(node, f"name {yaml_nodes.shortened(text)}: a manifest's name {rule}")
        else:
            self._manifest.name = text

    def _accounts(self, entries: Mapping[str, tuple[Scalar, Node]]) -> None:
        node = entries["accounts"][1] if "accounts" in entries else None
        found = self._values.mapping(node, "accounts") if node and not _is_nothing(node) else None
        for name, (key, value) in found.entries().items() if found else ():
            fault = self._values.key_fault(key) or (
                f"{yaml_nodes.shortened(name)}: an account's name cannot be an id"
                if not account_fault(name)
                else None
            )
            if fault:
                self._values.fault(key, fault)
            account = self._values.account_id(value)
            if account is None:
                self._bad_accounts.add(name)
            else:
                self._manifest.accounts[name] = account

    def _roles(self, entries: Mapping[str, tuple[Scalar, Node]], defaults: Settings) -> None:
        node = entries["roles"][1] if "roles" in entries else None
        found = self._values.mapping(node, "roles") if node and not _is_nothing(node) else None
        empty = node is None or _is_nothing(node) or (found is not None and not found.items)
        if empty and not self._may_be_empty:
            place = (
                Location(self._manifest.path, node.line, node.column)
                if node
                else Location(self._manifest.path)
            )
            self._manifest.problems.append(Problem(NO_ROLES, location=place))
        self._manifest.role_nodes = {name: value for name, (_, value) in found.own().items()} if found else {}
        for name, (key, value) in found.entries().items() if found else ():
            fault = self._values.key_fault(key)
            if fault:
                self._values.fault(key, fault)
            own = self._settings(value, in_role=True)
            self._manifest.places[name, None] = Location(self._manifest.path, key.line, key.column)
            if own is None:
                self._manifest.roles.append(RoleSpec(name, {}, unread=frozenset(ROLE_KEYS)))
            else:
                self._role(name, key, own, defaults)

    def _settings(self, node: Node, *, in_role: bool = False) -> Settings | None:
        """The settings in a role's mapping or in the defaults; None where it is none."""
        what, keys = ("a role", ROLE_KEYS) if in_role else ("defaults", [*ROLE_KEYS])
        if not in_role and _is_nothing(node):
            return None
        found = self._values.mapping(node, what)
        if found is None:
            return None
        read = Settings()
        for text, (key, value) in found.entries().items():
            if text not in ROLE_KEYS:
                self._values.unknown(key, keys, what)
            elif text in NOT_IN_DEFAULTS and not in_role:
                self._values.fault(
                    key, f"{text} says which role it is, and stands with each role, not in defaults"
                )
            else:
                self._values.setting(read, text, value)
        return read

    def _role(self, name: str, key: Scalar, own: Settings, defaults: Settings) -> None:
        own_named = bool({ACCOUNT, ROLE} & own.given)
        if settings.ROLE_ARN in own.given and own_named:
            self._values.fault(
                own.nodes[settings.ROLE_ARN], "role_arn says it all; leave out account and role, or role_arn"
            )
            own.unread.add(settings.ROLE_ARN)
        self._no_pair(own, _SOURCES)
        left = [ACCOUNT, ROLE] if settings.ROLE_ARN in own.given else []
        left += [each for each in _SOURCES if own.given & set(_SOURCES) and each not in own.given]
        found = own.over(defaults, without=left)
        account, role_name = self._account(found), found.texts.get(ROLE) or ""
        if settings.ROLE_ARN not in found.given:
            for needed, what in ((ACCOUNT, "an id or a name from accounts"), (ROLE, "the role's name")):
                if needed not in found.given:
                    self._values.fault(
                        key, f"role {yaml_nodes.shortened(name)}: {needed} is missing; it is {what}"
                    )
                    found.unread.add(needed)
        named = role_name_fault(role_name) if role_name else None
        if named:
            self._values.fault(found.nodes[ROLE], named)
            found.unread.add(ROLE)
        if found.unread & {ACCOUNT, ROLE}:
            found.unread.add(settings.ROLE_ARN)
            account = role_name = ""
        options = {each: text for each, text in found.texts.items() if each not in (ACCOUNT, ROLE)}
        self._manifest.roles.append(RoleSpec(name, options, account, role_name, frozenset(found.unread)))
        places = self._manifest.places
        for each, node in found.nodes.items():
            places[name, each] = Location(self._manifest.path, node.line, node.column)

    def _account(self, found: Settings) -> str:
        """The id of the account a role names by its name or its id."""
        node, text = found.nodes.get(ACCOUNT), found.texts.get(ACCOUNT)
        if not isinstance(node, Scalar) or text is None:
            return ""
        if text in self._manifest.accounts:
            return self._manifest.accounts[text]
        found.unread.add(ACCOUNT)
        if text in self._bad_accounts:
            return ""
        if not account_fault(text):
            found.unread.discard(ACCOUNT)
            return text
        if text not in self._unknown_accounts:
            self._unknown_accounts[text] = self._unknown_account(text)
        self._values.fault(node, self._unknown_accounts[text])
        return ""

    def _unknown_account(self, text: str) -> str:
        if text.isdigit():
            return f"{account_fault(text)}, nor is it a name from accounts"
        # Looking for names that are near takes its time, where there are many of them.
        look = len(self._unknown_accounts) < _HINTS and len(text) <= _LONGEST_NEAR
        near = get_close_matches(text, list(self._manifest.accounts), n=3) if look else []
        hint = f"did you mean {' or '.join(near)}?" if near else "add it there, or write the account's id"
        return f"account {yaml_nodes.shortened(text)} is not among accounts; {hint}"

    def _no_pair(self, found: Settings, pair: tuple[str, str]) -> None:
        if set(pair) <= found.given:
            self._values.fault(
                found.nodes[pair[1]], f"{pair[0]} and {pair[1]} exclude each other; leave one out"
            )
            found.unread.update(pair)


def _is_nothing(node: Node) -> bool:
    """Whether a key has no value."""
    return isinstance(node, Scalar) and node.is_null
