"""Kill this process before one of its steps, or fill the disk; run in a forked `xacct` by `aws_server`.

A step changes something outside of the process: it writes, renames or removes a file below HOME, flushes one, sends a
request, or starts a program. XACCT_TEST_STEP is ``kill:3`` if the third one is not to happen, ``full:3`` if no file can
be written from then on, and ``none:0`` to let all of them happen. XACCT_TEST_STEPS is the file for their names.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
from typing import Any

_what, _, _number = os.environ["XACCT_TEST_STEP"].partition(":")
_at = int(_number)
_home = os.environ["HOME"]
_log = os.open(os.environ["XACCT_TEST_STEPS"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
_count = 0


def _step(name: str) -> None:
    global _count
    _count += 1
    os.write(_log, f"{name}\n".encode())
    if _what == "kill" and _count == _at:
        os.kill(os.getpid(), signal.SIGKILL)
    if _what == "full" and _count >= _at and name.startswith(("open", "fsync")):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open":
        path, _, flags = arguments
        if flags & (os.O_WRONLY | os.O_RDWR) and str(path).startswith(_home):
            _step(f"open {path}")
    elif event in ("os.rename", "os.remove", "os.mkdir", "os.chmod") and str(arguments[0]).startswith(_home):
        _step(f"{event} {arguments[0]}")
    elif event in ("http.client.send", "subprocess.Popen"):
        _step(event)


def _flush(descriptor: int, real: Any = os.fsync) -> None:
    _step("fsync")
    real(descriptor)


os.fsync = _flush  # type: ignore[assignment]
sys.addaudithook(_watch)
