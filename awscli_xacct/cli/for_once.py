"""Session policies for one command: ``--read-only``, ``--policy-arns`` and ``--policy`` of several commands.

They narrow a role profile as its own keys would, but on the command line. A profile with a policy of its own cannot be
narrowed further, because STS unites the policies of a session. A narrowed profile has a memo of its own, so that the
fast path answers for it as well, and so this module imports nothing at its top.

A command has them with three lines: `add_options` in ``configure``, `split` (or `join`) as its ``split``, and
``resolve(PROFILE, for_once=parse(options))``.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing's own is in a module, which Python would have to find and read
    import argparse
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from ..problems import Problem

READ_ONLY, POLICY_ARNS, POLICY = "--read-only", "--policy-arns", "--policy"


class ForOnce:
    """The policies that a command line asks for; an ARN list and a policy as they are given, empty for none."""

    def __init__(self, *, read_only: bool = False, policy_arns: str = "", policy: str = "") -> None:
        self.read_only = read_only
        self.policy_arns = policy_arns
        self.policy = policy

    @property
    def words(self) -> "list[str]":
        """The options in one spelling, the same for the same policies."""
        given = ((POLICY_ARNS, self.policy_arns), (POLICY, self.policy))
        return [*[READ_ONLY] * self.read_only, *(f"{name}={value}" for name, value in given if value)]

    @property
    def memoizable(self) -> bool:
        """Whether the options mean the same in each directory and environment."""
        path = self.policy.removeprefix("file://")
        return path == self.policy or (path.startswith("/") and "$" not in path)

    def memo_key(self, profile: str) -> str:
        """Return the name of the narrowed profile's memo; none of a profile can contain a NUL."""
        return "\0".join([profile, *self.words])

    def narrow(self, config: "Mapping[str, Any]", profile: str) -> "Mapping[str, Any]":
        """Return the config with `profile` narrowed. Raises `ValidationError`."""
        if profile not in config["profiles"]:
            return config  # which is reported as that
        self.check(config, [profile], "no credentials were requested, because")
        from collections import ChainMap

        from .. import settings
        from ..profiles.managed_policies import read_only_arn
        from ..profiles.policies import make_absolute

        options = dict(config["profiles"][profile])
        if self.read_only:
            options[settings.POLICY_ARNS] = read_only_arn(str(options[settings.ROLE_ARN]))
        if self.policy_arns:
            options[settings.POLICY_ARNS] = self.policy_arns
        if self.policy:
            options[settings.POLICY] = make_absolute(self.policy)
        # There may be thousands of profiles, and each is narrowed by itself.
        return {**config, "profiles": ChainMap({profile: options}, config["profiles"])}

    def check(self, config: "Mapping[str, Any]", profiles: "Sequence[str]", heading: str) -> None:
        """Raise `ValidationError` with everything that keeps `profiles` from being narrowed."""
        from ..errors import ValidationError

        problems = list(self._find_problems())
        for profile in profiles:
            problems += self._find_problems_of(profile, config["profiles"][profile])
        if problems:
            raise ValidationError(heading, problems)

    def _find_problems(self) -> "Iterator[Problem]":
        from ..problems import Problem
        from ..profiles.managed_policies import parse_arns
        from ..profiles.policies import make_absolute, policy_problem, shortened

        if self.read_only and (self.policy_arns or self.policy):
            other = POLICY_ARNS if self.policy_arns else POLICY
            text = (
                f"{READ_ONLY} and {other} cannot be used together, because STS would allow what either allows"
            )
            yield Problem(text, "leave one out")
        try:
            if self.policy_arns:
                parse_arns(self.policy_arns)
        except ValueError as error:
            yield Problem(f"{POLICY_ARNS} {self.policy_arns!r}: {error}")
        policy = make_absolute(self.policy)
        problem = policy_problem(policy) if self.policy else None
        if problem:
            yield Problem(f"{POLICY} {shortened(policy)!r}: {problem}")

    def _find_problems_of(self, profile: str, options: "Mapping[str, Any]") -> "Iterator[Problem]":
        from .. import settings
        from ..problems import Problem
        from ..profiles.managed_policies import find_foreign
        from ..profiles.policies import is_narrowed
        from ..profiles.source import is_role

        given = " and ".join(word.partition("=")[0] for word in self.words)
        if not is_role(options):
            text = f"profile {profile} assumes no role, and only a role's session can have a policy"
            yield Problem(text, f"leave out {given}")
        elif is_narrowed(options):
            text = (
                f"profile {profile} has a policy of its own, and STS would allow what either of them allows"
            )
            yield Problem(text, f"leave out {given}")
        else:
            arns = [arn.strip() for arn in self.policy_arns.split(",")]
            for text in find_foreign(arns, str(options[settings.ROLE_ARN])):
                yield Problem(f"{POLICY_ARNS}: {text} (profile {profile})")


def take(words: "Sequence[str]", *, with_command: bool = False) -> "tuple[ForOnce | None, list[str]]":
    """Return the policies that the words of a command line ask for, None for none, and all other words.

    Several ARNs may be words of their own. Nothing is taken from what follows ``--``, nor, `with_command`, from what
    follows the profile and its options. An option without its value is left for the parser to report.
    """
    left, others = list(words), []
    read_only, arns, policy, found, profiles = False, list[str](), "", False, 0
    while left:
        word = left.pop(0)
        name, equals, value = word.partition("=")
        if word == "--" or (with_command and profiles and not word.startswith("-")):
            others += [word, *left]
            break
        if word == READ_ONLY:
            read_only = found = True
        elif name in (POLICY_ARNS, POLICY) and (equals or left):
            found = True
            value = value if equals else left.pop(0)
            if not value:
                others += [name, value]
            elif name == POLICY:
                policy = value
            else:
                arns.append(value)
                while left and left[0].startswith("arn:"):
                    arns.append(left.pop(0))
        else:
            others.append(word)
            profiles += not word.startswith("-")
    taken = ForOnce(read_only=read_only, policy_arns=",".join(arns), policy=policy) if found else None
    return taken, others


def join(arguments: "Sequence[str]") -> "list[str]":
    """Return the arguments with the options first, in the spelling that a parser of one value each reads."""
    taken, others = take(arguments)
    return [*(taken.words if taken else []), *others]


def split(arguments: "list[str]") -> "tuple[list[str], list[str]]":
    """Do the same in the form of a command's ``split``, for one that runs no other command."""
    return join(arguments), []


def add_options(parser: "argparse.ArgumentParser") -> None:
    """Declare the options."""
    group = parser.add_argument_group(
        "session policies", "for one session of a role that may do less than the role"
    )
    group.add_argument(READ_ONLY, action="store_true", help="what AWS's policy ReadOnlyAccess allows")
    group.add_argument(
        POLICY_ARNS,
        metavar="ARN",
        type=policy,
        help="what this managed policy allows, or any of several: up to ten ARNs, separated by spaces or commas",
    )
    group.add_argument(
        POLICY, metavar="POLICY", type=policy, help="what this policy allows: file://PATH, or the JSON itself"
    )


def policy(text: str) -> str:
    """Reject an empty value, as of an unset variable: it would mean no policy. `argparse` names this function."""
    if not text:
        raise ValueError(text)
    return text


def parse(options: "argparse.Namespace") -> "ForOnce | None":
    """Return the policies of a parsed command line, None for none."""
    given = ForOnce(
        read_only=options.read_only, policy_arns=options.policy_arns or "", policy=options.policy or ""
    )
    return given if given.words else None
