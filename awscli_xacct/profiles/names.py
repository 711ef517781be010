"""Names that nobody has, and those that may have been meant."""

from __future__ import annotations

from collections.abc import Iterable

SEE_LIST = "see those there are with: aws configure role list"


def no_profile(name: str, profiles: Iterable[str]) -> str:
    """That there is no profile of that name, with the nearest there are."""
    from difflib import get_close_matches  # a warm command has no use for it

    near = get_close_matches(name, list(profiles), n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else SEE_LIST
    return f"there is no profile {name}; {hint}"
