"""``setup --undo``: plan the steps that undo what setup has made for a profile, and nothing else."""

from __future__ import annotations

import shlex
from functools import partial
from pathlib import Path
from typing import Any

from ..configfile.sections import find_headers
from ..errors import ProfileError
from ..messages import unknown_profile
from ..profiles.inventory import Inventory
from ..setup.iam_client import AccountContext
from ..setup.journal import Journal
from ..setup.undo import undo_steps
from ..storage.cache import Cache
from .base import read_document, refusal
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
        made = shlex.join(command)
        raise refusal(_DECLINED, f"the journal of this machine has nothing that was made by: {made}")
    about = journal.metadata
    target, home = (
        _side(
            given or about[f"{side}_profile"],
            about["account" if side == "account" else "home_account"],
            session,
        )
        for side, given in (("account", arguments.account_profile), ("home", arguments.home_admin_profile))
    )
    document = read_document(path)
    headers = find_headers(document.names(), profile)
    options = {key: str(value) for key, value in document.section(headers[-1]).items()} if headers else None
    users = inventory.users_of(profile)
    if users:
        fix = "remove these profiles first: aws configure role remove PROFILE"
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


def _side(profile: str, account: str, session: Any) -> AccountContext:
    profiles = session.full_config["profiles"]
    fault = None if profile in profiles else unknown_profile(profile, profiles)
    if fault is None:
        clients = ProfileClients(profile, session)
        found = ask_identity(clients, _DECLINED).account
        if found == account:
            return AccountContext(profile, account, clients.client("iam"))
        fault = (
            f"profile {profile} belongs to account {found}, not to account {account}, where setup was used"
        )
    fix = f"choose a profile of account {account}: --account-profile P or --home-admin-profile P"
    raise refusal(_DECLINED, fault, fix)


def _records(profile: str, inventory: Inventory) -> list[str]:
    """Return the records of a profile's own role session."""
    try:
        return [inventory.keys(profile).of_role()]
    except (ProfileError, KeyError):
        return []
