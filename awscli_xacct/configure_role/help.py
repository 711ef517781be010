"""The words of ``aws configure role help``: description, options and examples."""

from __future__ import annotations

from typing import Any

DESCRIPTION = (
    "Create or change a profile that assumes an IAM role, in one step. On a terminal and with no settings "
    "given, it asks for them.\n\n"
    "All settings are checked before anything is written, and all that is wrong is said at once. Only the "
    "settings that are given are changed, and nothing else in the config file: comments, order and spacing stay "
    'as they are. An option with an empty value (``--external-id ""``) removes its key.\n\n'
    "A profile whose name is also a subcommand's is named with ``--profile``."
)

SYNOPSIS = "\n".join(
    [
        "aws configure role <profile>",
        # The help page's literal block stands four blanks in, and its first line gets them by itself.
        "        [--role-arn <value> | --account-id <value> --role-name <value>]",
        "        [--source-profile <value> | --credential-source <value>]",
        "        [--mfa-serial <value>] [--mfa-process <value>] [--mfa-session <value>]",
        "        [--external-id <value>] [--role-session-name <value>]",
        "        [--duration-seconds <value>] [--session-tags <value> ...]",
        "        [--transitive-session-tags <value> ...] [--source-identity <value>]",
        "        [--region <value>] [--verify] [--dry-run] [--force]",
    ]
)

EXAMPLES = (
    "To reach the role ``CrossAccountPowerUser`` in another account with the keys of your default profile::\n\n"
    "    $ aws configure role prod --role-arn arn:aws:iam::222222222222:role/CrossAccountPowerUser\n\n"
    "From then on each command takes it by name::\n\n"
    "    $ aws ec2 describe-instances --region us-west-1 --profile prod\n\n"
    "To ask for an MFA code, once for all roles that use your device::\n\n"
    "    $ aws configure role prod --mfa-serial auto\n\n"
    "To write a profile only if its role can be assumed::\n\n"
    "    $ aws configure role audit --account-id 333333333333 --role-name Audit --source-profile prod --verify\n\n"
    "To see what would be written::\n\n"
    "    $ aws configure role prod --duration-seconds 7200 --dry-run\n\n"
    "To see what there is, and what it comes to::\n\n"
    "    $ aws configure role list\n"
    "    $ aws configure role show prod\n"
)

OPTIONS: list[dict[str, Any]] = [
    {
        "name": "profile",
        "positional_arg": True,
        "nargs": "?",
        "help_text": "The profile to create or change; or give it as ``--profile``.",
    },
    {
        "name": "role-arn",
        "help_text": "The ARN of the role, such as ``arn:aws:iam::222222222222:role/NAME``. "
        "Or give ``--account-id`` and ``--role-name``.",
    },
    {
        "name": "source-profile",
        "help_text": "The profile whose credentials call for the role. With neither this nor "
        "``--credential-source``, ``default`` is taken if it has credentials.",
    },
    {
        "name": "credential-source",
        "help_text": "Where the calling credentials come from instead of a profile: ``Environment``, "
        "``Ec2InstanceMetadata`` or ``EcsContainer``.",
    },
    {
        "name": "mfa-serial",
        "help_text": "The ARN or serial number of the MFA device whose codes the role wants; ``auto`` asks IAM "
        "for the caller's device; ``none`` is none. A new profile takes over the device of its source profile.",
    },
    {
        "name": "mfa-process",
        "help_text": "A program that prints an MFA code, run instead of asking for one.",
    },
    {
        "name": "mfa-session",
        "help_text": "``auto``, as if it were not set, assumes the role from the MFA session that all roles of the "
        "device share, unless it asks for more than an hour; ``on`` always does, and it lasts an hour; ``off`` "
        "asks for a code for this role.",
    },
    {"name": "external-id", "help_text": "The external id that the role's trust policy asks for."},
    {"name": "role-session-name", "help_text": "The name of the role session, as CloudTrail shows it."},
    {
        "name": "duration-seconds",
        "help_text": "How long a role session lasts, in seconds: 900 to 43200, and no more than the role's own "
        "maximum. STS gives an hour if it is not set.",
    },
    {
        "name": "session-tags",
        "nargs": "+",
        "help_text": "Session tags, each as ``KEY=VALUE``.",
    },
    {
        "name": "transitive-session-tags",
        "nargs": "+",
        "help_text": "The keys of those session tags that roles assumed from this one get too.",
    },
    {
        "name": "source-identity",
        "help_text": "The source identity, which stays with the session through a chain.",
    },
    {
        "name": "account-id",
        "help_text": "The role's account, 12 digits; the partition is that of the source profile's region.",
    },
    {"name": "role-name", "help_text": "The role's name, with its path if it has one, as in ``team/Ops``."},
    {
        "name": "verify",
        "action": "store_true",
        "help_text": "Assume the role first, and write nothing if that fails.",
    },
    {
        "name": "dry-run",
        "action": "store_true",
        "help_text": "Print the change as a unified diff and write nothing.",
    },
    {
        "name": "force",
        "action": "store_true",
        "help_text": "Go ahead although the profile has other credentials of its own.",
    },
]
