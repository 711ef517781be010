"""Profiles that cannot work as written, keys and sections that are ignored, and programs that ask for a profile."""

import shlex
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from ... import settings
from ...configfile.sections import parse_header
from ...messages import listed, option, profile_option, role_command, unknown_profile
from ...problems import Hints
from ...profiles import known_keys, validation
from ...profiles.config_keys import KEYS
from ...profiles.credential_process import find_requested, first_word
from ...profiles.partitions import load_partitions
from ...profiles.policies import find_file
from ...profiles.sdk_profiles import is_sdk_profile
from ...profiles.source import Profiles, is_role
from ...storage.record import HAS_POSIX_OWNERS
from ...tables import counted
from .files import GROUP_OTHER_WRITE, can_others_replace_in
from .report import FAULT, WARNING, DoctorContext, Finding, fault, ok, unchecked, warning

# The beginnings of sections that are not profiles.
_OTHER_SECTIONS = ("plugins", settings.CONFIG_SECTION, "preview", "sso-session", "services", "__")


def check(context: DoctorContext) -> Iterator[Finding]:
    """Check every role profile, and the keys of all profiles."""
    config = context.config
    if config is None:
        yield unchecked("profiles: the config files cannot be read")
        return
    profiles = config["profiles"]
    found = [
        *_check_roles(profiles),
        *_check_policy_files(profiles),
        *_check_keys(profiles),
        *_check_programs(profiles, context.environment),
        *_check_recursion(profiles, context.in_credentials_file),
        *_check_sections(context),
        *_check_plugin_wide(config),
    ]
    roles = sum(settings.ROLE_ARN in options for options in profiles.values())
    yield from found
    if not any(finding.state == FAULT for finding in found):
        yield ok(f"{counted(len(profiles), 'profile')} ({counted(roles, 'role')}): no faults")


def _check_roles(profiles: Profiles) -> Iterator[Finding]:
    partitions, hints = load_partitions(), Hints()
    for name, options in profiles.items():
        if settings.ROLE_ARN not in options:
            continue
        for problem in validation.find_problems(
            name, profiles, partitions=partitions, spelled=str, hints=hints
        ):
            fix = role_command(problem.profile or name, f"{option(problem.key)} VALUE" if problem.key else "")
            prefix = "" if problem.text.startswith("profile ") else f"profile {name}: "
            yield fault(f"{prefix}{problem.text}", fix)


def _check_policy_files(profiles: Profiles) -> Iterator[Finding]:
    """Check who else can change the files of session policies. Whether they can be used is checked with the roles."""
    users: dict[str, list[str]] = {}
    for name, options in profiles.items():
        with suppress(ValueError):
            file = find_file(str(options.get(settings.POLICY, ""))) if is_role(options) else None
            if file:
                users.setdefault(file, []).append(name)
    for file, names in users.items():
        path = Path(file)
        whose = f"the {settings.POLICY} of {'profile' if len(names) == 1 else 'profiles'} {listed(names)}"
        try:
            mode = path.stat().st_mode
            directory = path.resolve().parent
            replaceable = can_others_replace_in(directory)
        except OSError:
            continue
        if HAS_POSIX_OWNERS and mode & GROUP_OTHER_WRITE:
            yield warning(f"other users can change {path}, {whose}", f"chmod go-w {shlex.quote(file)}")
        elif replaceable:
            yield warning(
                f"other users can write in {directory}, and so replace {path.name}, {whose}",
                f"chmod go-w {shlex.quote(str(directory))}",
            )


def _check_keys(profiles: Profiles) -> Iterator[Finding]:
    for name, options in profiles.items():
        ignored = [key.name for key in KEYS.values() if key.role_only and key.name in options]
        if ignored and settings.ROLE_ARN not in options:
            yield warning(
                f"profile {name} assumes no role, so these keys have no effect: {', '.join(ignored)}",
                f"{role_command(name, '--role-arn ARN')}, or remove them",
            )
        for key in known_keys.find_unknown(options):
            if settings.ROLE_ARN in options or key.is_typo:
                yield warning(f"profile {name}: unknown key {key.name}", key.fix)


def _check_sections(context: DoctorContext) -> Iterator[Finding]:
    """Check for sections of the config file that look like profiles but are not."""
    path = context.config_path
    sections = context.document.sections() if context.document else {}
    for header, options in sections.items():
        if header.startswith(_OTHER_SECTIONS) or parse_header(header) is not None:
            continue
        if not any(key in known_keys.KNOWN for key in options):
            continue
        name = header if header.replace(" ", "") == header else header.split(None, 1)[-1]
        yield warning(
            f"{path}: [{header}] is ignored, because the section of a profile is called [profile {name}] in this file",
            f"move its keys to [profile {name}], which exists"
            if f"profile {header}" in sections
            else f"${{EDITOR:-vi}} {shlex.quote(str(path))}   # write [profile {name}]",
        )


def _check_plugin_wide(config: Mapping[str, Any]) -> Iterator[Finding]:
    section = config.get(settings.CONFIG_SECTION, {})
    for key in section:
        if key not in settings.PLUGIN_WIDE:
            near = get_close_matches(key, settings.PLUGIN_WIDE, n=1)
            known = near[0] if near else f"one of {', '.join(settings.PLUGIN_WIDE)}"
            yield warning(f"[{settings.CONFIG_SECTION}]: unknown key {key}", f"write {known}, or remove it")


def _check_programs(profiles: Profiles, environment: Mapping[str, str]) -> Iterator[Finding]:
    """Check the programs that ask for the credentials of another profile."""
    for name, options in profiles.items():
        asked = find_requested(options.get(settings.CREDENTIAL_PROCESS))
        if asked is None:
            continue
        if asked not in profiles:
            fix = f"aws configure set credential_process 'xacct credentials PROFILE' {profile_option(name)}"
            yield fault(f"profile {name}: its credential_process: {unknown_profile(asked, profiles)}", fix)
            continue
        program = first_word(options[settings.CREDENTIAL_PROCESS])
        if shutil.which(program, path=environment.get("PATH")):
            continue
        is_pair = is_sdk_profile(name, options, asked)
        fix = (
            role_command(asked, f"--sdk-profile {shlex.quote(name)}")
            if is_pair
            else "name the path of xacct there"
        )
        has_path = Path(program).name != program
        state, what = (FAULT, "there") if has_path else (WARNING, "on the PATH")
        yield Finding(
            state, f"profile {name}: its credential_process runs {program}, which is not {what}", fix
        )


def _check_recursion(profiles: Profiles, in_credentials_file: Profiles) -> Iterator[Finding]:
    """Check for programs that ask, maybe through other profiles, for the credentials that they have to provide."""
    seen: set[str] = set()
    for name in profiles:
        path: list[str] = []
        at: str | None = name
        while at is not None and at not in seen:
            seen.add(at)
            path.append(at)
            at = _find_next(at, profiles, in_credentials_file)
        cycle = path[path.index(at) :] if at in path else []
        programs = [each for each in cycle if not is_role(profiles[each])]
        if programs:  # a circle of source profiles alone is found with the roles
            text = (
                f"profile {programs[-1]}: its credential_process requests the credentials that it has to provide: "
                f"{' -> '.join([*cycle, cycle[0]])}"
            )
            fix = f"aws configure set credential_process COMMAND {profile_option(programs[-1])}"
            yield fault(text, f"have it request another profile's:\n  {fix}")


def _find_next(name: str, profiles: Profiles, in_credentials_file: Profiles) -> str | None:
    """Return the profile whose credentials a profile needs to give its own: its source, or what its program asks for.

    None if there is none, and where a program is not run, because something comes before it; see profiles/acting.py.
    """
    options = profiles.get(name, {})
    if is_role(options):
        source = options.get(settings.SOURCE_PROFILE)
        return source if isinstance(source, str) and source != name else None
    first = (
        settings.WEB_IDENTITY_TOKEN_FILE,
        settings.SSO_ROLE_NAME,
        settings.SSO_ACCOUNT_ID,
        settings.LOGIN_SESSION,
    )
    if any(key in options for key in first) or settings.ACCESS_KEY_ID in in_credentials_file.get(name, {}):
        return None
    return find_requested(options.get(settings.CREDENTIAL_PROCESS))
