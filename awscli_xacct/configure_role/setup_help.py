"""The words of ``aws configure role setup help``: description, options and examples."""

from __future__ import annotations

from typing import Any

from .. import settings

DESCRIPTION = (
    "Make everything that a role profile needs, at both ends, in one command: the role in the other account with "
    "its trust policy and managed policies, the caller's own policy in the home account, and the profile. Then "
    "wait until the role can be assumed.\n\n"
    "First the plan is shown: what there is, what would be made, each policy document, and the difference where "
    "one would change. Nothing is done before that is agreed to, on the terminal or with ``--yes``. What exists "
    "stays: statements and policies are added beside those that are there. Run again, it completes what is "
    "missing, and changes nothing else.\n\n"
    "``--undo`` takes back what it has made for a profile on this machine, and nothing else; what somebody else "
    "has changed or uses by now is kept, and why is said (exit code 255)."
)

SYNOPSIS = "\n".join(
    [
        "aws configure role setup <profile> --role-name <value>",
        # The help page's literal block stands four blanks in, and its first line gets them by itself.
        "        --account-profile <value> [--source-profile <value>]",
        "        [--home-admin-profile <value> | --no-caller-policy]",
        "        [--policy-arn <value> ...] [--require-mfa] [--mfa-serial <value>]",
        "        [--external-id <value>] [--max-session-duration <value>]",
        "        [--duration-seconds <value>] [--region <value>]",
        "        [--wait <value>] [--dry-run] [--yes] [--undo]",
    ]
)

EXAMPLES = (
    "To let the user of your default profile read another account, whose administrator is the profile "
    "``prod-admin``::\n\n"
    "    $ aws configure role setup prod --role-name CrossAccountPowerUser \\\n"
    "        --account-profile prod-admin \\\n"
    "        --policy-arn arn:aws:iam::aws:policy/ReadOnlyAccess\n\n"
    "To see what that would do, as a plan and as the ``aws`` commands that do the same::\n\n"
    "    $ aws configure role setup prod --role-name CrossAccountPowerUser \\\n"
    "        --account-profile prod-admin --dry-run\n\n"
    "To ask for MFA, where the user may not change its own policies::\n\n"
    "    $ aws configure role setup prod --role-name team/Ops --account-profile prod-admin \\\n"
    "        --home-admin-profile dev-admin --require-mfa\n\n"
    "To take all of it back::\n\n"
    "    $ aws configure role setup prod --undo\n"
)

OPTIONS: list[dict[str, Any]] = [
    {"name": "profile", "positional_arg": True, "nargs": "?", "help_text": "The profile to set up."},
    {"name": "role-name", "help_text": "The role, with its path if it has one, as in ``team/Ops``."},
    {
        "name": "account-profile",
        "help_text": "A profile that may make roles in the other account; with ``--undo``, in the place of the one "
        "that was used.",
    },
    {
        "name": "source-profile",
        "help_text": "The profile whose user, or role, is to assume the role; ``default`` if it is not given.",
    },
    {
        "name": "home-admin-profile",
        "help_text": "A profile that may change the caller's policies, if the caller itself may not.",
    },
    {
        "name": "no-caller-policy",
        "action": "store_true",
        "help_text": "Leave the caller's policies alone: another one allows it to assume the role.",
    },
    {
        "name": "policy-arn",
        "nargs": "+",
        "action": "extend",
        "help_text": "Managed policies to attach to the role; may be given more than once.",
    },
    {
        "name": "require-mfa",
        "action": "store_true",
        "help_text": "Let the caller in only with MFA. The profile gets the caller's device.",
    },
    {
        "name": "mfa-serial",
        "help_text": "The MFA device of the profile; ``auto`` asks IAM for the caller's device; ``none`` is none.",
    },
    {
        "name": "external-id",
        "help_text": "An external id that the trust policy asks for and the profile sends.",
    },
    {
        "name": "max-session-duration",
        "help_text": "The role's maximum session duration in seconds, 3600 to 43200. A new role gets what "
        "``--duration-seconds`` needs.",
    },
    {
        "name": "duration-seconds",
        "help_text": "How long the profile's sessions last, in seconds: 900 to 43200.",
    },
    {
        "name": "wait",
        "default": str(settings.SETUP_WAIT_SECONDS),
        "help_text": "How many seconds to wait at most for IAM to know what was made; 60 if it is not given.",
    },
    {
        "name": "dry-run",
        "action": "store_true",
        "help_text": "Show the plan and the ``aws`` commands that do the same, and do nothing.",
    },
    {"name": "yes", "action": "store_true", "help_text": "Do not ask."},
    {
        "name": "undo",
        "action": "store_true",
        "help_text": "Take back what was made for the profile, and nothing else.",
    },
]
