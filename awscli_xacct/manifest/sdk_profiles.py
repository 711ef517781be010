"""The SDK profiles that the roles of a request ask for: what each must have, and what is wrong with it."""

from collections.abc import Iterator

from .. import settings
from ..configfile.sections import MergedProfiles
from ..problems import Problem
from ..profiles import validation
from ..profiles.credential_process import make_command
from ..profiles.sdk_profiles import asks_for, is_sdk_profile, list_sources
from .model import SDK_PROFILE, RoleSpec, RolesRequest


class SdkProfiles:
    """`options` has the keys to set and (None) to remove by profile. Those profiles are added to `after`."""

    def __init__(self, request: RolesRequest, before: MergedProfiles, after: MergedProfiles) -> None:
        self._request = request
        self._before = before
        self._after = after
        self._roles = {role.profile for role in request.specs.roles}
        self.options: dict[str, dict[str, str | None]] = {}
        self.problems: list[Problem] = []
        for role in request.specs.roles:
            if not role.sdk_profile:
                continue
            found = list(self._find_problems(role))
            self.problems += [
                problem._replace(location=request.specs.locate(role.profile, SDK_PROFILE))
                for problem in found
            ]
            if not found:
                self.options[role.sdk_profile] = options = self._make_options(role)
                after.changed[role.sdk_profile] = {
                    **before.get(role.sdk_profile, {}),
                    **{key: text for key, text in options.items() if text},
                }

    def _make_options(self, role: RoleSpec) -> dict[str, str | None]:
        name, profile = role.sdk_profile, role.profile
        existing, mark = self._before.get(name, {}), self._request.mark
        command = make_command(self._request.xacct, profile)
        if asks_for(existing, profile):
            command = str(existing[settings.CREDENTIAL_PROCESS])  # from wherever that person runs `xacct`
        options: dict[str, str | None] = {settings.CREDENTIAL_PROCESS: command}
        region = self._after[profile].get(settings.REGION)
        if region is not None:
            options[settings.REGION] = str(region)
        elif settings.REGION in str(existing.get(settings.MANIFEST_KEYS, "")).split(","):
            options[settings.REGION] = None
        if mark:
            keys = ",".join(key for key, text in options.items() if text)
            options |= {settings.MANIFEST: mark, settings.MANIFEST_KEYS: keys}
        return options

    def _find_problems(self, role: RoleSpec) -> Iterator[Problem]:
        name, profile = role.sdk_profile, role.profile
        existing = self._before.get(name)
        reason = validation.name_problem(name)
        fix = "choose another name"
        if reason:
            yield Problem(reason)
        elif name in self._roles or name in self.options:
            yield Problem(f"{SDK_PROFILE} {name}: the manifest has another profile of this name", fix)
        elif name in list_sources(profile, self._after):
            yield Problem(f"{SDK_PROFILE} {name}: {profile} gets its own credentials from there", fix)
        elif existing is not None and not (
            is_sdk_profile(name, existing, profile)
            or (self._request.mark and existing.get(settings.MANIFEST) == self._request.mark)
        ):
            yield Problem(f"{SDK_PROFILE} {name}: this profile exists, and is not for {profile}", fix)
