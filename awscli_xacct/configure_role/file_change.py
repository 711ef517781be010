"""Edit the config file, or write a file that a command has made: show the diff, ask, and write it once."""

from pathlib import Path

from botocore.configloader import raw_config_parse

from ..configfile import store
from ..confirm import Change, Consent, confirm_and_apply
from ..messages import print_message
from .base import refusal
from .output import diff_lines, print_diff

DECLINED = "nothing was written"


def edit_config(path: Path, change: store.MakeEdit) -> store.Edit:
    """Make `change` in the config file. The result is verified by the parser that `aws` will read it with."""
    return store.edit(path, change, raw_config_parse)


def write_file(
    edit: store.Edit,
    consent: Consent,
    *,
    wrote: str,
    up_to_date: str,
    preview: str = "",
    asks: bool = True,
    shows: bool = True,
) -> int:
    """Write the file as planned, and return the exit code. Raises what `confirm_and_apply` and `store.rewrite` raise.

    `wrote`, `up_to_date` and `preview` are said at the end. A file with content is changed after confirmation only,
    unless it is one that only programs write (`asks`). `shows` is whether the diff is printed.
    """

    def replace() -> int:
        store.rewrite(edit.path, lambda data: _after(edit, data))
        print_message(wrote)
        return 0

    change = Change(
        question=f"Write this to {edit.path}?" if edit.before and asks else "",
        declined=DECLINED,
        apply=replace,
        text=lambda: "".join(f"{line}\n" for line in diff_lines(edit)),
        up_to_date="" if edit.changed else up_to_date,
        preview=preview,
        show=lambda: print_diff(edit) if shows else None,
    )
    return confirm_and_apply(change, consent)


def _after(edit: store.Edit, data: bytes) -> bytes:
    """Return what is to be written in the place of `data`. Raises `ValidationError` unless that is what was read."""
    if data != edit.before:
        text = f"{edit.path} has changed in the meantime"
        raise refusal(DECLINED, text, "run the command again", "FileChanged")
    return edit.after
