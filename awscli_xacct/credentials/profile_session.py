"""A provider for another profile than the session's own, as the commands need that assume many roles."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

from botocore.credentials import AssumeRoleProvider as StockProvider

from ..profiles.client_settings import client_settings
from .provider import AssumeRoleProvider, in_place_of
from .sessions import ProfileSession

_known: WeakKeyDictionary[Any, dict[Any, _Clients]] = WeakKeyDictionary()
_lock = threading.Lock()
"""What `provider_for` has made, by session: fifty profiles with the same settings and caller need one client."""


def provider_for(session: Any, profile: str, config: Mapping[str, Any] | None = None) -> AssumeRoleProvider:
    """A provider for any profile; `config` to be believed instead of the files.

    It does what that profile's own session would do under the command line that `session` is of.
    """
    found = session.full_config if config is None else config
    with _lock:
        known = _known.setdefault(session, {})
        key = id(found), repr(sorted(client_settings(found["profiles"][profile]).items()))
        if key not in known:
            known[key] = _Clients(ProfileSession(profile, session, found))
        clients = known[key]
    return in_place_of(clients.stock, lambda: found, clients.create, profile)


class _Clients:
    """The clients of profiles that have the same settings, and hence may share a session."""

    def __init__(self, session: ProfileSession) -> None:
        self.session = session  # keeps the config, and so its id is not another one's
        self.stock = session.get_component("credential_provider").get_provider(StockProvider.METHOD)
        self._made: dict[Any, Any] = {}

    def create(self, service: str, **options: Any) -> Any:
        """What botocore's provider makes clients with, for the same ones the same client."""
        key = (
            service,
            "config" in options,
            *sorted((name, value) for name, value in options.items() if name != "config"),
        )
        # Making a client takes tens of milliseconds and is not safe among threads; using one is quick and is.
        with _lock:
            if key not in self._made:
                self._made[key] = self.stock._client_creator(service, **options)
            return self._made[key]
