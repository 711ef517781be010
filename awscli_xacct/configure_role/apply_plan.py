"""Apply a request for many role profiles: show the plan, ask, and write the config file once."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .. import settings
from ..configfile import store
from ..configfile.document import Document
from ..confirm import Change, Consent, confirm_and_apply
from ..errors import ValidationError
from ..manifest.model import RolesRequest
from ..manifest.plan import ADD, CHANGE, CONFLICT, REMOVE, SAME, Plan, PlannedEdit, plan
from ..messages import listed, option, print_message, role_commands
from ..problems import Problem
from ..profiles.defaults import region_note
from ..tables import counted, table
from ..typed import typed_again
from .base import Subcommand, find_region_variable
from .file_change import edit_config
from .remove import unshared_records

_MARKS = (settings.MANIFEST, settings.MANIFEST_KEYS)
_MAX_IN_COMMAND = 10
"""How many profiles a command names, where something shorter does the same."""
_NOTHING = "nothing was changed, because"
_WORDS = {ADD: ("to add", "added"), CHANGE: ("to change", "changed"), REMOVE: ("to remove", "removed")}


class PlannedCommand(Subcommand):
    """Base of the commands that change many role profiles at once."""

    _last: tuple[bytes, bytes, Plan] | None = None

    def _carry_out(self, request: RolesRequest, consent: Consent, parsed_globals: Any) -> int:
        """Show what `request` changes in the config file, have it confirmed, and write it. Return the exit code.

        Without a terminal, adding profiles needs no confirmation, but changing or removing them needs ``--yes``.
        Removing more than half of the profiles with the same mark always needs it. One conflict stops everything.
        Raises what `plan` and `store.edit` raise; the file is unchanged then.
        """
        path = self._config_path()
        shown = self._preview(request)
        self._print_plan(shown, request, parsed_globals)
        if shown.of(CONFLICT):
            raise ValidationError(_NOTHING, _conflicts(shown), "ProfileInvalid")

        def apply() -> int:
            self._write(shown, request)
            print_message(f"updated {path}: {_summary(shown, done=True)}")
            return 0

        same = counted(len(shown.of(SAME)), "profile")
        change = Change(
            question=f"Write this to {path} ({_summary(shown)})?",
            declined="nothing was changed",
            apply=apply,
            text=lambda: _text(shown),
            up_to_date="" if shown.changes_anything else f"nothing to do: {same} up to date in {path}",
            preview=f"{path} would be changed: {_summary(shown)}",
            only_if_yes=_drastic(shown, request),
            unattended=not (shown.of(CHANGE) or shown.of(REMOVE)),
        )
        return confirm_and_apply(change, consent)

    def _preview(self, request: RolesRequest) -> Plan:
        """Return the plan for the current files, after checking that it can be applied."""
        made: list[Plan] = []

        def change(document: Document) -> None:
            made.append(self._plan(request, document))
            made[-1].apply(document)

        store.preview(self._config_path(), change)
        return made[-1]

    def _plan(self, request: RolesRequest, document: Document) -> Plan:
        """Return the plan for these files: the last one, if they have not changed since it was shown."""
        path = self._credentials_path()
        files = document.render(), store.read(path)
        if self._last is None or self._last[:2] != files:
            found = plan(request, document, Document(files[1], str(path)), self._partitions())
            self._last = (*files, found)
        return self._last[2]

    def _write(self, shown: Plan, request: RolesRequest) -> None:
        """Write the plan that was shown, unless it has changed, and delete credentials of removed profiles."""
        removed = [edit.profile for edit in shown.of(REMOVE)]
        records = unshared_records(removed, self._inventory()) if removed else set()
        path = self._config_path()

        def change(document: Document) -> None:
            if self._plan(request, document).edits != shown.edits:
                changed = Problem(f"{path} has changed in the meantime", "run the command again")
                raise ValidationError(_NOTHING, [changed], "FileChanged")
            shown.apply(document)

        edit_config(path, change)
        self._cache().remove_all(records)

    def _print_regions(
        self, without_region: Mapping[tuple[str, str, str], Sequence[str]], *, is_manifest: bool
    ) -> None:
        """Print which profiles get no region although their source has one; see `Plan`."""
        if find_region_variable(self._session):
            return
        for (source, owner, region), names in without_region.items():
            fix = self._fix_region(names, region, is_manifest=is_manifest)
            print_message(region_note(names, source, owner, region, fix))

    def _fix_region(self, names: Sequence[str], region: str, *, is_manifest: bool) -> str:
        """Return the command that gives profiles a region once the plan has been carried out."""
        if is_manifest and len(names) > _MAX_IN_COMMAND:
            return f"write region: {region} under defaults in the manifest, then:\n  {typed_again()}"
        return role_commands(names, f"{option(settings.REGION)} {region}")

    def _print_plan(self, shown: Plan, request: RolesRequest, parsed_globals: Any) -> None:
        result = [_to_dict(edit) for edit in shown.edits]
        self._print(parsed_globals, result, lambda: _text(shown))
        for note in shown.notes:
            print_message(note)
        self._print_regions(shown.without_region, is_manifest=bool(request.mark))
        if shown.left:
            print_message(
                f"no longer wanted, but kept: {listed(shown.left)}. Remove profiles made from {request.mark} with:\n"
                f"  {typed_again('--prune')}"
            )


def _drastic(shown: Plan, request: RolesRequest) -> str:
    """Return why a plan needs ``--yes``, if it removes more than half of what was made from the same manifest."""
    if not (shown.of(REMOVE) and shown.removes_most):
        return ""
    number = f"{len(shown.of(REMOVE))} of the {counted(shown.owned, 'profile')}"
    return f"{number} made from {request.mark} would be removed, more than half"


def _to_dict(edit: PlannedEdit) -> dict[str, Any]:
    return {
        "Profile": edit.profile,
        "Action": edit.action,
        "MadeFrom": edit.owner or None,
        "Changes": [{"Key": key, "Old": old, "New": new} for key, old, new in edit.changes],
    }


def _text(shown: Plan) -> str:
    rows = [row for edit in shown.edits for row in _rows(edit)]
    if not rows:
        return ""
    return table(["PLAN", "PROFILE", "SETTING", "NOW", "THEN"], rows, whole=True)


def _rows(edit: PlannedEdit) -> Iterator[list[str]]:
    action, profile = edit.action, edit.profile
    for change in edit.changes:
        if edit.action == ADD and change.key in _MARKS:
            continue
        yield [action, profile, change.key, change.old or "", change.new or ""]
        action = profile = " "


def _summary(shown: Plan, *, done: bool = False) -> str:
    """Return how many profiles change in which way, such as "2 to add, 1 the same"."""
    counts = [(len(shown.of(action)), words[done]) for action, words in _WORDS.items()]
    return ", ".join(
        f"{number} {words}" for number, words in [*counts, (len(shown.of(SAME)), "the same")] if number
    )


def _conflicts(shown: Plan) -> Iterator[Problem]:
    for edit in shown.of(CONFLICT):
        owner = f"was made from {edit.owner}" if edit.owner else "was made by hand"
        text = f"profile {edit.profile} {owner} and differs"
        yield Problem(text, f"choose another name, or take it over:\n  {typed_again('--adopt')}")
