"""Profiles whose ``credential_process`` is `xacct`: the profile that it asks for, and the program itself."""

import shlex
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ... import settings
from ...messages import profile_option, role_command, unknown_profile
from ...profiles.credential_process import find_requested, first_word
from ...profiles.sdk_profiles import is_sdk_profile
from .report import FAULT, WARNING, Finding


def check(profiles: Mapping[str, Mapping[str, Any]], environment: Mapping[str, str]) -> Iterator[Finding]:
    """Check the programs that ask for the credentials of another profile."""
    for name, options in profiles.items():
        asked = find_requested(options.get(settings.CREDENTIAL_PROCESS))
        if asked is None:
            continue
        if asked not in profiles:
            fix = f"aws configure set credential_process 'xacct credentials PROFILE' {profile_option(name)}"
            yield Finding(
                FAULT, f"profile {name}: its credential_process: {unknown_profile(asked, profiles)}", fix
            )
            continue
        program = first_word(options[settings.CREDENTIAL_PROCESS])
        if shutil.which(program, path=environment.get("PATH")):
            continue
        is_pair = is_sdk_profile(name, options, asked)
        fix = (
            role_command(asked, f"--sdk-profile {shlex.quote(name)}")
            if is_pair
            else "name the path of xacct there"
        )
        has_path = Path(program).name != program
        state, what = (FAULT, "there") if has_path else (WARNING, "on the PATH")
        yield Finding(
            state, f"profile {name}: its credential_process runs {program}, which is not {what}", fix
        )
