"""The settings of a profile that clients follow: all but those that say whose credentials they have.

Which there are is botocore's affair and grows with each release, so they are never listed here; what is listed
is the rest. https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import settings

_OTHERS = frozenset(
    {
        settings.ROLE_ARN,
        settings.SOURCE_PROFILE,
        settings.CREDENTIAL_SOURCE,
        settings.MFA_SERIAL,
        settings.EXTERNAL_ID,
        settings.ROLE_SESSION_NAME,
        settings.DURATION_SECONDS,
        settings.MFA_PROCESS,
        settings.SESSION_TAGS,
        settings.TRANSITIVE_SESSION_TAGS,
        settings.SOURCE_IDENTITY,
        settings.MFA_SESSION,
        settings.MANIFEST,
        settings.MANIFEST_KEYS,
        "aws_access_key_id",
        "aws_secret_access_key",
        "aws_session_token",
        "aws_account_id",
        "credential_process",
        "login_session",
        "output",
        "sso_account_id",
        "sso_region",
        "sso_role_name",
        "sso_session",
        "sso_start_url",
        "web_identity_token_file",
    }
)


def client_settings(options: Mapping[str, Any]) -> dict[str, Any]:
    """Those of a profile's options that may make its clients differ from another's."""
    return {key: value for key, value in options.items() if key not in _OTHERS}
