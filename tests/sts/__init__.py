"""A small STS for tests: an HTTP server on loopback that refuses whatever the real one refuses.

    with Sts() as sts:
        user = sts.add_user("dev")
        role = sts.add_role("CrossAccountPowerUser", trusts=[user.arn])
        run_aws("sts", "get-caller-identity", endpoint=sts.url)
        assert [call.operation for call in sts.calls] == ["AssumeRole", "GetCallerIdentity"]

It checks signatures, session tokens and their expiration, MFA codes (each is accepted once), trust policies with
their conditions, and every length, pattern and limit of AssumeRole and GetSessionToken. It can fail, throttle, delay,
hang, drop connections, hold requests to create a race, and run with a clock that differs from its clients'.

Session policies are checked and recorded (`Call.policy`, `Session.policies`), but what they allow is not modelled.
Neither are identity policies (only the trust policy decides), the real size of packed policies, root users, and
requests signed in the query string. `python -m tests.sts` runs the server on its own.
"""

from .calls import Call
from .faults import Hold
from .identities import Role, Session, User
from .service import Sts
from .totp import MfaDevice, code_at

__all__ = ["Call", "Hold", "MfaDevice", "Role", "Session", "Sts", "User", "code_at"]
