"""Killing the children of a process that was killed itself: by SIGKILL, out of memory, by a fault of the interpreter.

No handler runs then. So a shell that only reads a pipe outlives its parent, sees the pipe end, and kills the process
groups it was told of and that have not ended. It has no credentials and no terminal.

POSIX only. If the shell cannot be started, everything else works as it would without it.
"""

import contextlib
import os
import subprocess

_SCRIPT = """\
trap '' HUP INT QUIT TERM
left=' '
while read -r change group; do
    case $change in
        add) left="$left$group " ;;
        quit) exit ;;
        remove) case $left in *" $group "*) left="${left%%" $group "*} ${left#*" $group "}" ;; esac ;;
    esac
done
for group in $left; do
    kill -s KILL -- "-$group"
done
"""


class Watchdog:
    """Kills process groups if this process is killed. For use in threads."""

    def __init__(self) -> None:
        self._pipe: int | None = None
        if os.name == "nt":
            return
        with contextlib.suppress(OSError):
            reading, writing = os.pipe()
            try:
                # It ends when nobody holds the other end of the pipe any more: only this process does.
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

    def add(self, group: int) -> None:
        """Kill this process group if this process is killed."""
        self._send("add", group)

    def remove(self, group: int) -> None:
        """Do not kill this process group any more: it has ended."""
        self._send("remove", group)

    def stop(self) -> None:
        """End the shell, which kills nothing then."""
        if self._pipe is not None:
            self._send("quit")
            os.close(self._pipe)
            self._pipe = None
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._shell.wait(1)

    def _send(self, change: str, group: int = 0) -> None:
        if self._pipe is not None:
            with contextlib.suppress(OSError):  # the shell was killed itself
                os.write(self._pipe, f"{change} {group}\n".encode("ascii"))
