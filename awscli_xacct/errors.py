"""Everything this package raises on purpose.

A message says what is wrong, where, and the command that fixes it. It never holds a secret, and text from outside (an
STS message, a file) is escaped with `printable`.

For programs an error has a `code`, one of `error_codes.CODES`, and as far as they are known the `profile` that was
asked for, the `hop` of its chain that failed, and the `fix`, which is a command.
"""

from .messages import printable_lines

TYPE_CHECKING = False
if TYPE_CHECKING:  # every command with a role loads this module; few raise anything
    from collections.abc import Iterable

    from .problems import Problem


class XacctError(Exception):
    """Base of every error raised on purpose. Its text is escaped, because the AWS CLI prints it as it is."""

    code = "InternalError"
    profile: str | None = None
    hop: str | None = None
    fix: str | None = None
    exit_code: int | None = None
    """Of the command that ends with it; None: that of its code."""
    is_told = False
    """Whether people have been told already, so that the text is for programs only."""

    def __init__(
        self,
        text: str,
        *,
        code: str | None = None,
        profile: str | None = None,
        hop: str | None = None,
        fix: str | None = None,
    ) -> None:
        super().__init__(text)
        self.code = code or self.code
        self.profile, self.hop, self.fix = profile, hop, fix

    def __str__(self) -> str:
        return printable_lines(super().__str__())


def annotate(error: BaseException, **facts: str | None) -> None:
    """Note the `code`, `profile`, `hop`, `fix` or unescaped `message` of any error; None is not noted."""
    vars(error).update({name: fact for name, fact in facts.items() if fact is not None})


def facts_of(error: BaseException) -> dict[str, str]:
    """Return what an error is known to be about; see `annotate`."""
    names = ("code", "profile", "hop", "fix", "message")
    return {name: fact for name in names if isinstance(fact := vars(error).get(name), str)}


class UsageError(XacctError):
    """An invalid command line."""

    code = "UsageError"


class ValidationError(XacctError):
    """Everything that is wrong with one request; `problems` are sorted by `in_order`.

    `code` is that of the problems which have none of their own.
    """

    code = "UsageError"

    def __init__(self, heading: str, problems: "Iterable[Problem]", code: str | None = None) -> None:
        from .error_codes import first_of
        from .problems import bullets, in_order, lines_for_programs

        self.heading, self.problems = heading, in_order(problems)
        code = code or self.code
        super().__init__(
            "\n".join([heading, *bullets(self.problems)]),
            code=first_of(problem.code or code for problem in self.problems) if self.problems else code,
            fix=next(filter(None, (problem.command for problem in self.problems)), None),
        )
        self.message = "\n".join([heading, *lines_for_programs(self.problems)])


class ConfigFileError(XacctError):
    """A config file that botocore rejects too. `line` counts from 1; 0 is the whole file."""

    code = "ProfileInvalid"

    def __init__(self, path: str, line: int, reason: str) -> None:
        self.path, self.line, self.reason = path, line, reason
        location = f"{path}, line {line}" if line else path
        super().__init__(f"{location}: {reason}")


class EditError(XacctError):
    """An edit was not made; the file is unchanged."""


class ProfileError(XacctError):
    """A profile that cannot give credentials as it is written: `hop`, which may be another one in a chain.

    `structural`: the stock CLI finds the problem as well, and its own error is shown.
    """

    code = "ProfileInvalid"

    def __init__(
        self,
        profile: str,
        text: str,
        fix: str | None = None,
        *,
        structural: bool = False,
        code: str | None = None,
    ) -> None:
        from .problems import Problem

        self.problem, self.structural = Problem(text, fix, profile, code=code or self.code), structural
        super().__init__(str(self.problem), code=code, hop=profile, fix=self.problem.command)


class PolicyError(ProfileError):
    """A session policy of a profile that cannot be used."""

    code = "PolicyInvalid"


class CannotPromptError(XacctError):
    """An MFA code is needed and cannot be prompted for."""

    code = "LoginRequired"


class MfaProcessError(XacctError):
    """An ``mfa_process`` printed no MFA code."""

    code = "NoCredentials"


class RoleDurationError(XacctError):
    """STS refused a session of this length a short while ago, and another attempt would cost an MFA code."""

    code = "ServiceError"


class CodeRejectedError(XacctError):
    """STS rejected every MFA code."""

    code = "AccessDenied"


class BusyError(XacctError):
    """Another process has held a lock for longer than it is reasonable to wait."""

    code = "Busy"


class CacheError(XacctError):
    """Cached sessions that cannot be listed or deleted, so they may still be used."""
