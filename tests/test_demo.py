"""The demo fails if a step does, ends quietly in front of `head`, and the README's recording is what it shows today."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from html import unescape
from pathlib import Path

import pytest

from demo.screen import TextScreen, fold_command

ROOT = Path(__file__).resolve().parents[1]
RECORDING = ROOT / "docs" / "demo.svg"
DEMO = (sys.executable, "-m", "demo")


def texts(svg: str) -> list[str]:
    """Return the lines of a recording, commands and output."""
    return [unescape(text) for text in re.findall("<text [^>]*>([^<]*)</text>", svg)]


def test_recording_is_what_the_demo_shows(tmp_path: Path) -> None:
    """Recorded with a forked `aws` and `xacct`; `make demo` starts them."""
    made = tmp_path / "demo.svg"
    forking = """if True:
        import sys, demo.__main__, demo.person
        from tests.support import forked

        demo.person.which = lambda name, path: forked.find_client(getattr(forked, name.upper()))
        sys.exit(demo.__main__.main())
    """
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C.UTF-8"}
    command = [sys.executable, "-c", forking, "--record", str(made)]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)
    recorded, shown = RECORDING.read_text("utf-8"), made.read_text("utf-8")
    outdated = "docs/demo.svg is not what the demo shows today; record it again: make recording"
    assert texts(recorded) == texts(shown), outdated
    assert recorded == shown, outdated


def test_recording_has_no_keys_and_no_paths() -> None:
    lines = texts(RECORDING.read_text("utf-8"))
    # It is wrapped for the real home, whose path is longer.
    enabled = lines.index("the plugin is enabled for ~/.local/bin/aws (AWS CLI 1.46.3) in")
    assert lines[enabled + 1] == "  ~/.aws/config"
    assert [
        line for line in lines if re.search(r"(A[KS]IA[A-Z0-9]{8})|(^|[ =\"'(])/\w|127\.0\.0", line)
    ] == []


def test_recording_stands_still_for_who_wants_no_motion() -> None:
    still = "@media(prefers-reduced-motion:reduce){g{animation-name:none!important}}"
    assert still in RECORDING.read_text("utf-8")


@pytest.mark.parametrize(("terminal", "columns"), [(80, 80), (132, 132), (40, 80)])
def test_demo_is_as_wide_as_its_terminal(terminal: int, columns: int) -> None:
    """It was 96 columns wide in every terminal, and one of 80 broke its lines inside words."""
    reader, writer = pty.openpty()
    fcntl.ioctl(writer, termios.TIOCSWINSZ, struct.pack("4H", 24, terminal, 0, 0))
    with os.fdopen(reader, encoding="utf-8") as shown, os.fdopen(writer, "w", encoding="utf-8") as stream:
        screen = TextScreen(stream)
        assert screen.columns == columns
        sentence = "A sentence of many words. " * 8
        screen.remark(sentence)
        screen.heading("")
        lines = [re.sub(r"\x1b\[\d*m", "", line).rstrip("\n") for line in iter(shown.readline, "\n")]
    assert "".join(f"{line.removeprefix('  ')} " for line in lines) == sentence
    assert columns - len("sentence") <= max(map(len, lines)) <= columns


def test_demo_folds_a_long_command_before_an_option() -> None:
    assert TextScreen(io.StringIO()).columns == 96
    line = "aws configure role prod --role-arn ARN --verify"
    assert fold_command(line, len(line)) == line
    assert fold_command(line, len(line) - 1) == ("aws configure role prod --role-arn ARN \\\n    --verify")


def test_demo_ends_quietly_when_its_reader_has_enough() -> None:
    with subprocess.Popen(DEMO, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as demo:
        assert demo.stdout is not None
        assert demo.stderr is not None
        assert demo.stdout.readline() == "\n"
        assert demo.stdout.readline().startswith("Part 1.")
        demo.stdout.close()
        assert demo.stderr.read() == ""
        assert demo.wait() == 0


def test_demo_fails_at_the_step_that_does() -> None:
    """IAM refuses to name the device, which step 2 should show."""
    refusing = """if True:
        import sys, demo.__main__ as demo

        class RefusingSts(demo.Sts):
            def __enter__(self):
                self.fail("ListMFADevices", None, 403, "AccessDenied", "you may not")
                return super().__enter__()

        demo.Sts = RefusingSts
        sys.exit(demo.main())
    """
    done = subprocess.run([sys.executable, "-c", refusing], cwd=ROOT, capture_output=True, text=True)
    assert "--mfa-serial auto found no device" in done.stdout
    assert re.fullmatch(r"\nThe demo failed: step 2 \(.*\): .* exit code 254, not 0\n", done.stderr)
    assert done.returncode == 1
