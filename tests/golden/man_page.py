"""The man page of `xacct`, made from its own help."""

from __future__ import annotations

from awscli_xacct import __version__
from awscli_xacct.cli import dispatch
from awscli_xacct.cli.help import HelpFormatter
from awscli_xacct.messages import COMMANDS

_WIDTH = 78


def make_man_page() -> str:
    """Return the page in the man macros of roff: one section for each command, with its help as it is printed."""
    lines = [
        f'.TH XACCT 1 "" "awscli-xacct {__version__}" "User Commands"',
        ".SH NAME",
        r"xacct \- one IAM user, all your AWS accounts, for programs other than aws",
        ".SH SYNOPSIS",
        r".B xacct",
        r".I COMMAND",
        r"[\fIOPTION\fR ...]",
        ".SH DESCRIPTION",
        "xacct gives the credentials of AWS profiles to SDKs, shells, commands, containers and the browser. It shares",
        "its cache and its MFA session with the plugin for",
        r".BR aws (1).",
        r"To create, check and list profiles, see \fBaws configure role help\fR.",
        ".SH COMMANDS",
    ]
    for name in COMMANDS:
        lines += [f".SS {name}", ".nf", *map(_escape, _format_help(name).splitlines()), ".fi"]
    lines += [
        ".SH EXIT STATUS",
        "0 on success, 252 for a wrong command line, 253 for a profile that is wrong or a login that is needed,",
        "254 if AWS refused, 255 for anything else, and 130 after Ctrl-C.",
        ".SH FILES",
        r"\fI~/.aws/config\fR, \fI~/.aws/credentials\fR, \fI~/.aws/xacct\fR",
        "",
    ]
    return "\n".join(lines)


def _format_help(name: str) -> str:
    parser = dispatch.make_parser(name)
    parser.formatter_class = lambda prog: HelpFormatter(prog, width=_WIDTH)
    return parser.format_help().rstrip()


def _escape(line: str) -> str:
    text = line.replace("\\", r"\e").replace("-", r"\-").replace("…", "...")
    return rf"\&{text}" if text[:1] in (".", "'") else text
