"""The configuration of the browser extension "AWS Extend Switch Roles", read as a manifest.

It looks like an AWS config file and is read by other rules: what follows a ``;`` or ``#`` is a comment wherever
it stands, a header may do without ``profile``, and a role may be given by ``aws_account_id`` and ``role_name``.
A section that others name as their source, or that has no role, is a *base account*: who is signed in.

https://github.com/tilfinltd/aws-extend-switch-roles#configuration
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field

from .. import settings
from ..arn import Arn
from ..configfile.document import Document
from ..errors import EditError, Location, Problem, ValidationError
from ..profiles.role import KEYS
from ..profiles.values import account_fault, role_name_fault
from .model import RoleSpec
from .yaml_nodes import shortened

_LINE_END = re.compile("\r\n|\r|\n")
_COMMENT = re.compile("[;#].*")
_HEADER = re.compile(r"\[(.+)\]")
_PREFIX = re.compile(r"profile\s+", re.IGNORECASE)

ACCOUNT, ROLE_NAME = "aws_account_id", "role_name"
_TARGET_ROLE, _TARGET_REGION = "target_role_name", "target_region"
_OWN = ("color", "image")


def looks_like(text: str) -> bool:
    """Whether the text is of this dialect: the first of it that is no comment is a section's header."""
    for line in _LINE_END.split(text):
        found = line.strip()
        if found and found[0] not in ";#":
            return found[0] == "["
    return False


@dataclass
class _Section:
    name: str
    place: Location
    values: dict[str, str] = field(default_factory=dict)
    places: dict[str, Location] = field(default_factory=dict)


@dataclass
class ExtensionConfig:
    """The roles of such a file, what is wrong with it, and what is to be said about it."""

    path: str
    roles: list[RoleSpec] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    places: dict[tuple[str, str | None], Location] = field(default_factory=dict)

    def where(self, profile: str, key: str | None) -> Location:
        """The place of a role's setting; of the role, or of the whole file, where there is none."""
        keys = (key, ACCOUNT, None) if key == settings.ROLE_ARN else (key, None)
        found = (self.places.get((profile, each)) for each in keys)
        return next((place for place in found if place), Location(self.path))


def read(text: str, path: str, profiles: Container[str]) -> ExtensionConfig:
    """The roles in a text of this dialect. `path` is for messages, `profiles` are those of the config.

    A base account is who calls for its roles, so it is a profile of the config; where it is the only one and
    there is no profile of that name, its roles have no source but what an import gives them.
    """
    found = ExtensionConfig(path)
    sections = _sections(text, found)
    sources = {section.values.get(settings.SOURCE_PROFILE) for section in sections.values()}
    bases = {name for name, section in sections.items() if _is_base(section, name in sources)}
    called = [base for base in bases & sources if base]
    nobody = called[0] if len(called) == 1 and called[0] not in profiles else None
    if nobody:
        found.notes.append(
            f"the base account {nobody} is no profile here, so its roles get the source default"
        )
    for name, section in sections.items():
        if name not in bases:
            found.roles.append(_role(section, sections, bases, nobody, found))
            found.places[name, None] = section.place
            found.places.update({(name, key): place for key, place in section.places.items()})
    if not found.roles:
        found.problems.append(Problem("there are no roles in it", location=Location(path)))
    own = [key for key in _OWN if any(key in section.values for section in sections.values())]
    if own:
        words = "are the extension's own, and stay" if len(own) > 1 else "is the extension's own, and stays"
        found.notes.append(f"{' and '.join(own)} {words} in {path}")
    return found


def _is_base(section: _Section, is_source: bool) -> bool:
    if settings.ROLE_ARN in section.values:
        return False
    return is_source or (ROLE_NAME not in section.values and settings.SOURCE_PROFILE not in section.values)


def _role(
    section: _Section,
    sections: dict[str, _Section],
    bases: set[str],
    nobody: str | None,
    found: ExtensionConfig,
) -> RoleSpec:
    values = section.values
    source = values.get(settings.SOURCE_PROFILE)
    base = sections[source].values if source in bases and source is not None else {}
    options: dict[str, str | None] = {key: values[key] for key in KEYS if key in values}
    if settings.REGION not in options and _TARGET_REGION in base:
        options[settings.REGION] = base[_TARGET_REGION]
    if nobody is not None and source == nobody:
        del options[settings.SOURCE_PROFILE]
    unread: set[str] = set()
    account = role_name = ""
    if settings.ROLE_ARN in values:
        for key in (ACCOUNT, ROLE_NAME):
            if key in values:
                found.problems.append(
                    Problem("role_arn says it all", f"leave {key} out", location=section.places[key])
                )
    else:
        account, role_name = values.get(ACCOUNT, ""), values.get(ROLE_NAME, base.get(_TARGET_ROLE, ""))
        problems = list(_named_problems(section, account, role_name))
        found.problems += problems
        if problems:
            unread.add(settings.ROLE_ARN)
            account = role_name = ""
    return RoleSpec(section.name, options, account, role_name, frozenset(unread))


def _named_problems(section: _Section, account: str, role_name: str) -> list[Problem]:
    problems = []
    if not account:
        problems.append(Problem(f"{shortened(section.name)}: {ACCOUNT} is missing", location=section.place))
    elif account_fault(account):
        hint = "" if account.isdigit() else "; of an alias the id has to be written here"
        problems.append(Problem(f"{account_fault(account)}{hint}", location=section.places[ACCOUNT]))
    if not role_name:
        problems.append(Problem(f"{shortened(section.name)}: {ROLE_NAME} is missing", location=section.place))
    else:
        fault = role_name_fault(role_name)
        if fault:
            problems.append(Problem(fault, location=section.places.get(ROLE_NAME, section.place)))
    return problems


def _sections(text: str, found: ExtensionConfig) -> dict[str, _Section]:
    sections: dict[str, _Section] = {}
    section: _Section | None = None
    for number, line in enumerate(_LINE_END.split(text), 1):
        content = _COMMENT.sub("", line).rstrip()
        bare = content.lstrip()
        place = Location(found.path, number, 1 + len(content) - len(bare))
        header = _HEADER.fullmatch(bare)
        if not bare:
            continue
        if header:
            name = _name_in(header[1])
            section = _Section(name, place)
            if name in sections:
                first = sections[name].place.line
                found.problems.append(
                    Problem(f"{shortened(name)} a second time; it is on line {first} already", location=place)
                )
            else:
                sections[name] = section
            continue
        key, equals, value = (part.strip() for part in bare.partition("="))
        if section is None or not (equals and key and value):
            found.problems.append(
                Problem(f"{shortened(bare)} is neither a [section] nor KEY = VALUE", location=place)
            )
        elif key in section.values:
            first = section.places[key].line
            found.problems.append(
                Problem(f"{shortened(key)} a second time; it is on line {first} already", location=place)
            )
        else:
            section.values[key] = value
            section.places[key] = place._replace(column=place.column + bare.index(value, bare.index("=")))
    return sections


# -- writing ---------------------------------------------------------------------------------------


def write(text: str, path: str, roles: Mapping[str, Mapping[str, str]]) -> tuple[str, list[str]]:
    """A text of this dialect with roles (config options by profile) in it, and the names it cannot hold.

    Each role is named by its ARN, or, where it is there already, as it is named there; colours, images and all
    else stay. No source is written: who is signed in to the console calls.

    Raises `ValidationError` with all that is wrong with the text as it is, and `EditError` where it cannot be changed.
    """
    found = ExtensionConfig(path)
    sections = _sections(text, found)
    if found.problems:
        raise ValidationError("nothing was written, because", found.problems)
    document = Document(text.encode(), path, "utf-8")
    headers = {_name_in(header): header for header in document.names()}
    for section in sections.values():
        _check_depths(document, headers.get(section.name), section)
    left = []
    for name, options in roles.items():
        if set(name) & set(";#]"):
            left.append(name)
            continue
        there = sections.get(name)
        header = headers.get(name) or (f"profile {name}" if _PREFIX.match(name) else name)
        for key, value in _settings(options, there.values if there else {}):
            old = str(document.section(header).get(key, "")) if there else ""
            comment = _COMMENT.search(old)
            behind = f"{_gap(old[: comment.start()])}{comment[0]}" if comment else ""
            document.set(header, key, f"{value}{behind}")
    return document.render().decode(), left


def _check_depths(document: Document, header: str | None, section: _Section) -> None:
    """Raise `EditError` where blanks before a line mean something to the editor, as to all other AWS tools."""
    options = document.section(header) if header is not None else {}
    for key, value in section.values.items():
        read_as = options.get(key.lower())
        if not isinstance(read_as, str) or _COMMENT.sub("", read_as).rstrip() != value:
            raise EditError(
                f"{section.places[key]}: for other AWS tools the line below belongs to this one, as it stands "
                f"deeper; nothing was written. Take the blanks before it away"
            )


def _settings(options: Mapping[str, str], there: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The keys that differ from those that are there."""
    wanted = {settings.ROLE_ARN: options[settings.ROLE_ARN]}
    arn = Arn.parse(options[settings.ROLE_ARN])
    if arn and settings.ROLE_ARN not in there and ACCOUNT in there:
        wanted = {ACCOUNT: arn.account, ROLE_NAME: arn.role_name}
    if settings.REGION in options:
        wanted[settings.REGION] = options[settings.REGION]
    return ((key, text) for key, text in wanted.items() if there.get(key) != text)


def _name_in(header: str) -> str:
    return _PREFIX.sub("", header.strip(), count=1)


def _gap(text: str) -> str:
    """The blanks a text ends with."""
    return text[len(text.rstrip()) :]
