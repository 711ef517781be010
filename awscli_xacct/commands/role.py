"""``aws configure role PROFILE``: create or change a role profile."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import unified_diff
from typing import Any

from awscli.customizations.commands import BasicCommand
from botocore.configloader import raw_config_parse

from .. import settings
from ..awsconfig import rules, store
from ..awsconfig.document import Document
from ..awsconfig.headers import header_for
from ..awsconfig.merged import MergedProfiles
from ..awsconfig.partitions import Partitions
from ..awsconfig.profiles import gives_credentials
from ..errors import Faults, printable

NONE = "none"
"""What ``--mfa-serial`` takes for "no device", which also keeps the source's from being taken over."""

# One option for each key, in the order in which they are written.
_KEYS = {
    settings.ROLE_ARN: "The ARN of the role, such as ``arn:aws:iam::222222222222:role/NAME``. "
    "Or give ``--account-id`` and ``--role-name``.",
    settings.SOURCE_PROFILE: "The profile whose credentials call for the role. With neither this nor "
    "``--credential-source``, ``default`` is taken if it has credentials.",
    settings.CREDENTIAL_SOURCE: "Where the calling credentials come from instead of a profile: "
    "``Environment``, ``Ec2InstanceMetadata`` or ``EcsContainer``.",
    settings.MFA_SERIAL: "The ARN or serial number of the MFA device whose codes the role wants; ``none`` for "
    "none. A new profile takes over the device of its source profile, if that has one.",
    settings.EXTERNAL_ID: "The external id that the role's trust policy asks for.",
    settings.ROLE_SESSION_NAME: "The name of the role session, as CloudTrail shows it.",
    settings.DURATION_SECONDS: "How long a role session lasts, in seconds: 900 to 43200, and no more than the "
    "role's own maximum. STS gives an hour if it is not set.",
}


@dataclass
class Plan:
    """What one call asks for: keys to set, keys to remove (None), and what is to be said about it."""

    profile: str
    wanted: dict[str, str | None]
    account_id: str | None = None
    role_name: str | None = None
    force: bool = False
    notes: list[str] = field(default_factory=list)
    region: str | None = None
    """The region to try the profile in, if it has none of its own."""

    @property
    def trial(self) -> str:
        """The command that shows whether the profile works."""
        region = f" --region {self.region}" if self.region else ""
        return f"aws sts get-caller-identity --profile {shlex.quote(self.profile)}{region}"


class RoleCommand(BasicCommand):  # type: ignore[misc]
    """Writes role profiles; see `DESCRIPTION`."""

    NAME = "role"
    DESCRIPTION = (
        "Create or change a profile that assumes an IAM role, in one step.\n\n"
        "All settings are checked before anything is written, and all that is wrong is said at once. Only the "
        "settings that are given are changed, and nothing else in the config file: comments, order and spacing "
        'stay as they are. An option with an empty value (``--external-id ""``) removes its key.'
    )
    SYNOPSIS = (
        "aws configure role <profile> [--role-arn <value> | --account-id <value> --role-name <value>]\n"
        "[--source-profile <value> | --credential-source <value>] [--mfa-serial <value>]\n"
        "[--external-id <value>] [--role-session-name <value>] [--duration-seconds <value>]\n"
        "[--region <value>] [--dry-run] [--force]"
    )
    EXAMPLES = (
        "To reach the role ``CrossAccountPowerUser`` in another account with the keys of your default profile::\n\n"
        "    $ aws configure role prod --role-arn arn:aws:iam::222222222222:role/CrossAccountPowerUser\n\n"
        "From then on each command takes it by name::\n\n"
        "    $ aws ec2 describe-instances --region us-west-1 --profile prod\n\n"
        "To ask for an MFA code, once for all roles that use the device::\n\n"
        "    $ aws configure role prod --mfa-serial arn:aws:iam::111111111111:mfa/dev\n\n"
        "To see what would be written::\n\n"
        "    $ aws configure role audit --account-id 333333333333 --role-name Audit --source-profile prod --dry-run\n"
    )
    ARG_TABLE = [  # noqa: RUF012 - the shape awscli asks for
        {
            "name": "profile",
            "positional_arg": True,
            "nargs": "?",
            "help_text": "The profile to create or change; or give it as ``--profile``.",
        },
        *({"name": rules.option(key)[2:], "help_text": text} for key, text in _KEYS.items()),
        {
            "name": "account-id",
            "help_text": "The role's account, 12 digits; the partition is that of the source profile's region.",
        },
        {
            "name": "role-name",
            "help_text": "The role's name, with its path if it has one, as in ``team/Ops``.",
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

    def _run_main(self, parsed_args: Any, parsed_globals: Any) -> int:
        plan = _plan(parsed_args, parsed_globals)
        path = store.locate(self._session.get_config_variable("config_file"), settings.DEFAULT_CONFIG_FILE)
        if parsed_args.dry_run:
            edit = store.preview(path, lambda document: self._apply(plan, document))
            _print_diff(plan, edit)
            return 0
        edit = store.edit(path, lambda document: self._apply(plan, document), raw_config_parse)
        _say(plan, edit)
        return 0

    def _apply(self, plan: Plan, document: Document) -> None:
        """Make the plan's changes in `document`. Raises `Faults` with all that is wrong with the outcome."""
        credentials_path = store.locate(
            self._session.get_config_variable("credentials_file"), settings.DEFAULT_CREDENTIALS_FILE
        )
        credentials = Document(store.read(credentials_path), str(credentials_path))
        profiles = MergedProfiles(document, credentials)
        header = profiles.header(plan.profile) or header_for(plan.profile)
        plan.notes.clear()
        partitions = Partitions(self._session.get_component("data_loader").load_data("partitions"))
        wanted = _complete(plan, profiles, partitions.of_region)
        before = profiles.get(plan.profile, {})
        profiles.changed[plan.profile] = _changed(before, wanted)
        faults = [] if profiles.header(plan.profile) else list(filter(None, [rules.name_fault(plan.profile)]))
        faults += _pair_faults(plan)
        faults += rules.faults_of(
            plan.profile,
            profiles,
            partitions=partitions.names,
            partition_of=partitions.of_region,
            force=plan.force,
        )
        if faults:
            raise Faults(f"profile {printable(plan.profile)} was not written, because", faults)
        after = profiles[plan.profile]
        source = profiles.get(str(after.get(settings.SOURCE_PROFILE)), {})
        if settings.REGION not in after:
            plan.region = str(source.get(settings.REGION, settings.DEFAULT_REGION))
        for key, value in wanted.items():
            if value is None:
                document.remove(header, key)
            else:
                document.set(header, key, value)


def _plan(parsed_args: Any, parsed_globals: Any) -> Plan:
    """What the command line asks for. Raises `Faults` if that is nothing, or not one profile."""
    named, option = parsed_args.profile, parsed_globals.profile
    if not (named or option):
        raise Faults("which profile is meant?", ["name it: aws configure role PROFILE --role-arn ARN"])
    if named and option and named != option:
        raise Faults(
            "two profiles are named", [f"{printable(named)} and --profile {printable(option)}: give one"]
        )
    wanted: dict[str, str | None] = {}
    for key in _KEYS:
        value = getattr(parsed_args, key)
        if value is not None:
            wanted[key] = value or None
    if wanted.get(settings.MFA_SERIAL) == NONE:
        wanted[settings.MFA_SERIAL] = None
    if parsed_globals.region is not None:
        wanted[settings.REGION] = parsed_globals.region or None
    if not (wanted or parsed_args.account_id or parsed_args.role_name):
        options = ", ".join(rules.option(key) for key in [*_KEYS, settings.REGION])
        raise Faults(
            "there is nothing to set", [f"give at least one of {options}, --account-id with --role-name"]
        )
    return Plan(named or option, wanted, parsed_args.account_id, parsed_args.role_name, parsed_args.force)


def _complete(plan: Plan, profiles: MergedProfiles, partition_of: rules.PartitionOf) -> dict[str, str | None]:
    """The keys to set and remove, with what follows from those that were given."""
    wanted = dict(plan.wanted)
    before = profiles.get(plan.profile, {})
    after = _changed(before, wanted)
    no_source = settings.SOURCE_PROFILE not in after and settings.CREDENTIAL_SOURCE not in after
    if no_source and gives_credentials(profiles, "default", to=plan.profile):
        wanted[settings.SOURCE_PROFILE] = "default"
        plan.notes.append("source_profile = default, because no source was given")
    source = _changed(before, wanted).get(settings.SOURCE_PROFILE)
    if plan.account_id and plan.role_name and settings.ROLE_ARN not in wanted:
        region = profiles.get(str(source), {}).get(settings.REGION) or after.get(settings.REGION)
        partition = (partition_of(str(region)) if region else None) or "aws"
        wanted[settings.ROLE_ARN] = (
            f"arn:{partition}:iam::{plan.account_id}:role/{plan.role_name.removeprefix('/')}"
        )
    fresh_source = source is not None and before.get(settings.SOURCE_PROFILE) != source
    if fresh_source and settings.MFA_SERIAL not in after and settings.MFA_SERIAL not in wanted:
        serial = rules.mfa_serial_to_inherit(profiles, str(source))
        if serial:
            wanted[settings.MFA_SERIAL] = serial
            plan.notes.append(f"mfa_serial = {serial}, taken over from profile {source}")
    order = [*_KEYS, settings.REGION]
    return {key: wanted[key] for key in order if key in wanted}


def _changed(profile: Mapping[str, Any], wanted: Mapping[str, str | None]) -> dict[str, Any]:
    kept = {key: value for key, value in profile.items() if key not in wanted}
    return kept | {key: value for key, value in wanted.items() if value is not None}


def _pair_faults(plan: Plan) -> list[str]:
    """``--account-id`` and ``--role-name`` go together, and in the place of ``--role-arn``."""
    if not plan.account_id and not plan.role_name:
        return []
    if plan.wanted.get(settings.ROLE_ARN):
        return ["--role-arn says it all; leave out --account-id and --role-name"]
    if not (plan.account_id and plan.role_name):
        return ["--account-id and --role-name go together; or give --role-arn"]
    return []


def _print_diff(plan: Plan, edit: store.Edit) -> None:
    _print_notes(plan, edit)
    if not edit.changed:
        sys.stderr.write(f"{edit.path}: nothing would change\n")
        return
    before, after = (
        data.decode("utf-8", "backslashreplace").splitlines(keepends=True)
        for data in (edit.before, edit.after)
    )
    for line in unified_diff(before, after, str(edit.path), str(edit.path)):
        sys.stdout.write(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n")


def _say(plan: Plan, edit: store.Edit) -> None:
    _print_notes(plan, edit)
    done = "written to" if edit.changed else "already so in"
    sys.stderr.write(f"profile {plan.profile} is {done} {edit.path}\n")
    if edit.changed:
        sys.stderr.write(f"try it: {plan.trial}\n")


def _print_notes(plan: Plan, edit: store.Edit) -> None:
    for note in plan.notes if edit.changed else []:
        sys.stderr.write(f"{printable(note)}\n")
