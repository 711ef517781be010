"""``aws configure role PROFILE``: create or change a role profile; and the table of the subcommands."""

import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from .. import copies, settings
from ..configfile import store
from ..confirm import Change, Consent, confirm_and_apply, has_terminal
from ..credentials.loading import read_own_files
from ..errors import EditError, UsageError, ValidationError, XacctError
from ..failures import code_of, combine
from ..messages import HELP, ROLE_COMMAND, SUBCOMMANDS, option, print_message, profile_words, role_command
from ..problems import Problem
from ..profiles import validation
from ..profiles.edit import AUTO, ProfileEdit
from ..reporter import Reporter
from ..results import write_result
from ..slips import find_arn_as_name, find_role_command, find_slip
from ..storage.memo import file_signature
from ..typed import note_typed, while_unwritten
from . import role_args
from .base import Subcommand
from .file_change import edit_config
from .output import print_diff
from .reporting import make_reporter, run_reported

_MODULES = {"logout": "login", "import": "importer", "export": "exporter"}
"""The modules of subcommands that are not named as these are typed."""


def _subcommand(name: str, session: Any) -> Any:
    """Import the module of a subcommand, and create the subcommand."""
    module = import_module(f".{_MODULES.get(name, name)}", __package__)
    return getattr(module, f"{name.capitalize()}Command")(session)


class RoleCommand(Subcommand):
    """Writes role profiles, and runs the subcommand that the first word names, if any."""

    NAME = "role"
    ARG_TABLE = role_args.OPTIONS
    SUBCOMMANDS = [  # noqa: RUF012 - the shape awscli asks for
        {"name": name, "command_class": partial(_subcommand, name)} for name in SUBCOMMANDS
    ]

    def __call__(self, args: list[str], parsed_globals: Any) -> Any:
        reporter = make_reporter(args, self._session, parsed_globals)
        self._typed_globals = _typed_globals(parsed_globals)
        note_typed([*ROLE_COMMAND.split(), *reporter.words, *self._typed_globals])
        return run_reported(lambda: self._run_with_own_files(reporter, parsed_globals), reporter)

    def _run_with_own_files(self, reporter: Reporter, parsed_globals: Any) -> Any:
        """Run the command on the user's own files, also where programs are served copies of them; see copies.py."""
        if not (read_own_files(self._session) or copies.put_aside):
            return self._dispatch(reporter.words, parsed_globals)
        path = str(self._config_path())
        before = file_signature(path)
        code = self._dispatch(reporter.words, parsed_globals)
        if file_signature(path) != before:
            print_message(copies.EXPLANATION)
        return code

    def _dispatch(self, words: list[str], parsed_globals: Any) -> Any:
        if words and words[0] in SUBCOMMANDS:
            chosen = _subcommand(words[0], self._session)
            self._add_lineage({words[0]: chosen})
            return chosen(words[1:], parsed_globals)
        if HELP in words[:2] and len(words) == 2:
            # `help list`, as in other programs, and `prod help`, as `aws` has it after any command
            return self._dispatch([*[word for word in words if word in SUBCOMMANDS], HELP], parsed_globals)
        return super().__call__(role_args.keep_policy_path(words), parsed_globals)

    def _parse(self, args: list[str]) -> Any:
        """Parse the words. Raises `UsageError`, with the command line that may be meant."""
        words = [*args, *self._typed_globals]
        try:
            parsed = super()._parse(args)
            slip = find_arn_as_name(words)
            slip = None if slip and args[0] in self._session.full_config["profiles"] else slip
        except UsageError as error:
            slip = (
                None
                if "did you mean" in error.args[0]
                else find_slip(words, self._session.full_config["profiles"])
            )
            if not slip:
                raise
        if slip:
            raise UsageError(f"{slip.text}; did you mean: {slip.command}", fix=slip.command)
        return parsed

    def _build_subcommand_table(self) -> dict[str, Any]:
        # With subcommands in its table, awscli would refuse every profile name as an invalid choice.
        return {}

    def _run(self, parsed_args: Any, parsed_globals: Any) -> int:
        edit = role_args.read_arguments(parsed_args, parsed_globals)
        asks = edit.is_empty
        if asks:
            edit.wanted = self._interview(edit)
        else:
            self._find_device(edit)
        write = partial(self._write, edit, verify=parsed_args.verify)
        if not (asks or parsed_args.dry_run):
            return write()  # settings on the command line need no confirmation
        diff = self._attempt(edit, store.preview)

        def show() -> None:
            if asks and diff.changed:
                write_result("\n")
            if parsed_args.dry_run:
                _print_notes(edit, diff)
            print_diff(diff)

        change = Change(
            show=show,
            question=f"Write this to {diff.path}?" if diff.changed else "",
            declined="nothing was written",
            apply=write,
            preview="" if diff.changed else _up_to_date(edit, diff),
        )
        return confirm_and_apply(change, Consent.given_in(parsed_args))

    def _write(self, edit: ProfileEdit, *, verify: bool) -> int:
        """Write the profile; with `verify`, only if its role can be assumed. Return the exit code."""
        if verify:
            self._attempt(replace(edit, notes=[]), store.preview)  # or a code would be asked for in vain
            self._verify(edit)
        diff = self._attempt(edit, edit_config)
        _print_notes(edit, diff)
        if not diff.changed:
            print_message(_up_to_date(edit, diff))
            return 0
        for done, names in (("removed", edit.removed), ("wrote", edit.written)):
            if names:
                where = "from" if done == "removed" else "to"
                what = "profile" if len(names) == 1 else "profiles"
                print_message(f"{done} {what} {' and '.join(names)} {where} {diff.path}")
        if edit.written and not verify:
            print_message(f"try it: {edit.trial}")
        return 0

    def _attempt(self, edit: ProfileEdit, make: Callable[[Path, store.MakeEdit], store.Edit]) -> store.Edit:
        """Make an edit. If the file cannot be edited, report what is wrong with the settings as well."""
        try:
            return make(self._config_path(), lambda document: self._apply(edit, document))
        except EditError as error:
            refused = error
        try:
            self._apply(replace(edit, notes=[]), self._document())
        except ValidationError as found:
            problem = Problem(refused.args[0], code=code_of(refused))
            raise ValidationError(found.heading, [*found.problems, problem]) from None
        except XacctError:
            pass
        raise refused

    def _interview(self, edit: ProfileEdit) -> dict[str, str | None]:
        """Ask for the settings on the terminal. Raises `ValidationError` if that is impossible or futile."""
        from .interview import Interview
        from .mfa_devices import find_device

        suggestions = _suggest_subcommand(edit.profile)
        if not has_terminal(sys.stdin, sys.stdout):
            raise ValidationError(
                "no settings given, and no terminal to ask for them",
                [*map(Problem, suggestions), _missing_settings(edit.profile)],
            )
        profiles = self._session.full_config["profiles"]
        interview = Interview(
            profile=edit.profile,
            current=profiles.get(edit.profile, {}),
            profiles=profiles,
            default_source=edit.source(profiles),
            problems=lambda options: self._find_problems(
                edit.profile, {**profiles, edit.profile: options}, force=edit.force
            ),
            find_device=lambda source: find_device(source, self._session),
        )
        is_new = edit.profile not in profiles
        bad_name = validation.name_problem(edit.profile) if is_new else None
        problems = [Problem(bad_name)] if bad_name else interview.hopeless()
        if problems:
            code = "UsageError" if bad_name else "ProfileInvalid"
            raise ValidationError(f"profile {edit.profile} cannot be written, because", problems, code)
        if is_new:
            print_message("; ".join([f"profile {edit.profile} is new", *suggestions]))
        try:
            return interview.ask()
        except EOFError:
            write_result("\n")
            raise ValidationError(
                "nothing was written", [Problem("the questions were not answered")], "InternalError"
            ) from None
        except KeyboardInterrupt:
            write_result("\n")
            sys.stdout.flush()
            print_message("nothing was written")
            raise

    def _find_device(self, edit: ProfileEdit) -> None:
        """Replace ``--mfa-serial auto`` by the caller's device. Raises `ValidationError`."""
        if edit.wanted.get(settings.MFA_SERIAL) != AUTO:
            return
        from .mfa_devices import find_device

        # Every other problem is reported before IAM is asked.
        without = {**edit.wanted, settings.MFA_SERIAL: None}
        self._apply(replace(edit, wanted=without, notes=[]), self._document())
        source = edit.source(self._session.full_config["profiles"])
        edit.wanted[settings.MFA_SERIAL] = serial = find_device(source, self._session)
        print_message(f"mfa_serial = {serial}, the device of the user of profile {source}")

    def _verify(self, edit: ProfileEdit) -> None:
        """Assume the role with the settings that the profile would have. Raises `XacctError` if that fails."""
        from ..credentials.profile_session import provider_for
        from ..credentials.verification import assume, explain_failure

        profile = self._apply(edit, self._document())[edit.profile]
        config = self._session.full_config
        after = {**config, "profiles": {**config["profiles"], edit.profile: profile}}
        with while_unwritten(edit.profile):
            result = assume(edit.profile, provider_for(self._session, edit.profile, after).fetcher())
        if result.failure:
            text = f"{explain_failure(result)}\nprofile {edit.profile} was not written"
            raise combine([result.failure], text)
        print_message(f"role {profile[settings.ROLE_ARN]} was assumed")


def _typed_globals(parsed_globals: Any) -> list[str]:
    """Return the CLI's own options that a command line had and that name a profile or a region."""
    profile, region = parsed_globals.profile, parsed_globals.region
    return [
        *(profile_words(profile) if profile else []),
        *([option(settings.REGION), region] if region else []),
    ]


def _missing_settings(profile: str) -> Problem:
    """Return the problem that a command line has none of the options that say what to write."""
    options = ", ".join(f"--{found['name']}" for found in role_args.SETTINGS)
    command = role_command(profile, "--role-arn ARN")
    return Problem(f"none of {options}, --region is given", f"give at least one, as in:\n  {command}")


def _suggest_subcommand(profile: str) -> list[str]:
    """Return the subcommand that a profile's name without any settings may be a misspelling of, in a sentence."""
    meant = find_role_command(profile, ())
    return [f"did you mean: {meant}"] if meant else []


def _up_to_date(edit: ProfileEdit, diff: store.Edit) -> str:
    return f"profile {edit.profile} is already up to date in {diff.path}"


def _print_notes(edit: ProfileEdit, diff: store.Edit) -> None:
    """Print what the change implies beyond what was asked for."""
    for note in edit.notes if diff.changed else []:
        print_message(note)
