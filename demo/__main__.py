"""`python -m demo`: exit with 0 if every step worked, with 1 and the name of the step that did not.

Your own AWS settings are neither read nor written: the demo has a home, an environment and an AWS of its own.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tests.embedded_aws import (
    EmbeddedAws,
    EmbeddedAwsError,
    lay_out_organization,
    lay_out_walkthrough,
)
from tests.sts import Sts

from .first_minute import FirstMinute
from .organization import OrganizationPart
from .person import DemoFailed, Person
from .recording import Recording
from .screen import TextScreen
from .walkthrough import WalkthroughPart

if TYPE_CHECKING:
    from collections.abc import Iterator

_NEXT = (
    "Everything worked. Next, with your own accounts; the README says how to install it for your own `aws`:"
)
_NEXT_COMMANDS = (
    "xacct enable",
    "aws configure role prod --role-arn arn:aws:iam::ACCOUNT:role/ROLE --mfa-serial auto --verify",
    "aws configure role help",
)


def main() -> int:
    """Run the demo and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m demo", description="Show the plugin with a simulated AWS."
    )
    parser.add_argument("--record", metavar="FILE", type=Path, help="only record part 1 as an animated SVG")
    options = parser.parse_args()
    # End as on Ctrl-C, so that the temporary home is removed however the demo is stopped.
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    try:
        if options.record:
            _record(options.record)
        else:
            _show(TextScreen(sys.stdout))
    except (DemoFailed, EmbeddedAwsError) as failure:
        sys.stderr.write(f"\nThe demo failed: {failure}\n")
        return 1
    except BrokenPipeError:
        # Whoever read it has seen enough, which is no failure: make would report one, as in `make demo | head`. And
        # at exit, Python would complain that it cannot flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    return 0


def _record(file: Path) -> None:
    recording = Recording()
    with _home() as home, Sts() as sts:
        FirstMinute(recording, home, sts).run()
    file.write_text(recording.render(), encoding="utf-8")


def _show(screen: TextScreen) -> None:
    screen.heading("Part 1. The first minute: one IAM user with an MFA device, four accounts")
    screen.remark(
        "AWS is simulated, on 127.0.0.1; ~ is a temporary home. Yours is neither read nor changed. The user `dev` "
        "has run `aws configure`. Three roles trust the user and require MFA; a fourth, Billing, does not trust "
        "anybody yet."
    )
    with _home() as home, Sts() as sts:
        number = FirstMinute(screen, home, sts).run()
    screen.heading("Part 2. The walkthrough: two accounts and their instances")
    with _home() as home, EmbeddedAws() as aws:
        scene = lay_out_walkthrough(aws)
        screen.show_as(scene.secret_access_key)
        screen.remark(
            f"Dev is account {scene.dev_account}, with an IAM user `dev` and instances of its own. "
            f"Prod is account {scene.prod_account}, where an administrator has created the role CrossAccountPowerUser: "
            "ReadOnlyAccess, trust policy naming the Dev user. The policy ProdAccountAccess in Dev allows that user to "
            "assume it. This is another new home."
        )
        person = Person(screen, home, aws.environment(home))
        number = WalkthroughPart(screen, person, aws, scene).run(number)
        organization = lay_out_organization(aws)
        screen.heading(f"Part 3. An organization with {len(organization.accounts)} more accounts")
        screen.remark(
            "Dev is its management account: the Dev user may list it, and AWS has created the role "
            f"{organization.role_name} in every other account. One of the accounts is closed."
        )
        OrganizationPart(screen, person, aws, organization).run(number)
    screen.closing(_NEXT, _NEXT_COMMANDS)


@contextmanager
def _home() -> Iterator[Path]:
    """A temporary home. Its path is short, because messages are wrapped before it is shown as ~."""
    with TemporaryDirectory(prefix="xacct-demo-", dir="/tmp") as directory:
        yield Path(directory).resolve()


if __name__ == "__main__":
    sys.exit(main())
