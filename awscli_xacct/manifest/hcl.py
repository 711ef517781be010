"""Write role profiles for programs whose configuration is HCL: Terraform's providers and Steampipe's connections.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs#shared-configuration-and-credentials-files
https://hub.steampipe.io/plugins/turbot/aws#configuration
https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from .. import settings
from ..arn import Arn

_ESCAPES = {"\\": "\\\\", '"': '\\"', "${": "$${", "%{": "%%{"}
_ESCAPED = re.compile("|".join(map(re.escape, _ESCAPES)))
_ALL = "aws_all"


class ExportedRole(NamedTuple):
    """A role profile for such a program: its name, the profile that the program is to use, and its options."""

    name: str
    profile: str
    options: Mapping[str, str]

    @property
    def account(self) -> str:
        arn = Arn.parse(self.options[settings.ROLE_ARN])
        return arn.account if arn else ""


def write_terraform(targets: Iterable[ExportedRole]) -> str:
    """Return one ``provider`` block per role, with an alias that is made from the profile's name.

    ``allowed_account_ids`` makes Terraform refuse to work in another account, whatever the profile becomes.
    """
    blocks = []
    for alias, target in _identified(targets, _terraform_name):
        arguments = {"alias": _quoted(alias), "profile": _quoted(target.profile)}
        if settings.REGION in target.options:
            arguments["region"] = _quoted(target.options[settings.REGION])
        arguments["allowed_account_ids"] = _list([target.account])
        blocks.append(_block('provider "aws"', arguments))
    return "\n".join(blocks)


def write_steampipe(targets: Iterable[ExportedRole]) -> str:
    """Return one ``connection`` block per role, and one that queries them all."""
    blocks, names = [], []
    for name, target in _identified(targets, _steampipe_name):
        names.append(name)
        arguments = {"plugin": _quoted("aws"), "profile": _quoted(target.profile)}
        if settings.REGION in target.options:
            arguments["regions"] = _list([target.options[settings.REGION]])
        blocks.append(_block(f"connection {_quoted(name)}", arguments))
    every = {"plugin": _quoted("aws"), "type": _quoted("aggregator"), "connections": _list(names)}
    blocks.append(_block(f"connection {_quoted(_ALL)}", every))
    return "\n".join(blocks)


def _terraform_name(name: str) -> str:
    """Return an identifier: letters, digits, ``_`` and ``-``, and no digit or ``-`` first."""
    plain = re.sub(r"[^A-Za-z0-9_-]", "_", name)
    return plain if re.match("[A-Za-z_]", plain) else f"_{plain}"


def _steampipe_name(name: str) -> str:
    """Return a name for a connection, which is a schema of Postgres: lower case, digits and ``_``."""
    return "aws_" + re.sub("[^a-z0-9_]", "_", name.lower())


def _identified(
    targets: Iterable[ExportedRole], name_for: Callable[[str], str]
) -> Iterator[tuple[str, ExportedRole]]:
    """Yield each target with a name of its own: of two that would be the same the second gets a number."""
    taken = {_ALL}
    for target in targets:
        plain = name = name_for(target.name)
        number = 2
        while name in taken:
            name = f"{plain}_{number}"
            number += 1
        taken.add(name)
        yield name, target


def _block(header: str, arguments: Mapping[str, str]) -> str:
    """Return a block as ``terraform fmt`` would write it."""
    width = max(map(len, arguments))
    return "\n".join(
        [f"{header} {{", *(f"  {key:<{width}} = {text}" for key, text in arguments.items()), "}", ""]
    )


def _quoted(text: str) -> str:
    escaped = _ESCAPED.sub(lambda found: _ESCAPES[found[0]], text)
    # What drives a terminal, or hides in a text, is written as its number.
    visible = (each if each.isprintable() else f"\\U{ord(each):08x}" for each in escaped)
    return f'"{"".join(visible)}"'


def _list(texts: Iterable[str]) -> str:
    return f"[{', '.join(map(_quoted, texts))}]"
