"""What `each` runs its command for: profiles or accounts, and the regions of each, with their credentials."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from .. import settings
from ..arn import Arn
from ..error_codes import exit_code_of
from .each_report import Target
from .each_selection import Selection
from .enabled_regions import Choice, EnabledRegions, RegionLister
from .fetch import Fetched, fetch_many, make_session
from .for_once import ForOnce


class Targets:
    """The targets of a selection. Their credentials are fetched for each attempt, if they are not in the cache."""

    def __init__(
        self, selection: Selection, regions: Sequence[str] | None, narrowed: ForOnce | None = None
    ) -> None:
        """`regions` are names and patterns, None for each profile's own; the sessions are `narrowed`."""
        self._selection = selection
        self._wanted = regions
        self._narrowed = narrowed
        self._regions: EnabledRegions | None = None
        self._numbers = {name: number for number, name in enumerate(selection.profiles)}

    def find(self, again: Collection[Target] = ()) -> list[Target]:
        """Return all targets, or those to run again for some that have failed.

        Where a profile had no credentials, that is all of its targets.
        """
        profiles = self._selection.profiles
        if again:
            numbers = sorted({target.place[0] for target in again})
            profiles = [profiles[number] for number in numbers]
        fetched = fetch_many(self._selection.config, profiles, self._narrowed, self._selection.host)
        found = self._expand(fetched)
        names = {target.name for target in again}
        whole = {target.place[0] for target in again if not target.document}
        return [each for each in found if not again or each.name in names or each.place[0] in whole]

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
            config, host = self._selection.config, self._selection.host
            self._regions = EnabledRegions(self._wanted or (), RegionLister(make_session(host), config))
        return self._regions

    def _make(self, each: Fetched, choice: Choice, number: int) -> Target:
        account = self._selection.accounts.get(each.profile)
        label = " ".join(filter(None, [account.id, account.name])) if account else each.profile
        named = self._wanted is not None and choice.region
        memo = each.memo
        memo = type(memo)(memo.record, memo.directory, choice.region or memo.region, memo.exported)
        error, failure = each.error or choice.error, each.failure or choice.failure
        # What follows the first line is about a profile, which an account of the organization has none of.
        return Target(
            name=f"{label} {choice.region}" if named else label,
            place=(self._numbers[each.profile], number),
            profile=None if account else each.profile,
            account=self._find_account(each),
            region=choice.region,
            document=each.document or {},
            memo=memo,
            error=error.split("\n")[0] if account else error,
            lasting=bool(choice.error),
            failure=failure,
            exit_code=exit_code_of(failure.code) if failure else 0,
        )

    def _find_account(self, each: Fetched) -> str | None:
        found = (each.document or {}).get("AccountId")
        arn = Arn.parse(str(self._selection.config["profiles"][each.profile].get(settings.ROLE_ARN)))
        return str(found) if found else arn and arn.account
