"""An access key, and the errors about it."""

import json
import re
from typing import NamedTuple

from ..errors import XacctError

_ID = re.compile(r"[A-Z0-9]{16,128}")
_SECRET = re.compile(r"[A-Za-z0-9/+=]{1,128}")


class AccessKey(NamedTuple):
    """A long-term access key: its id, which is no secret, and its secret."""

    id: str
    secret: str

    def __repr__(self) -> str:
        return f"AccessKey({self.id!r})"

    def to_document(self) -> str:
        """Return the key as a ``credential_process`` prints it.

        https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
        """
        return json.dumps({"Version": 1, "AccessKeyId": self.id, "SecretAccessKey": self.secret})

    @classmethod
    def from_document(cls, text: str | bytes) -> "AccessKey":
        """Return the key in what `to_document` returned. Raises `ValueError`, which does not quote the text."""
        try:
            found = json.loads(text)
            key = cls(found["AccessKeyId"], found["SecretAccessKey"])
        except (ValueError, KeyError, TypeError):
            raise ValueError("not an access key") from None
        key.check()
        return key

    def check(self) -> None:
        """Raise `ValueError` if this is not what AWS issues; it could not be written to a file either."""
        if not (isinstance(self.id, str) and _ID.fullmatch(self.id)):
            raise ValueError("not the id of an access key")
        if not (isinstance(self.secret, str) and _SECRET.fullmatch(self.secret)):
            raise ValueError(f"not the secret of access key {self.id}")


class KeyStoreError(XacctError):
    """The system's key store is missing, locked, or has no such key."""

    code = "NoCredentials"


class KeyStoreSilentError(KeyStoreError):
    """The system's key store has not answered, so what it was asked to do may still happen."""


class KeyChangedError(XacctError):
    """The key in a file is no longer the one that a command began with; the file is unchanged."""

    code = "FileChanged"
