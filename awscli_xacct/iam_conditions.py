"""Conditions of a policy statement: which of them a request meets.

All that is known of a request is whether it brings MFA, and its external id. A condition on anything else, such as the
caller's organization or address or the time, is unknown here, and never taken to be met.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

MFA_PRESENT = "aws:MultiFactorAuthPresent"
MFA_AGE = "aws:MultiFactorAuthAge"
STS_EXTERNAL_ID = "sts:ExternalId"

_PRESENT, _AGE, _EXTERNAL_ID = (key.lower() for key in (MFA_PRESENT, MFA_AGE, STS_EXTERNAL_ID))
_OPERATOR = re.compile(r"(?:(forallvalues|foranyvalue):)?([a-z]+?)(ifexists)?", re.IGNORECASE)
_MAX_TEXT = 200


def matches(text: str, pattern: str) -> bool:
    """Whether text matches a pattern of the policy language, whose only wildcards are ``*`` and ``?``."""
    return fnmatchcase(text, pattern.replace("[", "[[]"))


def _equal_ignoring_case(value: str, expected: str) -> bool:
    return value.lower() == expected.lower()


def _numbers(compare: Callable[[float, float], bool]) -> Callable[[str, str], bool]:
    return lambda value, expected: compare(float(value), float(expected))


_OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "bool": _equal_ignoring_case,
    "stringequals": operator.eq,
    "stringequalsignorecase": _equal_ignoring_case,
    "stringlike": matches,
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


class Condition(NamedTuple):
    """One condition of a statement; `key` is empty for one that cannot be parsed."""

    operator: str
    key: str
    values: Any

    @property
    def is_about_mfa(self) -> bool:
        return self.key.lower() in (_PRESENT, _AGE)

    @property
    def is_about_mfa_age(self) -> bool:
        return self.key.lower() == _AGE

    @property
    def is_about_external_id(self) -> bool:
        return self.key.lower() == _EXTERNAL_ID

    def __str__(self) -> str:
        values = ", ".join(_to_texts(self.values)) if self.key else str(self.values)
        text = " ".join(filter(None, (self.operator, self.key, values)))
        return text if len(text) <= _MAX_TEXT else f"{text[:_MAX_TEXT]}…"


def parse_conditions(block: Any) -> list[Condition]:
    """Return the conditions of a statement's ``Condition``, which all have to be met."""
    if block is None:
        return []
    if not isinstance(block, Mapping):
        return [Condition("", "", block)]
    found = []
    for name, compared in block.items():
        pairs = compared.items() if isinstance(compared, Mapping) else [("", compared)]
        found += [Condition(str(name), str(key), values) for key, values in pairs]
    return found


def is_met(condition: Condition, context: Mapping[str, str]) -> bool | None:
    """Whether a request with these `context` keys meets a condition; None where that is unknown."""
    answers = {_evaluate(condition, variant) for variant in _variants(context)}
    return answers.pop() if len(answers) == 1 else None


def are_met(block: Any, context: Mapping[str, str]) -> bool | None:
    """Whether a request meets a whole ``Condition``; None where that is unknown."""
    answers = [is_met(condition, context) for condition in parse_conditions(block)]
    if False in answers:
        return False
    return None if None in answers else True


def _variants(context: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Yield the context keys that AWS may see for a request, in lower case.

    With MFA its age is taken to be 0: where a role refuses an older session, a new code is asked for. Without MFA, a
    request signed with a user's own keys has neither key of MFA, and one of a session has ``false``.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-multifactorauthpresent
    """
    known = {key.lower(): value for key, value in context.items()}
    if known.get(_PRESENT) == "true":
        yield {**known, _AGE: "0"}
    else:
        yield known
        yield {**known, _PRESENT: "false"}


def _evaluate(condition: Condition, context: Mapping[str, str]) -> bool | None:
    key = condition.key.lower()
    parsed = _OPERATOR.fullmatch(condition.operator)
    expected = list(_to_texts(condition.values))
    if key not in (_PRESENT, _AGE, _EXTERNAL_ID) or not parsed or any("${" in text for text in expected):
        return None
    value, name = context.get(key), parsed[2].lower()
    if name == "null":
        meanings = {"true": value is None, "false": value is not None}
        answers = {meanings.get(text.lower()) for text in expected}
        return answers.pop() if len(answers) == 1 else None
    negated = name in _NEGATED
    compare = _OPERATORS.get(_NEGATED.get(name, name))
    if compare is None or not expected:
        return None
    if value is None:
        return bool(parsed[3]) or (parsed[1] or "").lower() == "forallvalues" or negated
    try:
        return any(compare(value, text) for text in expected) != negated
    except ValueError:
        return None


def _to_texts(values: Any) -> Iterator[str]:
    """Yield the values of a condition, in which ``true`` may be written for ``"true"`` and 3600 for ``"3600"``."""
    several: Sequence[Any] = values if isinstance(values, list) else [values]
    return (str(value).lower() if isinstance(value, bool) else str(value) for value in several)
