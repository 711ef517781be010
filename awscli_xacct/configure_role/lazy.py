"""The ``role`` that the CLI puts beside its other ``configure`` commands: a name, until somebody runs it.

awscli creates an object of every subcommand whenever it runs any of them. This one imports the real command only when
that is run, so that a bug in it cannot break ``aws configure get``.
"""

from typing import Any


class LazyRoleCommand:
    """Stands in for `role.RoleCommand`. awscli sets `lineage`."""

    name = "role"

    def __init__(self, session: Any) -> None:
        self._session = session
        self.lineage: list[Any] = [self]

    def __call__(self, args: list[str], parsed_globals: Any) -> Any:
        return self._real()(args, parsed_globals)

    def create_help_command(self) -> Any:
        """Return the help of the real command."""
        return self._real().create_help_command()

    def _real(self) -> Any:
        from .role import RoleCommand

        real = RoleCommand(self._session)
        real.lineage = [*self.lineage[:-1], real]
        return real
