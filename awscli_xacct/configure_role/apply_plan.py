"""A request for many role profiles, carried out: the plan is shown, asked about, and made in one write."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.configloader import raw_config_parse

from .. import settings
from ..configfile import store
from ..configfile.document import Document
from ..errors import Problem, ValidationError
from ..manifest.model import Request
from ..manifest.plan import ADD, CHANGE, CONFLICT, REMOVE, SAME, Plan, Step, listed, plan
from ..messages import print_message
from ..tables import counted, table
from .base import Subcommand
from .confirm import Change, Consent, confirm_and_apply
from .output import print_result
from .remove import own_records

_MARKS = (settings.MANIFEST, settings.MANIFEST_KEYS)
_NOTHING = "nothing was changed, because"


class PlannedCommand(Subcommand):
    """A command that asks the config for many role profiles at once."""

    _last: tuple[bytes, bytes, Plan] | None = None

    def _carry_out(self, request: Request, consent: Consent, parsed_globals: Any) -> int:
        """Show what `request` would change, ask where there is something to ask, and do it; gives the exit code.

        Off a terminal profiles are added without being asked, and changed or removed with ``--yes`` only. More
        than half of what the same mark has made goes with ``--yes`` only, anywhere. A conflict stops all of it.
        Raises what `plan` and `store.edit` do; nothing is changed then.
        """
        path = self._config_path()
        shown = self._planned(request)
        self._show(shown, request, parsed_globals)
        if shown.of(CONFLICT):
            raise ValidationError(_NOTHING, map(Problem, _conflicts(shown)))

        def make() -> int:
            self._make(shown, request)
            print_message(f"{path} is written: {_summary(shown, done=True)}")
            return 0

        change = Change(
            question=f"Write this to {path} ({_summary(shown)})?",
            declined="nothing was changed",
            apply=make,
            text=lambda: _text(shown),
            up_to_date="" if shown.changes_anything else f"nothing to do: {_already(shown)} in {path}",
            preview=f"{path} would be changed: {_summary(shown)}",
            only_if_yes=_too_much(shown, request),
            unattended=not (shown.of(CHANGE) or shown.of(REMOVE)),
        )
        return confirm_and_apply(change, consent)

    def _planned(self, request: Request) -> Plan:
        """The plan as the files are now; that it can be carried out is tried."""
        made: list[Plan] = []

        def change(document: Document) -> None:
            made.append(self._plan(request, document))
            made[-1].apply(document)

        store.preview(self._config_path(), change)
        return made[-1]

    def _plan(self, request: Request, document: Document) -> Plan:
        """The plan for these files; between looking and writing they are mostly the same, and so is it."""
        path = self._credentials_path()
        files = document.render(), store.read(path)
        if self._last is None or self._last[:2] != files:
            found = plan(request, document, Document(files[1], str(path)), self._partitions())
            self._last = (*files, found)
        return self._last[2]

    def _make(self, shown: Plan, request: Request) -> None:
        """Write what was shown, if it is still that, and drop the credentials of what is removed."""
        gone = [step.profile for step in shown.of(REMOVE)]
        records = own_records(gone, self._inventory()) if gone else set()
        path = self._config_path()

        def change(document: Document) -> None:
            if self._plan(request, document).steps != shown.steps:
                changed = Problem(f"{path} has changed meanwhile", "look at the plan again")
                raise ValidationError(_NOTHING, [changed])
            shown.apply(document)

        store.edit(path, change, raw_config_parse)
        self._cache().remove_all(records)

    def _show(self, shown: Plan, request: Request, parsed_globals: Any) -> None:
        result = [_result(step) for step in shown.steps]
        print_result(self._session, parsed_globals, self.NAME, result, lambda: _text(shown))
        for note in shown.notes:
            print_message(note)
        if shown.left:
            print_message(
                f"no longer wanted, and staying: {listed(shown.left)}; --prune removes what was made from "
                f"{request.mark}"
            )


def _too_much(shown: Plan, request: Request) -> str:
    """Why a plan needs ``--yes``: it removes more than half of what was made from the same manifest."""
    if not (shown.of(REMOVE) and shown.removes_most):
        return ""
    number = f"{len(shown.of(REMOVE))} of the {counted(shown.made, 'profile')}"
    return f"{number} made from {request.mark} would be removed, more than half"


def _result(step: Step) -> dict[str, Any]:
    """A step for programs."""
    return {
        "Profile": step.profile,
        "Action": step.action,
        "MadeFrom": step.owner or None,
        "Changes": [{"Key": key, "Old": old, "New": new} for key, old, new in step.changes],
    }


def _text(shown: Plan) -> str:
    rows = [row for step in shown.steps for row in _rows(step)]
    if not rows:
        return ""
    return table(["PLAN", "PROFILE", "SETTING", "NOW", "THEN"], rows, whole=True)


def _rows(step: Step) -> Iterator[list[str]]:
    action, profile = step.action, step.profile
    for change in step.changes:
        if step.action == ADD and change.key in _MARKS:
            continue
        yield [action, profile, change.key, change.old or "", change.new or ""]
        action = profile = " "


def _summary(shown: Plan, *, done: bool = False) -> str:
    words = {ADD: "added", CHANGE: "changed", REMOVE: "removed"} if done else {}
    counts = ((action, words.get(action, f"to {action}")) for action in (ADD, CHANGE, REMOVE))
    parts = [f"{len(shown.of(action))} {word}" for action, word in (*counts, (SAME, "the same"))]
    return ", ".join(part for part in parts if not part.startswith("0 "))


def _already(shown: Plan) -> str:
    number = len(shown.of(SAME))
    return "the profile is up to date" if number == 1 else f"all {number} profiles are up to date"


def _conflicts(shown: Plan) -> Iterator[str]:
    for step in shown.of(CONFLICT):
        owner = f"was made from {step.owner}" if step.owner else "was made by hand"
        yield f"profile {step.profile} {owner} and differs; take another name, or --adopt takes it over"
