"""What `each` runs its command for: profiles or accounts, and the regions of each, with their credentials."""

import json
import threading
import time
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from .. import settings
from ..arn import Arn
from ..error_codes import exit_code_of
from ..failures import Failure
from .each_report import Target
from .each_selection import Selection
from .enabled_regions import Choice, EnabledRegions
from .fetch import Fetched, fetch_many, make_session
from .for_once import ForOnce
from .progress import Progress
from .renewal import find_due


class _Session:
    """The credentials of a profile. Its targets, which take turns by `lock`, use them until they are due."""

    def __init__(self, fetched: Fetched) -> None:
        self.lock = threading.Lock()
        self.keep(fetched)

    def keep(self, fetched: Fetched) -> None:
        self._fetched = fetched
        self._due = find_due(fetched.document or {}, time.time())

    def find_fresh(self) -> Mapping[str, Any] | None:
        """Return credentials that are not due: from the cache, or those kept here if it does not have them."""
        now = time.time()
        cached = self._fetched.memo.valid_document(now)
        if cached is None:
            return self._fetched.document if now < self._due else None
        header, document = cached
        found: Mapping[str, Any] | None = json.loads(document) if now < header.refresh_at else None
        return found


class Targets:
    """The targets of a selection. Their credentials are fetched for each attempt, if they are not in the cache."""

    def __init__(
        self,
        selection: Selection,
        regions: Sequence[str] | None,
        progress: Progress,
        narrowed: ForOnce | None = None,
    ) -> None:
        """`regions` are names and patterns, None for each profile's own; the sessions are `narrowed`."""
        self._selection = selection
        self._progress = progress
        self._wanted = regions
        self._narrowed = narrowed
        self._regions: EnabledRegions | None = None
        self._sessions: dict[str, _Session] = {}
        self._numbers = {name: number for number, name in enumerate(selection.profiles)}

    def find(self, again: Collection[Target] = ()) -> list[Target]:
        """Return all targets, or those to run again for some that have failed.

        Where a profile had no credentials, that is all of its targets.
        """
        profiles = self._selection.profiles
        if again:
            numbers = sorted({target.place[0] for target in again})
            profiles = [profiles[number] for number in numbers]
        fetched = self._fetch(profiles)
        self._sessions.update({each.profile: _Session(each) for each in fetched})
        found = self._expand(fetched)
        if not again:
            return found
        names = {target.name for target in again}
        whole = {target.place[0] for target in again if not target.document}
        lost = {self._numbers[each.profile]: each for each in fetched if not each.document}
        return [
            *(_lose(each, lost[each.place[0]]) for each in again if each.place[0] in lost.keys() - whole),
            *(each for each in found if each.name in names and each.place[0] not in lost.keys() | whole),
            *(each for each in found if each.place[0] in whole),
        ]

    def renew(self, target: Target) -> Target:
        """Return a target whose command starts now: the credentials that it was found with may be due by then.

        For use in threads. If there are no new ones, it has the error instead.
        """
        profile = self._selection.profiles[target.place[0]]
        session = self._sessions[profile]
        with session.lock:
            document = session.find_fresh()
            if document is None:
                with self._progress.held():
                    [fetched] = self._fetch([profile])
                if not fetched.document:
                    return _lose(target, fetched)
                session.keep(fetched)
                document = fetched.document
        return target._replace(document=document)

    def _fetch(self, profiles: Sequence[str]) -> list[Fetched]:
        return fetch_many(self._selection.config, profiles, self._narrowed, self._selection.host)

    def _expand(self, fetched: Sequence[Fetched]) -> list[Target]:
        choices = {each.profile: [Choice(each.memo.region or None)] for each in fetched}
        if self._wanted is not None:
            usable = [each for each in fetched if each.document]
            choices.update({each.profile: [Choice(None)] for each in fetched if not each.document})
            if usable:
                chosen = self._find_regions().choose(usable)
                choices.update(zip([each.profile for each in usable], chosen, strict=True))
        return [
            self._make(each, choice, number)
            for each in fetched
            for number, choice in enumerate(choices[each.profile])
        ]

    def _find_regions(self) -> EnabledRegions:
        if self._regions is None:
            session = make_session(self._selection.host)
            self._regions = EnabledRegions(self._wanted or (), session, self._selection.config)
        return self._regions

    def _make(self, each: Fetched, choice: Choice, number: int) -> Target:
        account = self._selection.accounts.get(each.profile)
        label = " ".join(filter(None, [account.id, account.name])) if account else each.profile
        named = self._wanted is not None and choice.region
        memo = each.memo
        memo = type(memo)(memo.record, memo.directory, choice.region or memo.region, memo.exported)
        profile = None if account else each.profile
        return Target(
            name=f"{label} {choice.region}" if named else label,
            place=(self._numbers[each.profile], number),
            profile=profile,
            account=self._find_account(each),
            region=choice.region,
            document=each.document or {},
            memo=memo,
            lasting=bool(choice.error),
            **_describe_error(each.error or choice.error, each.failure or choice.failure, profile),
        )

    def _find_account(self, each: Fetched) -> str | None:
        found = (each.document or {}).get("AccountId")
        arn = Arn.parse(str(self._selection.config["profiles"][each.profile].get(settings.ROLE_ARN)))
        return str(found) if found else arn and arn.account


def _lose(target: Target, fetched: Fetched) -> Target:
    """Return a target that had credentials, with the error of getting new ones."""
    return target._replace(**_describe_error(fetched.error, fetched.failure, target.profile))


def _describe_error(error: str, failure: Failure | None, profile: str | None) -> dict[str, Any]:
    """Return what a `Target` has of an error, which may be none. `profile` is None for one without a profile."""
    return {
        # What follows the first line is about a profile, which an account of the organization has none of.
        "error": error if profile is not None else error.split("\n")[0],
        "failure": failure,
        "exit_code": exit_code_of(failure.code) if failure else 0,
    }
