"""Parse session tags as a config line holds them: ``team=ops,env=prod``, in aws-vault's format.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
"""

import re
from collections.abc import Iterable

MAX_TAGS = 50
MAX_KEY_LENGTH = 128
MAX_VALUE_LENGTH = 256
# `\s` without the control characters among it.
_CHARACTERS = re.compile(r"(?:[\w.:/=+@-]|[^\S\t-\r\x1c-\x1f\x85])*")


def parse_tags(text: str) -> tuple[dict[str, str], list[str]]:
    """Return the tags of a config line, and what is wrong with it."""
    tags: dict[str, str] = {}
    problems = []
    for item in filter(None, (part.strip() for part in text.split(","))):
        key, equals, value = (part.strip() for part in item.partition("="))
        if not equals:
            problems.append(f"{item!r} is not KEY=VALUE")
            continue
        problems += _tag_problems(key, value)
        if key.lower() in (known.lower() for known in tags):
            problems.append(f"the key {key!r} is repeated (case does not matter)")
        tags[key] = value
    if len(tags) > MAX_TAGS:
        problems.append(f"{len(tags)} tags are more than the {MAX_TAGS} that STS allows")
    return tags, problems


def parse_keys(text: str) -> list[str]:
    """Return the keys of a ``transitive_session_tags`` line."""
    return [key for key in (part.strip() for part in text.split(",")) if key]


def transitive_problems(keys: Iterable[str], tags: Iterable[str]) -> list[str]:
    """Return a problem for each of `keys` that is not among the session's tags, and so cannot be passed on."""
    known = set(tags)
    return [f"the key {key!r} is not among the session's tags" for key in keys if key not in known]


def _tag_problems(key: str, value: str) -> Iterable[str]:
    if not 1 <= len(key) <= MAX_KEY_LENGTH:
        yield f"the key {key[:20]!r} must have 1 to {MAX_KEY_LENGTH} characters"
    if len(value) > MAX_VALUE_LENGTH:
        yield f"the value of {key!r} has more than {MAX_VALUE_LENGTH} characters"
    for text in (key, value):
        if not _CHARACTERS.fullmatch(text):
            yield f"{text!r} may contain only letters, digits, spaces and _.:/=+-@"
    if key.lower().startswith("aws:"):
        yield f"the key {key!r} begins with the reserved prefix aws:"
