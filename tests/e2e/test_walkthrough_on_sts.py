"""The walkthrough: keys, one command, and then every `aws … --profile prod` runs as the role."""

from __future__ import annotations

import json

from tests.sts import Sts
from tests.support.home import Home


def test_walkthrough_writes_a_role_and_later_commands_use_the_cache(home: Home, sts: Sts) -> None:
    user = sts.add_user("dev")
    role = sts.add_role("CrossAccountPowerUser", account="222222222222", trusts=[user.arn])
    home.add_keys(user)

    written = home.aws("configure", "role", "prod", "--role-arn", role.arn, "--region", "us-west-1")
    assert written.code == 0, written.stderr
    arns = []
    for _ in range(2):
        outcome = home.aws("sts", "get-caller-identity", "--profile", "prod")
        assert outcome.code == 0, outcome.stderr
        assert outcome.stderr == ""
        arns.append(json.loads(outcome.stdout)["Arn"])

    assert arns[0] == arns[1]
    assert arns[0].startswith("arn:aws:sts::222222222222:assumed-role/CrossAccountPowerUser/")
    assert [call.operation for call in sts.calls] == ["AssumeRole", "GetCallerIdentity", "GetCallerIdentity"]
