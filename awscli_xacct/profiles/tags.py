"""Session tags as a config line holds them: ``team=ops,env=prod``, the way aws-vault writes them.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable

MAX_TAGS = 50
MAX_KEY_LENGTH = 128
MAX_VALUE_LENGTH = 256
# Of what counts as a blank, those that are control characters are left out.
_CHARACTERS = re.compile(r"(?:[\w.:/=+@-]|[^\S\t-\r\x1c-\x1f\x85])*")


def parse_tags(text: str) -> tuple[dict[str, str], list[str]]:
    """The tags of a config line, and what is wrong with it."""
    tags: dict[str, str] = {}
    faults = []
    for item in filter(None, (part.strip() for part in text.split(","))):
        key, equals, value = (part.strip() for part in item.partition("="))
        if not equals:
            faults.append(f"{item!r} is not KEY=VALUE")
            continue
        faults += _tag_problems(key, value)
        if key.lower() in (known.lower() for known in tags):
            faults.append(f"the key {key!r} comes twice; upper and lower case are one")
        tags[key] = value
    if len(tags) > MAX_TAGS:
        faults.append(f"{len(tags)} tags are more than {MAX_TAGS}")
    return tags, faults


def parse_keys(text: str) -> list[str]:
    """The keys of a ``transitive_session_tags`` line."""
    return [key for key in (part.strip() for part in text.split(",")) if key]


def transitive_problems(keys: Iterable[str], tags: Iterable[str]) -> list[str]:
    """What keeps `keys` from being passed on: each has to be among the session's tags."""
    known = set(tags)
    return [f"the key {key!r} is none of the session's tags" for key in keys if key not in known]


def _tag_problems(key: str, value: str) -> Iterable[str]:
    if not 1 <= len(key) <= MAX_KEY_LENGTH:
        yield f"the key {key[:20]!r} has to have 1 to {MAX_KEY_LENGTH} characters"
    if len(value) > MAX_VALUE_LENGTH:
        yield f"the value of {key!r} has more than {MAX_VALUE_LENGTH} characters"
    for text in (key, value):
        if not _CHARACTERS.fullmatch(text):
            yield f"{text!r} has characters other than letters, digits, blanks and _.:/=+-@"
    if key.lower().startswith("aws:"):
        yield f"the key {key!r} begins with aws:, which is reserved"
