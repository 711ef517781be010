"""What a command is handed on of a profile's settings, besides its credentials and its region.

It has no profile, so it follows the environment, and for want of that `[default]`. Which variable stands for which
setting is taken from botocore. What is set in the environment already stays so: there it overrules a profile, too.

https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html#EVarSettings
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from .. import settings
from ..profiles.client_settings import client_settings

_ENDPOINT = "endpoint_url"
_SERVICES = "services"
_DEFAULT = "default"
_OWN_WAY = frozenset({settings.REGION, "profile"})


class ExportedSettings(NamedTuple):
    """Environment variables as ``NAME=value``; `lasting` if they may be remembered.

    They may not if they follow from more than the files and what `warm.question` asks, or if one holds a password.
    """

    variables: tuple[str, ...] = ()
    lasting: bool = True


def export_settings(
    config: Mapping[str, Any], profile: str, environment: Mapping[str, str]
) -> ExportedSettings:
    """The variables for a command that gets the credentials of `profile`."""
    own, default = (_settings(config, name) for name in (profile, _DEFAULT))
    if profile == _DEFAULT or not (own or default):
        return ExportedSettings()  # which spares most profiles the loading of botocore
    found: dict[str, str] = {}
    for variable, path, is_switch in _known():
        value = _at(own, path)
        if value is None and is_switch and _at(default, path) is not None:
            value = "false"  # or the command would follow that of [default]
        if value:
            found.setdefault(variable, value)
    addresses = dict(_addresses(config, own))
    if addresses and "AWS_ENDPOINT_URL" not in environment:  # which overrules all that stands in files
        found.update(addresses)
    elsewhere = not addresses and any(key in default for key in (_ENDPOINT, _SERVICES))
    if elsewhere and not any(name.startswith("AWS_ENDPOINT_URL") for name in environment):
        # No address is none that a variable could say, and those of [default] are not for these credentials.
        found["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "true"
    lasting = not elsewhere and not any("@" in address for address in addresses.values())
    return ExportedSettings(
        tuple(f"{name}={value}" for name, value in sorted(found.items())), lasting=lasting
    )


def _settings(config: Mapping[str, Any], profile: str) -> dict[str, Any]:
    found = client_settings(config["profiles"].get(profile, {}))
    found.pop(settings.REGION, None)
    return found


def _known() -> Iterator[tuple[str, tuple[str, ...], bool]]:
    """The variables botocore reads, where in a profile the same is said, and whether it is true or false."""
    with contextlib.suppress(ImportError):
        import awscli  # noqa: F401 - since 1.46 it is what makes `import botocore` work, and decides which
    from botocore import configprovider
    from botocore.utils import ensure_boolean

    tables = (configprovider.BOTOCORE_DEFAUT_SESSION_VARIABLES, configprovider.DEFAULT_S3_CONFIG_VARS)
    for name, (places, variables, _, conversion) in (item for table in tables for item in table.items()):
        if places is None or variables is None or name in _OWN_WAY:
            continue
        variable = variables if isinstance(variables, str) else variables[0]
        for place in places if isinstance(places, list) else [places]:
            yield variable, (place,) if isinstance(place, str) else place, conversion is ensure_boolean


def _at(options: Mapping[str, Any], path: tuple[str, ...]) -> str | None:
    found: Any = options
    for key in path:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found if isinstance(found, str) and "\0" not in found else None


def _addresses(config: Mapping[str, Any], own: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html"""
    if everywhere := _at(own, (_ENDPOINT,)):
        yield "AWS_ENDPOINT_URL", everywhere
    for service, options in config.get(_SERVICES, {}).get(str(own.get(_SERVICES)), {}).items():
        if isinstance(options, Mapping) and (address := _at(options, (_ENDPOINT,))):
            yield f"AWS_ENDPOINT_URL_{service.upper()}", address
