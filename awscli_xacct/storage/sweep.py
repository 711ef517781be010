"""Removing what has ended from a cache directory: records, markers, locks and temporary files."""

from contextlib import suppress
from pathlib import Path

from .. import settings
from .files import discard, temporary_prefix
from .locks import remove_if_free
from .record import read_private, split_record

_KINDS = ("json", "lock", "code", "too-long", "retry", "owner", "caller")
_LASTING = {".caller": settings.CALLER_SECONDS}
"""How long markers are good for that are, for longer than a day, by suffix."""


def sweep_old(directory: Path, now: float, written: str = "") -> None:
    """Remove what ended more than `settings.SWEEP_SECONDS` before `now`: records, markers, locks, temporary files.

    Temporary files for `written`, whose lock the caller holds, were left by a killed writer and go at once. Looks at a
    bounded number of files. Files that are not ours by name stay: people keep other things in ``cache_dir`` too.
    """
    names = []
    with suppress(OSError):
        names = [path.name for path in directory.iterdir() if _is_ours(path.name)]
    # Start elsewhere each time, so that each of very many files has its turn.
    start = int(now) % len(names) if names else 0
    for name in names:
        if written and name.startswith(temporary_prefix(written)):
            discard(directory / name)
    for name in (names[start:] + names[:start])[: settings.SWEEP_FILES]:
        path = directory / name
        with suppress(OSError):  # the next sweep tries again
            # A file written since then cannot have ended before; the others are few and worth reading.
            written_at, lasts = path.lstat().st_mtime, _LASTING.get(path.suffix, 0)
            if written_at < now - settings.SWEEP_SECONDS - lasts and not _ended_lately(path, now):
                _remove(path)


def _is_ours(name: str) -> bool:
    """Whether a file is ours by its name: a cache key and a kind, or that of a temporary file for such a file.

    Without a regular expression, because compiling it costs more than looking at the files.
    """
    key, _, kind = name.removeprefix(".").partition(".")
    if len(key) != 64 or key.strip("0123456789abcdef"):
        return False
    if not name.startswith("."):
        return kind in _KINDS
    kind, mark, end = kind.partition(".xacct-")
    return bool(kind and mark) and "." not in kind and end.endswith(".tmp")


def _remove(path: Path) -> None:
    """Remove a file of a cache; a lock file only if no process holds the lock. Raises `OSError`."""
    if path.suffix == ".lock":
        remove_if_free(path)
    else:
        path.unlink()


def _ended_lately(path: Path, now: float) -> bool:
    """Whether an old file is an intact record that ended less than `settings.SWEEP_SECONDS` ago."""
    if path.suffix != ".json":
        return False
    try:
        header, _ = split_record(path.stem, read_private(path) or b"")
    except (PermissionError, ValueError):
        return False
    return header.expiry > now - settings.SWEEP_SECONDS
