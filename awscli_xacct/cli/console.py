"""``xacct console PROFILE``: into the console of the account that a profile's role is in."""

from __future__ import annotations

import argparse
import contextlib
import html
import json
import os
import re
import sys
import time
import webbrowser
from pathlib import Path
from typing import Any

from .. import settings
from ..arn import Arn
from ..errors import Problem, ValidationError, XacctError
from ..profiles.partitions import Partitions
from ..profiles.source import is_mfa_user, is_role
from ..storage.directories import provide_private
from ..storage.files import write_temporary
from ..storage.record import expand_path
from .fetch import botocore_session, obtain_resolved
from .resolve import Resolved, inventory, resolve
from .signin import checked_url, endpoints, signin_url

HELP = "Print a URL that signs a browser in to the console as a profile's role, or open it."
EXAMPLES = """\
  xacct console prod --open
  xacct console prod --service ec2 --open
  xacct console prod --destination https://console.aws.amazon.com/s3/buckets/logs
  xacct console prod --duration-seconds 43200 | wl-copy

  Whoever has the URL is signed in, for the 15 minutes it may be used. It is printed, and stands nowhere else;
  --open gives it to the browser in a file that nobody else can read."""

_SERVICE = re.compile(r"[a-z0-9][a-z0-9-]*")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("profile", metavar="PROFILE", help="the profile, which gives temporary credentials")
    parser.add_argument(
        "--open", action="store_true", help="open the URL in a browser instead of printing it"
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--service", metavar="NAME", help="begin with this service, such as ec2")
    where.add_argument("--destination", metavar="URL", help="begin with this page of the console")
    parser.add_argument(
        "--duration-seconds",
        metavar="N",
        type=int,
        help="how long the console's session lasts, up to 12 hours; as long as the credentials if not given",
    )


def run(options: argparse.Namespace) -> int:
    """Print the URL, or open it."""
    resolved = resolve(options.profile)
    session = botocore_session(resolved.profile)
    _check(options, resolved)
    region = resolved.memo.region
    found = endpoints(resolved.config, os.environ, _partition(resolved, session))
    destination = found.pages
    if options.destination:
        destination = checked_url(options.destination, "the destination")
    elif options.service:
        query = f"?region={region}" if region else ""
        destination = f"{found.pages.rstrip('/')}/{options.service}/home{query}"
    document = json.loads(obtain_resolved(resolved))
    if "SessionToken" not in document:
        raise XacctError(_no_session(resolved.profile))
    url = signin_url(session, found.signin, document, destination, options.duration_seconds)
    if options.open:
        open_browser(url)
    else:
        sys.stdout.write(f"{url}\n")
    return 0


def _check(options: argparse.Namespace, resolved: Resolved) -> None:
    """Raise `ValidationError` for what the console would refuse."""
    faults = []
    low, high = settings.MIN_ROLE_DURATION, settings.MAX_ROLE_DURATION
    seconds = options.duration_seconds
    if options.service and not _SERVICE.fullmatch(options.service):
        faults.append(
            f"the service {options.service!r} is not a name as it stands in the console's URLs, as ec2 does"
        )
    if seconds is not None and not low <= seconds <= high:
        faults.append(f"{seconds} s are not between {low} (15 minutes) and {high} (12 hours)")
    if seconds is not None and _is_chained(resolved):
        faults.append(
            "the role is assumed from another session, and the console's then lasts as long as the role's: "
            "leave out --duration-seconds"
        )
    if is_mfa_user(resolved.options):
        faults.append(_no_session(resolved.profile))
    if faults:
        raise ValidationError("no sign-in URL was asked for, because", map(Problem, faults))


def _is_chained(resolved: Resolved) -> bool:
    """Whether a role is assumed from a session, be it another role's or a shared MFA session.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html#iam-term-role-chaining
    """
    if not is_role(resolved.options):
        return False
    from ..credentials.mfa_session import shares_session

    role = inventory(resolved.config).resolve(resolved.profile)
    return role.chained or shares_session(role)


def _partition(resolved: Resolved, session: Any) -> str:
    """The partition of the profile's role, else of its region."""
    arn = Arn.parse(str(resolved.options[settings.ROLE_ARN])) if is_role(resolved.options) else None
    if arn:
        return arn.partition
    partitions = Partitions(session.get_component("data_loader").load_data("partitions"))
    region = session.get_config_variable("region") or settings.DEFAULT_REGION
    return partitions.of_region(region) or "aws"


def _no_session(profile: str) -> str:
    return (
        f"profile {profile} gives a user's own credentials, and the console takes a role's only; a user signs in "
        f"with a password"
    )


_PAGE = """<!DOCTYPE html>
<meta charset="utf-8">
<meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0; url={url}">
<title>AWS console</title>
<a href="{url}">AWS console</a>
"""


def open_browser(url: str) -> None:
    """Open `url` in the user's browser. Raises `XacctError` where there is none, or no page can be written."""
    try:
        named = expand_path(settings.PAGE_DIRECTORY)
        if not named:
            raise FileNotFoundError("there is no home directory")
        directory = provide_private(Path(named), settings.PAGE_KIND)
        _sweep(directory)
        temporary = write_temporary(directory, "console", _PAGE.format(url=html.escape(url)).encode())
        page = temporary.with_suffix(".html")
        temporary.replace(page)
    except OSError as error:
        raise XacctError(f"no page for the browser can be written: {error}. {_WITHOUT}") from None
    try:
        opened = webbrowser.open(page.as_uri())
    except webbrowser.Error:
        opened = False
    if not opened:
        page.unlink(missing_ok=True)
        raise XacctError(f"no browser can be opened here. {_WITHOUT}")


_WITHOUT = "Leave out --open to have the URL, and give it to a browser yourself"


def _sweep(directory: Path) -> None:
    """Remove the pages that lead nowhere any more."""
    with contextlib.suppress(OSError):
        for page in directory.iterdir():
            with contextlib.suppress(OSError):
                if time.time() - page.stat().st_mtime > settings.SIGNIN_SECONDS:
                    page.unlink()
