"""Draw which profile assumes its role from which, as a flowchart for Mermaid.

https://mermaid.js.org/syntax/flowchart.html
"""

import re
from collections.abc import Mapping

from .. import settings
from ..arn import Arn

# Mermaid reads entities with a # in place of the &; a backtick at the start would begin Markdown.
_UNSAFE = re.compile(r"[^\w .:/@+=,-]")


def draw(roles: Mapping[str, Mapping[str, str]]) -> str:
    """Return a chart with a node per profile, and an arrow from each source to the roles it assumes.

    A role's node has its account and its name; an arrow says if an MFA code is needed.
    """
    nodes: dict[str, str] = {}
    arrows = []
    for name, options in roles.items():
        source = options.get(settings.SOURCE_PROFILE) or options.get(settings.CREDENTIAL_SOURCE, "")
        for each in (source, name):
            nodes.setdefault(each, f"p{len(nodes)}")
        label = "|MFA|" if settings.MFA_SERIAL in options else ""
        arrows.append(f"    {nodes[source]} -->{label} {nodes[name]}")
    lines = [f'    {node}["{_label(name, roles.get(name))}"]' for name, node in nodes.items()]
    return "\n".join(["flowchart LR", *lines, *arrows, ""])


def _label(name: str, options: Mapping[str, str] | None) -> str:
    arn = Arn.parse(options[settings.ROLE_ARN]) if options else None
    lines = [name, arn.account, arn.role_name] if arn else [name]
    return "<br>".join(map(_escape, lines))


def _escape(text: str) -> str:
    return _UNSAFE.sub(lambda found: f"#{ord(found[0])};", text)
