"""One IAM user, all your AWS accounts, through the ``aws`` command people already have.

This module is loaded by every ``aws`` command once ``[plugins] xacct = awscli_xacct`` is set, so it
imports nothing at its top.
"""

__version__ = "0.1.0"


def awscli_initialize(cli):  # type: ignore[no-untyped-def]
    """What the AWS CLI calls on each plugin. ``AWS_XACCT_DISABLE=1`` gives the stock CLI back."""
    import os

    if os.environ.get("AWS_XACCT_DISABLE", "") not in ("", "0"):
        return
    # User plugins are initialised before the CLI's own ones; it has to be the last to see the session.
    cli.register_last("session-initialized", _use_provider, unique_id="xacct-provider")
    cli.register("building-command-table.configure", _add_command, unique_id="xacct-configure-role")


def install(session: object) -> None:
    """Give a botocore session the same credentials, cache and MFA that the AWS CLI gets.

    For boto3: ``install(s := botocore.session.Session(profile="prod"))``, then
    ``boto3.Session(botocore_session=s)``. Works without awscli.
    """
    from .credentials.provider import install as put

    put(session)


def _use_provider(session, **_):  # type: ignore[no-untyped-def]
    """Take over the profiles that are roles, and no others. Whatever goes wrong, ``aws`` goes on."""
    try:
        profile = session.get_config_variable("profile") or "default"
        if "role_arn" in session.full_config["profiles"].get(profile, ()):
            install(session)
    except Exception as error:  # noqa: BLE001 - a plugin's fault must not take the CLI with it
        import sys

        from .errors import printable

        reason = printable(f"{type(error).__name__}: {error}")
        print(f"xacct: the CLI's own role credentials are used, because of {reason}", file=sys.stderr)  # noqa: T201


def _add_command(command_table, session, **_):  # type: ignore[no-untyped-def]
    if "role" not in command_table:
        from .commands.role import RoleCommand

        command_table["role"] = RoleCommand(session)
