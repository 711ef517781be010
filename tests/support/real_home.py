"""No test may reach the real home of the person who runs it.

Without HOME, ``~`` is the home in the user database, so what a test runs there needs HOME or a user id of its own. A
test of doctor once wrote in the real cache, and only on machines that had one.
"""

from __future__ import annotations

import os
import pwd
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

OWN_USER_ID = "--map-user="
"""In a command that runs under another user id; see `commands.without_account`."""

_reached: list[str] = []


@pytest.fixture(autouse=True)
def real_home_unreached() -> Iterator[None]:
    """Fail a test that caught the exception with which it was stopped."""
    yield
    found = _reached.copy()
    _reached.clear()
    assert found == []


def guard(home: str) -> Callable[[str, tuple[Any, ...]], None]:
    """Return an audit hook that stops programs that would find AWS files in `home`, and the use of such files here."""
    inside = os.path.join(home, ".aws")  # noqa: PTH118 - compared with what is passed to `open`

    def refuse(what: str) -> None:
        _reached.append(what)
        # What starts a program in a fork expects an OSError.
        raise PermissionError(f"a test must not reach {inside}: {what}")

    def check(event: str, arguments: tuple[Any, ...]) -> None:
        if event in ("open", "os.mkdir", "os.rename", "os.remove", "os.listdir", "os.scandir", "os.chmod"):
            path = arguments[1 if event == "os.rename" else 0]
            if isinstance(path, (str, bytes, os.PathLike)) and os.fsdecode(path).startswith(inside):
                refuse(f"{event} {os.fsdecode(path)}")
        elif event in ("subprocess.Popen", "os.exec", "os.posix_spawn"):
            words, environment = arguments[1], arguments[-1]
            found: dict[Any, Any] = dict(os.environ if environment is None else environment)
            value = os.fsdecode(found.get("HOME", found.get(b"HOME", home)))
            words = [words] if isinstance(words, (str, bytes)) else words
            alone = any(os.fsdecode(word).startswith(OWN_USER_ID) for word in words)
            if (
                value == home and not alone and found
            ):  # an empty one is that of the shell that watches over `each`
                refuse(f"{words} started without another HOME")

    return check


def find_home() -> str | None:
    """Return where ``~`` leads without HOME; None if nowhere."""
    try:
        return pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        return None


_home = find_home()
if _home is not None:
    sys.addaudithook(guard(_home))
