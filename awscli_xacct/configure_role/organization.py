"""The accounts of an organization, for `discover`, and why they cannot be listed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from ..aws_errors import is_denied, service_code
from ..discovery.accounts import Account, list_accounts
from ..errors import ValidationError, XacctError
from ..failures import code_of
from ..messages import print_message
from ..problems import Problem
from ..tables import counted
from .clients import ProfileClients

HEADING = "nothing was changed, because"
_LIST, _LIST_BELOW = (
    "organizations:ListAccounts",
    "organizations:ListAccountsForParent and organizations:ListOrganizationalUnitsForParent",
)


def find_accounts(session: Any, lister: str, parents: Sequence[str]) -> list[Account]:
    """Return the active accounts that profile `lister` finds in units or everywhere, at least one.

    Raises `ValidationError`.
    """
    try:
        found = list_accounts(ProfileClients(lister, session).client("organizations"), parents)
    except (ClientError, BotoCoreError, ResponseParserError, XacctError) as error:
        raise ValidationError(HEADING, [_explain(error, lister, parents)], code_of(error)) from None
    if not found:
        where = f"in {', '.join(parents)}" if parents else "in the organization"
        none = Problem(f"profile {lister} finds no active accounts {where}", code="ServiceError")
        raise ValidationError(HEADING, [none])
    print_message(f"found {counted(len(found), 'active account')} with profile {lister}")
    return found


def _explain(error: Exception, lister: str, parents: Sequence[str]) -> Problem:
    """Return why the organization cannot be listed, and what would help."""
    code = service_code(error)
    if is_denied(error):
        return Problem(
            f"profile {lister} may not list the organization's accounts: {error}",
            f"choose a profile with {_LIST_BELOW if parents else _LIST}, in the management account or a delegated "
            "administrator's: --profile P",
        )
    if code == "AWSOrganizationsNotInUseException":
        text = f"the account of profile {lister} does not belong to an organization: {error}"
        return Problem(text, "choose another profile: --profile P")
    if code in ("ParentNotFoundException", "InvalidInputException"):
        return Problem(f"--ou-id {' '.join(parents)}: {error}")
    return Problem(f"the organization could not be listed with profile {lister}: {error}")
