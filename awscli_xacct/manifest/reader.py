"""Read a manifest: the YAML file that describes a team's accounts and roles. docs/manifest.md is its reference.

What is read here is the file itself, with every problem in it; `plan` finds out whether its roles fit the config.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from .. import settings
from ..errors import ValidationError
from ..problems import Hints, Location, Problem
from ..profiles.sdk_profiles import default_name
from ..profiles.values import account_problem, role_name_problem
from . import yaml_nodes, yaml_parser
from .fields import NOT_IN_DEFAULTS, ROLE_KEYS, Settings, ValueReader, similar
from .model import ACCOUNT, DEFAULT_SDK_PROFILE, NO_ROLES, ROLE, SDK_PROFILE, SOURCES, RoleSpec, RoleSpecs
from .yaml_nodes import Node, Scalar, is_null, quoted

VERSION = "1"
_TOP = ("version", "name", "defaults", "accounts", "roles")
_OWN_PREFIX = "x-"
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")

_Entries = Mapping[str, tuple[Scalar, Node]]


@dataclass
class Manifest(RoleSpecs):
    """What could be read of a manifest. `role_nodes` are by name; `top` is None where there is nothing in it."""

    accounts: dict[str, str] = field(default_factory=dict)
    defaults: dict[str, str | None] = field(default_factory=dict)
    top: yaml_nodes.Mapping | None = None
    role_nodes: dict[str, Node] = field(default_factory=dict)


def read(text: str, path: str, *, may_be_empty: bool = False) -> Manifest:
    """Return the manifest in a text. `path` is for messages. To have no roles is a problem unless it `may_be_empty`."""
    manifest = Manifest(path)
    try:
        root, manifest.problems = yaml_parser.parse(text, path)
    except ValidationError as error:
        manifest.problems = error.problems
    else:
        _Reader(manifest, may_be_empty=may_be_empty).read(root)
    return manifest


class _Reader:
    def __init__(self, manifest: Manifest, *, may_be_empty: bool) -> None:
        self._manifest = manifest
        self._may_be_empty = may_be_empty
        self._values = ValueReader(manifest.problems)
        self._report = self._values.report
        self._invalid_accounts: set[str] = set()
        self._unknown_accounts: dict[str, tuple[str, str]] = {}
        self._hints = Hints()

    def read(self, root: Node | None) -> None:
        if root is None or is_null(root):
            if not self._may_be_empty:
                empty = Problem("the manifest is empty", location=Location(self._manifest.path))
                self._manifest.problems.append(empty)
            return
        top = self._values.mapping(root, "a manifest")
        if top is None:
            return
        self._manifest.top = top
        for text, (key, _) in top.entries.items():
            if text not in _TOP and not text.startswith(_OWN_PREFIX):
                self._values.report_unknown(key, _TOP, "a manifest")
        nodes = {text: node for text, (_, node) in top.entries.items()}
        self._check_version(top, nodes.get("version"))
        self._read_name(nodes.get("name"))
        self._read_accounts(nodes.get("accounts"))
        defaults = self._defaults(nodes.get("defaults"))
        self._manifest.defaults = defaults.texts
        self._read_roles(top, nodes.get("roles"), defaults)

    def _check_version(self, top: Node, node: Node | None) -> None:
        if node is None:
            self._report(top, "version is missing", f"add version: {VERSION}")
        elif not isinstance(node, Scalar) or node.text != VERSION:
            shown = quoted(node.text) if isinstance(node, Scalar) else node.kind
            self._report(node, f"unknown version {shown}", f"write version: {VERSION}")

    def _read_name(self, node: Node | None) -> None:
        text = self._values.string(node, "name") if node else None
        if node and text is not None and not _NAME.fullmatch(text):
            rule = "use 1 to 64 letters, digits or any of _.-, and do not begin with . or -"
            self._report(node, f"name {quoted(text)} is not allowed", rule)
        else:
            self._manifest.name = text

    def _entries(self, node: Node | None, what: str) -> _Entries:
        """Return what is in a mapping that may be missing or have no value."""
        found = self._values.mapping(node, what) if node and not is_null(node) else None
        return found.entries if found else {}

    def _read_accounts(self, node: Node | None) -> None:
        for name, (key, value) in self._entries(node, "accounts").items():
            if self._values.name(key) and not account_problem(name):
                self._report(key, f"{quoted(name)} cannot be an account's name, because it is an account id")
            account = self._values.account_id(value)
            if account is None:
                self._invalid_accounts.add(name)
            else:
                self._manifest.accounts[name] = account

    def _defaults(self, node: Node | None) -> Settings:
        found = self._settings(node, "defaults") if node and not is_null(node) else None
        found = found or Settings()
        self._check_sources(found)
        if found.texts.get(SDK_PROFILE) not in (None, DEFAULT_SDK_PROFILE):
            text = f"{SDK_PROFILE} of all roles cannot have the same name"
            self._report(found.nodes[SDK_PROFILE], text, "write true, which appends -sdk to each name")
            found.texts[SDK_PROFILE] = None
        return found

    def _read_roles(self, top: Node, node: Node | None, defaults: Settings) -> None:
        entries = self._entries(node, "roles")
        is_empty = node is None or is_null(node) or (isinstance(node, yaml_nodes.Mapping) and not node.items)
        if is_empty and not self._may_be_empty:
            self._report(node or top, NO_ROLES)
        if isinstance(node, yaml_nodes.Mapping):
            self._manifest.role_nodes = {name: value for name, (_, value) in node.own().items()}
        for name, (key, value) in entries.items():
            self._values.name(key)
            self._manifest.locations[name, None] = key.location
            own = self._settings(value, "a role")
            if own is None:
                self._manifest.roles.append(RoleSpec(name, {}, invalid_keys=frozenset(ROLE_KEYS)))
            else:
                self._read_role(name, key, own, defaults)

    def _settings(self, node: Node, what: str) -> Settings | None:
        """Return the settings of a role or of the defaults; None where the node is no mapping."""
        mapping = self._values.mapping(node, what)
        if mapping is None:
            return None
        found = Settings()
        for text, (key, value) in mapping.entries.items():
            if text not in ROLE_KEYS:
                self._values.report_unknown(key, ROLE_KEYS, what)
            elif text in NOT_IN_DEFAULTS and what == "defaults":
                self._report(key, f"{text} cannot be a default", "set it in each role")
            else:
                self._values.setting(found, text, value)
        return found

    def _read_role(self, name: str, key: Scalar, own: Settings, defaults: Settings) -> None:
        hidden = []
        if settings.ROLE_ARN in own.given:
            hidden += [ACCOUNT, ROLE]
            if {ACCOUNT, ROLE} & own.given:
                text = "role_arn names the role already"
                self._report(own.nodes[settings.ROLE_ARN], text, "remove it, or account and role")
                own.invalid.add(settings.ROLE_ARN)
        self._check_sources(own)
        if own.given & set(SOURCES):
            hidden += SOURCES
        found = own.over(defaults, without=hidden)
        account, role_name = self._account(found), found.texts.get(ROLE) or ""
        if settings.ROLE_ARN not in found.given:
            for needed, what in (
                (ACCOUNT, "an account id or a name from accounts"),
                (ROLE, "the role's name"),
            ):
                if needed not in found.given:
                    self._report(key, f"role {quoted(name)}: {needed} is missing", f"set it to {what}")
                    found.invalid.add(needed)
        reason = role_name_problem(role_name) if role_name else None
        if reason:
            self._report(found.nodes[ROLE], reason)
            found.invalid.add(ROLE)
        if found.invalid & {ACCOUNT, ROLE}:
            found.invalid.add(settings.ROLE_ARN)
            account = role_name = ""
        options = {
            each: text for each, text in found.texts.items() if each not in (ACCOUNT, ROLE, SDK_PROFILE)
        }
        pair = found.texts.get(SDK_PROFILE) or ""
        if pair == DEFAULT_SDK_PROFILE:
            pair = default_name(name)
        invalid = frozenset(found.invalid)
        self._manifest.roles.append(RoleSpec(name, options, account, role_name, pair, invalid))
        for each, node in found.nodes.items():
            self._manifest.locations[name, each] = node.location

    def _account(self, found: Settings) -> str:
        """Return the id of the account that a role names by its name or its id; "" if it is invalid."""
        node, text = found.nodes.get(ACCOUNT), found.texts.get(ACCOUNT)
        if node is None or text is None:
            return ""
        if text in self._manifest.accounts:
            return self._manifest.accounts[text]
        if text not in self._invalid_accounts:
            if not account_problem(text):
                return text
            if text not in self._unknown_accounts:
                self._unknown_accounts[text] = self._unknown_account(text)
            self._report(node, *self._unknown_accounts[text])
        found.invalid.add(ACCOUNT)
        return ""

    def _unknown_account(self, text: str) -> tuple[str, str]:
        """Return what is wrong with an account, and the fix."""
        if text.isdigit():
            return str(account_problem(text)), "write an id, or a name from accounts"
        near = similar(text, self._manifest.accounts, 3) if self._hints.take() else []
        fix = f"did you mean {' or '.join(near)}?" if near else "add it to accounts, or write the account id"
        return f"unknown account {quoted(text)}", fix

    def _check_sources(self, found: Settings) -> None:
        if found.given.issuperset(SOURCES):
            one, other = SOURCES
            self._report(found.nodes[other], f"{one} and {other} cannot be used together", "remove one")
            found.invalid.update(SOURCES)
