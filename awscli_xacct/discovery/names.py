"""What the profiles of many accounts are called: a template, filled in and made fit to be typed.

A name depends on the accounts and on the names that are taken, never on the order in which accounts come; and
an account that has its profile already keeps that name, whoever else comes along later.
"""

from __future__ import annotations

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
"""Whose a profile name is: the account id and the role's name with its path."""

_UNFIT = re.compile(r"[^a-z0-9_.@+]+")
_OWN = "default"
"""No role's name: it is the user's own profile."""


def template_fault(template: str) -> str | None:
    """What is wrong with a template, or None."""
    known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
    try:
        parts = list(Formatter().parse(template))
    except ValueError:
        return f"a {{ or }} stands alone; the placeholders are {known}"
    fields = [field for _, field, _, _ in parts if field is not None]
    for _, field, form, conversion in parts:
        if field is not None and (field not in PLACEHOLDERS or form or conversion):
            return f"{{{field}}} is no placeholder; they are {known}"
    if not any(field.startswith("account_") for field in fields):
        return "all accounts would be called the same; put {account_name} or {account_id} into it"
    return name_problem("".join(literal + ("x" if field else "") for literal, field, _, _ in parts))


def named(
    accounts: Iterable[Account], template: str, role: str, taken: Mapping[str, Holder | None]
) -> dict[str, str]:
    """The profile name of each account, by its id, for a role of that name, all different.

    `taken` are the names that are in use, and by whom (None: by something else). One that is in use by the very
    account and role is kept; where another one is in the way, a number is added.
    """
    ordered = sorted(accounts)
    wanted = {account.id: rendered(template, account, role) for account in ordered}
    names: dict[str, str] = {}
    held: dict[str, list[str]] = {}
    for name, holder in taken.items():
        if holder and holder[1] == role:
            held.setdefault(holder[0], []).append(name)
    for account in ordered:
        own = held.get(account.id, [])
        kept = [name for name in own if re.fullmatch(rf"{re.escape(wanted[account.id])}(-[0-9]+)?", name)]
        if kept:
            names[account.id] = min(kept, key=lambda name: (len(name), name))
    used = {_OWN, *taken, *names.values()}
    for account in ordered:
        if account.id not in names:
            name, number = wanted[account.id], 1
            while name in used:
                number += 1
                name = f"{wanted[account.id]}-{number}"
            names[account.id] = name
            used.add(name)
    return names


def rendered(template: str, account: Account, role: str) -> str:
    """The name that a template gives, with nothing else in the way."""
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
    """A text in small ASCII letters, digits and ``_.@+``, with a hyphen for all else between them.

    Accents are left out; of a text in other letters nothing may be left.
    """
    plain = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return _UNFIT.sub("-", letters).strip("-.")


def holder_of(role_arn: str) -> Holder | None:
    """Whose a profile with this role is; None for an ARN that is none."""
    arn = Arn.parse(role_arn)
    return (arn.account, arn.role_name) if arn else None
