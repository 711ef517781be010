"""Results in the CLI's own formats."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

import pytest
from awscli.customizations.globalargs import jmespath

from awscli_xacct.configure_role.output import print_result


class Session:
    """A session with all that `print_result` needs: the configured output format."""

    def get_config_variable(self, name: str) -> str:
        assert name == "output"
        return "text"


def given(capsys: pytest.CaptureFixture[str], result: Any, **options: Any) -> str:
    """Return what `print_result` prints with options of the CLI."""
    if "query" in options:
        options["query"] = jmespath.compile(options["query"])
    parsed_globals = Namespace(**{"output": None, "query": None, "color": "off", **options})
    print_result(Session(), parsed_globals, "show", result, lambda: "for people\n")
    return capsys.readouterr().out


def test_result_is_formatted_only_if_the_command_line_asks_for_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    result = {"Profile": "prod", "Hops": [{"Profile": "default"}]}
    assert given(capsys, result) == "for people\n"
    assert given(capsys, result, output="text") == "prod\nHOPS\tdefault\n"
    assert given(capsys, result, query="Profile") == "prod\n"
    assert given(capsys, result, query="Hops[].Profile", output="json") == '[\n    "default"\n]\n'


def test_result_has_control_characters_escaped_in_every_format(capsys: pytest.CaptureFixture[str]) -> None:
    result = {"Profile": "\x1b[31m", "Lines": ["two\nlines", None, 1]}
    assert given(capsys, result, output="text") == "\\x1b[31m\nLINES\ttwo\\nlines\nLINES\tNone\nLINES\t1\n"
    assert "\x1b" not in given(capsys, result, output="table")
    as_json = given(capsys, result, output="json")
    assert '"\\u001b[31m"' in as_json
    assert '"two\\nlines"' in as_json
