"""One IAM user, all your AWS accounts, through the ``aws`` command people already have.

This module is loaded by every ``aws`` command once ``[plugins] xacct = awscli_xacct`` is set, so it
imports nothing at its top.
"""

__version__ = "0.1.0"


def awscli_initialize(cli):  # type: ignore[no-untyped-def]
    """What the AWS CLI calls on each plugin. ``AWS_XACCT_DISABLE=1`` gives the stock CLI back."""
    import os
    import sys

    if os.environ.get("AWS_XACCT_DISABLE", "") not in ("", "0"):
        return
    # User plugins are initialised before the CLI's own: only the last in line sees what those have made.
    cli.register_last("session-initialized", _use_provider, unique_id="xacct-provider")
    cli.register_last("building-command-table.main", _add_command, unique_id="xacct-configure-role")
    if "awscli.completer" in sys.modules:
        from .commands.completion import extend

        extend(sys.modules["awscli.completer"].Completer)


def install(session: object) -> None:
    """Give a botocore session the same credentials, cache and MFA that the AWS CLI gets.

    For boto3: ``install(s := botocore.session.Session(profile="prod"))``, then
    ``boto3.Session(botocore_session=s)``. Works without awscli.
    """
    from .credentials.provider import install as put

    put(session)


def _use_provider(session, parsed_args=None, **_):  # type: ignore[no-untyped-def]
    """Take over the profiles that are roles or run on an MFA session. Whatever goes wrong, ``aws`` goes on."""
    try:
        name = session.get_config_variable("profile") or "default"
        profile = session.full_config["profiles"].get(name, {})
        if "role_arn" in profile or "mfa_session" in profile:
            install(session)
            if getattr(parsed_args, "debug", False):
                from .redaction import protect

                protect()
    except Exception as error:  # noqa: BLE001 - a plugin's fault must not take the CLI with it
        import sys

        # Nothing of this package is used here: it may be what is broken.
        reason = f"{type(error).__name__}: {error}".encode("unicode_escape").decode("ascii")
        sys.stderr.write(f"xacct: the CLI's own role credentials are used, because of {reason}\n")


def _add_command(command_table, **_):  # type: ignore[no-untyped-def]
    """Put `role` among the subcommands of `configure`, where its help and the completer find it too."""
    configure = command_table.get("configure")
    known = getattr(configure, "SUBCOMMANDS", [])
    if configure is not None and all(command["name"] != "role" for command in known):
        configure.SUBCOMMANDS = [*known, {"name": "role", "command_class": _role_command}]


def _role_command(session):  # type: ignore[no-untyped-def]
    from .commands.lazy import LazyRoleCommand

    return LazyRoleCommand(session)
