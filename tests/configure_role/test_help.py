"""The help pages of `aws configure role` and its subcommands."""

from __future__ import annotations

import configparser
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import awscli.clidriver
import pytest
from awscli.bcdoc import docevents
from awscli.customizations.configure.configure import ConfigureCommand
from awscli.help import manpage, publish_string

import awscli_xacct
from tests.support.home import Home

from .steps import SUBCOMMANDS

NO_PAGER = {"PAGER": "cat", "MANPAGER": "cat"}


@contextmanager
def driver_with_plugin(directory: Path) -> Iterator[Any]:
    """Yield an `aws` with the plugin."""
    config = directory / "config"
    config.write_text("[plugins]\nxacct = awscli_xacct\n", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_CONFIG_FILE", str(config))
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(config.with_name("none")))
        yield awscli.clidriver.create_clidriver()


@pytest.fixture(scope="module")
def configure(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The `configure` command of an `aws` with the plugin."""
    with driver_with_plugin(tmp_path_factory.mktemp("aws")) as driver:
        return driver.create_help_command().command_table["configure"]


def page(command: Any) -> str:
    """Return the source of a help page."""
    help_command = command.create_help_command()
    handler = help_command.EventHandlerClass(help_command)
    docevents.generate_events(help_command.session, help_command)
    handler.unregister()
    text: bytes = help_command.doc.getvalue()
    return text.decode()


def rendered(text: str) -> tuple[str, str]:
    """Return a page as a manual page, and the warnings of docutils."""
    warnings = io.StringIO()
    settings = {"report_level": 2, "warning_stream": warnings, "line_length_limit": 50_000}
    manual = publish_string(text, writer=manpage.Writer(), settings_overrides=settings)
    return manual.decode(), warnings.getvalue()


@pytest.mark.parametrize("name", ["role", *SUBCOMMANDS])
def test_help_page_has_examples_and_is_valid(configure: Any, name: str) -> None:
    role = configure.create_help_command().command_table["role"]
    command = role if name == "role" else role.create_help_command().command_table[name]
    text = page(command)
    manual, warnings = rendered(text)
    assert (warnings, "System Message" in manual) == ("", False)
    assert f"    aws configure role {'<profile>' if name == 'role' else name}" in text
    assert "    $ aws configure role " in text
    # man pages are 80 columns wide, ten of which are the indentation of what is shown as it is.
    assert [line for line in text.splitlines() if line.startswith("    ") and len(line) > 4 + 80 - 10] == []
    for option in command.create_help_command().arg_table:
        assert f"``{option}``" in text or f"``--{option}``" in text


def test_files_that_are_no_modules_are_packaged_and_help_pages_are_ascii() -> None:
    """awscli reads the pages in the encoding of the locale, and only what setup.cfg lists is installed."""
    package = Path(awscli_xacct.__file__).parent
    setup = configparser.ConfigParser()
    setup.read(package.parent / "setup.cfg", encoding="utf-8")
    patterns = setup["options.package_data"]["awscli_xacct"].split()
    files = {path for path in package.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")}
    assert files == {path for pattern in patterns for path in package.glob(pattern) if path.is_file()}
    for name in ("role", *SUBCOMMANDS):
        for page in ("_synopsis.rst", "_description.rst", "_examples.rst"):
            assert (package / "configure_role" / "examples" / name / page).read_bytes().isascii()


def test_help_of_configure_lists_role_and_its_subcommands(configure: Any) -> None:
    help_command = configure.create_help_command()
    assert "role" in help_command.command_table
    assert list(help_command.command_table["role"].create_help_command().command_table) == SUBCOMMANDS
    assert "\n* role\n" in page(configure)


def test_role_is_added_to_a_configure_that_is_made_when_it_runs(tmp_path: Path) -> None:
    """The newest releases of version 2 have a placeholder in the table of commands."""

    def put_placeholder(command_table: dict[str, Any], **_: Any) -> None:
        command_table["configure"] = object()

    with driver_with_plugin(tmp_path) as driver:
        driver.session.register("building-command-table.main", put_placeholder)
        assert type(driver.create_help_command().command_table["configure"]) is object
        made = ConfigureCommand(driver.session)
        assert "role" in made.subcommand_table
        assert "role" in made.create_help_command().command_table


@pytest.mark.parametrize(
    "words",
    [
        "help",
        "--help",
        "prod help",
        "verify help",
        "help verify",
        "verify --all -h",
        "prod --role-arn --help",
    ],
)
def test_help_is_shown_on_the_terminal(home: Home, words: str) -> None:
    outcome = home.aws("configure", "role", *words.split(), environment=NO_PAGER)
    if "Could not find executable" in outcome.stderr:
        pytest.skip("there is neither groff nor mandoc here")
    assert (outcome.code, outcome.stderr) == (0, "")
    shown = "aws configure role verify" if "verify" in words else "aws configure role <profile>"
    assert shown in outcome.stdout
