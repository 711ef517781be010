"""``aws configure role setup``: create a role, the permission to assume it, and its profile, with one command."""

import shlex
import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from .. import settings
from ..arn import Arn
from ..confirm import Change, Consent, confirm_and_apply
from ..credentials.batch import needs_own_code
from ..credentials.profile_session import provider_for
from ..credentials.verification import Result, assume, explain_failure, failed_result
from ..errors import XacctError
from ..failures import combine
from ..messages import print_message, subcommand
from ..mfa.prompters import be_silent
from ..profiles.edit import AUTO, ProfileEdit
from ..profiles.source import Profile
from ..setup.journal import Journal
from ..setup.model import SetupContext
from ..setup.planner import plan_setup
from ..setup.steps import SAME, RetryPolicy, carry_out
from ..typed import typed_again
from ..wrapping import wrap
from . import setup_args
from .arguments import YES, argument, flag, positional, required_profiles, settings_given
from .base import Subcommand, refusal
from .mfa_devices import find_device
from .profile_step import profile_step
from .setup_undo import plan_undo
from .setup_view import Work


class SetupCommand(Subcommand):
    """Creates, completes, repairs and undoes what a role profile needs in both accounts."""

    NAME = "setup"
    ARG_TABLE = (
        positional("profile", "The profile to set up.", nargs="?"),
        argument("role-name", "The name of the role, with its path if it has one, such as ``team/Ops``."),
        argument(
            "account-profile",
            "A profile that may create roles in the target account. With ``--undo``, it replaces the one that was "
            "used.",
        ),
        argument(
            "source-profile",
            "The profile of the user or role that will assume the role. Default: ``default``.",
        ),
        argument(
            "home-admin-profile", "A profile that may change the caller's policies, if the caller may not."
        ),
        flag(
            "no-caller-policy", "Do not change the caller's policies: something else grants the permission."
        ),
        argument(
            "policy-arn",
            "Managed policies to attach to the role. May be given more than once.",
            nargs="+",
            action="extend",
        ),
        flag("require-mfa", "Require MFA in the trust policy. The profile gets the caller's device."),
        argument(
            "mfa-serial",
            "The MFA device for the profile. ``auto`` looks the caller's device up in IAM; ``none`` sets no device.",
        ),
        argument("external-id", "An external id that the trust policy requires and the profile sends."),
        argument(
            "max-session-duration",
            "The role's maximum session duration in seconds, 3600 to 43200. By default a new role gets what "
            "``--duration-seconds`` needs.",
        ),
        argument("duration-seconds", "How long the profile's sessions last, in seconds: 900 to 43200."),
        argument(
            "wait",
            f"How many seconds to wait for IAM to propagate changes. Default: {settings.SETUP_WAIT_SECONDS}.",
            default=str(settings.SETUP_WAIT_SECONDS),
        ),
        flag("dry-run", "Show the plan, and ``aws`` commands that do the same, without changing anything."),
        YES,
        flag("undo", "Undo what setup has made for the profile, and nothing else."),
    )

    def _run(self, parsed_args: Any, parsed_globals: Any) -> int:
        names = required_profiles(
            parsed_args,
            parsed_globals,
            "aws configure role setup PROFILE --role-name NAME --account-profile ADMIN_PROFILE",
        )
        with Journal.open(self._config_path(), names[0]) as journal:
            run = self._undo if parsed_args.undo else self._set_up
            return run(names[0], journal, parsed_args, parsed_globals)

    def _set_up(self, profile: str, journal: Journal, parsed_args: Any, parsed_globals: Any) -> int:
        profiles = self._session.full_config["profiles"]
        setup_args.check_arguments(profile, parsed_args, profiles)
        edit = ProfileEdit(
            profile, settings_given(parsed_args, setup_args.PROFILE_KEYS, parsed_globals.region)
        )
        source = edit.source(profiles)
        if source in (None, profile) or source not in profiles:
            missing = "there is no source profile to assume the role with"
            fix = f"choose one:\n  {typed_again('--source-profile PROFILE')}"
            raise refusal(setup_args.NOTHING, missing, fix, "NoCredentials")
        caller, target, home = setup_args.resolve_accounts(parsed_args, source, self._session)
        path, name = setup_args.split_name(parsed_args.role_name)
        role_arn = str(Arn.iam(caller.arn.partition, target.account, f"role{path}{name}"))
        edit.wanted[settings.ROLE_ARN] = role_arn
        self._find_device(edit, source, required=parsed_args.require_mfa)
        options = self._outcome(edit)
        about = {
            "role_arn": role_arn,
            "role_name": name,
            "account": target.account,
            "account_profile": target.profile,
            "home_account": home.account,
            "home_profile": home.profile,
        }
        _check_same(journal, about, profile)
        setup = SetupContext(
            setup_args.setup_request(profile, parsed_args, options), caller, target, home, journal
        )
        write = partial(self._apply, edit)
        written = profile_step(profile, self._config_path(), profiles.get(profile), options, write, journal)
        again = shlex.join(setup_args.repeat_options(parsed_args, parsed_globals.region))
        work = Work(
            heading=f"{caller.arn} will assume {role_arn} as profile {profile}",
            steps=[*plan_setup(setup), written],
            notes=[*setup.notes, *edit.notes],
            metadata={"Profile": profile, "RoleArn": role_arn, "Caller": str(caller.arn)},
            question="Set this up?",
            declined=setup_args.NOTHING,
            retry_command=f"{subcommand('setup', profile)} {again}",
        )
        retry = _retry_policy(parsed_args.wait)

        def apply() -> int:
            journal.metadata = about
            _do(work, journal, retry)
            result = self._verify(profile, options, retry)
            if parsed_globals.output or parsed_globals.query:
                found = {**work.to_dict(), "Verified": result.to_dict()}
                self._print(parsed_globals, found, str)
            if result.failure:
                after = f" after {retry.seconds:g} s" if result.denial else ""
                text = (
                    f"everything is set up, but the role cannot be assumed{after}\n{explain_failure(result)}"
                )
                raise combine([result.failure], text)
            print_message(f"{role_arn} was assumed; try it: {edit.trial}")
            return 0

        return self._confirmed(work, apply, parsed_args, parsed_globals)

    def _undo(self, profile: str, journal: Journal, parsed_args: Any, parsed_globals: Any) -> int:
        retry = _retry_policy(parsed_args.wait)
        work = plan_undo(
            profile,
            journal,
            parsed_args,
            self._session,
            self._config_path(),
            self._inventory(),
            self._cache(),
        )

        def apply() -> int:
            _do(work, journal, retry)
            kept = [step for step in work.steps if not step.to_do]
            if parsed_globals.output or parsed_globals.query:
                self._print(parsed_globals, work.to_dict(), str)
            if kept:
                raise XacctError("some of it was kept, for the reasons above")
            print_message("everything that setup made was undone")
            return 0

        return self._confirmed(work, apply, parsed_args, parsed_globals)

    def _confirmed(self, work: Work, apply: Callable[[], int], parsed_args: Any, parsed_globals: Any) -> int:
        """Show the plan, on stdout for a dry run, and have it confirmed and applied. Return the exit code."""
        change = Change(
            question=work.question if work.to_do else "",
            declined=work.declined,
            apply=apply,
            text=lambda: f"{work.text()}\n",
            show=lambda: (
                self._print_plan(work, parsed_globals) if parsed_args.dry_run else print_message(work.text())
            ),
            on_stderr=True,
        )
        return confirm_and_apply(change, Consent.given_in(parsed_args))

    def _print_plan(self, work: Work, parsed_globals: Any) -> None:
        """Print the plan and its commands for a person, or the plan for a program."""
        commands = work.commands()
        same = f"\n\nEquivalent aws commands:\n\n{commands}" if commands else "\n"
        self._print(parsed_globals, work.to_dict(), lambda: wrap(work.text(), sys.stdout) + same)

    def _find_device(self, edit: ProfileEdit, source: str, *, required: bool) -> None:
        """Add the caller's device to the edit, if it is asked for or required. Raises `ValidationError`."""
        wanted = edit.wanted.get(settings.MFA_SERIAL)
        if wanted != AUTO and (not required or wanted):
            return
        trial = ProfileEdit(edit.profile, {key: value for key, value in edit.wanted.items() if value != AUTO})
        if wanted == AUTO or settings.MFA_SERIAL not in self._outcome(trial):
            edit.wanted[settings.MFA_SERIAL] = find_device(source, self._session)

    def _outcome(self, edit: ProfileEdit) -> Profile:
        """Return the profile's options as the edit would make them. Raises `ValidationError` if they are invalid."""
        return dict(self._apply(edit, self._document())[edit.profile])

    def _verify(self, profile: str, options: Profile, retry: RetryPolicy) -> Result:
        """Assume the role, and try again while that is denied and there is time left."""
        config = self._session.full_config
        config = {**config, "profiles": {**config["profiles"], profile: options}}
        fetcher = provider_for(self._session, profile, config).fetcher()
        start = fetcher.chain()[0]
        try:
            asks = needs_own_code(start, {})
        except Exception as error:  # noqa: BLE001 - whatever a source raises is what does not work
            return failed_result(profile, start, error)
        # Or else a denial would be taken for a role that requires a newer MFA session, and a code be asked for.
        end = None if asks else be_silent("setup does not ask for one while it waits")
        results: list[Result] = []

        def attempt() -> bool:
            results[:] = [assume(profile, fetcher)]
            # A maximum session duration that was just raised takes time to propagate as well.
            return results[0].denial is None and not results[0].too_long

        try:
            retry.until(attempt, "IAM, which still denies access to the role")
        finally:
            if end:
                end()
        return results[0]


def _do(work: Work, journal: Journal, retry: RetryPolicy) -> None:
    """Carry out the steps that have anything to do."""
    if work.to_do:
        carry_out(work.steps, journal, retry, command=work.retry_command)
    elif any(step.state == SAME for step in work.steps):
        print_message("nothing to do: everything is in place already")


def _retry_policy(seconds: str) -> RetryPolicy:
    problem = setup_args.wait_problem(seconds)
    if problem:
        raise refusal("nothing was done", f"--wait {seconds!r}: {problem}")
    return RetryPolicy(int(seconds), print_message)


def _check_same(journal: Journal, about: Mapping[str, str], profile: str) -> None:
    """Raise `ValidationError` if setup has made this profile for another role or home account."""
    for key in ("role_arn", "home_account") if journal.entries else ():
        if journal.metadata[key] != about[key]:
            text = f"setup has made profile {profile} for {journal.metadata[key]}, not for {about[key]}"
            raise refusal(setup_args.NOTHING, text, f"undo that first: {subcommand('setup', profile)} --undo")
