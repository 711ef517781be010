"""Ending children whose parent was killed: by SIGKILL, for want of memory, by a fault of the interpreter.

No handler runs then. A shell that does nothing but read a pipe outlives its parent, sees the pipe end, and kills the
groups of processes that it was told of and that are not said to have ended. It has no credentials, and no terminal.

POSIX only. Where the shell cannot be started, all is as it would be without it.
"""

from __future__ import annotations

import contextlib
import os
import subprocess

_SCRIPT = """\
trap '' HUP INT QUIT TERM
left=' '
while read -r change group; do
    case $change in
        began) left="$left$group " ;;
        quit) exit ;;
        ended) case $left in *" $group "*) left="${left%%" $group "*} ${left#*" $group "}" ;; esac ;;
    esac
done
for group in $left; do
    kill -s KILL -- "-$group"
done
"""


class Watchdog:
    """Knows which groups of processes are to end with this process. For use in threads."""

    def __init__(self) -> None:
        self._pipe: int | None = None
        if os.name == "nt":
            return
        with contextlib.suppress(OSError):
            reading, writing = os.pipe()
            try:
                # It ends by itself, as soon as nobody holds the other end of the pipe: only this process does.
                self._shell = subprocess.Popen(  # noqa: S603 - a fixed command
                    ["/bin/sh", "-c", _SCRIPT],
                    env={},
                    stdin=reading,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    cwd="/",
                    start_new_session=True,
                )
            except OSError:
                os.close(writing)
            else:
                self._pipe = writing
            finally:
                os.close(reading)

    def began(self, group: int) -> None:
        """A group is to end with this process from now on."""
        self._tell("began", group)

    def ended(self, group: int) -> None:
        """It is no longer."""
        self._tell("ended", group)

    def dismiss(self) -> None:
        """Nothing is left to be guarded."""
        if self._pipe is not None:
            self._tell("quit")
            os.close(self._pipe)
            self._pipe = None
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._shell.wait(1)

    def _tell(self, change: str, group: int = 0) -> None:
        if self._pipe is not None:
            with contextlib.suppress(OSError):  # it was killed itself
                os.write(self._pipe, f"{change} {group}\n".encode("ascii"))
