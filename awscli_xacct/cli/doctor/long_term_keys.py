"""Long-term keys that profiles expect in the system's key store."""

from __future__ import annotations

from collections.abc import Iterator

from ... import settings
from ...errors import XacctError
from ...keys.key_store import KeyStore
from ...keys.transfer import require_stored
from ...profiles.credential_process import gets_key_of
from .report import FAULT, OK, DoctorContext, Finding


def check(context: DoctorContext) -> Iterator[Finding]:
    """Check that the key store has the key of each profile that gets it from there."""
    profiles = (context.config or {}).get("profiles", {})
    names = [
        name
        for name, options in profiles.items()
        if gets_key_of(str(options.get(settings.CREDENTIAL_PROCESS)), name)
    ]
    for name in names:
        try:
            key_store = KeyStore()
            require_stored(name, key_store)
        except XacctError as error:
            text, _, fix = str(error).partition("\n")
            yield Finding(FAULT, f"profile {name}: {text}", fix.strip())
        else:
            yield Finding(OK, f"profile {name}: its key is in {key_store.name}")
