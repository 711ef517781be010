"""The keys that a role or the defaults of a manifest may have, and reading their values from YAML nodes."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches

from .. import settings
from ..problems import Problem
from ..profiles.config_keys import KEYS
from ..profiles.managed_policies import MAX_ARNS
from ..profiles.policies import make_one_line
from ..profiles.tags import MAX_TAGS
from ..profiles.values import account_problem
from .model import ACCOUNT, DEFAULT_SDK_PROFILE, ROLE, SDK_PROFILE
from .yaml_nodes import Listing, Mapping, Node, Scalar, is_merge, merge_sources, quoted

ROLE_KEYS = (ACCOUNT, ROLE, *KEYS, SDK_PROFILE)
NOT_IN_DEFAULTS = (settings.ROLE_ARN,)
_NEVER_NULL = (ACCOUNT, ROLE, settings.ROLE_ARN)
_FOR_NONE = "to have none, write null"

_MAX_NEAR_LENGTH = 100
MAX_TEXT_LENGTH = 20_000
"""Characters of one value; 50 session tags of full length take that."""


@dataclass
class Settings:
    """The settings of a role or of the defaults by key, as strings (None: not to have it), and their nodes.

    `invalid` has the keys whose values could not be read.
    """

    texts: dict[str, str | None] = field(default_factory=dict)
    nodes: dict[str, Node] = field(default_factory=dict)
    invalid: set[str] = field(default_factory=set)

    @property
    def given(self) -> set[str]:
        return {*self.texts, *self.invalid}

    def over(self, defaults: "Settings", *, without: Iterable[str]) -> "Settings":
        """Return these settings, and those defaults that are neither given here nor in `without`."""
        hidden = {*without, *self.given}
        return Settings(
            {**{key: text for key, text in defaults.texts.items() if key not in hidden}, **self.texts},
            {**{key: node for key, node in defaults.nodes.items() if key not in hidden}, **self.nodes},
            self.invalid | (defaults.invalid - hidden),
        )


class ValueReader:
    """Reads values from nodes and reports to `problems` what is wrong with them."""

    def __init__(self, problems: list[Problem]) -> None:
        self._problems = problems

    def report(self, node: Node, text: str, fix: str | None = None) -> None:
        self._problems.append(Problem(text, fix, location=node.location))

    def report_unknown(self, key: Scalar, known: Collection[str], what: str) -> None:
        near = similar(key.text, known, 1)
        fix = f"did you mean {near[0]}?" if near else f"the keys of {what} are {', '.join(known)}"
        self.report(key, f"unknown key {quoted(key.text)}", fix)

    def mapping(self, node: Node, what: str) -> Mapping | None:
        """Return a mapping with all that it merges, or None if the node is something else."""
        found = node.value
        if not isinstance(found, Mapping):
            self.report(node, f"{what} must be a mapping, not {_shown(found)}")
            return None
        for key, value in found.pairs:
            if is_merge(key) and not all(isinstance(each, Mapping) for each in merge_sources(value)):
                self.report(value, f"<< merges a mapping or a list of mappings, not {_shown(value.value)}")
        return found

    def name(self, key: Scalar) -> bool:
        """Return whether a key can be a name."""
        if key.read_as:
            shown = key.text or "an empty name"
            text = f"{shown} must be quoted to be a name, because YAML reads it as {key.read_as}"
            self.report(key, text, f'write "{key.text}"')
            return False
        return self._is_short(key, "the name")

    def setting(self, found: Settings, key: str, node: Node) -> None:
        """Read one setting into `found`."""
        found.nodes[key] = node
        if isinstance(node, Scalar) and node.read_as == "null" and node.text and key not in _NEVER_NULL:
            found.texts[key] = None
            return
        if key == SDK_PROFILE and isinstance(node, Scalar) and node.read_as == "a boolean":
            found.texts[key] = DEFAULT_SDK_PROFILE if node.text.lower() == "true" else None
            return
        text = self._text_of(key, node)
        if text is None:
            found.invalid.add(key)
        else:
            found.texts[key] = text

    def string(self, node: Node, what: str) -> str | None:
        """Return a string that is not empty, or None."""
        fix = _FOR_NONE if what in ROLE_KEYS and what not in _NEVER_NULL else None
        if not isinstance(node, Scalar):
            self.report(node, f"{what} must be a string, not {node.kind}")
        elif node.read_as == "null":
            self.report(node, f"{what} has no value", fix)
        elif node.read_as:
            text = f"{what} {node.text} must be quoted, because YAML reads it as {node.read_as}"
            self.report(node, text, f'write "{node.text}"')
        elif not node.text:
            self.report(node, f"{what} is empty", fix)
        elif self._is_short(node, what):
            return node.text
        return None

    def account_id(self, node: Node) -> str | None:
        """Return twelve digits, or None."""
        if isinstance(node, Scalar) and node.read_as == "a number":
            self.report(node, *_number_problem(node.text))
            return None
        text = self.string(node, "the account id")
        reason = account_problem(text) if text is not None else None
        if reason:
            self.report(node, reason)
        return None if reason else text

    def _text_of(self, key: str, node: Node) -> str | None:
        if key == settings.SESSION_TAGS and isinstance(node, Mapping):
            return self._tags(node)
        if key == settings.TRANSITIVE_SESSION_TAGS and isinstance(node, Listing):
            return self._tag_keys(node)
        if key == settings.POLICY_ARNS and isinstance(node, Listing):
            return self._policy_arns(node)
        if key == settings.POLICY:
            return self._policy(node)
        if isinstance(node, Scalar):
            if key == settings.DURATION_SECONDS and node.read_as != "null":
                # However the number is written: the rules for it report what is wrong.
                return node.text if self._is_short(node, key) else None
            if key == ACCOUNT and node.read_as == "a number":
                self.report(node, *_number_problem(node.text))
                return None
            if key == settings.MFA_SERIAL and node.text in ("auto", "none"):
                self.report(node, f"mfa_serial {node.text} works on the command line only", _FOR_NONE)
                return None
        return self.string(node, key)

    def _is_short(self, node: Scalar, what: str) -> bool:
        length = len(node.text)
        if length > MAX_TEXT_LENGTH:
            self.report(node, f"{what} has {length} characters, more than {MAX_TEXT_LENGTH}")
        return length <= MAX_TEXT_LENGTH

    def _tags(self, node: Mapping) -> str | None:
        """Return tags as a config line has them. Reported is what such a line cannot hold; the rest comes later."""
        self.mapping(node, settings.SESSION_TAGS)
        if len(node.entries) > MAX_TAGS:
            self.report(node, f"{len(node.entries)} tags are more than {MAX_TAGS}")
            return None
        tags = []
        for name, (key, value) in node.entries.items():
            sound = self.name(key) and self._fits_config(key, name, "key")
            empty = isinstance(value, Scalar) and not value.plain and not value.text
            text = "" if empty else self.string(value, f"tag {quoted(name)}:")
            sound = text is not None and self._fits_config(value, text, "value") and sound
            tags.append(f"{name}={text}" if sound else None)
        return _joined(tags)

    def _tag_keys(self, node: Listing) -> str | None:
        if not 0 < len(node.items) <= MAX_TAGS:
            self.report(node, f"{settings.TRANSITIVE_SESSION_TAGS} must have 1 to {MAX_TAGS} keys", _FOR_NONE)
            return None
        keys = []
        for item in node.items:
            text = self.string(item.value, "the key of a tag")
            keys.append(text if text is not None and self._fits_config(item, text, "key") else None)
        return _joined(keys)

    def _policy_arns(self, node: Listing) -> str | None:
        if not 0 < len(node.items) <= MAX_ARNS:
            self.report(node, f"{settings.POLICY_ARNS} must have 1 to {MAX_ARNS} ARNs", _FOR_NONE)
            return None
        return _joined([self.string(item.value, "the ARN of a policy") for item in node.items])

    def _policy(self, node: Node) -> str | None:
        if isinstance(node, Mapping):  # YAML reads JSON, too
            self.report(node, f"{settings.POLICY} must be a string", "put the JSON in single quotes")
            return None
        text = self.string(node, settings.POLICY)
        return None if text is None else make_one_line(text)

    def _fits_config(self, node: Node, text: str, what: str) -> bool:
        """Return whether the config's own form, ``key=value,key=value``, can hold a tag's key or value."""
        found = next((sign for sign in (",=" if what == "key" else ",") if sign in text), None)
        if found:
            self.report(
                node, f"the tag {what} {quoted(text)} contains a {found}, which a config file cannot hold"
            )
        elif text != text.strip():
            self.report(node, f"{quoted(text)} begins or ends with a space")
        return not found and text == text.strip()


def similar(text: str, known: Collection[str], number: int) -> list[str]:
    """Return up to `number` of the known names that are similar to a text."""
    return get_close_matches(text, known, n=number) if len(text) <= _MAX_NEAR_LENGTH else []


def _joined(texts: list[str | None]) -> str | None:
    """Return the texts joined by commas, or None where there are none or one of them is invalid."""
    sound = [text for text in texts if text is not None]
    return ",".join(sound) if sound and len(sound) == len(texts) else None


def _shown(node: Node) -> str:
    return quoted(node.text) if isinstance(node, Scalar) and node.text else node.kind


def _number_problem(text: str) -> tuple[str, str]:
    """Return what is wrong with an account id without quotes, and the fix: a number may have lost leading zeros."""
    if text.isdigit() and len(text) == 12:
        return f"the account id {text} must be quoted, because YAML reads it as a number", f'write "{text}"'
    if text.isdigit() and len(text) < 12:
        short = f"the account id {text} is a number of {len(text)} digits, and an id has 12"
        return short, f'a number loses its leading zeros: did you mean "{text.zfill(12)}"?'
    return (
        f"the account id {quoted(text)} is a number",
        'write 12 digits in quotes, as in "222222222222"',
    )
