"""A botocore session of any profile, beside the one that a process has.

A profile has settings of its own for what a client trusts, which addresses it calls, and how patiently: botocore
has two dozen of them, and more with each release. Any client for a profile is made by a session of that
profile, so that each setting holds and none has to be known here.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import Any

from botocore.session import Session

from .provider import DROP_IF_REFUSED

_PROFILE = "profile"


class ProfileSession(Session):  # type: ignore[misc]
    """A session of one profile that has all else from another one, `host`.

    It has the host's files (or `config`, to be believed instead), what the command line says for every client
    (``--region``, timeouts), its event handlers and its loaded data. `host`'s own profile has no part in it.
    """

    def __init__(self, profile: str, host: Any, config: Mapping[str, Any] | None = None) -> None:
        variables = {
            name: value
            for name, value in host.session_var_map.items()
            if value != self.SESSION_VARIABLES.get(name)
        }
        handlers = copy(host.get_component("event_emitter"))
        super().__init__(variables, handlers, include_builtin_handlers=False, profile=profile)
        # What services say of this profile's credentials is nothing that the host's should be dropped for.
        self.unregister("after-call", unique_id=DROP_IF_REFUSED)
        self._given = host.full_config if config is None else config
        for name, value in host.instance_variables().items():
            if name != _PROFILE:
                self.set_config_variable(name, value)
        self.set_default_client_config(host.get_default_client_config())
        self.register_component("data_loader", host.get_component("data_loader"))
        self.user_agent_name = host.user_agent_name
        self.user_agent_version = host.user_agent_version
        self.user_agent_extra = host.user_agent_extra

    @property
    def full_config(self) -> Mapping[str, Any]:
        """What stands in the files, read once for all such sessions."""
        return self._given
