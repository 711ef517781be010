"""The settings of a profile that its clients follow: all but those that say whose credentials they have.

Botocore's settings grow with each release, so they are never listed here; what is listed is the rest. https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html
"""

from collections.abc import Mapping
from typing import Any

from .. import settings
from .config_keys import KEYS

_OTHERS = (KEYS.keys() - {settings.REGION}) | {
    *settings.CREDENTIAL_KEYS,
    settings.MANIFEST,
    settings.MANIFEST_KEYS,
    "output",
}


def select_client_settings(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of a profile's options that may make its clients differ from another's."""
    return {key: value for key, value in options.items() if key not in _OTHERS}
