"""Everything this package raises on purpose.

    XacctError             base of all below; its text is for people
      ValidationError      several problems at once, each with its fix
      ConfigFileError      botocore cannot read a config file either: file, line and reason
      EditError            a file was not edited: it belongs to another user, or cannot be written or verified
      ProfileError         a profile cannot give credentials as it is written
      CannotPromptError    an MFA code is needed and cannot be prompted for
      MfaProcessError      an ``mfa_process`` printed no code
      RoleDurationError    a role's maximum is known to be shorter than its profile's duration_seconds
      CodeRejectedError    STS rejected every MFA code
      BusyError            another process held a lock for too long
      CacheError           cached sessions cannot be listed or deleted

A message says what is wrong, where, and the command that fixes it. It never holds a secret, and text from outside (an
STS message, a file) is escaped with `printable`.
"""

from .messages import printable_lines

TYPE_CHECKING = False
if TYPE_CHECKING:  # every command with a role loads this module; few raise anything
    from collections.abc import Iterable

    from .problems import Problem


class XacctError(Exception):
    """Base of every error raised on purpose. Its text is escaped, because the AWS CLI prints it as it is."""

    def __str__(self) -> str:
        return printable_lines(super().__str__())


class ValidationError(XacctError):
    """Everything that is wrong with one request; `problems` are sorted by `in_order`."""

    def __init__(self, heading: str, problems: "Iterable[Problem]") -> None:
        from .problems import bullets, in_order

        self.heading, self.problems = heading, in_order(problems)
        super().__init__("\n".join([heading, *bullets(self.problems)]))


class ConfigFileError(XacctError):
    """A config file that botocore rejects too. `line` counts from 1; 0 is the whole file."""

    def __init__(self, path: str, line: int, reason: str) -> None:
        self.path, self.line, self.reason = path, line, reason
        location = f"{path}, line {line}" if line else path
        super().__init__(f"{location}: {reason}")


class EditError(XacctError):
    """An edit was not made; the file is unchanged."""


class ProfileError(XacctError):
    """A profile that cannot give credentials as it is written.

    `structural`: the stock CLI finds the problem as well, and its own error is shown.
    """

    def __init__(self, profile: str, text: str, fix: str | None = None, *, structural: bool = False) -> None:
        from .problems import Problem

        self.problem, self.structural = Problem(text, fix, profile), structural
        super().__init__(str(self.problem))


class CannotPromptError(XacctError):
    """An MFA code is needed and cannot be prompted for."""


class MfaProcessError(XacctError):
    """An ``mfa_process`` printed no MFA code."""


class RoleDurationError(XacctError):
    """STS refused a session of this length a short while ago, and another attempt would cost an MFA code."""


class CodeRejectedError(XacctError):
    """STS rejected every MFA code."""


class BusyError(XacctError):
    """Another process has held a lock for longer than it is reasonable to wait."""


class CacheError(XacctError):
    """Cached sessions that cannot be listed or deleted, so they may still be used."""
