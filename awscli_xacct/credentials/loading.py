"""Loading a profile that no memo answers for: what it means, whose credentials it starts from, which record it has.

Every command with a role profile and no memo loads this module, so what only a cache miss needs (fetcher, STS, locks,
prompts) is imported on a miss.
"""

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from botocore.configloader import load_config, raw_config_parse
from botocore.exceptions import BotoCoreError, ClientError, ConfigNotFound, InvalidConfigError

from ..errors import ProfileError, XacctError, annotate, facts_of
from ..profiles.role import Role, refuse_ignored_policy
from ..profiles.source import Source, is_mfa_user, is_role
from ..storage.memo import read_memo
from ..storage.snapshot import ConfigSnapshot
from . import features
from .provider import AssumeRoleProvider
from .session_credentials import register_features, warn_of_stock

if TYPE_CHECKING:
    from .fetcher import Fetcher
    from .mfa_session import MfaSession

EXPECTED = (XacctError, BotoCoreError, ClientError)
"""Errors that are raised on purpose. Any other is a bug."""


def load(provider: AssumeRoleProvider) -> Any:
    """Do what `AssumeRoleProvider.load` does, without a memo."""
    profile = provider._load_config().get("profiles", {}).get(provider._profile_name, {})
    try:
        if is_role(profile):
            key = provider.cache_keys.of_role()
            _load_source(provider, provider.cache_keys.hops)
        elif is_mfa_user(profile):
            key = provider.cache_keys.of_session(provider.cache_keys.user)
            register_features(features.OF_USER)
        else:
            refuse_ignored_policy(provider._profile_name, profile)
            return None
        look = partial(provider.records.read, key)
    except ProfileError as problem:
        if problem.structural:
            try:
                return provider.stock_credentials(problem, reported=True)
            except EXPECTED as reported:
                annotate(reported, **facts_of(problem))
                provider.present(reported)
                raise
        error = InvalidConfigError(error_msg=str(problem))
        annotate(error, **facts_of(problem))
        provider.present(error)
        raise error from None
    except EXPECTED as error:
        provider.present(error)
        raise
    except Exception as bug:  # noqa: BLE001 - a bug in the plugin must not take the CLI with it
        credentials = provider.stock_credentials(bug)
        warn_of_stock(bug)
        return credentials
    loaded = provider.make_credentials(look, is_role(profile))
    if provider.version:
        loaded.remember = partial(_remember, provider._profile_name, provider.version)
    return loaded


def make_fetcher(provider: AssumeRoleProvider) -> "Fetcher | MfaSession":
    """Return what fetches the credentials that `provider` has loaded. Raises `ProfileError`."""
    profiles = provider.cache_keys.config["profiles"]
    if not is_role(profiles[provider._profile_name]):
        return provider.session()
    if provider.current:
        provider.current.features = features.of_chain(provider.cache_keys.hops).getting
    return provider.fetcher()


def _load_source(provider: AssumeRoleProvider, hops: Sequence[Role]) -> None:
    """Look for the credentials of a chain's source, as botocore does when a role profile is loaded.

    So what is wrong with them is reported then. All that can be had without a network or a program is left to
    botocore's own code. Raises botocore's own errors where the source has no credentials.
    """
    provider._loaded_config = provider._load_config()
    first = hops[-1]
    source = first.source
    assert isinstance(source, Source)  # noqa: S101 - the chain begins with it
    if source.profile is None:
        if not _needs_network(source.name, os.environ):
            with _blamed_on(source, first.profile):
                provider._resolve_credentials_from_source(source.name, first.profile)
    elif source.credentials_key is None:
        with _blamed_on(source, first.profile):
            provider._resolve_credentials_from_profile(source.profile)
    register_features(features.of_chain(hops).using)


@contextlib.contextmanager
def _blamed_on(source: Role | Source, profile: str) -> Iterator[None]:
    """Report whatever goes wrong in the block, such as a missing token file, as an error of `source`."""
    try:
        yield
    except EXPECTED:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the source's
        from .source_keys import source_error

        raise source_error(error, profile, source) from None


def _needs_network(source: str, environment: Mapping[str, str]) -> bool:
    """Return whether the credentials of a ``credential_source`` come over a network, if there are any."""
    if source == "EcsContainer":
        return any(f"AWS_CONTAINER_CREDENTIALS_{kind}_URI" in environment for kind in ("RELATIVE", "FULL"))
    if source == "Ec2InstanceMetadata":
        return environment.get("AWS_EC2_METADATA_DISABLED", "false").lower() != "true"
    return False


def _remember(profile: str, version: str) -> None:
    """Write the memo of `profile`, so that the next command need not load all this.

    It is resolved once more, in files that are read once more: this process may have read them before they changed.
    """
    with contextlib.suppress(Exception):  # the credentials are there; a memo only saves time
        if read_memo(profile, version) is None and not ConfigSnapshot(profile, version).is_too_new:
            from .resolution import resolve

            resolve(profile, version, read_config)


def read_own_files(session: Any) -> bool:
    """Have a botocore session use the user's own files where it has read the copies. Return whether it had."""
    from .. import copies, settings

    found = copies.find_own(os.environ)
    if not found:
        return False
    environment = {**os.environ, **found}
    paths = settings.config_paths({name: value for name, value in environment.items() if value})
    for variable, path in zip(("config_file", "credentials_file"), paths, strict=True):
        session.set_config_variable(variable, path)
    read = session.full_config
    profiles = read["profiles"]  # the session may have kept this one as well
    own = read_config(paths)
    profiles.clear()
    profiles.update(own["profiles"])
    read.clear()
    read.update(own, profiles=profiles)
    return True


def read_config(paths: Sequence[str]) -> Mapping[str, Any]:
    """Read the config file and the credentials file to what ``botocore.session.Session.full_config`` would be.

    Making a session for that costs three times as much.
    """
    config: dict[str, Any] = {"profiles": {}}
    with contextlib.suppress(ConfigNotFound):
        config = load_config(paths[0])
    with contextlib.suppress(ConfigNotFound):
        for name, options in raw_config_parse(paths[1]).items():
            config["profiles"].setdefault(name, {}).update(options)
    return config
