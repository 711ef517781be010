"""A server per test with the walkthrough's user and role in it, and clients for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from . import MfaDevice, Role, Sts, User
from .clients import Clients


@pytest.fixture
def sts() -> Iterator[Sts]:
    with Sts() as running:
        yield running


@pytest.fixture
def user(sts: Sts) -> User:
    return sts.add_user("dev")


@pytest.fixture
def device(sts: Sts, user: User) -> MfaDevice:
    return sts.add_mfa_device(user)


@pytest.fixture
def role(sts: Sts, user: User) -> Role:
    return sts.add_role("CrossAccountPowerUser", trusts=[user.arn])


@pytest.fixture
def connect(sts: Sts) -> Iterator[Clients]:
    with Clients(sts.url) as clients:
        yield clients
