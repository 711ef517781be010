"""``python -m benchmarks [--quick] [PART …]``: compare the plugin with the stock CLI of the same environment.

``--quick`` skips what takes minutes: the instruction counts, and all but one round of the growth. The targets are the
product's.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from awscli_xacct.settings import MEMO_TICK
from tests.sts import Sts
from tests.support.home import AWS, REGION, Home

from . import beyond, day, discovering, growth, importing, serving, waiting
from .measure import Command, Environment, instructions, python_of, run, side_by_side

ROUNDS = 15
PROFILES = 10_000


def main() -> None:
    """Measure and print everything, or what is named."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="skip what takes minutes")
    parser.add_argument("parts", metavar="PART", nargs="*", help=f"only these: {', '.join(_PARTS)}")
    options = parser.parse_args()
    unknown = set(options.parts) - {*_PARTS}
    if unknown:
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    for name, measure in _PARTS.items():
        if name in options.parts or not options.parts:
            measure(options.quick)


@contextmanager
def _scenario() -> Iterator[tuple[Sts, Home]]:
    """A user, a role, and a home for the CLI with the plugin and without."""
    with tempfile.TemporaryDirectory() as directory, Sts() as sts:
        home = Home(Path(directory) / "home", sts.url)
        user = sts.add_user("dev")
        home.add_keys(user)
        role = sts.add_role("CrossAccountPowerUser", account="222222222222", trusts=[user.arn])
        home.add_role("prod", role.arn)
        yield sts, home


def _stock(home: Home) -> Environment:
    """Return the environment of the same home without the plugin: not disabled, but absent."""
    plain = home.aws_dir / "config-without-plugin"
    text = home.config.read_text(encoding="utf-8")
    plain.write_text(text.replace("[plugins]\nxacct = awscli_xacct\n", ""), encoding="utf-8")
    return {**home.environment, "AWS_CONFIG_FILE": str(plain)}


def _aws(quick: bool) -> None:
    with _scenario() as (sts, home):
        time.sleep(MEMO_TICK)
        _cost_of_the_plugin(home, count=not quick)
        _cold_at_once(sts, home)


def _files(_: bool) -> None:
    with _scenario() as (_sts, home):
        _one_edit(home)
        _listing(home)


def _cost_of_the_plugin(home: Home, *, count: bool) -> None:
    stock = _stock(home)
    whoami = ["sts", "get-caller-identity"]
    cases: list[tuple[str, list[str], Callable[[], None], str]] = [
        ("aws --version", ["--version"], lambda: None, "1.001"),
        ("aws with static keys", whoami, lambda: None, "1.001"),
        ("aws --profile prod, warm", [*whoami, "--profile", "prod"], lambda: None, "1.003"),
        ("aws --profile prod, cold", [*whoami, "--profile", "prod"], lambda: _log_out(home), "1.03"),
    ]
    print("Cost of the plugin, with / without")
    for name, arguments, before, target in cases:
        command: Command = [python_of(AWS), str(AWS), *arguments]
        for environment in (home.environment, stock):
            run(command, environment)
        ours, theirs = side_by_side(
            (command, home.environment), (command, stock), rounds=ROUNDS, before=before
        )
        _row(name, "seconds", ours.seconds, theirs.seconds, "")
        if count:
            counted = []
            for environment in (home.environment, stock):
                before()
                counted.append(instructions(command, environment))
            if counted[0] and counted[1]:
                _row(name, "Minstructions", counted[0] / 1e6, counted[1] / 1e6, target)
    print()


def _log_out(home: Home) -> None:
    """Delete all sessions, ours and the stock CLI's."""
    for record in [*home.records(), *(home.aws_dir / "cli" / "cache").glob("*.json")]:
        record.unlink()


def _cold_at_once(sts: Sts, home: Home) -> None:
    """Run twenty commands that need the same credentials, with an STS that takes half a second."""
    sts.delay(0.5, "AssumeRole")
    print("20 cold commands at once, one role, STS taking 0.5 s")
    for name, environment in (("plugin", home.environment), ("stock", _stock(home))):
        _log_out(home)
        sts.clear_calls()
        begin = time.perf_counter()
        command = [str(AWS), "sts", "get-caller-identity", "--profile", "prod"]
        processes = [
            subprocess.Popen(
                command, env=dict(environment), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            for _ in range(20)
        ]
        codes = {process.wait() for process in processes}
        seconds = time.perf_counter() - begin
        assert codes == {0}, codes
        print(f"  {name:<28} {len(sts.calls_of('AssumeRole')):>4} AssumeRole {seconds:>8.2f} s")
    sts.clear_faults()
    print()


def _one_edit(home: Home) -> None:
    """Edit a big file, compared with a command that only reads it and with the stock CLI's edit."""
    print("One edit of one profile, the whole command")
    role = "arn:aws:iam::{:012d}:role/CrossAccountPowerUser"
    for profiles in (PROFILES // 10, PROFILES):
        home.write_config("")
        with home.config.open("a", encoding="utf-8") as file:
            for number in range(profiles):
                file.write(
                    f"[profile p{number}]\nrole_arn = {role.format(number)}\nsource_profile = default\n"
                    f"region = {REGION}\n\n"
                )
        content = home.config.read_bytes()
        environment = home.environment
        start: Command = [str(AWS), "configure", "get", "region", "--profile", "p7"]
        edit: Command = [str(AWS), "configure", "role", "p7", "--external-id", "benchmark"]
        stock: Command = [str(AWS), "configure", "set", "external_id", "benchmark", "--profile", "p7"]

        def restore(content: bytes = content) -> None:
            home.config.write_bytes(content)

        ours, base = side_by_side((edit, environment), (start, environment), rounds=ROUNDS, before=restore)
        theirs, _ = side_by_side((stock, environment), (start, environment), rounds=5, before=restore)
        size = len(content) / 1024
        beyond = (ours.seconds - base.seconds) * 1000
        print(
            f"  {profiles:>6} profiles, {size:>5.0f} KiB   {beyond:>6.0f} ms and {ours.memory - base.memory:>5.1f} MiB "
            f"beyond `aws configure get` (target 600 ms, 50 MiB at {PROFILES}); stock `configure set` "
            f"{(theirs.seconds - base.seconds) * 1000:>6.0f} ms"
        )
    print()


def _listing(home: Home) -> None:
    """List a thousand role profiles, compared with a command that only reads the file."""
    home.write_config("")
    for number in range(1000):
        home.add_role(f"p{number}", f"arn:aws:iam::{number:012d}:role/CrossAccountPowerUser")
    shown: Command = [str(AWS), "configure", "role", "list"]
    start: Command = [str(AWS), "configure", "get", "region"]
    ours, base = side_by_side((shown, home.environment), (start, home.environment), rounds=ROUNDS)
    print(
        f"`list` of 1000 role profiles: {(ours.seconds - base.seconds) * 1000:.0f} ms beyond `aws configure get`"
    )
    print()


def _verify_all() -> None:
    """Verify fifty roles, with an STS that takes 200 ms per call."""
    with _scenario() as (sts, home):
        user = sts.find_user("111111111111", "dev")
        assert user is not None
        for number in range(49):
            home.add_role(f"p{number}", sts.add_role(f"R{number}", trusts=[user.arn]).arn)
        command: Command = [str(AWS), "configure", "role", "verify", "--all"]
        start: Command = [str(AWS), "configure", "get", "region"]
        sts.delay(0.2, "AssumeRole")
        whole, base = side_by_side((command, home.environment), (start, home.environment), rounds=5)
        taken = whole.seconds - base.seconds
        print(f"`verify --all` of 50 roles: {taken:.2f} s, {taken / 0.2:.1f} times one call (target 5)")
        print()


def _row(name: str, unit: str, ours: float, theirs: float, target: str) -> None:
    aim = f"(target {target})" if target else ""
    print(f"  {name:<28} {ours:>10.3f} / {theirs:>10.3f} {unit:<14} = {ours / theirs:.4f} {aim}")


_PARTS: dict[str, Callable[[bool], None]] = {
    "aws": _aws,
    "files": _files,
    "verify": lambda _: _verify_all(),
    "import": lambda _: importing.compare(),
    "discover": lambda _: discovering.measure(),
    "xacct": lambda quick: beyond.compare(count=not quick),
    "serve": lambda _: serving.measure(),
    "waiting": lambda _: waiting.measure(),
    "growth": lambda quick: growth.measure(rounds=1 if quick else growth.ROUNDS),
    "day": lambda _: day.compare(),
}
"""What can be measured by itself."""


if __name__ == "__main__":
    main()
