"""``aws configure role show PROFILE``: the whole chain in words, and where each setting stands."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from .. import settings
from ..awsconfig import store
from ..awsconfig.document import Document
from ..awsconfig.headers import headers_of
from ..awsconfig.inventory import Entry, Inventory
from ..awsconfig.profiles import Role, Source
from ..errors import Faults, printable
from .base import Subcommand, check_roles, named_profiles
from .output import give, remaining

_CONSOLES = {
    "aws": "signin.aws.amazon.com",
    "aws-cn": "signin.amazonaws.cn",
    "aws-us-gov": "signin.amazonaws-us-gov.com",
}
# Values that are nobody's business, even on the user's own screen.
_SECRETS = frozenset({"aws_secret_access_key", "aws_session_token", "aws_security_token"})


class ShowCommand(Subcommand):
    """Reads the config and the cache; makes no call."""

    NAME = "show"
    DESCRIPTION = (
        "Show what a role profile stands for: each hop of its chain, each setting with the file and line where "
        "it stands, what is cached until when, and the console's switch-role link. No call is made to AWS."
    )
    SYNOPSIS = "aws configure role show <profile>"
    EXAMPLES = (
        "To see how the profile ``audit`` gets its credentials::\n\n"
        "    $ aws configure role show audit\n\n"
        "To get the link that switches to the role in the console::\n\n"
        "    $ aws configure role show prod --query SwitchRoleUrl --output text\n"
    )
    ARG_TABLE = [  # noqa: RUF012 - the shape awscli asks for
        {"name": "profile", "positional_arg": True, "nargs": "?", "help_text": "The profile to show."},
    ]

    def _run_main(self, parsed_args: Any, parsed_globals: Any) -> int:
        names = named_profiles(parsed_args, parsed_globals)
        if not names:
            raise Faults("which profile is meant?", ["name it: aws configure role show PROFILE"])
        inventory = self._inventory()
        check_roles(names, inventory)
        files = [_Lines(self._config_path(), config=True), _Lines(self._credentials_path(), config=False)]
        entry = inventory.entry(names[0])
        hops = [_hop(inventory, name, files) for name in _chain(entry)]
        result = {"Profile": entry.profile, "Fault": entry.fault, "SwitchRoleUrl": _link(entry), "Hops": hops}
        give(self._session, parsed_globals, self.NAME, result, lambda: _text(result))
        return 0


class _Lines:
    """Where the settings of profiles stand in one file."""

    def __init__(self, path: Path, *, config: bool) -> None:
        self.path = path
        self._config = config
        self._document = Document(store.read(path), str(path))

    def place(self, profile: str, key: str) -> str | None:
        """``file:line`` of a setting, if it stands in this file."""
        names = self._document.names()
        headers = headers_of(names, profile) if self._config else [name for name in names if name == profile]
        for header in reversed(headers):
            try:
                return f"{self.path}:{self._document.line_of(header, key)}"
            except KeyError:
                continue
        return None


def _chain(entry: Entry) -> list[str]:
    """The profiles of a chain from its beginning to `entry`; of a faulty one, as far as is known."""
    if entry.role is None:
        return [entry.profile]
    names = []
    hop: Role | Source = entry.role
    while isinstance(hop, Role):
        names.append(hop.profile)
        hop = hop.source
    names.append(hop.name)
    return names[::-1]


def _hop(inventory: Inventory, name: str, files: list[_Lines]) -> dict[str, Any]:
    """One hop for programs. A credential source is no profile and has no settings."""
    options = inventory.profiles.get(name, {})
    entry = (
        inventory.entry(name)
        if settings.ROLE_ARN in options and "web_identity_token_file" not in options
        else None
    )
    record = entry.record if entry else None
    found = []
    for key, value in options.items():
        places = [place for place in (file.place(name, key) for file in reversed(files)) if place]
        shown = "(hidden)" if key in _SECRETS else value
        found.append({"Key": key, "Value": shown, "Place": places[0] if places else None})
    return {
        "Profile": name,
        "RoleArn": options.get(settings.ROLE_ARN) if entry else None,
        "Cached": remaining(record) or None,
        "Expiration": record.expiry_text if record else None,
        "Settings": found,
    }


def _link(entry: Entry) -> str | None:
    """The console's switch-role link, for the partitions that have a public console.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_switch-role-console.html
    """
    partition = str(entry.options.get(settings.ROLE_ARN, "")).split(":")[1:2]
    host = _CONSOLES.get(partition[0]) if partition else None
    if host is None or not entry.account:
        return None
    query = urlencode({"account": entry.account, "roleName": entry.role_name, "displayName": entry.profile})
    return f"https://{host}/switchrole?{query}"


def _text(result: dict[str, Any]) -> str:
    return "".join(f"{line}\n" for line in _lines(result))


def _lines(result: dict[str, Any]) -> Iterator[str]:
    for number, hop in enumerate(result["Hops"], start=1):
        yield f"{number}. {_sentence(hop)}"
        width = max((len(item["Key"]) for item in hop["Settings"]), default=0)
        for item in hop["Settings"]:
            place = f"  ({item['Place']})" if item["Place"] else ""
            yield f"     {item['Key']:<{width}} = {printable(str(item['Value']))}{printable(place)}"
        if hop["RoleArn"]:
            state = (
                f"cached for {hop['Cached']}, until {hop['Expiration']}" if hop["Cached"] else "not cached"
            )
            yield f"     {state}"
    if result["Fault"]:
        yield "cannot work:"
        yield from (f"  {printable(line)}" for line in result["Fault"].splitlines())
    if result["SwitchRoleUrl"]:
        yield f"in the console: {result['SwitchRoleUrl']}"


def _sentence(hop: dict[str, Any]) -> str:
    name = printable(hop["Profile"])
    if hop["RoleArn"]:
        return f"{name} assumes {printable(str(hop['RoleArn']))}"
    return f"{name} gives the calling credentials"
