"""A config and its role profiles, as options, for the tests of manifests."""

from __future__ import annotations

from collections.abc import Mapping

import botocore.session

from awscli_xacct.profiles.partitions import Partitions

PARTITIONS = Partitions(botocore.session.Session().get_component("data_loader").load_data("partitions"))
DEVICE = "arn:aws:iam::111111111111:mfa/dev"
DEFAULT = {"region": "us-west-1", "aws_access_key_id": "AKIA", "aws_secret_access_key": "secret"}

Options = Mapping[str, str]


def arn(account: str, name: str, partition: str = "aws") -> str:
    """Return a role's ARN; one digit stands for an account id of twelve."""
    return f"arn:{partition}:iam::{account * 12 if len(account) == 1 else account}:role/{name}"


def role(account: str, name: str, source: str | None = "default", **options: str) -> dict[str, str]:
    """Return the options of a role profile."""
    named = {"source_profile": source} if source else {}
    return {"role_arn": arn(account, name), **named, **options}


def config_text(profiles: Mapping[str, Options]) -> str:
    """Return a config file of these profiles."""
    return "".join(
        f"[{name if name == 'default' else f'profile {name}'}]\n"
        + "".join(f"{key} = {text}\n" for key, text in options.items())
        + "\n"
        for name, options in profiles.items()
    )
