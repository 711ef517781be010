"""What botocore does when a role profile is loaded, before any credentials are used: so that ours does it then, too.

It looks for the source's credentials, and so finds what is wrong with them; and it notes what is used for the
``m/`` part of the User-Agent, by which AWS counts the features of its SDKs. All that can be had without asking
anybody is left to botocore's own code; nothing is asked of a network or a program for a record that is there.

https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from botocore import credentials as stock
from botocore.exceptions import BotoCoreError, ClientError

from ..errors import XacctError
from ..profiles.role import Role
from ..profiles.source import Source, answered_first

_NAMED = {
    "Ec2InstanceMetadata": "CREDENTIALS_IMDS",
    "Environment": "CREDENTIALS_ENV_VARS",
    "EcsContainer": "CREDENTIALS_HTTP",
}
_OF_PROFILES = {
    "credential_process": {"CREDENTIALS_PROFILE_PROCESS", "CREDENTIALS_PROCESS"},
    "login_session": {"CREDENTIALS_PROFILE_LOGIN", "CREDENTIALS_LOGIN"},
}
_ASSUMED = "CREDENTIALS_STS_ASSUME_ROLE"


def load(provider: Any, role: Role, config: Mapping[str, Any]) -> frozenset[str]:
    """Load a role as botocore does, whose ``session.full_config`` is `config`.

    Gives what the calls for the role are to be counted as: see `register`.

    Raises botocore's own errors where the source cannot give credentials.
    """
    provider._loaded_config = config
    ids: set[str] = set()
    hop: Role | Source = role
    while isinstance(hop, Role):
        last, hop = hop, hop.source
        if isinstance(hop, Role) or hop.profile is not None:
            ids |= {"CREDENTIALS_PROFILE_SOURCE_PROFILE", "CREDENTIALS_PROFILE"}
    more: set[str] = set()
    if hop.profile is not None:
        way = answered_first(config["profiles"][hop.profile])
        if way is None:
            with _blamed(last.profile, hop):
                provider._resolve_credentials_from_profile(hop.profile)
        more = _OF_PROFILES.get(way or "", more)
    else:
        ids |= {"CREDENTIALS_PROFILE_NAMED_PROVIDER", _NAMED[hop.name]}
        if not _asks_somebody(hop.name, os.environ):
            with _blamed(last.profile, hop):
                provider._resolve_credentials_from_source(hop.name, last.profile)
    register({*ids, *more, _ASSUMED})
    return frozenset({*ids, _ASSUMED} if isinstance(role.source, Role) else ids)


@contextlib.contextmanager
def _blamed(profile: str, source: Source) -> Iterator[None]:
    """Tell whatever goes wrong while a source is looked for, such as a token's file that is not there, as its fault."""
    try:
        yield
    except (XacctError, BotoCoreError, ClientError):
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the source's
        from .source_keys import fault_of

        raise fault_of(error, profile, source) from None


def register(ids: Iterable[str]) -> None:
    """Have botocore count these features of the call that is being made; older releases count none."""
    known = getattr(stock, "register_feature_ids", None)
    if known is not None:
        known(ids)


def _asks_somebody(source: str, environment: Mapping[str, str]) -> bool:
    """Whether the credentials of a ``credential_source`` come over a network; with none named, there are none."""
    if source == "EcsContainer":
        return any(f"AWS_CONTAINER_CREDENTIALS_{kind}_URI" in environment for kind in ("RELATIVE", "FULL"))
    if source == "Ec2InstanceMetadata":
        return environment.get("AWS_EC2_METADATA_DISABLED", "false").lower() != "true"
    return False
