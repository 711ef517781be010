"""Explaining the failures of many profiles without saying anything twice.

Profiles that fail at the same hop have one explanation. So have those that fail in the same way, as all do without a
network, and the roles that STS denies the same caller for the same reasons; what the caller needs for all of them is
one policy, to be pasted whole.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

from ..messages import listed, printable, role_commands
from ..tables import counted
from .access_denied import Denial, build_caller_policy, split_remedy
from .verification import Result, explain_failure, explain_trust, indented_json, name_failed

_Unit = list[Result]
"""The profiles that fail at the same hop, in the same way."""


def explain_failures(failed: Sequence[Result]) -> list[str]:
    """Return why profiles do not work, and what would make them work, in blocks of lines for a person."""
    units: dict[Any, _Unit] = {}
    for result in failed:
        units.setdefault((result.hop, _without_numbers(result.error)), []).append(result)
    callers: dict[str, list[Denial]] = {}
    for unit in units.values():
        if denial := unit[0].denial:
            callers.setdefault(denial.principal, []).append(denial)
    groups: dict[Any, list[_Unit]] = {}
    for key, unit in units.items():
        denial = unit[0].denial
        if denial is None:
            key = (_without_numbers(_for_each_role(unit[0])),)
        elif len(callers[denial.principal]) > 1:
            key = _reasons(unit[0], denial)
        groups.setdefault(key, []).append(unit)
    blocks = []
    for group in groups.values():
        denial = group[0][0].denial
        if denial and len(callers[denial.principal]) > 1:
            blocks.append(_explain_denials(group))
        else:
            result = group[0][0]
            error = result.error if len(group) == 1 else _for_each_role(result)
            blocks.append(explain_failure(replace(result, error=error), _name(group)))
    blocks += [_explain_caller_policy(denials) for denials in callers.values() if len(denials) > 1]
    return blocks


def _reasons(result: Result, denial: Denial) -> tuple[Any, ...]:
    """Return what the denials of one caller have in common if they have the same reasons."""
    error = result.error.replace(denial.role.role_arn, "").replace(denial.caller, "")
    causes = (_without_numbers(split_remedy(cause, denial.role.profile)[0]) for cause in denial.causes)
    return (denial.principal, _without_numbers(error), *causes)


def _for_each_role(result: Result) -> str:
    """Return an error without the role and the profile that it happened to."""
    place = rf"(?<=^while assuming )\S+ for profile {re.escape(printable(result.hop))}(?= from )"
    return re.sub(place, "each of these roles", result.error, count=1, flags=re.MULTILINE)


def _explain_denials(group: Sequence[_Unit]) -> str:
    """Return why one caller is denied several roles: all that is needed but the policy of the caller."""
    first = group[0][0]
    denials = [unit[0].denial for unit in group if unit[0].denial]
    denial, many = denials[0], len(denials) > 1
    error = first.error.replace(denial.role.role_arn, "each of these roles") if many else first.error
    lines = [f"{_name(group)}:", *(f"  {line}" for line in error.splitlines() if line)]
    lines.append(f"  called by {denial.caller}")
    trusts: dict[str, dict[str, Any]] = {}
    for each in denials:
        trusts.setdefault(json.dumps(each.trust_statement), {})[each.role.role_arn] = each.trust_statement
    for roles in trusts.values():
        arns = sorted(roles)
        lines += explain_trust(arns, roles[arns[0]])
    lines.append("  likely causes:")
    profiles = [each.role.profile for each in denials]
    for cause in denial.causes:
        text, remedy = split_remedy(cause, denial.role.profile)
        if many and remedy:
            lines += [f"    - {text}:", f"      {role_commands(profiles, remedy)}"]
        else:
            lines.append(f"    - {cause}")
    return "\n".join(lines)


def _explain_caller_policy(denials: Sequence[Denial]) -> str:
    """Return the policy that one caller needs, under a heading that says for how many roles."""
    roles = len({denial.role.role_arn for denial in denials})
    heading = f"{denials[0].caller} needs this policy for {counted(roles, 'role')} it was denied:"
    return "\n".join([heading, *indented_json(build_caller_policy(denials))])


def _name(group: Sequence[_Unit]) -> str:
    """Return the names of all profiles for a heading."""
    results = list(chain.from_iterable(group))
    hop = results[0].hop
    if len(results) == 1:
        return name_failed(results[0])
    if len(group) == 1 and all(result.profile != hop for result in results):
        return f"{listed([result.profile for result in results])}, at {hop}"
    return listed([r.profile if r.profile == r.hop else f"{r.profile} (at {r.hop})" for r in results])


def _without_numbers(text: str) -> str:
    """Return a text without what differs between two refusals for the same reason: ages, and the names of sessions."""
    return re.sub(r"\b\d{1,11}\b", "#", text)
