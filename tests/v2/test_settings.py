"""AWS CLI v2: `verify` and `login` call the same hosts as `aws` with the profile, and trust the same certificates."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.sts import Sts
from tests.support.aws_proxy import AwsProxy

from .home import HomeOfV2

ROLE = ["configure", "role"]


def test_client_settings_apply_to_every_command(home: HomeOfV2, sts: Sts, tmp_path: Path) -> None:
    user = sts.add_user("dev")
    role = sts.add_role("Power", trusts=[user.arn])
    home.add_keys(user)
    home.add_role("prod", role.arn, use_fips_endpoint="true", ca_bundle="CA")
    shutil.rmtree(home.aws_dir / "models")  # they contain the URL of the small STS
    place = tmp_path / "proxy"
    place.mkdir()
    with AwsProxy(place, sts.url) as proxy:
        text = home.config.read_text("utf-8").replace("= CA", f"= {proxy.ca_bundle}")
        dualstack = "[default]\nuse_dualstack_endpoint = true\n"
        home.config.write_text(text.replace("[default]\n", dualstack), "utf-8")
        del home.environment["AWS_ENDPOINT_URL_STS"]
        for arguments in (
            ["sts", "get-caller-identity", "--profile", "prod"],
            [*ROLE, "verify", "prod"],
            [*ROLE, "login", "prod"],
        ):
            outcome = home.aws(*arguments, environment=proxy.environment)
            assert outcome.code == 0, outcome
            host = "sts-fips.us-west-1.amazonaws.com"
            assert proxy.take_calls() == ([host], [host])
            shutil.rmtree(home.cache)
