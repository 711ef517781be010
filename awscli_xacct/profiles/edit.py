"""The edit of one ``aws configure role PROFILE``: what it sets, checked and applied to the current files."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .. import settings
from ..configfile.document import Document
from ..configfile.sections import MergedProfiles, make_header
from ..errors import ValidationError
from ..messages import option, printable, profile_option, role_command
from ..problems import Problem
from . import validation
from .defaults import apply_changes, build_role_arn, choose_source, complete_settings, suggest_region
from .managed_policies import read_only_arn
from .partitions import Partitions
from .policies import ONLY_HERE, is_narrowed
from .sdk_profiles import SdkRequest, find_sdk_profiles, plan_changes

AUTO, NONE = "auto", "none"
"""What ``--mfa-serial`` accepts besides a device: ask IAM for it; use none, not even the source's."""


@dataclass
class ProfileEdit:
    """What one command asks for. `wanted` holds keys to set and, as None, keys to remove.

    `read_only` asks for AWS's policy ReadOnlyAccess, whose ARN depends on the role's partition.

    `needs_region` is False if a variable gives every command a region, so that the profile may do without.

    `apply` sets `notes`, which tell the user what was derived, and `region`, which is the one to try the profile in
    if it has none of its own.
    """

    profile: str
    wanted: dict[str, str | None]
    account_id: str | None = None
    role_name: str | None = None
    force: bool = False
    read_only: bool = False
    sdk: SdkRequest | None = None
    needs_region: bool = True
    notes: list[str] = field(default_factory=list)
    region: str | None = None

    @property
    def is_empty(self) -> bool:
        return not (self.wanted or self.account_id or self.role_name or self.read_only or self.sdk)

    @property
    def trial(self) -> str:
        """The command that tests the profile."""
        region = f" --region {self.region}" if self.region else ""
        return f"aws sts get-caller-identity {profile_option(self.profile)}{region}"

    def apply(self, document: Document, credentials: Document, partitions: Partitions) -> MergedProfiles:
        """Make the changes in `document`, and return all profiles with them.

        Raises `ValidationError` with every problem of the outcome; `document` must not be used then.
        """
        profiles = MergedProfiles(document, credentials)
        header = profiles.header(self.profile) or make_header(self.profile)
        self.notes.clear()
        wanted = self._completed(profiles, partitions)
        before = profiles.get(self.profile, {})
        profiles.changed[self.profile] = after = apply_changes(before, wanted)
        named = None if profiles.header(self.profile) else validation.name_problem(self.profile)
        problems = [Problem(named)] if named else []
        problems += [*self._pair_problems(), *self._read_only_problems(after)]
        problems += map(Problem, profiles.find_overridden(self.profile, wanted).values())
        problems += validation.find_problems(self.profile, profiles, partitions=partitions, force=self.force)
        sdk = plan_changes(self.sdk, self.profile, profiles, before, force=self.force)
        problems += sdk.problems
        if problems:
            coded = [self._with_code(problem, wanted) for problem in problems]
            raise ValidationError(f"profile {printable(self.profile)} was not written, because", coded)
        if is_narrowed(after) and not is_narrowed(before):
            has_pair = self.sdk.name != "" if self.sdk else find_sdk_profiles(profiles, self.profile)
            fix = (
                ""
                if has_pair
                else f"; give them another one with: {role_command(self.profile, '--sdk-profile')}"
            )
            self.notes.append(f"{ONLY_HERE}{fix}")
        if not after.get(settings.REGION):
            source = str(after.get(settings.SOURCE_PROFILE, ""))
            found = suggest_region(profiles, source)
            self.region = found[1] if found else settings.DEFAULT_REGION
            is_new = after.get(settings.SOURCE_PROFILE) != before.get(settings.SOURCE_PROFILE)
            if found and is_new and self.needs_region and settings.REGION not in self.wanted:
                self.notes.append(self._region_note(source, *found))
        document.change(header, wanted)
        sdk.apply(document)
        self.notes += sdk.notes
        return profiles

    def source(self, profiles: Mapping[str, Mapping[str, Any]]) -> str | None:
        """Return the source profile, as `source_of` does."""
        return choose_source(self.profile, profiles, self.wanted)

    def _region_note(self, source: str, owner: str, region: str) -> str:
        """Return what the next `aws` command would only say as "You must specify a region", and the fix."""
        fix = role_command(self.profile, f"{option(settings.REGION)} {region}")
        whose = f"its source {owner}" if owner == source else owner
        return f"profile {self.profile} has no region; to use {region}, as {whose} does: {fix}"

    def _with_code(self, problem: Problem, wanted: Mapping[str, str | None]) -> Problem:
        """Return a problem with its code: what the command line does not ask for is wrong in the config."""
        is_asked = problem.profile in (None, self.profile) and (problem.key is None or problem.key in wanted)
        return problem._replace(code="UsageError" if is_asked else problem.code or "ProfileInvalid")

    def _completed(self, profiles: MergedProfiles, partitions: Partitions) -> dict[str, str | None]:
        """Return the keys to set and remove, with those that the given ones imply."""
        wanted = dict(self.wanted)
        if self.account_id and self.role_name and settings.ROLE_ARN not in wanted:
            wanted[settings.ROLE_ARN] = build_role_arn(
                self.profile, self.account_id, self.role_name, profiles, wanted, partitions
            )
        if self.read_only and not wanted.get(settings.POLICY_ARNS):
            after = apply_changes(profiles.get(self.profile, {}), wanted)
            wanted[settings.POLICY_ARNS] = read_only_arn(str(after.get(settings.ROLE_ARN)))
        full, notes = complete_settings(self.profile, profiles, wanted)
        self.notes += notes
        return full

    def _read_only_problems(self, after: Mapping[str, Any]) -> list[Problem]:
        """Return what would allow more than ``--read-only``: STS allows what any of the policies allows."""
        if not self.read_only:
            return []
        if self.wanted.get(settings.POLICY_ARNS):
            both = "--read-only and --policy-arns cannot be used together, because STS would allow what either allows"
            return [Problem(both, "leave one out")]
        if after.get(settings.POLICY):
            own = f"the profile would have its {settings.POLICY} too, and STS would allow what either allows"
            return [Problem(f"--read-only: {own}", 'remove that with: --policy ""')]
        return []

    def _pair_problems(self) -> list[Problem]:
        """Check that ``--account-id`` and ``--role-name`` come together, and instead of ``--role-arn``."""
        if not self.account_id and not self.role_name:
            return []
        if self.wanted.get(settings.ROLE_ARN):
            return [Problem("--role-arn already names the role", "leave out --account-id and --role-name")]
        if not (self.account_id and self.role_name):
            return [
                Problem("--account-id and --role-name must be given together", "or give --role-arn instead")
            ]
        return []
