"""Managed policies as session policies: the ARNs of a ``policy_arns`` line.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_session
"""

from collections.abc import Iterable

from ..arn import Arn
from .policies import shortened

MAX_ARNS = 10
_READ_ONLY = "policy/ReadOnlyAccess"
EXAMPLE_ARN = "arn:aws:iam::aws:policy/ReadOnlyAccess"
_NAME_SIGNS = frozenset("+=,.@-_")


def parse_arns(text: str) -> list[str]:
    """Return the ARNs of a ``policy_arns`` line, as they are sent. Raises `ValueError`."""
    arns = [arn for arn in (part.strip() for part in text.split(",")) if arn]
    problems = [problem for arn in arns if (problem := _arn_problem(arn))]
    problems += [f"{arn} is repeated" for arn in dict.fromkeys(arns) if arns.count(arn) > 1]
    if not arns:
        problems.append(f"no ARN; one looks like {EXAMPLE_ARN}")
    if len(arns) > MAX_ARNS:
        problems.append(f"{len(arns)} ARNs are more than the {MAX_ARNS} that STS accepts")
    if problems:
        raise ValueError("; ".join(problems))
    return arns


def _arn_problem(text: str) -> str | None:
    arn = Arn.parse(text)
    name = arn.name.rpartition("/")[2] if arn else ""
    sound = (
        arn is not None
        and (arn.service, arn.region, arn.kind) == ("iam", "", "policy")
        and (arn.account == "aws" or (len(arn.account) == 12 and arn.account.isdecimal()))
        and text.isascii()
        and text.isprintable()
        and " " not in text
        and len(text) <= 2048
        and 1 <= len(name) <= 128
        and all(sign.isalnum() or sign in _NAME_SIGNS for sign in name)
    )
    return None if sound else f"{shortened(text)!r} is not the ARN of a managed policy, such as {EXAMPLE_ARN}"


def find_foreign(arns: Iterable[str], role_arn: str) -> list[str]:
    """Return why managed policies cannot limit a role: they are of another partition, or of another account."""
    role = Arn.parse(role_arn)
    if role is None:
        return []
    problems = []
    for text in arns:
        arn = Arn.parse(text)
        if arn is None:
            continue
        if arn.partition != role.partition:
            problems.append(f"{text} is in partition {arn.partition}, but the role is in {role.partition}")
        elif arn.account not in ("aws", role.account):
            problems.append(
                f"{text} is in account {arn.account}, but only AWS's policies and those of the role's own account, "
                f"{role.account}, can be used"
            )
    return problems


def read_only_arn(role_arn: str) -> str:
    """Return the ARN of AWS's policy ReadOnlyAccess in the partition of a role."""
    role = Arn.parse(role_arn)
    return str(Arn.iam(role.partition if role else "aws", "aws", _READ_ONLY))
