"""Name the profiles of many accounts: fill in a template and make the result easy to type.

A name depends on the accounts and on the names in use, never on the order in which accounts are listed; and an
account that has a profile keeps its name, whatever accounts are added later.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from string import Formatter

from ..arn import Arn
from ..profiles.validation import name_problem
from .accounts import Account

TEMPLATE = "{account_name}-{role}"
PLACEHOLDERS = ("account_name", "account_id", "account_email", "role")

Holder = tuple[str, str]
"""The role that a profile is for: the account id and the role's name with its path."""

_HARD_TO_TYPE = re.compile(r"[^a-z0-9_.@+]+")
_RESERVED = "default"
"""The user's own profile."""


def template_problem(template: str) -> str | None:
    """Return what is wrong with a template, or None."""
    known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
    try:
        parts = list(Formatter().parse(template))
    except ValueError:
        return f"unmatched {{ or }}; the placeholders are {known}"
    fields = [field for _, field, _, _ in parts if field is not None]
    for _, field, form, conversion in parts:
        if field is not None and (field not in PLACEHOLDERS or form or conversion):
            return f"unknown placeholder {{{field}}}; the placeholders are {known}"
    if not any(field.startswith("account_") for field in fields):
        return "all accounts would get the same name; add {account_name} or {account_id} to it"
    return name_problem("".join(literal + ("x" if field else "") for literal, field, _, _ in parts))


def assign_names(
    accounts: Iterable[Account], template: str, role: str, taken: Mapping[str, Holder | None]
) -> dict[str, str]:
    """Return the name of a profile for the role in each account, by account id; no two are the same.

    `taken` are the names in use with their holders (None: not a role). An account keeps the name that its role has
    already; if another holder has the name, a number is added.
    """
    accounts = sorted(accounts)
    wanted = {account.id: render_name(template, account, role) for account in accounts}
    names: dict[str, str] = {}
    for name in sorted(taken, key=lambda name: (len(name), name)):
        account_id, held_role = taken[name] or ("", "")
        pattern = rf"{re.escape(wanted.get(account_id, ''))}(-[0-9]+)?"
        if held_role == role and account_id in wanted and re.fullmatch(pattern, name):
            names.setdefault(account_id, name)
    used = {_RESERVED, *taken, *names.values()}
    numbers: dict[str, int] = {}
    for account in accounts:
        if account.id not in names:
            plain = wanted[account.id]
            # Where the last account of that name stopped: a thousand may be called "Sandbox".
            number = numbers.get(plain, 1)
            name = plain if number == 1 else f"{plain}-{number}"
            while name in used:
                number += 1
                name = f"{plain}-{number}"
            numbers[plain] = number
            names[account.id] = name
            used.add(name)
    return names


def render_name(template: str, account: Account, role: str) -> str:
    """Return the name that a template gives, whether or not it is taken."""
    values = {
        "account_name": slug(account.name) or account.id,
        "account_id": account.id,
        "account_email": slug(account.email) or account.id,
        "role": slug(role.rpartition("/")[2]) or "role",
    }
    return "".join(
        literal + (values[field] if field else "") for literal, field, _, _ in Formatter().parse(template)
    )


def slug(text: str) -> str:
    """Return a text in lower-case ASCII letters, digits and ``_.@+``, with a hyphen for all else between them.

    Accents are dropped; of a text in another script nothing may be left.
    """
    plain = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return _HARD_TO_TYPE.sub("-", letters).strip("-.")


def holder_of(role_arn: str) -> Holder | None:
    """Return the holder of a profile with this role; None for a text that is not an ARN."""
    arn = Arn.parse(role_arn)
    return (arn.account, arn.role_name) if arn else None
