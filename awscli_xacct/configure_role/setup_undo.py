"""``setup --undo``: plan the steps that undo what setup has made for a profile, and nothing else."""

import shlex
from functools import partial
from pathlib import Path
from typing import Any

from ..configfile import store
from ..configfile.sections import find_headers
from ..errors import ProfileError
from ..messages import ROLE_COMMAND, unknown_profile
from ..profiles.inventory import Inventory
from ..setup.iam_client import AccountContext
from ..setup.journal import Journal
from ..setup.undo import undo_steps
from ..storage.cache import Cache
from ..typed import typed_again
from .base import refusal
from .clients import ProfileClients
from .profile_step import undo_profile_steps
from .setup_args import ask_identity
from .setup_view import Work

_DECLINED = "nothing was undone"


def plan_undo(
    profile: str,
    journal: Journal,
    arguments: Any,
    session: Any,
    path: Path,
    inventory: Inventory,
    cache: Cache,
) -> Work:
    """Plan to undo the entries of a journal, with the profiles it names or those the command line names instead.

    Raises `ValidationError` if there are no entries, or if the profiles now belong to other accounts.
    """
    command = ["aws", "configure", "role", "setup", profile]
    if not journal.entries:
        raise refusal(_DECLINED, f"this machine has no journal of: {shlex.join(command)}")
    about = journal.metadata
    target, home = (
        _account(option, given or about[key], about[account], session)
        for option, given, key, account in (
            ("--account-profile", arguments.account_profile, "account_profile", "account"),
            ("--home-admin-profile", arguments.home_admin_profile, "home_profile", "home_account"),
        )
    )
    document = store.read_document(path)
    headers = find_headers(document.names(), profile)
    options = {key: str(value) for key, value in document.section(headers[-1]).items()} if headers else None
    users = inventory.users_of(profile)
    if users:
        fix = f"remove these profiles first:\n  {ROLE_COMMAND} remove {shlex.join(users)}"
        raise refusal(_DECLINED, f"profile {profile} is the source of {', '.join(users)}", fix)
    records = _records(profile, inventory)
    back = undo_profile_steps(profile, path, options, partial(cache.remove_all, records), journal)
    return Work(
        heading=f"undo what setup made for profile {profile} and {about['role_arn']}",
        steps=[*back, *undo_steps(journal, target, home)],
        notes=[],
        metadata={"Profile": profile, "RoleArn": about["role_arn"]},
        question="Undo this?",
        declined=_DECLINED,
        retry_command=shlex.join([*command, "--undo"]),
    )


def _account(option: str, profile: str, account: str, session: Any) -> AccountContext:
    """Return a context for an account and a profile. Raises `ValidationError` if the profile belongs to another one.

    `option` chooses another profile.
    """
    profiles = session.full_config["profiles"]
    if profile not in profiles:
        text = unknown_profile(profile, profiles)
    else:
        clients = ProfileClients(profile, session)
        found = ask_identity(clients, _DECLINED).account
        if found == account:
            return AccountContext(profile, account, clients.client("iam"))
        text = f"profile {profile} belongs to account {found}, not to account {account}, where setup was used"
    fix = f"choose a profile of account {account}:\n  {typed_again(f'{option} PROFILE')}"
    raise refusal(_DECLINED, text, fix)


def _records(profile: str, inventory: Inventory) -> list[str]:
    """Return the records of a profile's own role session."""
    try:
        return [inventory.keys(profile).of_role()]
    except (ProfileError, KeyError):
        return []
