"""Taking a browser somewhere without telling anybody else where.

A program's arguments can be read by every user of a machine, and a browser is a program that is given its URL as
an argument. So it is given the name of a page that only its user can read, and that page sends it on. The page
stays for as long as a sign-in URL may be used: a browser that has yet to start would not find it otherwise. The
next one takes it away.

A browser in a sandbox (a snap, a flatpak) may not be allowed to read the page; then the URL has to be copied.
"""

from __future__ import annotations

import contextlib
import html
import time
import webbrowser
from pathlib import Path

from .. import settings
from ..errors import XacctError
from ..storage.files import write_temporary
from ..storage.places import make
from ..storage.record import expanded

_PAGE = """<!DOCTYPE html>
<meta charset="utf-8">
<meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0; url={url}">
<title>AWS console</title>
<a href="{url}">AWS console</a>
"""


def take(url: str) -> None:
    """Open `url` in the user's browser. Raises `XacctError` where there is none, or no page can be written."""
    try:
        named = expanded(settings.PAGE_DIRECTORY)
        if not named:
            raise FileNotFoundError("there is no home directory")
        directory = make(Path(named), settings.PAGE_KIND)
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
