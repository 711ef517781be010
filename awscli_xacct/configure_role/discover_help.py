"""The words of ``aws configure role discover help``: description, options and examples."""

from __future__ import annotations

from typing import Any

from ..discovery.names import TEMPLATE

DESCRIPTION = (
    "Find the accounts of your AWS organization, and make a profile for a role of the same name in each active "
    "one: in the config, or in a manifest.\n\n"
    "The organization is listed with the credentials of ``--profile``, else of the source profile. AWS lets only "
    "its management account, or a delegated administrator, do that: "
    "``organizations:ListAccounts``, and with ``--ou-id`` ``organizations:ListAccountsForParent`` and "
    "``organizations:ListOrganizationalUnitsForParent``.\n\n"
    "Names come of ``--template``, in small letters and with hyphens for whatever is hard to type; where two would "
    "be the same, a number is added and said. An account keeps the name it has. ``--check`` assumes each role and "
    "leaves out those that cannot be assumed; an MFA code is asked for once, before.\n\n"
    "The change is shown first. Profiles are added without being asked about where there is no terminal; "
    "whatever else is changed there takes ``--yes``. Where the organization cannot be listed, or there is "
    "nothing in it, nothing changes."
)

SYNOPSIS = "\n".join(
    [
        "aws configure role discover --role-name <value>",
        # The help page's literal block stands four blanks in, and its first line gets them by itself.
        "        [--ou-id <value> ...] [--template <value>] [--check]",
        "        [--manifest <value>] [--source-profile <value>]",
        "        [--mfa-serial <value>] [--external-id <value>]",
        "        [--duration-seconds <value>] [--region <value>]",
        "        [--profile <value>] [--prune] [--adopt] [--dry-run] [--yes]",
    ]
)

EXAMPLES = (
    "To have a profile for the role that AWS makes in every account of an organization, where the profile "
    "``org-admin`` is of the management account::\n\n"
    "    $ aws configure role discover --role-name OrganizationAccountAccessRole \\\n"
    "        --source-profile org-admin\n\n"
    "To write those that can be assumed to a manifest for a team::\n\n"
    "    $ aws configure role discover --role-name Audit --check --manifest team.yaml\n\n"
    "To take the accounts of one organizational unit, under names of your own::\n\n"
    "    $ aws configure role discover --role-name Audit --ou-id ou-ab12-34567890 \\\n"
    "        --template 'audit/{account_name}' --dry-run\n"
)

OPTIONS: list[dict[str, Any]] = [
    {"name": "role-name", "help_text": "The role in each account, with its path if it has one."},
    {
        "name": "ou-id",
        "nargs": "+",
        "action": "extend",
        "help_text": "Only the accounts of these organizational units, named by their ids, and of those nested in "
        "them.",
    },
    {
        "name": "template",
        "default": TEMPLATE,
        "help_text": f"What profiles are called, ``{TEMPLATE}`` if not given. There are ``{{account_name}}``, "
        "``{account_id}``, ``{account_email}`` and ``{role}``.",
    },
    {
        "name": "check",
        "action": "store_true",
        "help_text": "Assume each role first, and leave out those that cannot be assumed.",
    },
    {
        "name": "manifest",
        "help_text": "Write to this manifest, keeping what is in it, and not to the config.",
    },
    {
        "name": "source-profile",
        "help_text": "The profile whose credentials assume the roles; ``default`` if it is not given.",
    },
    {
        "name": "mfa-serial",
        "help_text": "The MFA device of the profiles; ``auto`` asks IAM for the caller's device.",
    },
    {"name": "external-id", "help_text": "The external id that the roles ask for."},
    {"name": "duration-seconds", "help_text": "How long role sessions last, in seconds."},
    {
        "name": "prune",
        "action": "store_true",
        "help_text": "Remove the profiles of accounts that are no longer found, if the same ``discover`` made them.",
    },
    {"name": "adopt", "action": "store_true", "help_text": "Take over profiles of that name made by others."},
    {"name": "dry-run", "action": "store_true", "help_text": "Show the change and make none."},
    {"name": "yes", "action": "store_true", "help_text": "Do not ask."},
]
