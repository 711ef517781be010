"""What one ``aws configure role PROFILE`` is to change, worked out against the files as they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .. import settings
from ..configfile.document import Document
from ..configfile.sections import MergedProfiles, header_for
from ..errors import Problem, ValidationError
from ..messages import printable, profile_option
from . import validation
from .defaults import changed, completed, role_arn, source_of
from .partitions import Partitions

AUTO, NONE = "auto", "none"
"""What ``--mfa-serial`` takes beside a device: ask IAM for it; have none, not the source's either."""


@dataclass
class Plan:
    """What one call asks for. `wanted` holds keys to set, and keys to remove as None.

    `notes` and `region` are found by `apply`: what is to be said about the change, and the region to try
    the profile in if it has none of its own.
    """

    profile: str
    wanted: dict[str, str | None]
    account_id: str | None = None
    role_name: str | None = None
    force: bool = False
    notes: list[str] = field(default_factory=list)
    region: str | None = None

    @property
    def asks_for_nothing(self) -> bool:
        return not (self.wanted or self.account_id or self.role_name)

    @property
    def trial(self) -> str:
        """The command that shows whether the profile works."""
        region = f" --region {self.region}" if self.region else ""
        return f"aws sts get-caller-identity {profile_option(self.profile)}{region}"

    def apply(self, document: Document, credentials: Document, partitions: Partitions) -> MergedProfiles:
        """Make the changes in `document`, and give all profiles as they are then.

        Raises `ValidationError` with all that is wrong with the outcome; `document` is not to be used then.
        """
        profiles = MergedProfiles(document, credentials)
        header = profiles.header(self.profile) or header_for(self.profile)
        self.notes.clear()
        wanted = self._completed(profiles, partitions)
        profiles.changed[self.profile] = after = changed(profiles.get(self.profile, {}), wanted)
        named = None if profiles.header(self.profile) else validation.name_problem(self.profile)
        problems = [Problem(named)] if named else []
        problems += self._pair_problems()
        problems += map(Problem, profiles.overruled(self.profile, wanted).values())
        problems += validation.find_problems(
            self.profile,
            profiles,
            partitions=partitions.names,
            partition_of=partitions.of_region,
            force=self.force,
        )
        if problems:
            raise ValidationError(f"profile {printable(self.profile)} was not written, because", problems)
        if settings.REGION not in after:
            source = profiles.get(str(after.get(settings.SOURCE_PROFILE)), {})
            self.region = str(source.get(settings.REGION, settings.DEFAULT_REGION))
        for key, value in wanted.items():
            if value is None:
                document.remove(header, key)
            else:
                document.set(header, key, value)
        return profiles

    def source(self, profiles: Mapping[str, Mapping[str, Any]]) -> str | None:
        """The source profile the plan comes to: the one given, the one there is, or ``default`` if it will do."""
        return source_of(self.profile, profiles, self.wanted)

    def _completed(self, profiles: MergedProfiles, partitions: Partitions) -> dict[str, str | None]:
        """The keys to set and remove, with what follows from those that were given."""
        wanted = dict(self.wanted)
        if self.account_id and self.role_name and settings.ROLE_ARN not in wanted:
            wanted[settings.ROLE_ARN] = role_arn(
                self.profile, self.account_id, self.role_name, profiles, wanted, partitions
            )
        full, notes = completed(self.profile, profiles, wanted)
        self.notes += notes
        return full

    def _pair_problems(self) -> list[Problem]:
        """``--account-id`` and ``--role-name`` go together, and in the place of ``--role-arn``."""
        if not self.account_id and not self.role_name:
            return []
        if self.wanted.get(settings.ROLE_ARN):
            return [Problem("--role-arn says it all", "leave out --account-id and --role-name")]
        if not (self.account_id and self.role_name):
            return [Problem("--account-id and --role-name go together", "or give --role-arn")]
        return []
