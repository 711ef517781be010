"""A role with the default maximum duration, and clients for the test's server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from . import Role, Sts, User
from .clients import Clients


@pytest.fixture
def role(sts: Sts, user: User) -> Role:
    return sts.add_role("CrossAccountPowerUser", trusts=[user.arn])


@pytest.fixture
def connect(sts: Sts) -> Iterator[Clients]:
    with Clients(sts.url) as clients:
        yield clients
