"""The step of a setup that writes the profile to the config file, and the steps that undo it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..configfile import store
from ..configfile.document import Document
from ..configfile.sections import find_headers
from ..messages import option, profile_words
from ..profiles.source import Profile
from ..setup.journal import Journal, JournalEntry
from ..setup.steps import ADD, CHANGE, KEEP, REMOVE, SAME, Step
from ..setup.undo import already_removed
from .file_change import edit_config
from .output import diff_lines


def profile_step(
    profile: str,
    path: Path,
    before: Profile | None,
    after: Profile,
    apply: Callable[[Document], Any],
    journal: Journal,
) -> Step:
    """Return the step that changes a profile's options from `before`, None for a new profile, to `after`."""
    edit = store.preview(path, apply)
    title = f"profile {profile} in {path}"
    if not edit.changed:
        return Step(SAME, title)
    was = before or {}
    keys = [key for key in {**was, **after} if was.get(key) != after.get(key)]
    new: JournalEntry = {"before": {}, "after": {}, "made": before is None}
    noted = journal.first("profile") or new
    entry: JournalEntry = {
        "kind": "profile",
        "before": {**{key: was.get(key) for key in keys}, **noted["before"]},
        "after": {**noted["after"], **{key: after.get(key) for key in keys}},
        "made": noted["made"],
    }
    options = [word for key in keys for word in (option(key), str(after.get(key, "")))]
    return Step(
        ADD if before is None else CHANGE,
        title,
        lambda: edit_config(path, apply),
        detail=list(diff_lines(edit))[2:],
        command=["aws", "configure", "role", *profile_words(profile), *options],
        entries=[entry],
    )


def undo_profile_steps(
    profile: str,
    path: Path,
    options: Profile | None,
    forget: Callable[[], object],
    journal: Journal,
) -> list[Step]:
    """Return the steps that undo what setup wrote to a profile.

    `options` are its current ones, None if it no longer exists. `forget` deletes its cached credentials.
    """
    entry, title = journal.first("profile"), f"profile {profile} in {path}"
    if entry is None:
        return []
    if options is None:
        return [already_removed(entry, title)]
    ours = [key for key, value in entry["after"].items() if options.get(key) == value]
    theirs = [key for key in entry["after"] if key not in ours]
    added = [key for key in options if key not in entry["after"]]
    before, made = entry["before"], entry["made"]
    whole = made and not theirs and not added

    def change(document: Document) -> None:
        headers = find_headers(document.names(), profile)
        if whole:
            for header in headers:
                document.remove_section(header)
        else:
            document.change(headers[-1], {key: before[key] for key in ours})

    def act() -> None:
        edit_config(path, change)
        forget()

    edit = store.preview(path, change)
    detail = list(diff_lines(edit))[2:]
    what = title if whole else f"settings that setup wrote to {title}"
    steps = [Step(REMOVE, what, act, detail=detail, entries=[entry])]
    if theirs:
        steps.append(Step(KEEP, f"{', '.join(theirs)} of {title}: changed since setup wrote it"))
    if added and made:
        steps.append(Step(KEEP, f"{', '.join(added)} of {title}: not written by setup"))
    return steps
