"""``xacct console PROFILE``: sign a browser in to the console of a role's account.

Every user of a machine can read the arguments of a program, and a browser gets its URL as one. So it gets the path of
a page that only its user can read, and that page redirects it. The page is kept for as long as the sign-in URL can be
used, as a browser may be slow to start; the next one that is written removes it. A browser in a sandbox (snap, flatpak)
may not be able to read the page: then the URL has to be copied.
"""

import argparse
import contextlib
import html
import json
import os
import re
import time
import webbrowser
from pathlib import Path
from typing import Any

from .. import settings
from ..credentials.resolution import Resolved
from ..errors import ValidationError, XacctError
from ..problems import Problem
from ..profiles.cache_keys import CacheKeys
from ..profiles.partitions import Partitions
from ..profiles.regions import find_partition
from ..profiles.source import is_mfa_user, is_role
from ..results import write_result
from ..storage.directories import provide_own
from ..storage.files import write_temporary
from ..typed import typed_again
from . import for_once
from .fetch import fetch, make_session
from .resolve import resolve
from .signin import check_url, find_endpoints, request_url

HELP = "Print a URL that signs a browser in to the console as a profile's role, or open it."

_SERVICE = re.compile(r"[a-z0-9][a-z0-9-]*")

_PAGE = """<!DOCTYPE html>
<meta charset="utf-8">
<meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0; url={url}">
<title>AWS console</title>
<a href="{url}">AWS console</a>
"""

_WITHOUT_OPEN = "Leave out --open to print the URL, and open it yourself"
STRAY = "To run a command: xacct exec PROFILE -- CMD"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("profile", metavar="PROFILE", help="a profile with temporary credentials")
    parser.add_argument(
        "--open", action="store_true", help="open the URL in a browser instead of printing it"
    )
    start = parser.add_mutually_exclusive_group()
    start.add_argument("--service", metavar="NAME", help="start at this service, such as ec2")
    start.add_argument("--destination", metavar="URL", help="start at this page of the console")
    parser.add_argument(
        "--duration-seconds",
        metavar="N",
        type=int,
        help="how long the console session lasts, up to 12 hours (default: as long as the credentials)",
    )
    for_once.add_options(parser)


split = for_once.split


def run(options: argparse.Namespace) -> int:
    """Print the URL, or open it."""
    given = for_once.parse(options)
    resolved = resolve(options.profile, for_once=given)
    session = make_session(resolved.profile)
    _check(options, resolved)
    region = resolved.memo.region
    endpoints = find_endpoints(resolved.config, os.environ, _find_partition(resolved, session))
    destination = endpoints.pages
    if options.destination:
        destination = check_url(options.destination, "--destination")
    elif options.service:
        query = f"?region={region}" if region else ""
        destination = f"{endpoints.pages.rstrip('/')}/{options.service}/home{query}"
    document = json.loads(fetch(resolved, given))
    if "SessionToken" not in document:
        raise XacctError(str(_explain_no_session(resolved.profile)), code="ProfileInvalid")
    url = request_url(session, endpoints.signin, document, destination, options.duration_seconds)
    if options.open:
        open_browser(url)
    else:
        write_result(f"{url}\n")
    return 0


def _check(options: argparse.Namespace, resolved: Resolved) -> None:
    """Raise `ValidationError` for what the console would refuse."""
    problems = []
    low, high = settings.MIN_ROLE_DURATION, settings.MAX_ROLE_DURATION
    seconds = options.duration_seconds
    if options.service and not _SERVICE.fullmatch(options.service):
        problems.append(
            Problem(
                f"--service {options.service!r} is not a name from the console's URLs", "use one such as ec2"
            )
        )
    if seconds is not None and not low <= seconds <= high:
        limits = f"between {low} (15 minutes) and {high} (12 hours)"
        problems.append(Problem(f"--duration-seconds {seconds} is not {limits}"))
    if seconds is not None and _is_chained(resolved):
        problems.append(
            Problem(
                "this role is assumed from another session, so the console session ends with the role session",
                f"leave it out:\n  {typed_again(without='--duration-seconds')}",
            )
        )
    if is_mfa_user(resolved.options):
        problems.append(_explain_no_session(resolved.profile))
    if problems:
        raise ValidationError("no sign-in URL was requested", problems)


def _is_chained(resolved: Resolved) -> bool:
    """Whether a role is assumed from a session: another role's, or a shared MFA session.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html#iam-term-role-chaining
    """
    if not is_role(resolved.options):
        return False
    from ..credentials.mfa_session import shares_session

    role = CacheKeys(resolved.config, resolved.profile, os.environ).role
    return role.chained or shares_session(role)


def _find_partition(resolved: Resolved, session: Any) -> str:
    """Return the partition of the profile's role or MFA device, or else of its region."""
    partition = find_partition(resolved.options)
    if partition:
        return partition
    partitions = Partitions(session.get_component("data_loader").load_data("partitions"))
    region = session.get_config_variable("region") or settings.DEFAULT_REGION
    return partitions.of_region(region) or "aws"


def _explain_no_session(profile: str) -> Problem:
    return Problem(
        f"profile {profile} has a user's own credentials, but the console accepts only a role's",
        "use a role profile, or sign in with the user's password",
        code="ProfileInvalid",
    )


def open_browser(url: str) -> None:
    """Open `url` in the user's browser. Raises `XacctError` if there is none, or the page cannot be written."""
    try:
        directory = provide_own(settings.PAGE_DIRECTORY, settings.PAGE_KIND)
        _remove_expired_pages(directory)
        temporary = write_temporary(directory, "console", _PAGE.format(url=html.escape(url)).encode())
        page = temporary.with_suffix(".html")
        temporary.replace(page)
    except OSError as error:
        raise XacctError(f"cannot write the page for the browser: {error}. {_WITHOUT_OPEN}") from None
    try:
        opened = webbrowser.open(page.as_uri())
    except webbrowser.Error:
        opened = False
    if not opened:
        page.unlink(missing_ok=True)
        raise XacctError(f"no browser can be opened here. {_WITHOUT_OPEN}")


def _remove_expired_pages(directory: Path) -> None:
    with contextlib.suppress(OSError):
        for page in directory.iterdir():
            with contextlib.suppress(OSError):
                if time.time() - page.stat().st_mtime > settings.SIGNIN_SECONDS:
                    page.unlink()
