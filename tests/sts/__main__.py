"""`python -m tests.sts`: the server on its own, with one user, one MFA device and some roles.

Prints everything a client needs as one line of JSON on stdout, and runs until stdin closes or SIGTERM or SIGINT
arrives. `GET /_code` returns MFA codes and `GET /_calls` the recorded calls.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading

from . import Sts


def main() -> None:
    """Run until stdin closes or a signal arrives."""
    options = _parser().parse_args()
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    with Sts(options.port) as sts:
        user = sts.add_user("dev")
        device = sts.add_mfa_device(user)
        names = ["CrossAccountPowerUser", *(f"Role{number}" for number in range(2, options.roles + 1))]
        roles = [
            sts.add_role(name, trusts=[user.account], require_mfa=options.require_mfa)
            for name in names[: options.roles]
        ]
        if options.delay:
            sts.delay(options.delay)
        scenario = {
            "url": sts.url,
            "user_arn": user.arn,
            "access_key": user.access_key,
            "secret_key": user.secret_key,
            "mfa_serial": device.serial,
            "totp_secret": device.secret,
            "roles": [role.arn for role in roles],
        }
        sys.stdout.write(json.dumps(scenario) + "\n")
        sys.stdout.flush()
        threading.Thread(target=_wait_for_end_of_input, args=(stop,), daemon=True).start()
        stop.wait()


def _wait_for_end_of_input(stop: threading.Event) -> None:
    # Not sys.stdin: its lock, held by a daemon thread, makes the interpreter abort at exit.
    while os.read(0, 4096):
        pass
    stop.set()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.sts", description="A small STS for tests.")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--delay", type=float, default=0.0, metavar="SECONDS", help="delay of every call")
    parser.add_argument(
        "--roles", type=int, default=1, metavar="N", help="number of roles to create, in account 2222…"
    )
    parser.add_argument("--require-mfa", action="store_true", help="make all roles require MFA")
    return parser


if __name__ == "__main__":
    main()
