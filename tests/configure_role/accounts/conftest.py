"""Two accounts in an embedded AWS: a user in Dev, an administrator in Prod, and a home with the keys of both."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.embedded_aws import EmbeddedAws
from tests.support.home import Home

from .scene import Scene


@pytest.fixture
def home(tmp_path: Path, aws: EmbeddedAws) -> Home:
    """A HOME whose `aws` has the plugin on and calls the embedded AWS."""
    return Home(tmp_path / "home", aws.url)


@pytest.fixture
def scene(aws: EmbeddedAws, home: Home) -> Scene:
    """Profiles `default` of the Dev user and `prod-admin` of Prod's administrator; no role anywhere."""
    return Scene(aws, home)
