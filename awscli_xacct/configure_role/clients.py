"""Calling AWS with the credentials of another profile than the command's own."""

from __future__ import annotations

from typing import Any

from .. import install, settings
from ..credentials.context import region_for
from ..credentials.profile_session import ProfileSession


class ProfileClients:
    """Clients of one profile: with its credentials and settings, and the files of the CLI's session, `host`."""

    def __init__(self, profile: str, host: Any) -> None:
        self.profile = profile
        self._session = ProfileSession(profile, host)
        install(self._session)

    def client(self, service: str) -> Any:
        region = (
            self._session.get_config_variable("region")
            or region_for(self._session.full_config, self.profile)
            or settings.DEFAULT_REGION
        )
        return self._session.create_client(service, region_name=region)

    def caller_arn(self) -> str:
        """Who calls, as STS says. Raises botocore's errors and `XacctError`."""
        return str(self.client("sts").get_caller_identity()["Arn"])


def usable(host: Any) -> Any:
    """The CLI's session; or another where its profile is not there, or not yet: of such a one all calls fail.

    ``aws configure role --profile list --role-arn … --verify`` names a profile that it is to make, and a stale
    ``AWS_PROFILE`` should not keep any other from being verified.
    """
    profiles = host.full_config["profiles"]
    name = host.get_config_variable("profile")
    if name is None or name in profiles or not profiles:
        return host
    return ProfileSession("default" if "default" in profiles else next(iter(profiles)), host)
