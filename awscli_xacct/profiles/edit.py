"""The edit of one ``aws configure role PROFILE``: what it sets, checked and applied to the current files."""

import shlex
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

from .. import settings
from ..arn import Arn
from ..configfile.document import Document
from ..configfile.sections import MergedProfiles, make_header
from ..errors import ValidationError
from ..messages import identity_command, option, printable, role_command
from ..problems import Problem
from ..typed import typed_again, while_unwritten
from . import validation
from .defaults import (
    apply_changes,
    build_role_arn,
    choose_source,
    complete_settings,
    region_note,
    suggest_region,
)
from .managed_policies import read_only_arn
from .partitions import Partitions
from .policies import ONLY_HERE, is_narrowed
from .sdk_profiles import SdkRequest, find_sdk_profiles, plan_changes
from .source import Profiles
from .values import account_problem, role_name_problem

AUTO, NONE = "auto", "none"
"""What ``--mfa-serial`` accepts besides a device: ask IAM for it; use none, not even the source's."""


@dataclass
class ProfileEdit:
    """What one command asks for. `wanted` holds keys to set and, as None, keys to remove.

    `read_only` asks for AWS's policy ReadOnlyAccess, whose ARN depends on the role's partition.

    `is_typed` is whether the command line, with an option more, would make the edit with that setting.

    `has_environment_keys` is whether an access key in the environment could be the source.

    `needs_region` is False if a variable gives every command a region, so that the profile may do without.

    `apply` sets `notes`, which tell the user what was derived; `written` and `removed`, the profiles that change; and
    `region`, which is the one to try them in if they have none of their own.
    """

    profile: str
    wanted: dict[str, str | None]
    account_id: str | None = None
    role_name: str | None = None
    force: bool = False
    read_only: bool = False
    sdk: SdkRequest | None = None
    needs_region: bool = True
    has_environment_keys: bool = False
    is_typed: bool = False
    notes: list[str] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    region: str | None = None

    @property
    def is_empty(self) -> bool:
        return not (self.wanted or self.account_id or self.role_name or self.read_only or self.sdk)

    @property
    def trial(self) -> str:
        """The command that tests what was written."""
        return identity_command(next(iter(self.written), self.profile), self.region)

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
        pair_problems = self._pair_problems()
        problems += [*pair_problems, *self._read_only_problems(after)]
        problems += map(Problem, profiles.find_overridden(self.profile, wanted).values())
        with while_unwritten(self.profile) if self.is_typed else nullcontext():
            problems += validation.find_problems(
                self.profile, profiles, partitions=partitions, force=self.force
            )
        if pair_problems:
            problems = [problem for problem in problems if problem.key != settings.ROLE_ARN]
        sdk = plan_changes(self.sdk, self.profile, profiles, before, force=self.force)
        problems += sdk.problems
        if problems:
            coded = [self._with_fix(self._with_code(problem, wanted)) for problem in problems]
            raise ValidationError(f"profile {printable(self.profile)} was not written, because", coded)
        self._note_consequences(before, after, profiles)
        changes = any(before.get(key) != value for key, value in wanted.items())
        self.written = [*([self.profile] if changes else []), *sdk.written]
        self.removed = sdk.removed
        document.change(header, wanted)
        sdk.apply(document)
        self.notes += sdk.notes
        return profiles

    def _note_consequences(
        self, before: Mapping[str, Any], after: Mapping[str, Any], profiles: MergedProfiles
    ) -> None:
        """Note who ignores a new policy, and what region a profile without one gets; choose one to try it in."""
        if is_narrowed(after) and not is_narrowed(before):
            has_pair = self.sdk.name != "" if self.sdk else find_sdk_profiles(profiles, self.profile)
            pair = f"; give them another one with: {role_command(self.profile, '--sdk-profile')}"
            self.notes.append(ONLY_HERE if has_pair else f"{ONLY_HERE}{pair}")
        if after.get(settings.REGION):
            return
        source = str(after.get(settings.SOURCE_PROFILE, ""))
        found = suggest_region(profiles, source)
        self.region = found[1] if found else settings.DEFAULT_REGION
        is_new = after.get(settings.SOURCE_PROFILE) != before.get(settings.SOURCE_PROFILE)
        if found and is_new and self.needs_region and settings.REGION not in self.wanted:
            fix = role_command(self.profile, f"{option(settings.REGION)} {found[1]}")
            self.notes.append(region_note([self.profile], source, *found, fix))

    def source(self, profiles: Profiles) -> str | None:
        """Return the source profile, as `source_of` does."""
        return choose_source(self.profile, profiles, self.wanted)

    def _with_code(self, problem: Problem, wanted: Mapping[str, str | None]) -> Problem:
        """Return a problem with its code: what the command line does not ask for is wrong in the config."""
        is_asked = problem.profile in (None, self.profile) and (problem.key is None or problem.key in wanted)
        return problem._replace(code="UsageError" if is_asked else problem.code or "ProfileInvalid")

    def _with_fix(self, problem: Problem) -> Problem:
        """Return a problem with the command line to type instead, if there is one for it."""
        if problem.fix or not self.is_typed:
            return problem
        aim, command = "", ""
        if problem.key == settings.MFA_SERIAL and ":u2f/" not in (self.wanted.get(settings.MFA_SERIAL) or ""):
            aim, command = "have IAM asked for it", typed_again(f"{option(settings.MFA_SERIAL)} {AUTO}")
        if problem.key == settings.SOURCE_PROFILE and self.has_environment_keys:
            environment = f"{option(settings.CREDENTIAL_SOURCE)} Environment"
            aim, command = (
                "use the keys in the environment",
                typed_again(environment, without="--source-profile"),
            )
        # A line break in a value is another of the problems.
        return problem._replace(fix=f"to {aim}:\n  {command}") if aim and command.isprintable() else problem

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
            fix = typed_again('--policy ""')
            return [Problem(f"--read-only: {own}", f"remove that:\n  {fix}")]
        return []

    def _pair_problems(self) -> list[Problem]:
        """Check that ``--account-id`` and ``--role-name`` come together, and instead of ``--role-arn``."""
        if not self.account_id and not self.role_name:
            return []
        if self.wanted.get(settings.ROLE_ARN):
            return [Problem("--role-arn already names the role", "leave out --account-id and --role-name")]
        if self.role_name and Arn.parse(self.role_name):
            fix = typed_again(shlex.join([option(settings.ROLE_ARN), self.role_name]), without="--role-name")
            return [
                Problem("--role-name is the name without the rest of the ARN", f"to give the ARN:\n  {fix}")
            ]
        if not (self.account_id and self.role_name):
            return [
                Problem("--account-id and --role-name must be given together", "or give --role-arn instead")
            ]
        found = (
            (f"--account-id {self.account_id!r}", account_problem(self.account_id)),
            (f"--role-name {self.role_name!r}", role_name_problem(self.role_name)),
        )
        return [Problem(f"{given}: {reason}") for given, reason in found if reason]
