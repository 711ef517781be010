"""`python -m demo`: exit 0 if both acts are as promised, 1 with the step's name if it is not.

Your own AWS settings are neither read nor written: home, environment and AWS itself are the demo's own.
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

from .organization import SecondAct
from .person import DemoFailed, Person
from .screen import Screen
from .walkthrough import Play


def main() -> int:
    """Play the walkthrough; return the exit code."""
    # As Ctrl-C does, so that the temporary home goes however the demo is ended.
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    screen = Screen(sys.stdout)
    screen.heading("First act. One IAM user, two accounts: the walkthrough with the real aws command")
    try:
        with TemporaryDirectory(prefix="xacct-demo-") as home, EmbeddedAws() as aws:
            _play(screen, Path(home), aws)
    except (DemoFailed, EmbeddedAwsError) as failure:
        sys.stderr.write(f"\nThe demo failed: {failure}\n")
        return 1
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    screen.heading("All as promised.")
    return 0


def _play(screen: Screen, home: Path, aws: EmbeddedAws) -> None:
    scene = lay_out_walkthrough(aws)
    screen.show_as(scene.secret_access_key)
    screen.show_as(str(home), "~")
    screen.remark("AWS is an embedded one on 127.0.0.1, ~ a temporary home; yours is not read or changed.")
    screen.remark(f"Dev is account {scene.dev_account}, with an IAM user `dev` and instances of its own.")
    screen.remark(f"Prod is account {scene.prod_account}, where an administrator has made the role")
    screen.remark("CrossAccountPowerUser: ReadOnlyAccess, trust policy naming the Dev user. The policy")
    screen.remark("ProdAccountAccess in Dev allows that user to assume it.")
    person = Person(screen, aws.environment(home))
    Play(screen, person, aws, scene).run()
    organization = lay_out_organization(aws)
    screen.heading(f"Second act. An organization of {len(organization.accounts)} more accounts")
    screen.remark("Dev is its management account: the Dev user may list it, and AWS has made the role")
    screen.remark(f"{organization.role_name} in every other one. One account of them is closed.")
    SecondAct(screen, person, aws, organization).run()


if __name__ == "__main__":
    sys.exit(main())
