"""A small STS for tests: a loopback HTTP server that refuses what the real one refuses.

    with Sts() as sts:
        user = sts.add_user("dev")
        role = sts.add_role("CrossAccountPowerUser", trusts=[user.arn])
        run_aws("sts", "get-caller-identity", endpoint=sts.url)
        assert [call.operation for call in sts.calls] == ["AssumeRole", "GetCallerIdentity"]

It checks signatures, session tokens and their expiry, MFA codes (each good once), trust policies and their
conditions, and every length, pattern and limit of AssumeRole and GetSessionToken; it can fail, throttle,
delay, hang, drop connections, hold requests for a race and be at another time than its clients.

Not modelled: identity policies (the trust policy alone decides), session policies (taken and ignored),
packed sizes, root users, requests signed in the query string. `python -m tests.sts` runs it by hand.
"""

from .calls import Call
from .faults import Hold
from .identities import Role, Session, User
from .service import Sts
from .totp import MfaDevice, code_at

__all__ = ["Call", "Hold", "MfaDevice", "Role", "Session", "Sts", "User", "code_at"]
