"""Session policies: what a role session may do is what the role and the policies of the session both allow.

A profile names managed policies, ``policy_arns``, and one of its own, ``policy``: the JSON itself, or ``file://`` and
the path of a file with it. STS unites the two, so a second policy never takes anything away. What is sent, and what the
cache key is made of, is the text as it stands: neither sorted nor stripped of whitespace.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_session
https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
"""

import json
import os
import shlex
import stat
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from .. import settings
from ..storage.record import HAS_POSIX_OWNERS, is_ours

FILE_PREFIX = "file://"
"""What a policy begins with that is in a file; the AWS CLI's own prefix for that."""
MAX_CHARACTERS = 2048
_MAX_BYTES = 1024 * 1024
"""A larger file is certainly no policy."""
_MAX_SHOWN = 60
_TRIES = 3
"""How often a file is read that changes meanwhile."""
_LINES = str.maketrans("\n\r\t", "   ")
"""JSON has these only between its parts."""

NARROWED = "narrowed"
"""The word for a session that may do less than its role."""

ONLY_HERE = (
    "programs that read the profile themselves (an SDK, Terraform) ignore its policies and get the whole role"
)
"""What is said once of a profile that gets policies."""


def is_narrowed(options: Mapping[str, Any]) -> bool:
    """Return whether a profile's sessions may do less than its role."""
    return any(options.get(key) for key in (settings.POLICY, settings.POLICY_ARNS))


def describe_narrowing(options: Mapping[str, Any]) -> str:
    """Return what tables say of a profile's policies; empty for none."""
    return NARROWED if is_narrowed(options) else ""


def to_dict(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return a profile's policies for JSON, as they are written: None and an empty list for none."""
    arns = str(options.get(settings.POLICY_ARNS) or "").split(",")
    policy = str(options.get(settings.POLICY) or "")
    return {"Policy": policy or None, "PolicyArns": [arn for arn in map(str.strip, arns) if arn]}


def make_absolute(text: str) -> str:
    """Return the value to write for the one of an option: a path absolute, JSON on one line.

    Variables and ``~`` in the path are expanded as by the AWS CLI.
    """
    if not text.startswith(FILE_PREFIX):
        return make_one_line(text)
    path = os.path.expanduser(os.path.expandvars(text[len(FILE_PREFIX) :]))
    return f"{FILE_PREFIX}{os.path.abspath(path)}" if path else text


def make_one_line(text: str) -> str:
    """Return a policy in JSON as one line, as a config file needs it, and the name of a file as it is."""
    return text if text.startswith(FILE_PREFIX) else text.translate(_LINES).strip()


def find_file(text: str) -> str | None:
    """Return the path of the file that has a policy; None if the policy is the JSON itself.

    Raises `ValueError` for a relative path, which would mean another file in each directory.
    """
    if not text.startswith(FILE_PREFIX):
        return None
    path = os.path.expanduser(text[len(FILE_PREFIX) :])
    if not os.path.isabs(path):
        raise ValueError("the path must be absolute, as in file:///home/me/policy.json")
    return path


def read_policy(text: str) -> str:
    """Return the policy that a ``policy`` line has or names, checked, to be sent as it is. Raises `ValueError`."""
    path = find_file(text)
    if path is None and not text.lstrip().startswith("{"):
        raise ValueError("must be a JSON object, or file:// and the absolute path of a file with one")
    try:
        document = text.strip() if path is None else _decode(_read_file(path))
        _check(document, path)
    except OSError as error:
        raise ValueError(f"the file cannot be read: {error.strerror or error}") from None
    return document


def policy_text_is(text: str, document: str | None) -> bool:
    """Return whether `read_policy` still returns `document` for a ``policy`` line."""
    try:
        return read_policy(text) == document
    except ValueError:
        return False


def policy_problem(text: str) -> str | None:
    """Return what is wrong with the text of a ``policy`` line, or with what it names; None if it can be written."""
    if not make_one_line(text).isprintable():
        return "it contains a line break or another control character"
    try:
        read_policy(text)
    except ValueError as error:
        return str(error)
    return None


def shortened(text: str) -> str:
    """Return a text for a message, which a policy in JSON would fill."""
    return text if len(text) <= _MAX_SHOWN or text.startswith(FILE_PREFIX) else f"{text[:_MAX_SHOWN]}…"


def _read_file(path: str) -> bytes:
    """Return the bytes of a policy's file that nobody changed meanwhile. Raises `ValueError` and `OSError`."""
    for _ in range(_TRIES):
        # A FIFO must not make the command wait for ever.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        try:
            before = os.fstat(descriptor)
            _check_file(before, path)
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                data = file.read(_MAX_BYTES + 1)
            after = os.fstat(descriptor)
        finally:
            os.close(descriptor)
        try:
            now = os.stat(path)
        except FileNotFoundError:
            continue  # replaced in two steps
        if len({_version(found) for found in (before, after, now)}) == 1 and len(data) == after.st_size:
            return data
    raise ValueError("the file changes while it is read; try again")


def _version(found: os.stat_result) -> tuple[int, ...]:
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _check_file(found: os.stat_result, path: str) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise ValueError("this is a directory, not a file")
    if not stat.S_ISREG(found.st_mode):
        raise ValueError("this is not a regular file")
    if found.st_size > _MAX_BYTES:
        raise ValueError(f"the file has {found.st_size} bytes; STS accepts {MAX_CHARACTERS} characters")
    if HAS_POSIX_OWNERS and not is_ours(found) and found.st_uid != 0:
        raise ValueError(
            f"the file belongs to another user, who could change what your sessions may do; make a copy of your own "
            f"with: cp {shlex.quote(path)} ~/.aws/"
        )


def _decode(data: bytes) -> str:
    if data.startswith(b"\xef\xbb\xbf"):
        raise ValueError("the file begins with a byte order mark (BOM), which is not JSON; save it without")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ValueError("the file is in UTF-16; save it in UTF-8")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ValueError(f"line {line} of the file is not UTF-8") from None


def _check(document: str, path: str | None) -> None:
    """Raise `ValueError` for what STS would refuse. Whether the policy means anything is left to STS."""
    place = document if path is not None else ""
    if not document.strip():
        raise ValueError("the file is empty")
    try:
        found = json.loads(document, object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise ValueError(f"not valid JSON: {_explain(error)}") from None
    except RecursionError:
        raise ValueError("not valid JSON: it is nested too deeply") from None
    if not isinstance(found, dict) or "Statement" not in found:
        raise ValueError("a policy is a JSON object with a Statement")
    if len(document) > MAX_CHARACTERS:
        raise ValueError(_explain_length(document, found, path))
    bad = next((sign for sign in document if not (" " <= sign <= "\xff" or sign in "\t\n\r")), None)
    if bad is not None:
        line = f" in line {place.count(chr(10), 0, document.index(bad)) + 1}" if place else ""
        raise ValueError(f"the character {bad!r}{line} is none that STS accepts in a policy")


def _unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Build an object. IAM accepts no key twice, and JSON readers differ in which of them counts."""
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"not valid as a policy: the key {shortened(twice)!r} is repeated")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"not valid JSON: {name}")


def _explain(error: json.JSONDecodeError) -> str:
    """Return what is wrong with JSON, and where. What Python says of a trailing comma depends on its version."""
    before = error.doc[: error.pos + 1].rstrip(" \t\r\n}]").rstrip()
    after = error.doc[len(before) :].lstrip()
    if before.endswith(",") and after[:1] in ("}", "]"):
        line = before.count("\n") + 1
        column = len(before) - (before.rfind("\n") + 1)
        return f"a comma before the closing {after[0]} (line {line}, column {column})"
    return f"{error.msg} (line {error.lineno}, column {error.colno})"


def _explain_length(document: str, found: Any, path: str | None) -> str:
    text = f"the policy has {len(document)} characters, and STS accepts {MAX_CHARACTERS}"
    short = len(json.dumps(found, separators=(",", ":"), ensure_ascii=False))
    if short > MAX_CHARACTERS:
        return f"{text}; shorten it, or create it as a managed policy and pass its ARN with --policy-arns"
    shrink = f" with: jq -c . {shlex.quote(path)} > SHORTER.json" if path else ""
    return f"{text}; without its whitespace it would have {short}: remove it{shrink}"
