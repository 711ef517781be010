"""Read an AWS config that was written for another tool, as that tool reads it.

The tools share the file of ``aws`` but complete a profile differently: aws-vault with the profile that its
``include_profile`` names, awsume and granted with its source, aws-runas with its source and with ``[default]``. Here
the settings that they end up with become role profiles with keys that ``aws`` and this plugin read.

https://github.com/ByteNess/aws-vault/blob/main/USAGE.md#config
https://docs.commonfate.io/granted/introduction
https://awsu.me
https://mmmorris1975.github.io/aws-runas/iam_config.html
"""

import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Any

from .. import settings
from ..configfile.document import Document
from ..configfile.sections import by_name, parse_header
from ..messages import listed, profile_option
from ..problems import Location, Problem
from ..profiles.config_keys import KEYS
from ..profiles.known_keys import KNOWN, find_tool
from ..profiles.source import Profiles, can_be_source
from .model import NO_ROLES, RoleSpec, RoleSpecs

AWS_VAULT, GRANTED, AWSUME, AWS_RUNAS = TOOLS = ("aws-vault", "granted", "awsume", "aws-runas")

_INCLUDES = ("include_profile", "parent_profile")
# Keys that give a role's duration in the tool's own way.
_DURATIONS = {AWSUME: "role_duration", AWS_RUNAS: "credentials_duration"}
_SESSION_DURATION = "session_token_duration"
# With one of these a tool does not assume the role with AssumeRole.
_OTHER_LOGINS = {
    AWS_VAULT: ("web_identity_token_file", "web_identity_token_process"),
    GRANTED: ("web_identity_token_file", "granted_sso_role_name"),
    AWSUME: ("web_identity_token_file", "principal_arn"),
    AWS_RUNAS: ("web_identity_token_file", "web_identity_auth_url", "saml_auth_url", "jump_role_arn"),
}
# A profile that awsume has made, with a session in it.
_MADE_BY_AWSUME = ("autoawsume", "manager")
_GO_DURATION = re.compile(r"(?:\d+(?:\.\d*)?(?:h|ms|m|s))+")
_GO_UNITS = {"h": Fraction(3600), "m": Fraction(60), "s": Fraction(1), "ms": Fraction(1, 1000)}

_Options = dict[str, Any]


def read(data: bytes, path: str, tool: str, profiles: Profiles, *, is_own: bool) -> RoleSpecs:
    """Return the roles in a config of one of `TOOLS`. `path` is for messages.

    `profiles` are those of the user's own config; `is_own` if that is the file that is read. Raises
    `ConfigFileError` if the file cannot be read as a config.
    """
    return _Reader(Document(data, path), path, tool, profiles, is_own=is_own).read()


class _Reader:
    def __init__(self, document: Document, path: str, tool: str, profiles: Profiles, *, is_own: bool) -> None:
        self._document = document
        self._headers = {name: header for header in document.names() if (name := parse_header(header))}
        self._sections = by_name(document.sections())
        self._tool = tool
        self._profiles = profiles
        self._is_own = is_own
        self._specs = RoleSpecs(path)
        self._notes: dict[str, None] = {}
        self._complete: Callable[[str], _Options] = {
            AWS_VAULT: self._with_included,
            GRANTED: self._own,
            AWSUME: self._with_source_region,
            AWS_RUNAS: self._with_source_and_default,
        }[tool]

    def read(self) -> RoleSpecs:
        for name in self._sections:
            self._read_profile(name)
        self._specs.notes += [*self._notes, *self._key_notes(), *self._source_notes()]
        if not (self._specs.roles or self._specs.problems):
            self._report(NO_ROLES)
        return self._specs

    def _read_profile(self, name: str) -> None:
        options = self._complete(name)
        if settings.ROLE_ARN not in options:
            return
        login = next((key for key in _OTHER_LOGINS[self._tool] if key in options), None)
        if self._tool == AWSUME and any(key in options for key in _MADE_BY_AWSUME):
            reason = "awsume made it to keep a session"
        elif login:
            reason = f"{self._tool} signs in to it in another way, with {login}"
        elif name == "default":
            reason = "an import cannot manage the default profile"
        else:
            self._specs.roles.append(self._role(name, options))
            return
        self._notes[f"skipped profile {name}: {reason}"] = None

    def _role(self, name: str, options: _Options) -> RoleSpec:
        source = self._source_of(name, options)
        invalid = {settings.SOURCE_PROFILE} if source is None else set()
        options = {**options, **(source or {})}
        self._set_device(name, options)
        duration = _DURATIONS.get(self._tool)
        if duration in options and (self._tool == AWS_RUNAS or settings.DURATION_SECONDS not in options):
            seconds = _to_seconds(str(options[duration]))
            if seconds is None:
                self._report(f"{duration} {str(options[duration])!r} is not a duration", name, duration)
                invalid.add(settings.DURATION_SECONDS)
            else:
                options[settings.DURATION_SECONDS] = seconds
        for key in (settings.ROLE_ARN, *KEYS):
            self._specs.locations[name, key] = self._locate(name, key)
        self._specs.locations[name, None] = self._locate(name)
        kept = {key: options[key] for key in KEYS if key in options and key not in invalid}
        return RoleSpec(name, kept, invalid_keys=frozenset(invalid))

    # -- how each tool completes a profile -------------------------------------------------------------

    def _own(self, name: str) -> _Options:
        return dict(self._sections.get(name, {}))

    def _with_included(self, name: str) -> _Options:
        """Add what a profile includes, directly or through others; the nearest setting counts."""
        path, options = [name], self._own(name)
        included = _included_by(options)
        while included:
            if included in path:
                self._report(
                    f"{_INCLUDES[0]}: recursion: {' -> '.join([*path, included])}", name, _INCLUDES[0]
                )
                break
            if included not in self._sections:
                note = f"{path[-1]} includes profile {included}, which does not exist; aws-vault ignores that"
                self._notes[note] = None
                break
            more = self._own(included)
            options = more | options
            path.append(included)
            included = _included_by(more)
        if options.get(settings.SOURCE_PROFILE) == name:
            # aws-vault takes its own name for no source, where it includes a common one.
            del options[settings.SOURCE_PROFILE]
        return options

    def _with_source_region(self, name: str) -> _Options:
        """Add the region of the source, or else of ``[default]``."""
        options = self._own(name)
        if settings.ROLE_ARN in options:
            source = self._own(str(options.get(settings.SOURCE_PROFILE, "default")))
            region = source.get(settings.REGION) or self._own("default").get(settings.REGION)
            if region:
                options.setdefault(settings.REGION, region)
        return options

    def _with_source_and_default(self, name: str) -> _Options:
        """Add the settings of the source, and then of ``[default]``, except those that name a role."""
        own, default = self._own(name), self._own("default")
        source = self._own(str(own.get(settings.SOURCE_PROFILE, default.get(settings.SOURCE_PROFILE, ""))))
        options = {
            key: value
            for key, value in (default | source).items()
            if key not in (settings.ROLE_ARN, settings.ROLE_SESSION_NAME, *settings.CREDENTIAL_KEYS)
        }
        if settings.SOURCE_PROFILE not in own and settings.CREDENTIAL_SOURCE in own:
            options.pop(settings.SOURCE_PROFILE, None)
        return options | own

    def _source_of(self, name: str, options: _Options) -> _Options | None:
        """Return the source that the tool uses for a role without one: its own keys, or those of ``default``.

        None, once that is reported, if only the tool has these keys.
        """
        if settings.SOURCE_PROFILE in options or settings.CREDENTIAL_SOURCE in options:
            return {}
        if self._tool == GRANTED:
            return {}
        if self._tool != AWS_VAULT:
            return {settings.SOURCE_PROFILE: "default"}
        if not can_be_source(self._profiles, name, to=name):
            text = f"profile {name} has no source_profile: aws-vault assumes its role with keys stored for {name}"
            fix = "store these for a profile without a role, and name that one as source_profile"
            self._report(text, name, settings.ROLE_ARN, fix)
            return None
        return {settings.SOURCE_PROFILE: name}

    def _set_device(self, name: str, options: _Options) -> None:
        """Give a role the MFA device of its source, if that is a user, and none if it is a role."""
        source = options.get(settings.SOURCE_PROFILE)
        if not source or source == name:
            return
        found = self._complete(str(source))
        serial = found.get(settings.MFA_SERIAL)
        if settings.ROLE_ARN not in found:
            if serial:
                options.setdefault(settings.MFA_SERIAL, serial)
        elif options.pop(settings.MFA_SERIAL, None) and settings.MFA_SERIAL in self._sections[name]:
            text = f"mfa_serial of {name} is left out: its source {source} is a role, and only users have devices"
            self._notes[text] = None

    # -- what is said ----------------------------------------------------------------------------------

    def _key_notes(self) -> Iterator[str]:
        """Say which settings are left out, and why."""
        unknown, others, kept = _Names(), _Names(), _Names()
        for name, options in self._sections.items():
            is_role = settings.ROLE_ARN in options
            for key in options:
                tool = find_tool(key)
                if tool == self._tool:
                    if key not in (*_INCLUDES, _DURATIONS.get(self._tool), _SESSION_DURATION):
                        kept.add(key, name)
                elif tool or key not in KNOWN:
                    (others if tool else unknown).add(f"{key}, a key of {tool}," if tool else key, name)
                elif is_role and not self._is_own and key not in KEYS:
                    others.add(key, name)
        for key, names in unknown.items():
            yield f"unknown key {key} is not imported: {listed(names)}"
        for key, names in kept.items():
            yield f"{key} has no counterpart here and is not imported: {listed(names)}"
        for key, names in others.items():
            yield f"{key} is not imported, only the settings of a role are: {listed(names)}"
        for name, options in self._sections.items():
            seconds = _to_seconds(str(options.get(_SESSION_DURATION, "")))
            if self._tool == AWS_RUNAS and seconds:
                yield (
                    f"{_SESSION_DURATION} of {name} is one setting for all profiles here. To have MFA sessions of that "
                    f"length, add this to the config:\n  [{settings.CONFIG_SECTION}]\n"
                    f"  {settings.MFA_SESSION_DURATION} = {seconds}"
                )

    def _source_notes(self) -> Iterator[str]:
        """Say how the sources that ``aws`` has no credentials for get them."""
        names = {role.profile for role in self._specs.roles}
        for source in dict.fromkeys(role.options.get(settings.SOURCE_PROFILE) for role in self._specs.roles):
            if source is None or source in names or can_be_source(self._profiles, source):
                continue
            if self._tool == AWS_VAULT:
                command = shlex.join(["aws-vault", "export", "--no-session", "--format=json", source])
                yield (
                    f"aws has no credentials of profile {source}. To use those that aws-vault keeps:\n"
                    f"  aws configure set credential_process {shlex.quote(command)} {profile_option(source)}"
                )
            else:
                yield f"aws has no credentials of profile {source}. Add some:\n  aws configure {profile_option(source)}"

    def _report(self, text: str, name: str = "", key: str | None = None, fix: str | None = None) -> None:
        self._specs.problems.append(Problem(text, fix, location=self._locate(name, key)))

    def _locate(self, name: str, key: str | None = None) -> Location:
        """Return the line of a profile's own key, or else of the profile, or else the file."""
        header = self._headers.get(name)
        if header is None:
            return Location(self._specs.path)
        own = key if key in self._sections[name] else None
        return Location(self._specs.path, self._document.line_of(header, own), 1)


class _Names(dict[str, list[str]]):
    """Profiles by what they have."""

    def add(self, key: str, name: str) -> None:
        self.setdefault(key, []).append(name)


def _included_by(options: Mapping[str, Any]) -> str | None:
    return next((str(options[key]) for key in _INCLUDES if options.get(key)), None)


def _to_seconds(text: str) -> str | None:
    """Return whole seconds for a number of them or a duration of Go, such as ``1h30m``; None if it is neither.

    https://pkg.go.dev/time#ParseDuration
    """
    if text.isascii() and text.isdigit():
        return text
    if not _GO_DURATION.fullmatch(text):
        return None
    parts = re.findall(r"([\d.]+)(h|ms|m|s)", text)
    seconds = sum((Fraction(number.rstrip(".")) * _GO_UNITS[unit] for number, unit in parts), Fraction())
    return str(int(seconds)) if seconds.denominator == 1 else None
