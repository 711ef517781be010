"""The settings of a profile, besides credentials and region, that a command gets as environment variables.

The command has no profile: without these variables it would follow `[default]`. botocore's own tables tell which
variable stands for which setting. A variable that is set already is left alone: there too, it overrides a profile. Only
``AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=false`` is not, where it would give the command the endpoints of `[default]`.

https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html#EVarSettings
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from .. import settings
from ..profiles.config_keys import select_client_settings

_ENDPOINT = "endpoint_url"
_SERVICES = "services"
_IGNORE = settings.IGNORE_ENDPOINTS_VARIABLE
_DEFAULT = "default"
_HANDLED_ELSEWHERE = frozenset({settings.REGION, "profile"})


class ExportedSettings(NamedTuple):
    """Environment variables as ``NAME=value``.

    `memoizable` is false if they depend on more than `storage.memo` covers, or if one holds a password.
    """

    variables: tuple[str, ...] = ()
    memoizable: bool = True


def export_settings(
    config: Mapping[str, Any],
    profile: str,
    environment: Mapping[str, str],
    find_botocore: Callable[[], object] = lambda: None,
) -> ExportedSettings:
    """Return the variables for a command that gets the credentials of `profile`.

    `find_botocore` is called before botocore is imported, where that is needed, and makes it possible.
    """
    own, default = (_read_settings(config, name) for name in (profile, _DEFAULT))
    if profile == _DEFAULT or not (own or default):
        return ExportedSettings()  # spares most profiles the loading of botocore
    find_botocore()
    found: dict[str, str] = {}
    for variable, path, is_boolean in _list_variables():
        value = _look_up(own, path)
        if value is None and is_boolean and _look_up(default, path) is not None:
            value = "false"  # or the command would follow [default]
        if value:
            found.setdefault(variable, value)
    if _IGNORE in environment:
        found.pop(_IGNORE, None)  # the only variable that this may override, below
    endpoints = dict(_find_endpoints(config, own))
    if endpoints and "AWS_ENDPOINT_URL" not in environment:  # which overrides every endpoint in the files
        found.update(endpoints)
    only_default = not endpoints and any(key in default for key in (_ENDPOINT, _SERVICES))
    if only_default and not any(name.startswith("AWS_ENDPOINT_URL") for name in environment):
        # No variable can say "no endpoint", and those of [default] are not for these credentials.
        found[_IGNORE] = "true"
    memoizable = not only_default and not any("@" in url or "?" in url for url in endpoints.values())
    return ExportedSettings(tuple(f"{name}={value}" for name, value in sorted(found.items())), memoizable)


def _read_settings(config: Mapping[str, Any], profile: str) -> dict[str, Any]:
    found = select_client_settings(config["profiles"].get(profile, {}))
    found.pop(settings.REGION, None)
    return found


def _list_variables() -> Iterator[tuple[str, tuple[str, ...], bool]]:
    """Yield botocore's variables, each with its path in a profile's options and whether it is a boolean."""
    from botocore import configprovider
    from botocore.utils import ensure_boolean

    tables = (configprovider.BOTOCORE_DEFAUT_SESSION_VARIABLES, configprovider.DEFAULT_S3_CONFIG_VARS)
    for name, (paths, variables, _, conversion) in (item for table in tables for item in table.items()):
        if paths is None or variables is None or name in _HANDLED_ELSEWHERE:
            continue
        variable = variables if isinstance(variables, str) else variables[0]
        for path in paths if isinstance(paths, list) else [paths]:
            yield variable, (path,) if isinstance(path, str) else path, conversion is ensure_boolean


def _look_up(options: Mapping[str, Any], path: tuple[str, ...]) -> str | None:
    found: Any = options
    for key in path:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found if isinstance(found, str) and "\0" not in found else None


def _find_endpoints(config: Mapping[str, Any], own: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html"""
    if for_all_services := _look_up(own, (_ENDPOINT,)):
        yield "AWS_ENDPOINT_URL", for_all_services
    for service, options in config.get(_SERVICES, {}).get(str(own.get(_SERVICES)), {}).items():
        if isinstance(options, Mapping) and (url := _look_up(options, (_ENDPOINT,))):
            yield f"AWS_ENDPOINT_URL_{service.upper()}", url
