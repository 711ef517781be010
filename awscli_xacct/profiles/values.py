"""Check single settings of a role profile. Every function returns what is wrong, with a valid form, or None.

The limits are those of the STS and IAM API references:
https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
https://docs.aws.amazon.com/IAM/latest/APIReference/API_Role.html
"""

import re

from .. import settings
from ..arn import Arn
from .config_keys import KEYS
from .partitions import Partitions
from .policies import policy_problem

_ACCOUNT = re.compile(r"[0-9]{12}")
_ROLE_NAME = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)
_ROLE_PATH = re.compile(r"/(?:[!-.0-~]+/)*")
_SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
_EXTERNAL_ID = re.compile(r"[\w+=,.@:/-]{2,1224}", re.ASCII)
_SERIAL = re.compile(r"[\w+=/:,.@-]{9,256}", re.ASCII)
_REGION = re.compile(r"[a-z]{2,}(?:-[a-z0-9]+)+")
_ZONE = re.compile(r"([a-z]{2,}(?:-[a-z]+)+-[0-9]+)(?:-[a-z]+-[0-9]+)?[a-z]")

EXAMPLE_ROLE_ARN = "arn:aws:iam::222222222222:role/NAME"
_LOOKS_LIKE = f"a role ARN looks like {EXAMPLE_ROLE_ARN}"


def role_arn_problem(arn: str, partitions: Partitions | None) -> str | None:
    """Check a role's ARN; `partitions` are the known ones, None: any is accepted."""
    problem = _find_role_arn_problem(arn, partitions)
    likely = str(Arn.guess_role(arn) or "") if problem else ""
    if not likely or likely == arn or _find_role_arn_problem(likely, partitions):
        return problem
    return f"{str(problem).removesuffix(f'; {_LOOKS_LIKE}')}; did you mean {likely}?"


def _find_role_arn_problem(arn: str, partitions: Partitions | None) -> str | None:
    found = Arn.parse(arn)
    if found is None or found.kind != "role" or len(arn) > 2048:
        return f"{_describe_other(arn, found)}{_LOOKS_LIKE}"
    if partitions and found.partition not in partitions.names:
        known = ", ".join(sorted(partitions.names))
        return f"{found.partition!r} is not an AWS partition; the partitions are {known}"
    if found.service != "iam" or found.region:
        return f"a role ARN has the service iam and no region, as in {EXAMPLE_ROLE_ARN}"
    if found.name.startswith("/"):
        return f"only one slash may precede the role's name or path, as in {EXAMPLE_ROLE_ARN}"
    return account_problem(found.account) or role_name_problem(found.name)


_START_PAGE = ".awsapps.com/start"


def _describe_other(text: str, arn: Arn | None) -> str:
    """Return what a text is that is no role's ARN, as the beginning of a message; nothing if it could be anything."""
    if arn and arn.kind in _OTHER_ARNS:
        return f"this is {_OTHER_ARNS[arn.kind]} ARN; "
    if _START_PAGE in text:
        return (
            "this is the start page of IAM Identity Center; aws configure sso makes a profile from it, which can be a "
            "source profile; "
        )
    if "://" in text:
        return "this is the address of a page; "
    return "this is an account id; " if _ACCOUNT.fullmatch(text) else ""


_OTHER_ARNS = {
    "user": "a user's",
    "assumed-role": "a role session's",
    "policy": "a policy's",
    "instance-profile": "an instance profile's",
    "mfa": "an MFA device's",
    "root": "an account's",
}


def account_problem(account: str) -> str | None:
    if _ACCOUNT.fullmatch(account):
        return None
    digits = account.replace("-", "").replace(" ", "")  # the console shows it in groups of four
    likely = f"; did you mean {digits}?" if _ACCOUNT.fullmatch(digits) else ", as in 222222222222"
    return f"the account id {account!r} is not 12 digits{likely}"


def role_name_problem(name: str) -> str | None:
    """Check a role's name, with or without a path before it."""
    arn = Arn.parse(name)
    if arn:
        return (
            f"this is an ARN; the name is the end of it, {arn.name}"
            if arn.name
            else "this is an ARN, and no name"
        )
    path, _, last = f"/{name.removeprefix('/')}".rpartition("/")
    if not _ROLE_NAME.fullmatch(last):
        return f"the role name {last!r} must be 1 to 64 letters, digits or any of +=,.@-_"
    if len(path) > 511 or not _ROLE_PATH.fullmatch(f"{path}/"):
        return f"the role's path {path!r} must be words between slashes, as in /team/ops/"
    return None


def line_problem(text: str) -> str | None:
    """Check that a text can be the value of a config file's option."""
    if not text.isprintable():
        return "it contains a line break or another control character"
    return None if text == text.strip() else "it begins or ends with a space"


def region_problem(region: str) -> str | None:
    zone = _ZONE.fullmatch(region)
    if zone:
        return f"this is an availability zone; its region is {zone[1]}"
    return None if _REGION.fullmatch(region) else "a region looks like us-west-1"


def session_name_problem(name: str) -> str | None:
    if _SESSION_NAME.fullmatch(name):
        return None
    return "must be 2 to 64 letters, digits or any of +=,.@-_, without spaces"


def role_session_name_problem(name: str) -> str | None:
    problem = session_name_problem(name)
    if problem and "{" in name:
        place = f"{settings.ROLE_SESSION_NAME} of the section [{settings.CONFIG_SECTION}]"
        return f"{problem}; placeholders belong in {place}"
    return problem


def external_id_problem(external_id: str) -> str | None:
    if _EXTERNAL_ID.fullmatch(external_id):
        return None
    return "must be 2 to 1224 letters, digits or any of +=,.@:/-_, without spaces"


def serial_problem(serial: str) -> str | None:
    arn = Arn.parse(serial)
    if arn and arn.kind == "u2f":
        return (
            "a security key (u2f) has no codes and cannot be used here; use a virtual or hardware MFA "
            "device, or none"
        )
    if not _SERIAL.fullmatch(serial) or (serial.startswith("arn:") and (arn is None or arn.kind != "mfa")):
        code = "; a code is asked for when it is needed" if len(serial) == 6 and serial.isdigit() else ""
        return f"an MFA device is an ARN like arn:aws:iam::111111111111:mfa/NAME or a hardware serial number{code}"
    return None


def seconds_problem(text: str) -> str | None:
    """Check a ``duration_seconds`` before it is written: only digits, as not every SDK reads more."""
    return _parse_problem(settings.DURATION_SECONDS, text if text.isascii() and text.isdigit() else "")


def value_problem(key: str, text: str, partitions: Partitions | None) -> str | None:
    """Check the text of any of the `KEYS`."""
    if key == settings.ROLE_ARN:
        return role_arn_problem(text, partitions)
    check = _CHECKS.get(key)
    return check(text) if check else line_problem(text) or _parse_problem(key, text)


def _parse_problem(key: str, text: str) -> str | None:
    try:
        KEYS[key].parse(text)
    except ValueError as error:
        return str(error)
    return None


_CHECKS = {
    settings.MFA_SERIAL: serial_problem,
    settings.EXTERNAL_ID: external_id_problem,
    settings.ROLE_SESSION_NAME: role_session_name_problem,
    settings.SOURCE_IDENTITY: session_name_problem,
    settings.DURATION_SECONDS: seconds_problem,
    settings.POLICY: policy_problem,
    settings.REGION: region_problem,
}
"""What is required of a text beyond its being one line that `KEYS` can parse."""
