"""What commands print on stdout: results, for people or in the CLI's own formats, and changes of files."""

import re
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

from ..configfile.store import Edit
from ..messages import printable
from ..redaction import SECRETS
from ..results import write_result
from .line_diff import unified_diff

HIDDEN_VALUE = "(hidden)"

_SECRET_LINE = re.compile(rf"(?i)^([ +-]\s*(?:{'|'.join(SECRETS)})\s*[=:]\s*).+")


def print_result(session: Any, parsed_globals: Any, name: str, result: Any, text: Callable[[], str]) -> None:
    """Print `text` for people, or `result` where ``--output`` or ``--query`` asks for a format of the CLI."""
    if parsed_globals.output is None and parsed_globals.query is None:
        write_result(text())
        return
    from awscli.formatter import get_formatter  # xacct shows tables where awscli may be missing

    output = parsed_globals.output or session.get_config_variable("output") or "json"
    # JSON escapes control characters itself, and programs that parse it get the original text.
    text_of = StringIO()  # the CLI's formatters say nothing where stdout cannot be written
    get_formatter(output, parsed_globals)(name, result if output == "json" else _escape(result), text_of)
    write_result(text_of.getvalue())


def print_diff(edit: Edit) -> None:
    """Print a change of a file as a unified diff."""
    for line in diff_lines(edit):
        write_result(f"{line}\n")


def diff_lines(edit: Edit) -> Iterator[str]:
    """The lines of a unified diff, with control characters escaped and secrets hidden."""
    # Only a line feed ends a line, as in diff(1): str.splitlines would break at form feeds and others as well.
    before, after = (
        list(StringIO(data.decode("utf-8", "backslashreplace"))) for data in (edit.before, edit.after)
    )
    for line in unified_diff(before, after, str(edit.path)):
        yield _SECRET_LINE.sub(rf"\1{HIDDEN_VALUE}", printable(line.rstrip("\r\n")))
        if not line.endswith("\n"):
            yield "\\ No newline at end of file"


def _escape(result: Any) -> Any:
    """Escape the control characters in all strings of a result."""
    if isinstance(result, str):
        return printable(result)
    if isinstance(result, dict):
        return {key: _escape(value) for key, value in result.items()}
    if isinstance(result, list):
        return [_escape(item) for item in result]
    return result
