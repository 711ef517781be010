"""`python -m demo`: exit with 0 if every step worked, with 1 and the name of the step that did not.

Your own AWS settings are neither read nor written: the demo has a home, an environment and an AWS of its own.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.embedded_aws import (
    EmbeddedAws,
    EmbeddedAwsError,
    lay_out_organization,
    lay_out_walkthrough,
)

from .organization import SecondPart
from .person import DemoFailed, Person
from .screen import Screen
from .walkthrough import FirstPart


def main() -> int:
    """Run the demo and return the exit code."""
    # End as on Ctrl-C, so that the temporary home is removed however the demo is stopped.
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    screen = Screen(sys.stdout)
    screen.heading("Part 1. One IAM user, two accounts: the walkthrough with the real aws command")
    try:
        with TemporaryDirectory(prefix="xacct-demo-") as home, EmbeddedAws() as aws:
            _run(screen, Path(home), aws)
    except (DemoFailed, EmbeddedAwsError) as failure:
        sys.stderr.write(f"\nThe demo failed: {failure}\n")
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    screen.heading("Everything worked.")
    return 0


def _run(screen: Screen, home: Path, aws: EmbeddedAws) -> None:
    scene = lay_out_walkthrough(aws)
    screen.show_as(scene.secret_access_key)
    screen.show_as(str(home), "~")
    screen.remark("AWS is embedded, on 127.0.0.1; ~ is a temporary home. Yours is neither read nor changed.")
    screen.remark(f"Dev is account {scene.dev_account}, with an IAM user `dev` and instances of its own.")
    screen.remark(f"Prod is account {scene.prod_account}, where an administrator has created the role")
    screen.remark("CrossAccountPowerUser: ReadOnlyAccess, trust policy naming the Dev user. The policy")
    screen.remark("ProdAccountAccess in Dev allows that user to assume it.")
    person = Person(screen, aws.environment(home))
    FirstPart(screen, person, aws, scene).run()
    organization = lay_out_organization(aws)
    screen.heading(f"Part 2. An organization with {len(organization.accounts)} more accounts")
    screen.remark("Dev is its management account: the Dev user may list it, and AWS has created the role")
    screen.remark(f"{organization.role_name} in every other account. One of the accounts is closed.")
    SecondPart(screen, person, aws, organization).run()


if __name__ == "__main__":
    sys.exit(main())
