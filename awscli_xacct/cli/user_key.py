"""What the commands about a user's long-term key share: how they find and use it, and what they say of it."""

import contextlib
import os
import shlex
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from .. import install, settings
from ..aws_errors import is_denied, is_expired_or_unknown_caller
from ..confirm import Change, Consent, confirm_and_apply
from ..errors import XacctError
from ..keys.key_store import KeyStore
from ..keys.model import AccessKey
from ..keys.place import Files, Place, find_place, no_key
from ..keys.transfer import check_not_elsewhere, require_stored
from ..messages import print_message, profile_option
from ..profiles.key_places import KEY_STORE
from .fetch import make_session
from .resolve import read_config

if TYPE_CHECKING:
    from ..keys.clients import KeyClients


def locate_key(profile: str, files: Files) -> tuple[Place, AccessKey]:
    """Return where the key of a profile rests, and the key. Raises `XacctError` if a program keeps it, or nobody."""
    place, key = find_place(profile, files)
    check_not_elsewhere(place)
    if place.kind == KEY_STORE:
        key = require_stored(profile, KeyStore())
    if key is None:
        raise no_key(place)
    return place, key


def program_of(profile: str) -> str:
    """Return the ``credential_process`` of a profile; empty if it has none."""
    return str(read_config()["profiles"][profile].get(settings.CREDENTIAL_PROCESS) or "")


@contextlib.contextmanager
def explaining_refusals(profile: str) -> Iterator[None]:
    """Turn a refusal of AWS in the block into an error that says what to do about it. Raises `XacctError`."""
    try:
        yield
    except Exception as error:
        if is_expired_or_unknown_caller(error):
            raise XacctError(
                f"AWS does not accept the key of profile {profile}, which may have been disabled or deleted: {error}. "
                f"Enter another one with:\n  aws configure {profile_option(profile)}",
                code="AccessDenied",
            ) from None
        if not is_denied(error):
            raise
        permission = f"iam:{getattr(error, 'operation_name', '')}"
        raise XacctError(
            f"the user of profile {profile} is not allowed {permission}: {error}. docs/keys.md has a policy that "
            f"allows users to manage their own keys and devices",
            code="AccessDenied",
        ) from None


def make_clients(profile: str) -> "KeyClients":
    """Return clients with the settings of a profile, whichever key they are to use."""
    session = make_session(profile)
    from ..keys.clients import KeyClients  # imports botocore, which is there only now

    return KeyClients(session, profile, install)


def warn_of_readers(path: Path) -> None:
    """Say so if other users can read a file that has a key now. Its mode is the user's business."""
    if os.name != "nt" and path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
        print_message(f"other users can read {path}. To stop that:\n  chmod 600 {shlex.quote(str(path))}")


def confirm(question: str, apply: Callable[[], int], consent: Consent) -> int:
    """Ask for `consent` to a change of a key, make it, and return the exit code."""
    return confirm_and_apply(Change(question=question, declined="nothing was changed", apply=apply), consent)
