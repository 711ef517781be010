"""Prompting on a real terminal: nothing is echoed, and however the prompt ends, the terminal is restored."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

if sys.platform == "win32":
    pytest.skip("a terminal of POSIX", allow_module_level=True)

import termios

from tests.mfa.shell import PIPED

ROOT = Path(__file__).resolve().parents[2]
MAX_SECONDS = 120.0
"""Seconds after which a test stops waiting for something to happen."""

PROMPT = "Code of the device é: "
ASK = f"""
import signal, sys, threading
from awscli_xacct.errors import CannotPromptError
from awscli_xacct.mfa import prompters as sources, terminal

question = terminal.ask

def ask():
    try:
        print(repr(question({PROMPT!r})))
    except CannotPromptError as error:
        print(f"cannot ask: {{error}}")
    except KeyboardInterrupt:
        print("interrupted")
"""

# What `mfa.prompters` does, which handles other threads.
STARTED = "question = sources.prompter('tty')\nthread = threading.Thread(target=ask)\nthread.start()\n"
IN_A_THREAD = f"{STARTED}thread.join()\n"


class Screen:
    """A terminal with a program that prompts on it."""

    def __init__(self, program: str, *, typed_ahead: str = "") -> None:
        self.master, slave = os.openpty()
        self.before = termios.tcgetattr(self.master)
        self.text = ""
        self.type(typed_ahead)
        self._shell = subprocess.Popen(
            [sys.executable, "-m", "tests.mfa.shell", program],
            cwd=ROOT,
            stdin=slave,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        os.close(slave)
        self.pid: int = self.news()["pid"]

    def news(self) -> dict[str, Any]:
        """Return what the shell reports next."""
        assert self._shell.stdout is not None
        line = self._shell.stdout.readline()
        news: dict[str, Any] = json.loads(line)
        return news

    def wait_for(self, text: str) -> None:
        """Read the screen until this text appears."""
        end = time.monotonic() + MAX_SECONDS
        while text not in self.text:
            ready, _, _ = select.select([self.master], [], [], end - time.monotonic())
            assert ready, f"{text!r} did not come, but {self.text!r}"
            self.text += os.read(self.master, 4096).decode()

    def prompted(self) -> None:
        """Wait for the prompt, and forget it."""
        self.wait_for(PROMPT)
        self.text = self.text.partition(PROMPT)[2]

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())

    def send(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def to_foreground(self) -> None:
        """`fg`."""
        os.kill(self._shell.pid, signal.SIGUSR1)

    @property
    def changed(self) -> bool:
        """Return whether the terminal has changed, and assert that only its echo has."""
        now = termios.tcgetattr(self.master)
        hidden = [*self.before[:3], self.before[3] & ~termios.ECHO, *self.before[4:]]
        assert now in (self.before, hidden)
        return now == hidden

    def wait_until_unchanged(self) -> None:
        """Wait until the program's child is done with the terminal."""
        end = time.monotonic() + MAX_SECONDS
        while self.changed:
            assert time.monotonic() < end
            time.sleep(0.005)

    def wait_until_stopped(self) -> None:
        """Wait until the program's children have stopped, too: one that stops after its `fg` would stay so."""
        end = time.monotonic() + MAX_SECONDS
        while any(state != "T" for state, group in self._processes() if group == self.pid):
            assert time.monotonic() < end
            time.sleep(0.005)

    @staticmethod
    def _processes() -> Iterator[tuple[str, int]]:
        """Yield the state and the group of every process."""
        for path in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                state, _, group, *_ = path.read_text("utf-8", "replace").rpartition(")")[2].split()
                yield state, int(group)

    def finish(self) -> tuple[int, str]:
        """Return how the program ended (minus the signal that ended it), and what it wrote on stdout and stderr."""
        news = self.news()
        return news["code"], news["output"]

    def hang_up(self) -> None:
        os.close(self.master)
        self.master = -1

    def close(self) -> None:
        if self._shell.poll() is None:
            self._shell.kill()
        self._shell.communicate()
        if self.master >= 0:
            self.hang_up()


@pytest.fixture
def screens() -> Iterator[list[Screen]]:
    opened: list[Screen] = []
    yield opened
    for screen in opened:
        screen.close()


@pytest.fixture
def asking(screens: list[Screen]) -> Screen:
    """A screen that shows the prompt."""
    return opened(screens, "ask()")


def opened(screens: list[Screen], program: str, **options: Any) -> Screen:
    screen = Screen(f"{ASK}\n{program}", **options)
    screens.append(screen)
    screen.prompted()
    return screen


# -- an answer -------------------------------------------------------------------------------------


def test_answer_is_returned_and_not_echoed(asking: Screen) -> None:
    assert asking.changed
    asking.type("123456\n")
    assert asking.finish() == (0, "'123456'\n")
    asking.wait_for("\n")
    assert asking.text == "\r\n"
    assert not asking.changed


def test_prompt_uses_no_standard_stream(screens: list[Screen]) -> None:
    screen = opened(screens, "ask()\nprint(repr(sys.stdin.read()))")
    screen.type("123456\n")
    assert screen.finish() == (0, f"'123456'\n{PIPED!r}\n")


def test_input_before_the_prompt_is_ignored(screens: list[Screen]) -> None:
    screen = opened(screens, "ask()", typed_ahead="654321\n")
    screen.type("123456\n")
    assert screen.finish() == (0, "'123456'\n")


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        pytest.param("12\x7f34\n", "'134'", id="a correction"),
        pytest.param(" 123 456 \n", "' 123 456 '", id="blanks, which are for the caller"),
        pytest.param("\n", "''", id="nothing"),
        pytest.param("é\n", r"'\ufffd\ufffd'", id="no digits"),
    ],
)
def test_line_is_returned_as_typed(asking: Screen, typed: str, answer: str) -> None:
    asking.type(typed)
    code, output = asking.finish()
    assert (code, output.encode("ascii", "backslashreplace").decode()) == (0, f"{answer}\n")
    assert not asking.changed


def test_ctrl_d_is_an_error(asking: Screen) -> None:
    asking.type("\x04")
    assert asking.finish() == (0, "cannot ask: no code was given\n")
    assert not asking.changed


# -- an interruption -------------------------------------------------------------------------------


def test_ctrl_c_is_a_keyboard_interrupt(asking: Screen) -> None:
    asking.type("123\x03")
    assert asking.finish() == (0, "interrupted\n")
    assert not asking.changed


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_signal_ends_the_program_and_restores_the_terminal(asking: Screen, number: signal.Signals) -> None:
    """Stock leaves it without echo: the person has to type `reset` blindly."""
    asking.send(number)
    assert asking.finish() == (-number, "")
    assert not asking.changed


def test_ctrl_backslash_ends_the_program(asking: Screen) -> None:
    asking.type("\x1c")
    assert asking.finish() == (-signal.SIGQUIT, "")
    assert not asking.changed


@pytest.mark.parametrize("times", [1, 3])
def test_ctrl_z_restores_echo_and_resuming_prompts_again(asking: Screen, times: int) -> None:
    for _ in range(times):
        asking.type("12\x1a")
        assert asking.news() == {"stopped": signal.SIGTSTP}
        assert not asking.changed
        asking.to_foreground()
        asking.prompted()
        assert asking.changed
    asking.type("123456\n")
    assert asking.finish() == (0, "'123456'\n")
    assert not asking.changed


def test_stopped_program_can_be_ended(asking: Screen) -> None:
    asking.type("\x1a")
    assert asking.news() == {"stopped": signal.SIGTSTP}
    asking.send(signal.SIGTERM)
    asking.send(signal.SIGCONT)
    assert asking.finish() == (-signal.SIGTERM, "")
    assert not asking.changed


def test_background_program_stops_at_the_prompt_and_resuming_prompts_again(
    asking: Screen,
) -> None:
    """`bg`, and later `fg`."""
    asking.type("\x1a")
    assert asking.news() == {"stopped": signal.SIGTSTP}
    asking.send(signal.SIGCONT)
    assert asking.news() == {"stopped": signal.SIGTTIN}
    assert not asking.changed
    asking.to_foreground()
    asking.prompted()
    assert asking.changed
    asking.type("123456\n")
    assert asking.finish() == (0, "'123456'\n")
    assert not asking.changed


def test_prompt_in_the_background_is_an_error(screens: list[Screen]) -> None:
    """`timeout 12 aws …` runs it in a process group of its own. It used to stop there for ever and ignore SIGTERM."""
    program = "import os\nif os.fork():\n    os.wait()\nelse:\n    os.setpgid(0, 0)\n    ask()"
    screen = Screen(f"{ASK}\n{program}")
    screens.append(screen)
    assert screen.finish() == (0, "cannot ask: this command runs in the background\n")
    assert not screen.changed


def test_ctrl_c_interrupts_a_scripts_background_job(
    screens: list[Screen],
) -> None:
    """Without job control it is in the foreground and ignores Ctrl-C; it took whatever the person typed next."""
    screen = opened(
        screens, "signal.signal(signal.SIGINT, signal.SIG_IGN)\nask()\nprint(signal.getsignal(2) == 1)"
    )
    screen.type("\x03")
    assert screen.finish() == (0, "interrupted\nTrue\n")


def test_pager_settings_are_restored(screens: list[Screen]) -> None:
    """`aws … | less`: each digit was taken for a code."""
    program = (
        "import termios\nterminal_of_less = open('/dev/tty')\nraw = termios.tcgetattr(terminal_of_less)\n"
        "raw[0] &= ~termios.ICRNL\nraw[3] &= ~(termios.ICANON | termios.ISIG | termios.ECHO)\n"
        "termios.tcsetattr(terminal_of_less, termios.TCSANOW, raw)\nraw = termios.tcgetattr(terminal_of_less)\n"
        "ask()\n"
        "print(termios.tcgetattr(terminal_of_less) == raw)"
    )
    screen = opened(screens, program)
    for key in "123456\r":
        screen.type(key)
    assert screen.finish() == (0, "'123456'\nTrue\n")


def test_programs_own_handler_is_called_and_the_prompt_stays(screens: list[Screen]) -> None:
    screen = opened(screens, "signal.signal(signal.SIGTERM, lambda *_: print('handled'))\nask()")
    screen.send(signal.SIGTERM)
    screen.prompted()
    assert screen.changed
    screen.type("123456\n")
    assert screen.finish() == (0, "handled\n'123456'\n")


def test_ignored_signal_stays_ignored(screens: list[Screen]) -> None:
    """`nohup`."""
    screen = opened(screens, "signal.signal(signal.SIGHUP, signal.SIG_IGN)\nask()")
    screen.send(signal.SIGHUP)
    screen.type("123456\n")
    assert screen.finish() == (0, "'123456'\n")


def test_signal_handlers_are_restored(screens: list[Screen]) -> None:
    report = (
        "watched = [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGTSTP]\n"
        "print([signal.getsignal(number) is signal.SIG_DFL for number in watched])"
    )
    screen = opened(screens, f"ask()\n{report}")
    screen.type("123456\n")
    assert screen.finish() == (0, "'123456'\n[True, True, True, True]\n")


def test_ctrl_c_just_before_the_wait_is_not_forgotten(screens: list[Screen], tmp_path: Path) -> None:
    """Its handler is due, but the call that waits begins all the same: as with `interrupt_main`."""
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    interrupt = f"lambda: (open({str(gate)!r}).read(), _thread.interrupt_main())"
    screen = opened(screens, f"import _thread\nthreading.Thread(target={interrupt}).start()\nask()")
    gate.write_text("")
    assert screen.finish() == (0, "interrupted\n")
    assert not screen.changed


# -- another thread, such as a transfer's worker ----------------------------------------------------


@pytest.fixture
def worker(screens: list[Screen]) -> Screen:
    """A screen on which a thread prompts while the main thread waits for it."""
    return opened(screens, f"{IN_A_THREAD}print('done')")


def test_other_thread_answer_is_returned_and_not_echoed(worker: Screen) -> None:
    assert worker.changed
    worker.type("123456\n")
    assert worker.finish() == (0, "'123456'\ndone\n")
    worker.wait_for("\n")
    assert worker.text == "\r\n"
    assert not worker.changed


def test_other_thread_ctrl_d_is_an_error(worker: Screen) -> None:
    worker.type("\x04")
    assert worker.finish() == (0, "cannot ask: no code was given\ndone\n")
    assert not worker.changed


def test_other_thread_ctrl_c_interrupts_the_main_thread(
    screens: list[Screen],
) -> None:
    """Ctrl-C used to wait for Enter. Before Python 3.13 an interrupted `join` takes the thread to have ended."""
    program = (
        "question = sources.prompter('tty')\n"
        "done = threading.Event()\n"
        "threading.Thread(target=lambda: (ask(), done.set())).start()\n"
        "try:\n    done.wait()\nexcept KeyboardInterrupt:\n    done.wait()\n    print('main interrupted')"
    )
    screen = opened(screens, program)
    screen.type("123\x03")
    assert screen.finish() == (0, "cannot ask: the prompt was interrupted\nmain interrupted\n")
    assert not screen.changed


def test_other_thread_ctrl_z_restores_echo_and_resuming_prompts_again(
    worker: Screen,
) -> None:
    worker.type("12\x1a")
    assert worker.news() == {"stopped": signal.SIGTSTP}
    worker.wait_until_stopped()
    assert not worker.changed
    worker.to_foreground()
    worker.prompted()
    assert worker.changed
    worker.type("123456\n")
    assert worker.finish() == (0, "'123456'\ndone\n")
    assert not worker.changed


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_other_thread_prompt_ends_with_the_program(worker: Screen, number: signal.Signals) -> None:
    worker.send(number)
    assert worker.finish() == (-number, "")
    worker.wait_until_unchanged()


def test_quiet_neither_echoes_nor_keeps_input(
    screens: list[Screen],
) -> None:
    """A code that was typed too early was shown."""
    program = (
        "import os, select\n"
        "typed = os.open('/dev/tty', os.O_RDONLY)\n"
        # What has just been written to a terminal takes a moment to reach the program on a busy machine.
        "with terminal.quiet():\n    terminal.say('wait')\n    select.select([typed], [], [])\nask()"
    )
    screen = Screen(f"{ASK}\n{program}")
    screens.append(screen)
    screen.wait_for("wait")
    assert screen.changed
    screen.type("999999\n")
    screen.wait_for(PROMPT)
    screen.type("123456\n")
    assert screen.finish() == (0, "'123456'\n")
    assert "999999" not in screen.text


def test_quiet_works_without_a_terminal() -> None:
    outcome = subprocess.run(
        [sys.executable, "-c", f"{ASK}\nwith terminal.quiet():\n    print('done')"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=MAX_SECONDS,
        start_new_session=True,
        check=False,
    )
    assert (outcome.stdout, outcome.stderr) == ("done\n", "")


# -- no terminal, or not for long ------------------------------------------------------------------


def test_other_thread_of_a_frozen_program_prompts_with_echo(screens: list[Screen]) -> None:
    """Handlers can be set in the main thread only, and a terminal left without echo is worse than a visible code."""
    screen = opened(screens, f"sys.frozen = True\n{IN_A_THREAD}print('done')")
    assert not screen.changed
    screen.type("123456\n")
    assert screen.finish() == (0, "'123456'\ndone\n")
    screen.wait_for("123456\r\n")


def test_terminal_gone_is_an_error(screens: list[Screen]) -> None:
    """Under `nohup`; without it the hangup ends the program."""
    screen = opened(screens, "signal.signal(signal.SIGHUP, signal.SIG_IGN)\nask()")
    screen.hang_up()
    code, output = screen.finish()
    assert (code, output.startswith("cannot ask: ")) == (0, True), output


def test_terminal_closed_without_a_hangup_is_an_error(asking: Screen) -> None:
    """The window was closed."""
    asking.hang_up()
    # Whether it reads an end of file or an error depends on the kernel's timing.
    ended = ("cannot ask: the terminal is gone\n", "cannot ask: no code was given\n")
    code, output = asking.finish()
    assert (code, output in ended) == (0, True), output


def test_terminal_missing_is_an_error() -> None:
    program = f"{ASK}\nprint(terminal.is_available())\nterminal.say('x')\nask()"
    outcome = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        input="123456\n",
        capture_output=True,
        text=True,
        timeout=MAX_SECONDS,
        start_new_session=True,
        check=False,
    )
    assert (outcome.stdout, outcome.stderr) == ("False\ncannot ask: there is no terminal to ask on\n", "")


def test_say_prints_on_the_terminal_only(screens: list[Screen]) -> None:
    screen = opened(
        screens,
        "print(terminal.is_available())\nterminal.say('Six é.')\nterminal.say('wait', end=' … ')\nask()",
    )
    screen.type("\n")
    assert screen.finish() == (0, "True\n''\n")


def test_say_comes_before_the_prompt(screens: list[Screen]) -> None:
    screen = Screen(f"{ASK}\nterminal.say('Six digits.')\nask()")
    screens.append(screen)
    screen.wait_for(PROMPT)
    assert screen.text == f"Six digits.\r\n{PROMPT}"
