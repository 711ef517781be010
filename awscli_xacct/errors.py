"""Everything this package raises on purpose.

    XacctError             anything below; its text is meant for a person
      ValidationError      several problems at once, each with what would be right
      ConfigFileError      botocore could not read this file: file, line and reason
      EditError            the file was left as it was: somebody else's, unwritable, unproved
      ProfileError         a profile cannot work as it is written
      CannotPromptError    a code is needed and there is nobody to ask
      MfaProcessError      an ``mfa_process`` gave no code
      RoleDurationError    a role's maximum is known to be shorter than what its profile asks for
      CodeRejectedError    the MFA code was given three times and refused three times
      BusyError            another process kept the lock beyond the bound
      CacheError           what is cached cannot be looked at or dropped

A message names the thing, the place, and the command that fixes it. None holds a secret.
Text that came from outside (an STS message, a file) goes through `printable` first.
"""

from __future__ import annotations

from .messages import printable_lines


class XacctError(Exception):
    """Base of every error raised on purpose. Whoever prints it as it is, as the AWS CLI does, drives no terminal."""

    def __str__(self) -> str:
        return printable_lines(super().__str__())


_MOST_FAULTS = 200
"""How many faults are told: nobody mends more at a time, and a file of megabytes may have one in each line."""


class ValidationError(XacctError):
    """All that is wrong with one request, so that nobody has to try once per fault."""

    def __init__(self, heading: str, faults: list[str]) -> None:
        self.faults = faults
        # What a fault goes on with, such as a command, stands under its text and not under the mark.
        inner = [fault.replace("\n", "\n    ") for fault in faults[:_MOST_FAULTS]]
        if len(faults) > _MOST_FAULTS:
            inner.append(f"and {len(faults) - _MOST_FAULTS} more")
        super().__init__("\n".join([heading, *(f"  - {fault}" for fault in inner)]))


class ConfigFileError(XacctError):
    """A config file that botocore refuses too. `line` counts from 1; 0 means the whole file."""

    def __init__(self, path: str, line: int, reason: str) -> None:
        self.path, self.line, self.reason = path, line, reason
        place = f"{path}, line {line}" if line else path
        super().__init__(f"{place}: {reason}")


class EditError(XacctError):
    """The edit was not made and the file is as it was."""


class ProfileError(XacctError):
    """A profile that cannot give credentials as it is written.

    `structural` marks the faults that the stock CLI finds as well; there its own error is shown.
    """

    def __init__(self, profile: str, message: str, *, structural: bool = False) -> None:
        self.profile, self.structural = profile, structural
        super().__init__(message)


class CannotPromptError(XacctError):
    """An MFA code is needed and no terminal is there to ask on."""


class MfaProcessError(XacctError):
    """The program that should give MFA codes did not."""


class RoleDurationError(XacctError):
    """STS has lately refused a session of this length, and trying again would cost an MFA code."""


class CodeRejectedError(XacctError):
    """STS refused every MFA code that was given."""


class BusyError(XacctError):
    """Another process holds what this one needs, for longer than it is reasonable to wait."""


class CacheError(XacctError):
    """Cached sessions that cannot be looked at or dropped, and so may go on being served."""
