"""A provider for another profile than the session's own, as the commands need that assume many roles."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

from botocore.config import Config
from botocore.credentials import AssumeRoleProvider as StockProvider

from .. import settings
from ..awsconfig import records
from .provider import AssumeRoleProvider, in_place_of

_CONFIGURED_ADDRESSES = "ignore_configured_endpoint_urls" in Config.OPTION_DEFAULTS
"""Whether this botocore lets addresses of services be configured, as AWS CLI v2 does since 2.13."""

_clients: WeakKeyDictionary[Any, dict[Any, Any]] = WeakKeyDictionary()
_clients_lock = threading.Lock()
"""STS clients of `provider_for`, by session: fifty profiles with one caller need one."""


def provider_for(session: Any, profile: str, config: Mapping[str, Any] | None = None) -> AssumeRoleProvider:
    """A provider for any profile, with the session's own parts; `config` to be believed instead of the file.

    STS is called where the profile says, not where the session's own profile says.
    """
    stock = session.get_component("credential_provider").get_provider(StockProvider.METHOD)
    found = session.full_config if config is None else config
    region = found["profiles"][profile].get(settings.REGION)
    address = records.sts_endpoint(found, profile, os.environ)

    def create_client(service: str, **options: Any) -> Any:
        if region:
            options["region_name"] = region
        if address:
            options["endpoint_url"] = address
        key = (
            service,
            "config" in options,
            *sorted((name, options[name]) for name in options if name != "config"),
        )
        if not address and _CONFIGURED_ADDRESSES:
            own_address = Config(ignore_configured_endpoint_urls=True)
            options["config"] = options["config"].merge(own_address) if "config" in options else own_address
        # Making a client takes tens of milliseconds and is not safe among threads; using one is quick and is.
        with _clients_lock:
            clients = _clients.setdefault(session, {})
            if key not in clients:
                clients[key] = stock._client_creator(service, **options)
            return clients[key]

    return in_place_of(stock, lambda: found, create_client, profile)
