"""The configuration of the browser extension "AWS Extend Switch Roles", read as a manifest and written.

It looks like an AWS config file but has other rules: ``;`` or ``#`` starts a comment anywhere, a header may omit
``profile``, and ``aws_account_id`` and ``role_name`` may name a role. A section that others have as their source,
or that has no role, is a *base account*: the user who is signed in.

https://github.com/tilfinltd/aws-extend-switch-roles#configuration
"""

import re
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field

from .. import settings
from ..arn import Arn
from ..configfile.document import Document
from ..errors import EditError, ValidationError
from ..problems import Location, Problem
from ..profiles.config_keys import KEYS
from ..profiles.values import account_problem, role_name_problem
from . import model
from .model import NO_ROLES, RoleSpec, RoleSpecs
from .yaml_nodes import quoted

_LINE_END = re.compile("\r\n|\r|\n")
_COMMENT = re.compile("[;#].*")
_HEADER = re.compile(r"\[(.+)\]")
_PREFIX = re.compile(r"profile\s+", re.IGNORECASE)

ACCOUNT, ROLE_NAME = "aws_account_id", "role_name"
_TARGET_ROLE, _TARGET_REGION = "target_role_name", "target_region"
_OWN = ("color", "image")


@dataclass
class _Section:
    name: str
    location: Location
    values: dict[str, str] = field(default_factory=dict)
    locations: dict[str, Location] = field(default_factory=dict)

    @property
    def shown(self) -> str:
        return quoted(self.name)


def looks_like(text: str) -> bool:
    """Return whether a text is in this format: the first of it that is no comment is a section header."""
    lines = (line.strip() for line in _LINE_END.split(text))
    return next((line[0] == "[" for line in lines if line and line[0] not in ";#"), False)


def read(text: str, path: str, profiles: Container[str]) -> RoleSpecs:
    """Return the roles in a text of this format. `path` is for messages, `profiles` are those of the config.

    A base account calls for its roles, so it is a profile of the config. If it is the only one and there is no such
    profile, its roles have no source but the one that an import gives them.
    """
    specs = RoleSpecs(path)
    sections = _sections(text, specs)
    sources = {section.values.get(settings.SOURCE_PROFILE) for section in sections.values()}
    bases = {name: section for name, section in sections.items() if _is_base(section, name in sources)}
    callers = [name for name in bases if name in sources]
    missing = callers[0] if len(callers) == 1 and callers[0] not in profiles else None
    if missing:
        specs.notes.append(
            f"base account {missing} is not among your profiles; its roles get the source profile default"
        )
    for name, section in sections.items():
        if name not in bases:
            base = bases.get(section.values.get(settings.SOURCE_PROFILE, ""))
            specs.roles.append(_role(section, base, missing, specs.problems))
            specs.locations[name, None] = section.location
            # An account is what `locate` looks for in the place of an ARN.
            renamed = {model.ACCOUNT if key == ACCOUNT else key: at for key, at in section.locations.items()}
            specs.locations.update({(name, key): location for key, location in renamed.items()})
    if not specs.roles:
        specs.problems.append(Problem(NO_ROLES, location=Location(path)))
    own = [key for key in _OWN if any(key in section.values for section in sections.values())]
    if own:
        stay = "belong to the extension and stay" if len(own) > 1 else "belongs to the extension and stays"
        specs.notes.append(f"{' and '.join(own)} {stay} in {path}")
    return specs


def _is_base(section: _Section, is_source: bool) -> bool:
    if settings.ROLE_ARN in section.values:
        return False
    return is_source or (ROLE_NAME not in section.values and settings.SOURCE_PROFILE not in section.values)


def _role(section: _Section, base: _Section | None, missing: str | None, problems: list[Problem]) -> RoleSpec:
    """Return the role of a section; `missing` is the base account whose roles get no source."""
    values, defaults = section.values, base.values if base else {}
    options: dict[str, str | None] = {key: values[key] for key in KEYS if key in values}
    if settings.REGION not in options and _TARGET_REGION in defaults:
        options[settings.REGION] = defaults[_TARGET_REGION]
    if missing is not None and values.get(settings.SOURCE_PROFILE) == missing:
        del options[settings.SOURCE_PROFILE]
    if settings.ROLE_ARN in values:
        problems += (
            Problem("role_arn names the role already", f"remove {key}", location=section.locations[key])
            for key in (ACCOUNT, ROLE_NAME)
            if key in values
        )
        return RoleSpec(section.name, options)
    account, role_name = values.get(ACCOUNT, ""), values.get(ROLE_NAME, defaults.get(_TARGET_ROLE, ""))
    found = list(_naming_problems(section, account, role_name))
    problems += found
    if found:
        return RoleSpec(section.name, options, invalid_keys=frozenset({settings.ROLE_ARN}))
    return RoleSpec(section.name, options, account, role_name)


def _naming_problems(section: _Section, account: str, role_name: str) -> Iterator[Problem]:
    for key, text in ((ACCOUNT, account), (ROLE_NAME, role_name)):
        if not text:
            yield Problem(f"{section.shown}: {key} is missing", location=section.location)
    reason = account_problem(account) if account else None
    if reason:
        fix = None if account.isdigit() else "write the account id in place of an alias"
        yield Problem(reason, fix, location=section.locations[ACCOUNT])
    reason = role_name_problem(role_name) if role_name else None
    if reason:
        yield Problem(reason, location=section.locations.get(ROLE_NAME, section.location))


def _sections(text: str, specs: RoleSpecs) -> dict[str, _Section]:
    """Return the sections of a text by name; problems go to `specs`."""
    sections: dict[str, _Section] = {}
    section: _Section | None = None
    for number, line in enumerate(_LINE_END.split(text), 1):
        content = _COMMENT.sub("", line).rstrip()
        bare = content.lstrip()
        if not bare:
            continue
        location = Location(specs.path, number, 1 + len(content) - len(bare))
        header = _HEADER.fullmatch(bare)
        key, equals, value = (part.strip() for part in bare.partition("="))
        known: Location | None = None
        if header:
            section = _Section(_name_in(header[1]), location)
            known = sections[section.name].location if section.name in sections else None
            sections.setdefault(section.name, section)
        elif section is None or not (equals and key and value):
            specs.problems.append(
                Problem(f"{quoted(bare)} is neither a [section] nor KEY = VALUE", location=location)
            )
        elif key in section.values:
            known = section.locations[key]
        else:
            section.values[key] = value
            column = location.column + bare.index(value, bare.index("="))
            section.locations[key] = location._replace(column=column)
        if known:
            what = f"section {section.shown}" if header and section else f"key {quoted(key)}"
            first = f"it is on line {known.line} already"
            specs.problems.append(Problem(f"duplicate {what}", first, location=location))
    return sections


def write(text: str, path: str, roles: Mapping[str, Mapping[str, str]]) -> tuple[str, list[str]]:
    """Return a text of this format with `roles` (config options by profile) in it, and the names it cannot hold.

    Each role is named by its ARN, or as an existing one is; colours, images and all else stay. No source is written:
    the user who is signed in to the console calls. Raises `ValidationError` with every problem of the text as it is,
    and `EditError` if it cannot be edited.
    """
    specs = RoleSpecs(path)
    sections = _sections(text, specs)
    if specs.problems:
        raise ValidationError("nothing was written, because", specs.problems, "ProfileInvalid")
    document = Document(text.encode(), path, "utf-8")
    headers = {_name_in(header): header for header in document.names()}
    for section in sections.values():
        _check_indentation(document, headers.get(section.name), section)
    left_out = []
    for name, options in roles.items():
        if set(name) & set(";#]"):
            left_out.append(name)
            continue
        header = headers.get(name) or (f"profile {name}" if _PREFIX.match(name) else name)
        before = document.section(header) if name in sections else {}
        for key, value in _changed_keys(options, sections[name].values if name in sections else {}):
            comment = re.search(r"\s*[;#].*", str(before.get(key, "")))
            document.set(header, key, value + (comment[0] if comment else ""))
    return document.render().decode(), left_out


def _check_indentation(document: Document, header: str | None, section: _Section) -> None:
    """Raise `EditError` where the whitespace before a line has a meaning for other AWS tools, as for the editor."""
    options = document.section(header) if header is not None else {}
    for key, value in section.values.items():
        read_as = options.get(key.lower())
        if not isinstance(read_as, str) or _COMMENT.sub("", read_as).rstrip() != value:
            raise EditError(
                f"{section.locations[key]}: other AWS tools read the next line as part of this one, because it is "
                f"indented; nothing was written. Remove its indentation"
            )


def _changed_keys(options: Mapping[str, str], before: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Return the keys and values that differ from those of a section."""
    wanted = {settings.ROLE_ARN: options[settings.ROLE_ARN]}
    arn = Arn.parse(options[settings.ROLE_ARN])
    if arn and settings.ROLE_ARN not in before and ACCOUNT in before:
        wanted = {ACCOUNT: arn.account, ROLE_NAME: arn.role_name}
    if settings.REGION in options:
        wanted[settings.REGION] = options[settings.REGION]
    return ((key, text) for key, text in wanted.items() if before.get(key) != text)


def _name_in(header: str) -> str:
    return _PREFIX.sub("", header.strip(), count=1)
