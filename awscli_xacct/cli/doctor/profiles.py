"""Profiles that cannot work as they are written, and keys in them that nobody reads."""

from __future__ import annotations

import json
import shlex
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ... import settings
from ...arn import Arn
from ...configfile.sections import profile_of
from ...messages import option, role_command
from ...profiles import validation
from ...profiles.partitions import Partitions
from ...profiles.role import KEYS
from . import keys
from .report import FAULT, OK, UNCHECKED, WARNING, DoctorContext, Finding

# What begins a section that is no profile.
_NO_PROFILES = ("plugins", settings.CONFIG_SECTION, "preview", "sso-session", "services", "__")


def check(context: DoctorContext) -> Iterator[Finding]:
    """Every role profile, and the keys of all of them."""
    config = context.config
    if config is None:
        yield Finding(UNCHECKED, "profiles, as the files they are in cannot be read")
        return
    profiles = config["profiles"]
    found = [
        *_faults(profiles),
        *_unread(profiles),
        *_headers(context),
        *_plugin_wide(config),
    ]
    roles = sum(settings.ROLE_ARN in options for options in profiles.values())
    yield from found
    if not any(finding.state == FAULT for finding in found):
        yield Finding(OK, f"profiles: {len(profiles)}, roles among them: {roles}, none with a fault")


def _faults(profiles: Mapping[str, Mapping[str, Any]]) -> Iterator[Finding]:
    partitions = _partitions()
    for name, options in profiles.items():
        if settings.ROLE_ARN not in options:
            continue
        names: Collection[str] = partitions.names if partitions else {_partition(options)}
        problems = validation.find_problems(
            name,
            profiles,
            partitions=names,
            partition_of=partitions.of_region if partitions else lambda _: None,
            spelled=lambda key: key,
        )
        for problem in problems:
            fix = role_command(problem.profile or name, f"{option(problem.key)} VALUE" if problem.key else "")
            about = "" if problem.text.startswith("profile ") else f"profile {name}: "
            yield Finding(FAULT, f"{about}{problem.text}", fix)


def _unread(profiles: Mapping[str, Mapping[str, Any]]) -> Iterator[Finding]:
    for name, options in profiles.items():
        unread = [key.name for key in KEYS.values() if key.role_only and key.name in options]
        if unread and settings.ROLE_ARN not in options:
            yield Finding(
                WARNING,
                f"profile {name} assumes no role, and nobody reads its {', '.join(unread)}",
                f"{role_command(name, '--role-arn ARN')}, or take them out",
            )
        for key, fix in keys.unread(iter(options)):
            if settings.ROLE_ARN in options or fix.startswith("if "):
                yield Finding(WARNING, f"profile {name}: nobody reads {key}", fix)


def _headers(context: DoctorContext) -> Iterator[Finding]:
    """Sections of the config file that are no profile, and look like one that is meant."""
    path = context.config_path
    sections = context.document.sections() if context.document else {}
    for header, options in sections.items():
        if header.startswith(_NO_PROFILES) or profile_of(header) is not None:
            continue
        if not any(key in keys.KNOWN for key in options):
            continue
        there = f"profile {header}" in sections
        name = header if header.replace(" ", "") == header else header.split(None, 1)[-1]
        yield Finding(
            WARNING,
            f"{path}: nobody reads [{header}], as a profile's section is called [profile {name}] in this file",
            f"put its keys into [profile {name}], which is there as well"
            if there
            else f"${{EDITOR:-vi}} {shlex.quote(str(path))}   # write [profile {name}]",
        )


def _plugin_wide(config: Mapping[str, Any]) -> Iterator[Finding]:
    section = config.get(settings.CONFIG_SECTION, {})
    for key in section:
        if key not in settings.PLUGIN_WIDE:
            near = get_close_matches(key, settings.PLUGIN_WIDE, n=1)
            known = near[0] if near else f"one of {', '.join(settings.PLUGIN_WIDE)}"
            yield Finding(
                WARNING, f"[{settings.CONFIG_SECTION}]: nobody reads {key}", f"write {known}, or take it out"
            )


def _partitions() -> Partitions | None:
    """The partitions that the awscli beside this knows, without importing it; None where there is none."""
    for package in ("awscli", "botocore"):
        spec = find_spec(package)
        for place in (spec.submodule_search_locations or []) if spec else []:
            for file in sorted(Path(place).glob("**/data/partitions.json"))[:1]:
                return Partitions(json.loads(file.read_bytes()))
    return None


def _partition(options: Mapping[str, Any]) -> str:
    """The partition that a role says it is in, to be believed where no list is at hand."""
    arn = Arn.parse(str(options[settings.ROLE_ARN]))
    return arn.partition if arn else ""
