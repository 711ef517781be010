"""``aws configure role show PROFILE``: every hop of the role chain, and the location of each setting."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from .. import settings
from ..configfile import store
from ..configfile.sections import group_headers
from ..credentials.mfa_session import shares_session
from ..messages import printable
from ..profiles import policies
from ..profiles.inventory import Inventory, RoleEntry
from ..profiles.key_places import describe_source
from ..profiles.known_keys import find_unknown
from ..profiles.partitions import CONSOLES
from ..profiles.role import Role
from ..profiles.sdk_profiles import find_sdk_profiles
from ..profiles.source import follow_sources, is_role
from ..redaction import SECRETS, without_passwords
from ..tables import lifetime
from ..wrapping import columns, terminal_width, wrap
from .arguments import positional, required_profiles
from .base import Subcommand, require_roles, shared_session
from .output import HIDDEN_VALUE


class ShowCommand(Subcommand):
    """Reads the config file and the cache. Makes no calls."""

    NAME = "show"
    ARG_TABLE = (positional("profile", "The profile to show.", nargs="?"),)

    def _run(self, parsed_args: Any, parsed_globals: Any) -> int:
        names = required_profiles(parsed_args, parsed_globals, "aws configure role show PROFILE")
        inventory = self._inventory()
        require_roles(names, inventory)
        files = [_File(self._config_path(), is_config=True), _File(self._credentials_path(), is_config=False)]
        entry = inventory.entry(names[0])
        hops = _hops(entry, inventory, files)
        result = {
            "Profile": entry.profile,
            "Problem": entry.problem,
            "SwitchRoleUrl": _switch_role_url(entry),
            "SdkProfile": next(iter(find_sdk_profiles(inventory.profiles, entry.profile)), None),
            "Hops": [hop.to_dict() for hop in hops],
        }
        self._print(parsed_globals, result, lambda: "".join(f"{line}\n" for line in _lines(hops, result)))
        return 0


@dataclass(frozen=True)
class _Setting:
    """One setting of a profile, at `place`: ``file:line``. A nested block is one setting for each of its lines.

    `unknown` says what may be wrong with a key that nothing reads; it is empty for all others.
    """

    key: str
    value: str
    place: str | None
    unknown: str = ""


@dataclass(frozen=True)
class _Hop:
    """One profile of a chain, or a credential source.

    `entry` is None if it does not assume a role. `key_place` says then where its credentials rest, if that is known.
    """

    name: str
    settings: list[_Setting]
    entry: RoleEntry | None = None
    key_place: str | None = None

    def to_dict(self) -> dict[str, Any]:
        record = self.entry.record if self.entry else None
        session = shared_session(self.entry) if self.entry else None
        return {
            "Profile": self.name,
            "RoleArn": str(self.entry.options[settings.ROLE_ARN]) if self.entry else None,
            "KeyRestsIn": self.key_place,
            "Expiration": record.expiry_text if record else None,
            "MfaSessionExpiration": session.expiry_text if session else None,
            **policies.to_dict(self.entry.options if self.entry else {}),
            "Settings": [
                {
                    "Key": s.key,
                    "Value": without_passwords(s.value),
                    "Place": s.place,
                    "Unknown": bool(s.unknown),
                }
                for s in self.settings
            ],
        }


class _File:
    """Finds the lines of settings in one file."""

    def __init__(self, path: Path, *, is_config: bool) -> None:
        self.path = path
        self._document = store.read_document(path)
        names = self._document.names()
        self._headers = group_headers(names) if is_config else {name: [name] for name in names}

    def place(self, profile: str, key: str) -> str | None:
        """Return ``file:line`` of a setting, or None if this file does not have it."""
        try:
            # If a profile has two headers, the last one counts.
            return f"{self.path}:{self._document.line_of(self._headers[profile][-1], key)}"
        except LookupError:
            return None


def _hops(entry: RoleEntry, inventory: Inventory, files: list[_File]) -> list[_Hop]:
    """Return the hops of a chain, first to last; of a profile with a problem, those that can be followed."""
    if entry.role is None:
        chain = list(follow_sources(inventory.profiles, entry.profile))
        return [_hop(name, inventory, files) for name in reversed(chain)]
    roles = entry.role.hops
    hops = [_hop(role.profile, inventory, files, role) for role in reversed(roles)]
    # The source of a chain may have a role too, but its keys make the call. A credential source has no profile.
    source = roles[-1].source
    own = _hop(source.profile, inventory, files) if source.profile else _Hop(source.name, [])
    return [replace(own, entry=None, key_place=describe_source(source, inventory.profiles)), *hops]


def _hop(name: str, inventory: Inventory, files: list[_File], role: Role | None = None) -> _Hop:
    options = inventory.profiles[name]
    found = [setting for key, value in options.items() for setting in _settings(name, key, value, files)]
    return _Hop(name, found, inventory.entry(name, role) if is_role(options) else None)


def _settings(profile: str, key: str, value: Any, files: list[_File]) -> Iterator[_Setting]:
    # The credentials file is the last, and takes precedence where both files have a setting.
    place = next(filter(None, (file.place(profile, key) for file in reversed(files))), None)
    unknown = next((found.fix for found in find_unknown({key: value})), "")
    if isinstance(value, Mapping):
        for inner, text in value.items():
            yield _Setting(f"{key}.{inner}", str(text), place, unknown)
    else:
        yield _Setting(key, HIDDEN_VALUE if key in SECRETS else str(value), place, unknown)


def _switch_role_url(entry: RoleEntry) -> str | None:
    """Return the console's switch-role link, or None for a partition without a public console.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_switch-role-console.html
    """
    console = CONSOLES.get(entry.arn.partition) if entry.arn else None
    if console is None or not entry.account:
        return None
    query = urlencode({"account": entry.account, "roleName": entry.role_name, "displayName": entry.profile})
    return f"https://{console.signin}/switchrole?{query}"


def _lines(hops: list[_Hop], result: Mapping[str, Any]) -> Iterator[str]:
    for number, hop in enumerate(hops, start=1):
        yield _fit(f"{number}. {_sentence(hop)}")
        known = [setting for setting in hop.settings if not setting.unknown]
        width = max((len(printable(setting.key)) for setting in known), default=0)
        for setting in known:
            yield _setting_line(setting, width)
        for setting in hop.settings:
            if setting.unknown:
                yield _fit(f"     unknown key {setting.key} ({setting.place}): {setting.unknown}")
        if hop.entry and not hop.entry.problem:
            yield from (_fit(f"     {line}") for line in _cached(hop.entry))
    if result["Problem"]:
        yield "cannot work:"
        yield from (_fit(f"  {line}") for line in result["Problem"].split("\n"))
    if result["SdkProfile"]:
        yield _fit(f"SDK profile: {result['SdkProfile']}")
    if result["SwitchRoleUrl"]:
        yield _fit(f"console: {result['SwitchRoleUrl']}")


def _fit(line: str) -> str:
    return wrap(printable(line), sys.stdout)


def _setting_line(setting: _Setting, width: int) -> str:
    """Return a setting, with its place beside it or, where that does not fit, below its value."""
    line = printable(f"     {printable(setting.key):<{width}} = {setting.value}")
    if not setting.place:
        return line
    place = f"({printable(setting.place)})"
    available = terminal_width(sys.stdout)
    if not available or columns(f"{line}  {place}") <= available:
        return f"{line}  {place}"
    if columns(line) > available:
        # Such as an ARN, which should be seen whole.
        name, _, value = line.partition(" = ")
        line = f"{name} =\n       {value}"
    # A long path stays whole as long as it can.
    indent = max(min(width + 8, available - columns(place)), 0)
    return f"{line}\n{'':{indent}}{place}"


def _sentence(hop: _Hop) -> str:
    if hop.entry:
        options = hop.entry.options
        keys = [key for key in (settings.POLICY_ARNS, settings.POLICY) if options.get(key)]
        narrowed = f", {policies.NARROWED} by {' and '.join(keys)}" if keys else ""
        return f"{hop.name} assumes {options[settings.ROLE_ARN]}{narrowed}"
    # A credential source says it itself.
    place = f" ({hop.key_place})" if hop.key_place and hop.settings else ""
    return f"{hop.name} provides the calling credentials{place}"


def _cached(entry: RoleEntry) -> Iterator[str]:
    role, session, record = entry.role, shared_session(entry), entry.record
    if role and shares_session(role):
        yield f"MFA session {lifetime(session)}" if session else "no MFA session"
    yield f"cached {lifetime(record)}" if record else "not cached"
