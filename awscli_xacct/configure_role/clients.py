"""Clients of AWS services for a profile other than the command's own."""

from typing import Any

from .. import install, settings
from ..credentials.context import region_for
from ..credentials.profile_session import ProfileSession


class ProfileClients:
    """Creates clients with the credentials and settings of `profile`, and the config files of the session `host`."""

    def __init__(self, profile: str, host: Any) -> None:
        self.profile = profile
        self._session = ProfileSession(profile, host)
        install(self._session)

    def client(self, service: str) -> Any:
        """Create a client in the region of the command line, of the profile, or of what the profile comes from."""
        region = (
            self._session.get_config_variable("region")
            or region_for(self._session.full_config, self.profile)
            or settings.DEFAULT_REGION
        )
        return self._session.create_client(service, region_name=region)

    def caller_arn(self) -> str:
        """Ask STS for the ARN of the caller. Raises botocore's errors and `XacctError`."""
        return str(self.client("sts").get_caller_identity()["Arn"])


def usable(host: Any) -> Any:
    """Return the CLI's session, or one of another profile if its own does not exist: then no call would work.

    ``aws configure role --profile list --role-arn … --verify`` names a profile that it is about to create, and a
    stale ``AWS_PROFILE`` must not keep other profiles from being verified.
    """
    profiles = host.full_config["profiles"]
    name = host.get_config_variable("profile")
    if name is None or name in profiles or not profiles:
        return host
    return ProfileSession("default" if "default" in profiles else next(iter(profiles)), host)
