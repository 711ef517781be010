"""``aws configure role`` as the other ``configure`` commands see it: a name, until it is asked for.

awscli makes an object of every subcommand whenever any of them is run. This one loads the real command
only when it is the one that is run, so that a fault in it is no fault of ``aws configure get``.
"""

from __future__ import annotations

from typing import Any


class LazyRoleCommand:
    """Stands for `role.RoleCommand`; `lineage` is set by awscli."""

    name = "role"

    def __init__(self, session: Any) -> None:
        self._session = session
        self.lineage: list[Any] = [self]

    def __call__(self, args: list[str], parsed_globals: Any) -> Any:
        return self._real()(args, parsed_globals)

    def create_help_command(self) -> Any:
        """The real command's help."""
        return self._real().create_help_command()

    def _real(self) -> Any:
        from .role import RoleCommand

        real = RoleCommand(self._session)
        real.lineage = [*self.lineage[:-1], real]
        return real
