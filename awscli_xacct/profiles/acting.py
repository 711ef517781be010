"""What would act: whose credentials a command with a profile gets, found in the config, the environment and the cache.

It follows botocore's order: the environment's keys (unless a profile is named on the command line), the profile's role,
web identity, SSO, the credentials file, a login, a program, the config file, a container. Nothing is called and no
program is run, so an instance's role remains unknown.

https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html#cli-configure-files-precedence
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from .. import settings
from ..arn import Arn
from ..errors import ProfileError, XacctError
from ..messages import profile_option, role_command, unknown_profile
from ..storage.cache import Cache
from .cache_keys import CacheKeys
from .credential_process import find_requested
from .inventory import Inventory
from .source import Profiles, get_text, is_mfa_user, is_role

ENVIRONMENT, CONTAINER, INSTANCE = "Environment", "EcsContainer", "Ec2InstanceMetadata"
"""Sources that are no profile, as ``credential_source`` calls them."""

_CONTAINER_VARIABLES = ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI")
_SSO = (settings.SSO_ROLE_NAME, settings.SSO_ACCOUNT_ID)
_KEYS = (settings.ACCESS_KEY_ID, settings.SECRET_ACCESS_KEY)


class Acting(NamedTuple):
    """Who would act. What is not known without a call is None.

    profile     the profile whose credentials these are; None if no profile gives them
    role        the role's name with its path; None for a user
    caller      the ARN that AWS sees, or of a user's keys at least their id
    source      of a role, its source profile or credential source; else the config key that gives the credentials, or
                one of the sources above
    expiration  when the session that is cached ends
    note        a sentence about what else somebody might expect to act, or ""
    """

    profile: str | None
    source: str
    account: str | None = None
    role: str | None = None
    caller: str | None = None
    policy: str | None = None
    policy_arns: tuple[str, ...] = ()
    expiration: str | None = None
    note: str = ""


@dataclass(frozen=True)
class Search:
    """The search for who would act. `in_credentials_file` are the sections of that file."""

    config: Mapping[str, Any]
    environment: Mapping[str, str]
    cache: Cache
    in_credentials_file: Profiles

    @property
    def profiles(self) -> Profiles:
        return self.config["profiles"]  # type: ignore[no-any-return]

    def find(self, named: str | None) -> Acting | None:
        """Return who would act: with the profile `named` on a command line, or with none there. None: no credentials.

        Raises `XacctError` for a profile that does not exist, and `ProfileError` for one that cannot work.
        """
        variables = self.environment
        in_environment = settings.find_current_profile(variables)
        chosen = named or in_environment
        if chosen and chosen not in self.profiles:
            raise XacctError(unknown_profile(chosen, self.profiles), code="ProfileNotFound", profile=chosen)
        if not named and variables.get("AWS_ACCESS_KEY_ID"):
            found = self._by_keys_in_environment()
            if in_environment and found.profile != in_environment:
                text = "the keys in the environment take precedence over its AWS_PROFILE; to see that one, name it"
                found = found._replace(note=f"{text}: xacct whoami {in_environment}")
            return found
        return self._by_profile(chosen or "default", may_use_environment=not named, asked=())

    def _by_keys_in_environment(self) -> Acting:
        """The owner of a session of ours is known: `xacct exec` and `eval` leave such keys in the environment."""
        variables = self.environment
        key = variables["AWS_ACCESS_KEY_ID"]
        if not variables.get("AWS_SECRET_ACCESS_KEY"):
            text = "AWS_ACCESS_KEY_ID is set in the environment, but not AWS_SECRET_ACCESS_KEY. Set both, or unset it:"
            fix = "unset AWS_ACCESS_KEY_ID"
            raise XacctError(f"{text}\n  {fix}", code="NoCredentials", fix=fix)
        if variables.get("AWS_SESSION_TOKEN"):
            for entry in Inventory(self.config, variables, self.cache.read):
                if entry.record and entry.record.access_key == key:
                    return self._by_role(entry.profile)._replace(source=ENVIRONMENT)
        return Acting(
            None,
            ENVIRONMENT,
            account=variables.get("AWS_ACCOUNT_ID"),
            caller=key,
            expiration=variables.get("AWS_CREDENTIAL_EXPIRATION"),
        )

    def _by_profile(self, name: str, *, may_use_environment: bool, asked: tuple[str, ...]) -> Acting | None:
        options = self.profiles.get(name, {})
        if is_role(options):
            return self._by_role(name)
        token = get_text(options, name, settings.WEB_IDENTITY_TOKEN_FILE)
        if token and settings.ROLE_ARN in options:
            return _by_arn(name, settings.WEB_IDENTITY_TOKEN_FILE, str(options[settings.ROLE_ARN]))
        if may_use_environment and self.environment.get("AWS_WEB_IDENTITY_TOKEN_FILE"):
            return _by_arn(None, ENVIRONMENT, self.environment.get("AWS_ROLE_ARN", ""))
        if any(key in options for key in _SSO):
            role, account = (get_text(options, name, key) for key in _SSO)
            return Acting(name, settings.SSO_ROLE_NAME, account=account, role=role)
        if settings.ACCESS_KEY_ID in self.in_credentials_file.get(name, {}):
            return self._by_keys(name, options)
        if settings.LOGIN_SESSION in options:
            return _by_arn(name, settings.LOGIN_SESSION, str(options[settings.LOGIN_SESSION]))
        if settings.CREDENTIAL_PROCESS in options:
            return self._by_program(name, options, asked)
        if settings.ACCESS_KEY_ID in options:
            return self._by_keys(name, options)
        if may_use_environment and any(self.environment.get(each) for each in _CONTAINER_VARIABLES):
            return Acting(None, CONTAINER)
        return None

    def _by_role(self, name: str) -> Acting:
        options = self.profiles[name]
        keys = CacheKeys(self.config, name, self.environment)
        role = keys.role
        record = self.cache.read(keys.of_role())
        arn = Arn.parse(role.role_arn)
        return Acting(
            name,
            role.source.name,
            account=arn.account if arn else None,
            role=arn.role_name if arn else role.role_arn,
            caller=record.metadata.get("arn") if record else None,
            policy=get_text(options, name, settings.POLICY) or None,
            policy_arns=tuple(role.policy_arns),
            expiration=record.expiry_text if record else None,
        )

    def _by_keys(self, name: str, options: Mapping[str, Any]) -> Acting:
        missing = [key for key in _KEYS if not options.get(key)]
        if missing:
            fix = f"aws configure {profile_option(name)}"
            raise ProfileError(name, f"profile {name}: {' and '.join(missing)} missing", f"add it:\n  {fix}")
        record = None
        if is_mfa_user(options):
            keys = CacheKeys(self.config, name, self.environment)
            record = self.cache.read(keys.of_session(keys.user))
        # A device belongs to the account of its user.
        device = Arn.parse(str(options.get(settings.MFA_SERIAL, "")))
        account = get_text(options, name, settings.ACCOUNT_ID) or (device.account if device else None)
        return Acting(
            name,
            settings.ACCESS_KEY_ID,
            account=account,
            caller=str((record and record.metadata.get("caller")) or options[settings.ACCESS_KEY_ID]),
            expiration=record.expiry_text if record else None,
        )

    def _by_program(self, name: str, options: Mapping[str, Any], asked: tuple[str, ...]) -> Acting:
        """Of a program only our own is known: it gives the credentials of another profile."""
        command = str(options[settings.CREDENTIAL_PROCESS])
        other = find_requested(command)
        if other in asked:
            text = f"profile {name}: its credential_process asks for itself: {' -> '.join([*asked, name, str(other)])}"
            fix = f"aws configure set credential_process COMMAND {profile_option(name)}"
            raise ProfileError(name, text, f"use another one:\n  {fix}")
        if other in self.profiles and other != name:
            found = self._by_profile(str(other), may_use_environment=False, asked=(*asked, name))
            if found:
                return found._replace(profile=name, source=settings.CREDENTIAL_PROCESS)
        return Acting(name, settings.CREDENTIAL_PROCESS, account=get_text(options, name, settings.ACCOUNT_ID))


def _by_arn(profile: str | None, source: str, text: str) -> Acting:
    """Return whom an ARN in a config names: a role, or a user who has logged in."""
    arn = Arn.parse(text)
    is_a_role = arn is not None and arn.kind in ("role", "assumed-role")
    return Acting(
        profile,
        source,
        account=arn.account if arn else None,
        role=arn.role_name if arn and is_a_role else None,
        caller=None if arn is None or is_a_role else text,
    )


def no_credentials(named: str | None, environment: Mapping[str, str]) -> XacctError:
    """Return the error for a search that found none."""
    name = named or settings.find_current_profile(environment)
    if name:
        fix = role_command(name, "--role-arn ARN")
        text = f"profile {name} has no credentials. Make it a role profile, or give it keys:"
        lines = [text, f"  {fix}", f"  aws configure {profile_option(name)}"]
    else:
        fix = "aws configure"
        lines = [
            "there are no credentials, in the environment or in the profile default. Add some:",
            f"  {fix}",
        ]
        if environment.get("AWS_EC2_METADATA_DISABLED", "").lower() != "true":
            lines += [
                "On an EC2 instance, its role would be used. Only a call can tell:",
                "  xacct whoami --check",
            ]
    return XacctError("\n".join(lines), code="NoCredentials", profile=name, fix=fix)
