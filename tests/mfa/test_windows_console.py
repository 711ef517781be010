"""The Windows console, as far as it can be tested without one: a line read from single characters."""

from __future__ import annotations

import pytest

from awscli_xacct.errors import CannotPromptError
from awscli_xacct.mfa.windows_console import read_line


@pytest.mark.parametrize(
    ("typed", "line"),
    [("123456\r", "123456"), ("123456\n", "123456"), ("129\b3456\r", "123456"), ("\b\b1\r", "1"), ("\r", "")],
)
def test_enter_ends_the_line_and_backspace_deletes(typed: str, line: str) -> None:
    assert read_line(iter(typed).__next__) == line


def test_ctrl_c_interrupts_the_console() -> None:
    with pytest.raises(KeyboardInterrupt):
        read_line(iter("12\x03").__next__)


@pytest.mark.parametrize("end", ["\x1a", "\x04"])
def test_ctrl_z_and_ctrl_d_are_errors(end: str) -> None:
    with pytest.raises(CannotPromptError, match="no code was given"):
        read_line(iter(f"12{end}").__next__)
