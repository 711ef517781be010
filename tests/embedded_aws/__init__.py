"""Several AWS accounts on loopback, for the demo and for tests that run the real `aws`.

This is moto in server mode, in its own process. moto keeps accounts apart: a request belongs to the account whose
access key signed it, so the credentials of a role assumed in account B see only the resources of B. moto checks neither
signatures nor trust policies nor MFA codes; use `tests.sts` for tests that depend on those.

    with EmbeddedAws() as aws:
        walkthrough = lay_out_walkthrough(aws)
        subprocess.run(["aws", ...], env=aws.environment(home))
        assert len(aws.calls("AssumeRole")) == 1
"""

from .faults import Fault
from .layout import (
    Organization,
    Walkthrough,
    create_account,
    create_organization,
    create_role,
    create_unit,
    create_user,
    lay_out_organization,
    lay_out_walkthrough,
    run_instance,
)
from .process import EmbeddedAws, EmbeddedAwsError
from .recorder import Call

__all__ = [
    "Call",
    "EmbeddedAws",
    "EmbeddedAwsError",
    "Fault",
    "Organization",
    "Walkthrough",
    "create_account",
    "create_organization",
    "create_role",
    "create_unit",
    "create_user",
    "lay_out_organization",
    "lay_out_walkthrough",
    "run_instance",
]
