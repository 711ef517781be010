"""``xacct whoami``: what would act, and for how long; without a call, unless ``--check`` asks STS."""

import argparse
import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from .. import copies, settings
from ..arn import Arn
from ..configfile import store
from ..messages import print_message, printable, warn
from ..profiles.acting import CONTAINER, INSTANCE, Acting, Search, no_credentials
from ..profiles.cache_keys import record_cache
from ..results import write_json, write_lines
from ..storage.cache import format_time
from .output import add_format_options
from .resolve import read_config

HELP = "Show what would act: profile, account, role and policy. Makes no call unless told to."


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "profile",
        metavar="PROFILE",
        nargs="?",
        help="as --profile of aws; without it, what an aws command without that would use",
    )
    parser.add_argument(
        "--check", action="store_true", help="ask STS, with the credentials that would be used"
    )
    add_format_options(parser)


def run(options: argparse.Namespace) -> int:
    """Print what would act. Raises `XacctError` if there are no credentials."""
    named, config = options.profile, read_config()
    if copies.put_aside and named is None and _finds_copies(config, os.environ):
        os.environ.update(copies.put_aside)
        config = read_config()
    cache = record_cache(config, os.environ, warn)
    written = store.read_document(Path(settings.config_paths()[1])).sections()
    acting = Search(config, os.environ, cache, written).find(named)
    if options.check:
        acting = _check(acting, named, config)
    if acting is None:
        raise no_credentials(named, os.environ)
    result = _to_dict(acting)
    if options.output == "json":
        write_json(result)
    else:
        write_lines(_format(result))
    if acting.note:
        print_message(acting.note)
    elif acting.source == CONTAINER and copies.put_aside:
        print_message(f"these are served by xacct: xacct whoami {_find_served(os.environ)}")
    return 0


def _finds_copies(config: Mapping[str, Any], environment: Mapping[str, str]) -> bool:
    """Return whether an `aws` of this shell gets credentials by the copies of the config files; see copies.py."""
    name = settings.find_current_profile(environment) or "default"
    options = config["profiles"].get(name, {})
    gets_own = name != "default" and (settings.ROLE_ARN in options or settings.MFA_SESSION in options)
    return not (gets_own or environment.get("AWS_ACCESS_KEY_ID"))


def _find_served(environment: Mapping[str, str]) -> str:
    """Return the profile whose credentials `xacct` serves to this shell, as a word of a command."""
    path = urlsplit(environment.get(copies.CONTAINER[0], "")).path
    return shlex.quote(unquote(path.removeprefix("/")))


def _to_dict(acting: Acting) -> dict[str, Any]:
    return {
        "Profile": acting.profile,
        "Account": acting.account,
        "Role": acting.role,
        "Caller": acting.caller,
        "Source": acting.source,
        "Policy": acting.policy,
        "PolicyArns": list(acting.policy_arns),
        "Expiration": acting.expiration,
    }


def _format(result: Mapping[str, Any]) -> str:
    policies = [*result["PolicyArns"], *filter(None, [result["Policy"]])]
    rows = {
        "Profile": result["Profile"],
        "Account": result["Account"],
        "Role": f"{result['Role']} (narrowed)" if policies else result["Role"],
        "Caller": result["Caller"],
        "Source": result["Source"],
        "Policies": ", ".join(policies),
        "Until": result["Expiration"],
    }
    if not policies:
        del rows["Policies"]
    width = max(map(len, rows))
    return "\n".join(f"{title:<{width}}  {printable(value or '-')}" for title, value in rows.items())


def _check(acting: Acting | None, named: str | None, config: Mapping[str, Any]) -> Acting | None:
    """Ask STS who the caller is. Return None if botocore finds no credentials either."""
    from .fetch import make_session

    session = make_session(named)
    # Only now is the botocore there that these import.
    from ..credentials.context import region_for
    from ..credentials.sts import Keys, Sts

    credentials = session.get_credentials()
    frozen = credentials and credentials.get_frozen_credentials()
    if frozen is None:
        return None
    keys = Keys(frozen.access_key, frozen.secret_key, frozen.token)
    region = region_for(config, acting.profile) if acting and acting.profile else None
    arn = Sts(session.create_client, keys, region=region, quick=False).caller_arn()
    parsed = Arn.parse(arn)
    found = acting or Acting(None, INSTANCE)
    role = parsed.name.rpartition("/")[0] if parsed and parsed.kind == "assumed-role" else None
    expiry = getattr(credentials, "_expiry_time", None)
    return found._replace(
        account=parsed.account if parsed else found.account,
        # STS leaves out a role's path.
        role=found.role or role,
        caller=arn,
        expiration=format_time(expiry.timestamp()) if expiry else found.expiration,
    )
