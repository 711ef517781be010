"""A role profile for each account of an organization, which is in no file."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from .. import settings
from ..arn import Arn
from ..discovery.accounts import find_accounts
from ..profiles.defaults import complete_settings
from ..profiles.regions import find_region
from .fetch import make_session

HEADING = "nothing was run"


class Account(NamedTuple):
    """An account, and the name of its profile in the config."""

    profile: str
    id: str
    name: str


def add_accounts(
    config: Mapping[str, Any], source: str, role_name: str, units: Sequence[str]
) -> tuple[Mapping[str, Any], list[Account]]:
    """Return the config with a profile for each active account, of some units or of all, and the accounts.

    `source` is the profile that lists them, and that assumes the role in each. Raises `ValidationError`, and
    botocore's errors.
    """
    session = make_session(source)
    profiles = config["profiles"]
    region = find_region(profiles, source) or settings.DEFAULT_REGION
    found = find_accounts(
        lambda: session.create_client("organizations", region_name=region),
        source,
        units,
        option="--source-profile",
        heading=HEADING,
    )
    made, accounts = {}, []
    for each in found:
        name = each.id
        while name in profiles:
            name = f"{name}+"
        role = str(Arn.iam(each.partition, each.id, f"role/{role_name.strip('/')}"))
        given = {settings.ROLE_ARN: role, settings.SOURCE_PROFILE: source, settings.REGION: region}
        made[name] = complete_settings(name, profiles, given)[0]
        accounts.append(Account(name, each.id, each.name))
    return {**config, "profiles": {**profiles, **made}}, accounts
