"""``aws configure role``: create or change a role profile, and the subcommands beside that."""

from __future__ import annotations

import sys
from collections.abc import Callable
from difflib import unified_diff
from functools import partial
from importlib import import_module
from typing import Any

from botocore.configloader import raw_config_parse

from .. import settings
from ..awsconfig import store
from ..awsconfig.document import Document
from ..awsconfig.partitions import Partitions
from ..errors import Faults, printable
from .base import Subcommand, say
from .help import DESCRIPTION, EXAMPLES, OPTIONS, SYNOPSIS
from .plan import Plan

AUTO, NONE = "auto", "none"
"""What ``--mfa-serial`` takes beside a device: ask IAM for it; have none, not the source's either."""

_SUBCOMMANDS = {
    "list": ("listing", "ListCommand"),
    "show": ("show", "ShowCommand"),
    "verify": ("verify", "VerifyCommand"),
    "login": ("login", "LoginCommand"),
    "logout": ("login", "LogoutCommand"),
    "remove": ("remove", "RemoveCommand"),
    "rename": ("remove", "RenameCommand"),
}


def _subcommand(module: str, name: str, session: Any) -> Any:
    """A subcommand, its module imported only now."""
    return getattr(import_module(f".{module}", __package__), name)(session)


class RoleCommand(Subcommand):
    """Writes role profiles. A first word that is a subcommand's name is that subcommand."""

    NAME = "role"
    DESCRIPTION = DESCRIPTION
    SYNOPSIS = SYNOPSIS
    EXAMPLES = EXAMPLES
    ARG_TABLE = OPTIONS
    SUBCOMMANDS = [  # noqa: RUF012 - the shape awscli asks for
        {"name": name, "command_class": partial(_subcommand, *place)} for name, place in _SUBCOMMANDS.items()
    ]

    def __call__(self, args: list[str], parsed_globals: Any) -> Any:
        if args and args[0] in _SUBCOMMANDS:
            return self.create_help_command_table()[args[0]](args[1:], parsed_globals)
        return super().__call__(args, parsed_globals)

    def _build_subcommand_table(self) -> dict[str, Any]:
        # awscli's parser would take every profile name for a misspelt subcommand.
        return {}

    def _run_main(self, parsed_args: Any, parsed_globals: Any) -> int:
        plan = self._plan(parsed_args, parsed_globals)
        apply: Callable[[Document], Any] = lambda document: self._apply(plan, document)  # noqa: E731
        self._find_device(plan)
        path = self._config_path()
        if parsed_args.dry_run:
            edit = store.preview(path, apply)
            print_notes(plan, edit)
            print_diff(edit)
            return 0
        if parsed_args.verify:
            self._verify(plan)
        edit = store.edit(path, apply, raw_config_parse)
        print_notes(plan, edit)
        done = "written to" if edit.changed else "already so in"
        say(f"profile {plan.profile} is {done} {edit.path}")
        if edit.changed and not parsed_args.verify:
            say(f"try it: {plan.trial}")
        return 0

    def _plan(self, parsed_args: Any, parsed_globals: Any) -> Plan:
        plan = _from_command_line(parsed_args, parsed_globals)
        if plan.wanted or plan.account_id or plan.role_name:
            return plan
        from .interactive import can_ask

        if not can_ask():
            options = ", ".join(f"--{option['name']}" for option in OPTIONS[1:-3])
            raise Faults(
                "there is nothing to set, and no terminal to ask on",
                [f"give at least one of {options}, --region"],
            )
        return self._ask(plan)

    def _ask(self, plan: Plan) -> Plan:
        """The plan with what a person answers, agreed to after a look at the difference it makes."""
        from .interactive import agreed, ask_all, questions

        profiles = self._session.full_config["profiles"]

        source = plan.source(profiles)
        defaults = {settings.SOURCE_PROFILE: source} if source else {}
        asked = questions(plan.profile, profiles, self._partitions().names)
        plan.wanted = ask_all(asked, profiles.get(plan.profile, {}), defaults)
        edit = store.preview(self._config_path(), lambda document: self._apply(plan, document))
        if edit.changed:
            sys.stdout.write("\n")
            print_diff(edit)
            if not agreed(f"\nWrite this to {edit.path}?"):
                raise Faults("nothing was written", ["run the command again to change your mind"])
        return plan

    def _apply(self, plan: Plan, document: Document) -> Any:
        path = self._credentials_path()
        return plan.apply(document, Document(store.read(path), str(path)), self._partitions())

    def _partitions(self) -> Partitions:
        return Partitions(self._session.get_component("data_loader").load_data("partitions"))

    def _find_device(self, plan: Plan) -> None:
        """Put the caller's device in the place of ``--mfa-serial auto``. Raises `Faults`."""
        if plan.wanted.get(settings.MFA_SERIAL) != AUTO:
            return
        from .devices import find_device

        source = plan.source(self._session.full_config["profiles"])
        plan.wanted[settings.MFA_SERIAL] = find_device(source, self._session)

    def _verify(self, plan: Plan) -> None:
        """Assume the role as the profile would be. Raises what STS says, and `Faults`."""
        from ..credentials.provider import provider_for

        path = self._config_path()
        profiles = self._apply(plan, Document(store.read(path), str(path)))
        config = self._session.full_config
        after = {**config, "profiles": {**config["profiles"], plan.profile: profiles[plan.profile]}}
        provider_for(self._session, plan.profile, after).fetcher().fetch_anew()
        say(f"role {profiles[plan.profile][settings.ROLE_ARN]} was assumed")


def _from_command_line(parsed_args: Any, parsed_globals: Any) -> Plan:
    """What the command line asks for. Raises `Faults` unless it names one profile."""
    named, option = parsed_args.profile, parsed_globals.profile
    if not (named or option):
        raise Faults("which profile is meant?", ["name it: aws configure role PROFILE --role-arn ARN"])
    if named and option and named != option:
        raise Faults(
            "two profiles are named", [f"{printable(named)} and --profile {printable(option)}: give one"]
        )
    given = {settings.REGION: parsed_globals.region}
    for key in (found["name"].replace("-", "_") for found in OPTIONS):
        if key not in ("profile", "account_id", "role_name", "verify", "dry_run", "force"):
            value = getattr(parsed_args, key)
            given[key] = ",".join(value) if isinstance(value, list) else value
    wanted = {key: value or None for key, value in given.items() if value is not None}
    if wanted.get(settings.MFA_SERIAL) == NONE:
        wanted[settings.MFA_SERIAL] = None
    return Plan(named or option, wanted, parsed_args.account_id, parsed_args.role_name, parsed_args.force)


def print_notes(plan: Plan, edit: store.Edit) -> None:
    """What follows from the plan and was not asked for in so many words."""
    for note in plan.notes if edit.changed else []:
        say(note)


def print_diff(edit: store.Edit) -> None:
    """The change as a unified diff, control characters escaped."""
    if not edit.changed:
        say(f"{edit.path}: nothing would change")
        return
    before, after = (
        data.decode("utf-8", "backslashreplace").splitlines(keepends=True)
        for data in (edit.before, edit.after)
    )
    for line in unified_diff(before, after, str(edit.path), str(edit.path)):
        text, newline = line.rstrip("\r\n"), line.endswith("\n")
        sys.stdout.write(
            f"{printable(text)}\n" if newline else f"{printable(text)}\n\\ No newline at end of file\n"
        )
