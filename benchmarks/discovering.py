"""Discover an organization of 500 accounts, and `--check` them with an STS that takes 200 ms per call."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.embedded_aws import EmbeddedAws, create_account, create_organization
from tests.sts import Sts
from tests.support.home import AWS, Home

from .measure import Command, run, side_by_side

ACCOUNTS = 500
PER_CALL = 0.2
ROUNDS = 3
MANAGEMENT = "123456789012"
"""The account to which moto assigns keys that it did not create, such as those of the other STS."""


def measure() -> None:
    """Print how much longer `discover` takes than the stock CLI's listing, and `--check` than `discover`."""
    with tempfile.TemporaryDirectory() as directory, Sts() as sts, EmbeddedAws() as aws:
        home = Home(Path(directory) / "home", sts.url)
        home.environment["AWS_ENDPOINT_URL_ORGANIZATIONS"] = aws.url
        user = sts.add_user("dev", account=MANAGEMENT)
        home.add_keys(user)
        create_organization(aws, MANAGEMENT)
        for number in range(ACCOUNTS - 1):
            account = create_account(aws, MANAGEMENT, f"Account {number}")
            sts.add_role("Ops", account=account, trusts=[user.arn])
        sts.add_role("Ops", account=MANAGEMENT, trusts=[user.arn])
        discover: Command = [str(AWS), "configure", "role", "discover", "--role-name", "Ops"]
        stock: Command = [str(AWS), "organizations", "list-accounts"]
        plain, listed = side_by_side(
            ([*discover, "--dry-run"], home.environment), (stock, home.environment), rounds=ROUNDS
        )
        pages = len(aws.calls("ListAccounts")) // (2 * ROUNDS)
        sts.delay(PER_CALL, "AssumeRole")
        checked = run([*discover, "--check"], home.environment).seconds
        print(
            f"`discover` of {ACCOUNTS} accounts, {pages} pages: {plain.seconds - listed.seconds:.2f} s beyond "
            f"`aws organizations list-accounts`"
        )
        print(
            f"with --check, STS taking {PER_CALL} s: {checked - plain.seconds:.2f} s more, "
            f"{(checked - plain.seconds) / PER_CALL:.0f} times one call for {ACCOUNTS} roles"
        )
        print()
