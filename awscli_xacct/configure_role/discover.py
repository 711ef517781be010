"""``aws configure role discover``: create a profile for the same role in each account of an organization."""

from collections import ChainMap
from collections.abc import Container, Mapping, Sequence
from operator import itemgetter
from typing import Any

from .. import settings
from ..arn import Arn
from ..confirm import Consent
from ..credentials.verification import verify
from ..discovery.accounts import Account, find_accounts, find_option_problems
from ..discovery.names import TEMPLATE, Holder, assign_names, holder_of, render_name, template_problem
from ..errors import ValidationError
from ..failures import combine
from ..manifest.model import RoleSpec, RoleSpecs, RolesRequest
from ..messages import print_message, unknown_profile
from ..problems import Location, Problem
from ..profiles.defaults import (
    Wanted,
    apply_changes,
    build_role_arn,
    choose_source,
    complete_settings,
    list_without_region,
)
from ..profiles.edit import AUTO, NONE
from ..profiles.source import Profiles, is_role
from ..profiles.values import account_problem
from ..tables import counted
from ..typed import typed_again
from .apply_plan import PlannedCommand
from .arguments import DRY_RUN, YES, argument, flag, settings_given
from .clients import ProfileClients
from .manifest_target import IntoManifest
from .mfa_devices import find_device

_HEADING = "nothing was changed, because"
_KEYS = (settings.SOURCE_PROFILE, settings.MFA_SERIAL, settings.EXTERNAL_ID, settings.DURATION_SECONDS)
_TRIAL = "discovered"


class DiscoverCommand(PlannedCommand):
    """Lists accounts, names a profile for each, and writes the profiles to the config file or a manifest."""

    NAME = "discover"
    ARG_TABLE = (
        argument("role-name", "The name of the role in each account, with its path if it has one."),
        argument(
            "ou-id",
            "The ids of organizational units. Only accounts in them, and in units below them, are used.",
            nargs="+",
            action="extend",
        ),
        argument(
            "template",
            f"How to name profiles. Default: ``{TEMPLATE}``. Fields: ``{{account_name}}``, ``{{account_id}}``, "
            "``{account_email}`` and ``{role}``.",
            default=TEMPLATE,
        ),
        flag("check", "Assume each role first, and leave out accounts where that fails."),
        argument("manifest", "Write to this manifest, keeping what is in it, instead of to the config file."),
        argument(
            "source-profile",
            "The profile with the credentials to assume the roles with. Default: ``default``.",
        ),
        argument(
            "mfa-serial", "The MFA device for the profiles. ``auto`` looks the caller's device up in IAM."
        ),
        argument("external-id", "The external id that the roles require."),
        argument("duration-seconds", "How long role sessions last, in seconds."),
        flag(
            "prune",
            "Remove profiles that the same ``discover`` command made for accounts that are no longer found.",
        ),
        flag("adopt", "Take over profiles of the same name that were made by hand or from another source."),
        DRY_RUN,
        YES,
    )

    def _run(self, parsed_args: Any, parsed_globals: Any) -> int:
        profiles = self._session.full_config["profiles"]
        given = settings_given(parsed_args, _KEYS, parsed_globals.region)
        wanted = {
            key: value for key, value in given.items() if value or getattr(parsed_args, key, None) == NONE
        }
        manifest = IntoManifest(parsed_args.manifest) if parsed_args.manifest else None
        inherited = manifest.defaults_for(wanted) if manifest else {}
        source = _choose_source(profiles, wanted, inherited)
        self._check(parsed_args, wanted, source, parsed_globals.profile)
        assert source is not None  # noqa: S101 - checked
        if wanted.get(settings.MFA_SERIAL) == AUTO:
            wanted[settings.MFA_SERIAL] = find_device(source, self._session)
        found = self._find_accounts(parsed_globals.profile or source, parsed_args.ou_id or [])
        role = parsed_args.role_name.strip("/")
        names = assign_names(
            found, parsed_args.template, role, manifest.taken if manifest else _taken(profiles)
        )
        _report_names(found, names, parsed_args.template, role)
        before = manifest.roles if manifest else profiles
        wanted_by_name: dict[str, Wanted] = {
            names[account.id]: {
                **({} if names[account.id] in before else inherited),
                **wanted,
                settings.ROLE_ARN: str(Arn.iam(account.partition, account.id, f"role/{role}")),
            }
            for account in sorted(found, key=lambda account: names[account.id])
        }
        labels = {names[account.id]: account.label for account in found}
        if parsed_args.check:
            working = self._check_roles(_completed(wanted_by_name, profiles, before), labels)
            wanted_by_name = {name: wanted_by_name[name] for name in wanted_by_name if name in working}
        elif manager := next((account for account in found if account.management), None):
            print_message(f"the management {manager.label} may lack the role; try --check")
        consent = Consent.given_in(parsed_args)
        if manifest:
            roles = _completed(wanted_by_name, profiles, before)
            own_names = _account_names(found, names, roles, manifest)
            new = {name: options for name, options in roles.items() if name not in before}
            self._print_regions(list_without_region(new, {}, profiles), is_manifest=True)
            return manifest.write(roles, own_names, profiles, self._partitions(), consent)
        mark = " ".join(["discover", found[0].organization, role, *sorted(parsed_args.ou_id or [])])
        specs = RoleSpecs(
            self.NAME,
            roles=[RoleSpec(name, options) for name, options in wanted_by_name.items()],
            locations={(name, None): Location(label) for name, label in labels.items()},
        )
        request = RolesRequest(specs, mark, prune=parsed_args.prune, adopt=parsed_args.adopt)
        return self._carry_out(request, consent, parsed_globals)

    def _check(
        self, parsed_args: Any, wanted: Mapping[str, str | None], source: str | None, lister: str | None
    ) -> None:
        """Raise `ValidationError` with everything that is wrong with a command line, without any calls."""
        profiles = self._session.full_config["profiles"]
        unknown = unknown_profile(lister, profiles) if lister and lister not in profiles else None
        found = list(find_option_problems(parsed_args.role_name, parsed_args.ou_id or ()))
        if problem := template_problem(parsed_args.template):
            found.append(f"--template {parsed_args.template!r}: {problem}")
        if parsed_args.check and parsed_args.prune:
            found.append(
                "--prune cannot be used with --check: a role that fails for a moment would lose its profile"
            )
        if parsed_args.manifest and (parsed_args.prune or parsed_args.adopt):
            found.append(
                "--prune and --adopt cannot be used with --manifest: everything in a manifest is kept"
            )
        problems = [Problem(unknown, code="ProfileNotFound")] if unknown else []
        problems += [*map(Problem, found), *self._setting_problems(wanted, source)]
        if problems:
            raise ValidationError(_HEADING, problems)

    def _setting_problems(self, wanted: Mapping[str, str | None], source: str | None) -> list[Problem]:
        """Return what would be wrong with every profile, by validating an example."""
        profiles, partitions = self._session.full_config["profiles"], self._partitions()
        name = _free(profiles)
        given = {key: value for key, value in wanted.items() if value != AUTO}
        given[settings.ROLE_ARN] = build_role_arn(name, "0" * 12, _TRIAL, profiles, given, partitions)
        if source is not None:
            given[settings.SOURCE_PROFILE] = source
        trial = {**profiles, name: apply_changes({}, complete_settings(name, profiles, given)[0])}
        return [problem._replace(fix=None) for problem in self._find_problems(name, trial)]

    def _find_accounts(self, lister: str, parents: Sequence[str]) -> list[Account]:
        found = find_accounts(
            lambda: ProfileClients(lister, self._session).client("organizations"),
            lister,
            parents,
            option="--profile",
            heading=_HEADING,
        )
        print_message(f"found {counted(len(found), 'active account')} with profile {lister}")
        return found

    def _fix_region(self, names: Sequence[str], region: str, *, is_manifest: bool) -> str:  # noqa: ARG002
        return typed_again(f"--region {region}")

    def _check_roles(self, roles: Profiles, labels: Mapping[str, str]) -> set[str]:
        """Return the names of profiles whose roles can be assumed. Raises `ValidationError` if none can."""
        config = self._session.full_config
        # A session of more than an hour needs an MFA code of its own, and nobody would type one per account.
        tried = {
            name: {key: value for key, value in options.items() if key != settings.DURATION_SECONDS}
            for name, options in roles.items()
        }
        config = {**config, "profiles": {**config["profiles"], **tried}}
        working, failed = set(), []
        for number, result in enumerate(verify(self._session, list(roles), config), start=1):
            if result.ok:
                outcome = result.verdict
            elif result.denial:  # STS's text names the caller and the role, the same for all accounts
                outcome = "denied"
            else:
                first = result.error.split("\n")[0]
                outcome = f"{result.verdict}, {first}"
            print_message(f"{number}/{len(roles)} {result.profile}, {labels[result.profile]}: {outcome}")
            if result.failure:
                failed.append(result.failure)
            else:
                working.add(result.profile)
        if not working:
            raise combine(failed, f"{_HEADING}\n  - none of the roles can be assumed, for the reasons above")
        if len(working) < len(roles):
            skipped = counted(len(roles) - len(working), "account")
            print_message(f"skipped {skipped}: the role cannot be assumed there")
        return working


def _completed(wanted: Mapping[str, Wanted], profiles: Profiles, before: Profiles) -> Profiles:
    """Return complete options for profiles: those `wanted`, what follows from them, and what they have `before`."""
    found = {}
    for name, options in wanted.items():
        own = before.get(name, {})
        # A ChainMap asks for mutable mappings, and only reads these.
        known = ChainMap({name: own}, profiles)  # type: ignore[arg-type]
        found[name] = apply_changes(own, complete_settings(name, known, options)[0])
    return found


def _choose_source(profiles: Profiles, wanted: Wanted, inherited: Wanted) -> str | None:
    """Return the source of the new profiles if it has been imported, else the one without a manifest's defaults."""
    source = choose_source(_free(profiles), profiles, {**inherited, **wanted})
    return source if source in profiles else choose_source(_free(profiles), profiles, wanted)


def _free(profiles: Profiles) -> str:
    """Return a name that no profile has."""
    name = _TRIAL
    while name in profiles:
        name += "-"
    return name


def _taken(profiles: Profiles) -> dict[str, Holder | None]:
    return {
        name: holder_of(str(options.get(settings.ROLE_ARN))) if is_role(options) else None
        for name, options in profiles.items()
    }


def _account_names(
    found: Sequence[Account], names: Mapping[str, str], roles: Container[str], manifest: IntoManifest
) -> dict[str, str]:
    """Name the accounts to write to a manifest. Return their ids by names that it does not use for others."""
    taken: dict[str, Holder | None] = {name: (number, "") for name, number in manifest.accounts.items()}
    chosen = [account for account in found if names[account.id] in roles]
    own = assign_names(chosen, "{account_name}", "", taken)
    # The id itself, given to an account whose name has no usable characters, is not a name.
    return {name: number for number, name in sorted(own.items(), key=itemgetter(1)) if account_problem(name)}


def _report_names(found: Sequence[Account], names: Mapping[str, str], template: str, role: str) -> None:
    for account in found:
        plain = render_name(template, account, role)
        if names[account.id] != plain:
            print_message(f"{account.label} is named {names[account.id]} ({plain} is taken)")
