"""Clients of STS and IAM for a user: with a key that is about to be used, or with the shared MFA session."""

from collections.abc import Callable
from typing import Any

from .. import settings
from ..credentials.context import region_for
from ..credentials.profile_session import ProfileSession
from ..profiles.source import Profiles, is_role
from .model import AccessKey
from .rotation import call_patiently


class KeyClients:
    """Creates clients with the settings of one profile; `install` puts this package's provider into a session."""

    def __init__(self, session: Any, profile: str, install: Callable[[Any], None]) -> None:
        self.profile = profile
        self._session = session
        self._install = install
        self._region = (
            session.get_config_variable("region")
            or region_for(session.full_config, profile)
            or settings.DEFAULT_REGION
        )

    @property
    def mfa_serial(self) -> str | None:
        """The user's MFA device: that of the profile, or else of the first role that is assumed from it."""
        profiles: Profiles = self._session.full_config["profiles"]
        users = (
            each
            for each in profiles.values()
            if is_role(each) and each.get(settings.SOURCE_PROFILE) == self.profile
        )
        serials = (each.get(settings.MFA_SERIAL) for each in (profiles[self.profile], *users))
        return next((str(serial) for serial in serials if serial), None)

    def caller_arn(self, key: AccessKey, *, wait: float = 0) -> str:
        """Return the ARN of a key's user: proof that the key works. See `call_patiently`. Raises botocore's errors."""
        client = self._client("sts", key)
        return str(call_patiently(client.get_caller_identity, wait)["Arn"])

    def iam(self, key: AccessKey) -> Any:
        """Return IAM for the user, through the MFA session if the user has a device, else with a key.

        The session is cached, and shared with the user's roles; without one, a code is prompted for when it is used.
        """
        serial = self.mfa_serial
        if serial is None:
            return self.iam_of(key)
        config = self._session.full_config
        options = {
            **config["profiles"][self.profile],
            settings.MFA_SERIAL: serial,
            settings.MFA_SESSION: "on",
        }
        with_mfa = {**config, "profiles": {**config["profiles"], self.profile: options}}
        session = ProfileSession(self.profile, self._session, with_mfa)
        self._install(session)
        return session.create_client("iam", region_name=self._region)

    def iam_of(self, key: AccessKey) -> Any:
        """Return IAM for the user, with a key and no MFA."""
        return self._client("iam", key)

    def _client(self, service: str, key: AccessKey) -> Any:
        return self._session.create_client(
            service, region_name=self._region, aws_access_key_id=key.id, aws_secret_access_key=key.secret
        )
