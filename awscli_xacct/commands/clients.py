"""Calling AWS with the credentials of another profile than the command's own."""

from __future__ import annotations

from typing import Any

from botocore.session import Session

from .. import settings
from ..credentials.provider import install


class ProfileClients:
    """Clients of one profile: with its credentials, its region, and the files of the CLI's session, `host`."""

    def __init__(self, profile: str, host: Any) -> None:
        self.profile = profile
        self._session = Session(profile=profile)
        for name in ("config_file", "credentials_file", "ca_bundle"):
            self._session.set_config_variable(name, host.get_config_variable(name))
        install(self._session)

    def client(self, service: str) -> Any:
        region = self._session.get_config_variable("region") or settings.DEFAULT_REGION
        return self._session.create_client(service, region_name=region)

    def caller_arn(self) -> str:
        """Who calls, as STS says. Raises botocore's errors and `XacctError`."""
        return str(self.client("sts").get_caller_identity()["Arn"])
