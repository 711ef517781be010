"""The conditions of a policy's statement: what a request meets, what it does not, and what cannot be known here.

A request is known by whether it brings MFA, and by its external id. About a condition on anything else (the
caller's organization, its address, the time) nothing is known, and nothing is supposed.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

MFA_PRESENT = "aws:MultiFactorAuthPresent"
MFA_AGE = "aws:MultiFactorAuthAge"
EXTERNAL_ID = "sts:ExternalId"

_KNOWN = {key.lower() for key in (MFA_PRESENT, MFA_AGE, EXTERNAL_ID)}
_OF_MFA = {key.lower() for key in (MFA_PRESENT, MFA_AGE)}
_OPERATOR = re.compile(r"(?:(forallvalues|foranyvalue):)?([a-z]+?)(ifexists)?", re.IGNORECASE)
_LONGEST = 200


def like(text: str, pattern: str) -> bool:
    """Whether a text is what a pattern of the policy language means; its wildcards are ``*`` and ``?`` only."""
    return fnmatchcase(text, pattern.replace("[", "[[]"))


def _numbers(compare: Callable[[float, float], bool]) -> Callable[[str, str], bool]:
    return lambda value, wanted: compare(float(value), float(wanted))


_COMPARED: dict[str, Callable[[str, str], bool]] = {
    "bool": lambda value, wanted: value.lower() == wanted.lower(),
    "stringequals": operator.eq,
    "stringequalsignorecase": lambda value, wanted: value.lower() == wanted.lower(),
    "stringlike": like,
    "numericequals": _numbers(operator.eq),
    "numericlessthan": _numbers(operator.lt),
    "numericlessthanequals": _numbers(operator.le),
    "numericgreaterthan": _numbers(operator.gt),
    "numericgreaterthanequals": _numbers(operator.ge),
}
_NEGATED = {
    "stringnotequals": "stringequals",
    "stringnotequalsignorecase": "stringequalsignorecase",
    "stringnotlike": "stringlike",
    "numericnotequals": "numericequals",
}


class Demand(NamedTuple):
    """One condition of a statement; `key` is empty where the whole cannot be read."""

    operator: str
    key: str
    values: Any

    @property
    def is_of_mfa(self) -> bool:
        return self.key.lower() in _OF_MFA

    @property
    def is_of_age(self) -> bool:
        return self.key.lower() == MFA_AGE.lower()

    @property
    def is_of_external_id(self) -> bool:
        return self.key.lower() == EXTERNAL_ID.lower()

    def __str__(self) -> str:
        values = ", ".join(_texts(self.values)) if self.key else str(self.values)
        text = " ".join(filter(None, (self.operator, self.key, values)))
        return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def demands(condition: Any) -> list[Demand]:
    """The conditions of a statement's ``Condition``, one by one."""
    if condition is None:
        return []
    if not isinstance(condition, Mapping):
        return [Demand("", "", condition)]
    found = []
    for name, compared in condition.items():
        pairs = compared.items() if isinstance(compared, Mapping) else [("", compared)]
        found += [Demand(str(name), str(key), values) for key, values in pairs]
    return found


def is_met(demand: Demand, context: Mapping[str, str]) -> bool | None:
    """Whether a request with this `context` meets a condition; None where that cannot be known here."""
    answers = {_answer(demand, world) for world in _worlds(context)}
    return answers.pop() if len(answers) == 1 else None


def are_met(condition: Any, context: Mapping[str, str]) -> bool | None:
    """The same of a whole ``Condition``."""
    answers = [is_met(demand, context) for demand in demands(condition)]
    if False in answers:
        return False
    return None if None in answers else True


def _worlds(context: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """What the request may look like to AWS.

    With MFA its age is next to nothing: a role that refuses an older session is asked again with a new code.
    Without, a user's own keys have neither of the two keys of MFA; a session has the one, as false.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-multifactorauthpresent
    """
    known = {key.lower(): value for key, value in context.items()}
    present = MFA_PRESENT.lower()
    if known.get(present) == "true":
        yield {**known, MFA_AGE.lower(): "0"}
    else:
        yield known
        yield {**known, present: "false"}


def _answer(demand: Demand, world: Mapping[str, str]) -> bool | None:
    key = demand.key.lower()
    read = _OPERATOR.fullmatch(demand.operator)
    wanted = list(_texts(demand.values))
    if key not in _KNOWN or read is None or not wanted or any("${" in text for text in wanted):
        return None
    of_all, name, if_exists = (read[1] or "").lower() == "forallvalues", read[2].lower(), bool(read[3])
    value = world.get(key)
    if name == "null":
        absent = {"true": value is None, "false": value is not None}
        answers = {absent.get(text.lower()) for text in wanted}
        return answers.pop() if len(answers) == 1 else None
    negated = name in _NEGATED
    compare = _COMPARED.get(_NEGATED.get(name, name))
    if compare is None:
        return None
    if value is None:
        return if_exists or of_all or negated
    try:
        return any(compare(value, text) for text in wanted) != negated
    except ValueError:
        return None


def _texts(values: Any) -> Iterator[str]:
    """The values of a condition, where ``true`` may stand for ``"true"`` and 3600 for ``"3600"``."""
    several: Sequence[Any] = values if isinstance(values, list) else [values]
    return (str(value).lower() if isinstance(value, bool) else str(value) for value in several)
