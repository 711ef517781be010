"""Homes with many profiles, cached sessions or roles. Each function writes the files for a number of them.

The role profiles are called p0, p1 and so on.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from itertools import count as counting
from itertools import pairwise

from awscli_xacct import settings
from awscli_xacct.configfile.sections import full_config
from awscli_xacct.profiles.cache_keys import CacheKeys
from awscli_xacct.storage.cache import Cache, Record, key_name
from tests.sts import Sts

from .home import REGION, Home

Prepare = Callable[[Home, int], None]
"""Writes the files of a home for a number of roles."""

CHAIN = 50
"""How many roles a chain of `write_chains` has."""

_ROLE = "arn:aws:iam::{:012d}:role/CrossAccountPowerUser"
_DAY = 86400

_numbers = counting()
"""Numbers for the roles in an STS, which one test or measurement after the other may fill."""


def write_users(home: Home, *names: str) -> None:
    """Write the credentials file with these users, whom no STS knows."""
    text = "".join(
        f"[{name}]\naws_access_key_id = AKIA{name.upper():0>16}\naws_secret_access_key = secret\n\n"
        for name in names
    )
    home.credentials.write_text(text, "utf-8")
    home.credentials.chmod(0o600)


def write_nothing(home: Home, _: int) -> None:
    """Write a config without roles."""
    home.write_config("")
    write_users(home, "default")


def write_roles(home: Home, number: int) -> None:
    """Write role profiles of one user."""
    write_nothing(home, number)
    home.write_config("".join(_role(f"p{n}", n) for n in range(number)))


def write_imported_roles(home: Home, number: int) -> None:
    """Write the role profiles that an import of the manifest of `with_manifest` writes."""
    write_nothing(home, number)
    marks = {settings.MANIFEST: "team", settings.MANIFEST_KEYS: "source_profile,region"}
    home.write_config("".join(_role(f"p{n}", n, **marks) for n in range(number)))


def write_sources(home: Home, number: int) -> None:
    """Write users u0, u1 and so on, and no roles."""
    home.write_config("")
    write_users(home, "default", *(f"u{n}" for n in range(number)))


def write_roles_of_sources(home: Home, number: int) -> None:
    """Write a user for each role profile."""
    write_sources(home, number)
    home.write_config("".join(_role(f"p{n}", n, source_profile=f"u{n}") for n in range(number)))


def write_roles_without_sources(home: Home, number: int) -> None:
    """Write role profiles whose source profiles do not exist."""
    write_roles_of_sources(home, number)
    write_users(home, "default")


def write_roles_of_hub(home: Home, number: int) -> None:
    """Write a role profile `hub` from which all others are assumed."""
    write_nothing(home, number)
    others = "".join(_role(f"p{n}", n, source_profile="hub") for n in range(number))
    home.write_config(_role("hub", 0) + others)


def write_chain(home: Home, number: int) -> None:
    """Write a chain that ends with the profile `last`."""
    write_nothing(home, number)
    names = ["default", *(f"p{n}" for n in range(1, number)), "last"]
    home.write_config("".join(_role(name, 0, source_profile=source) for source, name in pairwise(names)))


def write_chains(home: Home, number: int) -> None:
    """Write many chains of `CHAIN` roles."""
    write_nothing(home, number)
    sources = (f"p{n - 1}" if n % CHAIN else "default" for n in range(number))
    home.write_config("".join(_role(f"p{n}", n, source_profile=source) for n, source in enumerate(sources)))


def with_records(prepare: Prepare) -> Prepare:
    """Add a cached session for each role."""

    def prepared(home: Home, number: int) -> None:
        prepare(home, number)
        cache = Cache(home.cache, warn=print)
        config, now = full_config(home.config.read_bytes(), home.credentials.read_bytes()), time.time()
        record = Record("ASIA", "secret", "token", now + 3600, now + 3000, None, {"obtained": now})
        for n in range(number):
            cache.write(CacheKeys(config, f"p{n}", home.environment).of_role(), record)

    return prepared


def with_manifest(prepare: Prepare, *, source: str = "default", only: int | None = None) -> Prepare:
    """Add `team.yaml` with all roles, or with the first `only`; `source` is formatted with the role's number."""

    def prepared(home: Home, number: int) -> None:
        prepare(home, number)
        lines = "".join(
            f'  p{n}: {{account: "{n:012d}", role: CrossAccountPowerUser, source_profile: {source.format(n)}}}\n'
            for n in range(only or number)
        )
        text = f"version: 1\nname: team\ndefaults: {{region: {REGION}}}\nroles:\n{lines}"
        (home.path / "team.yaml").write_text(text, "utf-8")

    return prepared


def with_old_files(prepare: Prepare, suffix: str) -> Prepare:
    """Write one role as `prepare` does, and fill the cache directory with others' files that ended two days ago."""

    def prepared(home: Home, number: int) -> None:
        prepare(home, 1)
        home.cache.mkdir(parents=True, mode=0o700)
        home.cache.parent.chmod(0o700)
        old = time.time() - 2 * _DAY
        for n in range(number):
            path = home.cache / f"{key_name({'n': n})}{suffix}"
            path.touch(0o600)
            os.utime(path, (old, old))

    return prepared


def with_other_roles(prepare: Prepare) -> Prepare:
    """Write one role as `prepare` does, and many others."""

    def prepared(home: Home, number: int) -> None:
        prepare(home, 1)
        with home.config.open("a", encoding="utf-8") as file:
            file.writelines(_role(f"p{n}", n) for n in range(number))

    return prepared


def in_sts(sts: Sts, *, users: bool = False, chained: bool = False) -> Prepare:
    """Create the roles, with a user each, or each assumed from the one before it. The last one is called `last`."""

    def prepared(home: Home, number: int) -> None:
        home.write_config("")
        home.credentials.unlink(missing_ok=True)
        names = [f"u{n}" for n in range(number)] if users else ["default"]
        callers = [sts.find_user("111111111111", name) or sts.add_user(name) for name in names]
        for name, caller in zip(names, callers, strict=True):
            home.add_keys(caller, name)
        source, trusted = names[0], callers[0].arn
        for n in range(number):
            if users:
                source, trusted = names[n], callers[n].arn
            profile = "last" if n == number - 1 else f"p{n}"
            arn = sts.add_role(f"R{next(_numbers)}", trusts=[trusted]).arn
            home.add_role(profile, arn, source_profile=source)
            if chained:
                source, trusted = profile, arn

    return prepared


def _role(name: str, number: int, **options: str) -> str:
    keys = {"role_arn": _ROLE.format(number), "source_profile": "default", "region": REGION, **options}
    return "\n".join([f"[profile {name}]", *(f"{key} = {value}" for key, value in keys.items()), "", ""])
