"""A botocore session of any profile, beside the one that a process has, and a provider of ours for it.

A profile has settings of its own for what a client trusts, which addresses it calls, and how patiently: botocore has
two dozen of them, and more with each release. Any client for a profile is made by a session of that profile, so that
each setting applies and none has to be listed here.
"""

import threading
from collections.abc import Mapping
from copy import copy
from typing import Any
from weakref import WeakKeyDictionary

from botocore.credentials import AssumeRoleProvider as StockProvider
from botocore.session import Session

from ..profiles.config_keys import select_client_settings
from .provider import DROP_IF_REFUSED, PRESIGNING, AssumeRoleProvider, copy_provider
from .sts import settings_error

_known: "WeakKeyDictionary[Any, dict[Any, _Clients]]" = WeakKeyDictionary()
_lock = threading.Lock()
"""What `provider_for` has made, by session: fifty profiles with the same settings and caller need one client."""


def provider_for(session: Any, profile: str, config: Mapping[str, Any] | None = None) -> AssumeRoleProvider:
    """Return a provider for any profile; `config` is used instead of the files.

    It does what that profile's own session would do under the command line of `session`. Raises botocore's errors.
    """
    found = session.full_config if config is None else config
    with _lock:
        known = _known.setdefault(session, {})
        key = id(found), repr(sorted(select_client_settings(found["profiles"][profile]).items()))
        if key not in known:
            try:
                known[key] = _Clients(ProfileSession(profile, session, found))
            except Exception as error:  # noqa: BLE001 - whatever it is, the settings are at fault
                raise settings_error(error, profile) from None
        clients = known[key]
    changes = {"load_config": lambda: found, "client_creator": clients.create, "profile_name": profile}
    return copy_provider(AssumeRoleProvider, clients.stock, **changes)


class ProfileSession(Session):  # type: ignore[misc]
    """A session of one profile that has everything else from another one, `host`.

    It has the host's files (or `config` instead), what the command line sets for every client (``--region``, timeouts),
    its event handlers and its loaded data. `host`'s own profile plays no part.
    """

    def __init__(self, profile: str, host: Any, config: Mapping[str, Any] | None = None) -> None:
        variables = {
            name: value
            for name, value in host.session_var_map.items()
            if value != self.SESSION_VARIABLES.get(name)
        }
        handlers = copy(host.get_component("event_emitter"))
        super().__init__(variables, handlers, include_builtin_handlers=False, profile=profile)
        # That a service rejects this profile's credentials is no reason to drop the host's.
        self.unregister("after-call", unique_id=DROP_IF_REFUSED)
        for event in PRESIGNING:
            self.unregister(event, unique_id=f"xacct-{event}")
        self._given = host.full_config if config is None else config
        for name, value in host.instance_variables().items():
            if name != "profile":
                self.set_config_variable(name, value)
        self.set_default_client_config(host.get_default_client_config())
        self.register_component("data_loader", host.get_component("data_loader"))
        self.user_agent_name = host.user_agent_name
        self.user_agent_version = host.user_agent_version
        self.user_agent_extra = host.user_agent_extra

    @property
    def full_config(self) -> Mapping[str, Any]:
        """The two files, read once for all such sessions."""
        return self._given


class _Clients:
    """The clients of profiles that have the same settings, and so may share a session."""

    def __init__(self, session: ProfileSession) -> None:
        self.session = session  # keeps the config alive, and so its id unique
        self.stock = session.get_component("credential_provider").get_provider(StockProvider.METHOD)
        self._clients: dict[Any, Any] = {}

    def create(self, service: str, **options: Any) -> Any:
        """Return a client as the session would create it, the same one for the same options."""
        key = (
            service,
            "config" in options,
            *sorted((name, value) for name, value in options.items() if name != "config"),
        )
        # Making a client takes tens of milliseconds and is not thread-safe; using one is quick and is.
        with _lock:
            if key not in self._clients:
                self._clients[key] = self.stock._client_creator(service, **options)
            return self._clients[key]
