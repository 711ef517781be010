"""One IAM user, all your AWS accounts, through the ``aws`` command people already have.

With ``[plugins] xacct = awscli_xacct`` every ``aws`` command loads this module, so it imports nothing at its top.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:  # the real one is in a module, which every `aws` command would load
    from collections.abc import Mapping
    from typing import Any

    Profiles = Mapping[str, Mapping[str, Any]]

__version__ = "0.2.0"


def awscli_initialize(cli):  # type: ignore[no-untyped-def]
    """Register the plugin's handlers; the AWS CLI calls this. ``AWS_XACCT_DISABLE=1`` gives the stock CLI back."""
    import os
    import sys

    if _PluginPathOfV2 in sys.meta_path:
        sys.meta_path.remove(_PluginPathOfV2)  # every plugin is imported before the first is initialised
    # As in settings.py: to say no and to get a whole role instead of a narrowed one would be a bad surprise.
    if os.environ.get("AWS_XACCT_DISABLE", "").lower() in ("", "0", "false", "no", "off"):
        register(cli)


def register(cli: "Any") -> None:
    """Register the plugin's handlers, whatever the environment says; ``xacct role`` calls this itself."""
    import sys

    # User plugins are initialised before the CLI's own: only the last handler sees what those have made.
    cli.register_last("session-initialized", _use_provider, unique_id="xacct-provider")
    cli.register_last("building-command-table.main", _add_command, unique_id="xacct-configure-role")
    if "awscli.completer" in sys.modules:
        from contextlib import suppress

        with suppress(
            Exception
        ):  # a broken plugin completes nothing of ours, and everything of the CLI's own
            from .configure_role.completion import extend

            extend(sys.modules["awscli.completer"].Completer)


def install(session: object) -> None:
    """Give a botocore session the same credentials, cache and MFA that the AWS CLI gets.

    For boto3: ``install(s := botocore.session.Session(profile="prod"))``, then
    ``boto3.Session(botocore_session=s)``. Works without awscli.
    """
    from .credentials.provider import install as replace_provider

    replace_provider(session, explain_refusal)


def _use_provider(session, parsed_args=None, **_):  # type: ignore[no-untyped-def]
    """Replace the provider for a profile that is a role or runs on an MFA session. If that fails, ``aws`` goes on."""
    import os

    profiles, name = {}, "default"
    try:
        name = session.get_config_variable("profile") or name
        profiles = session.full_config["profiles"]
        profile = profiles.get(name, {})
        if getattr(parsed_args, "debug", False):
            # Whatever the profile: a session's token may come from a program or the environment as well.
            from .redaction import protect

            protect(session)
        if "role_arn" in profile or "mfa_session" in profile:
            if "AWS_XACCT_COPIES" in os.environ and name != "default":
                from .credentials.loading import read_own_files

                read_own_files(session)
            from .credentials.provider import install as replace_provider

            replace_provider(session, explain_refusal, __version__)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a bug in the plugin must not take the CLI with it
        # Nothing else of this package is used from here on: it may be what is broken.
        reason = f"{type(error).__name__}: {error}".rstrip(": ")
        _leave_to_stock(session, profiles, name, reason)


def _leave_to_stock(session: "Any", profiles: "Profiles", name: str, reason: str) -> None:
    """Let the CLI's own provider serve a profile, without its cache, or refuse it where `explain_refusal` says so."""
    import sys
    from contextlib import suppress

    try:
        stock = session.get_component("credential_provider").get_provider("assume-role")
    except Exception:  # noqa: BLE001 - the CLI fails in the same way, and reports it
        return
    # Its key leaves out who calls: the second of two profiles with one role ran on the first one's session.
    stock.cache = {}
    refusal = explain_refusal(profiles, name, reason)
    if refusal is not None:

        def refuse() -> None:
            from botocore.exceptions import InvalidConfigError

            raise InvalidConfigError(error_msg=refusal)

        stock.load = refuse
        return
    with suppress(AttributeError, OSError):  # stderr is closed, or on a full disk
        sys.stderr.write(f"xacct: the CLI's own role credentials are used, because of {_escape(reason)}\n")


_STOCK_IGNORES = ("policy", "policy_arns", "session_tags", "source_identity", "transitive_session_tags")
"""Settings of a role profile that limit or label its sessions, and that the stock provider does not know."""


def explain_refusal(profiles: "Profiles", name: str, reason: str) -> "str | None":
    """Return why the stock provider must not serve a profile when this package, for `reason`, cannot; None if it may.

    Its session would not be the one the profile asks for: it could do more, or would lack its tags.
    """
    seen: list[str] = []
    hop = name
    while hop in profiles and hop not in seen and "role_arn" in profiles[hop]:
        seen.append(hop)
        profile = profiles[hop]
        ignored = [key for key in _STOCK_IGNORES if profile.get(key)]
        if ignored:
            return (
                f"xacct cannot provide the credentials of profile {_escape(name)}, because of {_escape(reason)}. "
                f"The CLI's own provider would ignore the {' and '.join(ignored)} of profile {_escape(hop)}, so none "
                f"are used. Find out what is wrong with:\n  xacct doctor"
            )
        hop = str(profile.get("source_profile"))
    return None


def _escape(text: str) -> str:
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def _add_command(command_table, session, command_object=None, **_):  # type: ignore[no-untyped-def]
    """Add `role` to the subcommands of `configure`, where its help and the completer find it too."""
    import sys

    words = sys.argv[1:]
    if words[:1] in (["configure"], ["role"], ["roles"], ["xacct"]):
        _add_slip(command_table, session, words)
    if "role" in words and hasattr(command_object, "_create_parser"):
        _report_usage_errors(command_object, words)
    configure = command_table.get("configure")
    known = getattr(configure, "SUBCOMMANDS", [])
    if not known:  # newer releases of version 2 have a placeholder here until `configure` runs
        session.register("building-command-table.configure", _add_to_configure, unique_id="xacct-role")
    elif all(command["name"] != "role" for command in known):
        configure.SUBCOMMANDS = [*known, _ROLE]


def _report_usage_errors(driver: "Any", words: "list[str]") -> None:
    """Have version 1 report a wrong command line of ours as our command would, which does not get to see it."""
    from contextlib import suppress

    place = words.index("role")
    if place and words[place - 1] == "configure":
        with suppress(Exception):  # what is broken there, the command itself will report
            from .configure_role.reporting import report_usage_errors

            report_usage_errors(driver, words[place + 1 :])


def _add_slip(command_table: "dict[str, Any]", session: object, words: "list[str]") -> None:
    """Add the command that somebody has mistyped, if it is likely to mean one of ours: it reports that."""
    from contextlib import suppress

    configure: Any = command_table.get("configure")
    is_ours = words[0] == "configure"
    typed = words[1:2] if is_ours else words[:1]
    known = [each["name"] for each in getattr(configure, "SUBCOMMANDS", [])] if is_ours else command_table
    if not typed or not known or typed[0] in (*known, "role" if is_ours else "", "help"):
        return
    with suppress(Exception):  # the CLI has words of its own for it
        from .configure_role.slip import make_slip

        slip = make_slip(words)
        if slip and is_ours:
            configure.SUBCOMMANDS = [*configure.SUBCOMMANDS, {"name": typed[0], "command_class": slip}]
        elif slip:
            command_table[typed[0]] = slip(session)


def _add_to_configure(command_table, command_object, session, **_):  # type: ignore[no-untyped-def]
    """Add `role` to a `configure` that has just been made, unless it has one by now."""
    if "role" not in command_table:
        command_table["role"] = _role_command(session)
        command_object.SUBCOMMANDS = [*command_object.SUBCOMMANDS, _ROLE]


def _role_command(session: object) -> object:
    from .configure_role.lazy import LazyRoleCommand

    return LazyRoleCommand(session)


_ROLE = {"name": "role", "command_class": _role_command}


class _PluginPathOfV2:
    """Lets version 1 skip the line in ``[plugins]`` that tells version 2 where plugins are.

    Version 1 takes ``cli_legacy_plugin_path`` for one more plugin, cannot import it, and every command ends in a
    traceback. So where both share a config file, and our line comes first, such a "plugin" is found: it is empty.
    """

    @classmethod
    def find_spec(cls, name, path=None, target=None):  # type: ignore[no-untyped-def]  # noqa: ARG003
        if "/" not in name and "\\" not in name:
            return None
        from importlib.machinery import ModuleSpec

        return ModuleSpec(name, cls, is_package=True)  # type: ignore[arg-type]  # its methods need no object

    @staticmethod
    def create_module(spec):  # type: ignore[no-untyped-def]  # noqa: ARG004
        return None

    @staticmethod
    def exec_module(module):  # type: ignore[no-untyped-def]
        module.awscli_initialize = lambda cli: None  # noqa: ARG005


def _skip_plugin_path() -> None:
    """Install `_PluginPathOfV2` if the `aws` of version 1 loads this, and not Python or version 2."""
    import sys

    host = sys.modules.get("awscli.plugin")
    if host is not None and not hasattr(host, "CLI_LEGACY_PLUGIN_PATH"):
        sys.meta_path.append(_PluginPathOfV2)


_skip_plugin_path()
