"""Role profiles, and manifests in many styles, for property tests."""

from __future__ import annotations

import json
import os
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from .configs import DEVICE, arn

quickly = settings(
    # As in tests/configfile/texts.py: always the same texts, or as many others as are asked for.
    max_examples=int(os.environ.get("XACCT_TEST_EXAMPLES", "100")),
    derandomize="XACCT_TEST_EXAMPLES" not in os.environ,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)

NAMES = (
    "a",
    "b",
    "c",
    "my prod",
    "it's",
    'say "x"',
    "no",
    "012",
    "1e3",
    "null",
    "é😀",
    "x: y",
    "# n",
    "{z}",
    "-",
)
ACCOUNTS = {"dev": "111111111111", "no": "012345678901", "prod 1": "222222222222"}
SETTINGS: dict[str, list[Any]] = {
    "region": ["us-west-1", "eu-west-1"],
    "mfa_session": ["auto", "on", "off"],
    "external_id": ["1234", "a:b", "no", "0x1F", "x=y,z"],
    "role_session_name": ["me", "2020-01-01", "1e5"],
    "duration_seconds": ["900", "3600"],
    "session_tags": ["a=b", "team=ops,app=007,cost center=", "a=x,b=1"],
    "source_identity": ["who", "true"],
    "policy_arns": ["arn:aws:iam::aws:policy/A", "arn:aws:iam::aws:policy/A,arn:aws:iam::aws:policy/b/B"],
    "policy": ['{"Version": "2012-10-17", "Statement": {"Sid": "it\'s # 1: \\"x\\""}}'],
    "mfa_process": ["ykman oath code 'it is'", 'say "x" # 1', "a: b"],
}
_COMMENTS = ["", "", "", "  # c{}", "   #c{}: [x"]


@st.composite
def profiles(draw: st.DrawFn) -> dict[str, dict[str, str]]:
    """Draw role profiles that work with a profile `default`, in any order, some assumed from others."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=5, unique=True))
    made: dict[str, dict[str, str]] = {}
    for name in names:
        options = {"role_arn": arn(draw(st.sampled_from([*ACCOUNTS.values(), "333333333333"])), draw(_ROLES))}
        source = draw(st.sampled_from(["default", "default", "Environment", *made]))
        options["credential_source" if source == "Environment" else "source_profile"] = source
        keys = draw(st.lists(st.sampled_from(sorted(SETTINGS)), max_size=4, unique=True))
        options.update({key: draw(st.sampled_from(SETTINGS[key])) for key in keys})
        if "session_tags" in options and draw(st.booleans()):
            options["transitive_session_tags"] = options["session_tags"].partition("=")[0]
        if source not in made and draw(st.booleans()):
            options["mfa_serial"] = DEVICE
        if options.get("mfa_session") == "on":
            options.pop("duration_seconds", None)
        made[name] = options
    return dict(draw(st.permutations(list(made.items()))))


_ROLES = st.sampled_from(["Power", "Audit", "team/Ops", "007", "a@b"])


class Writer:
    """Writes a manifest of role profiles in a style drawn line by line."""

    def __init__(self, draw: st.DrawFn, roles: dict[str, dict[str, str]]) -> None:
        self._draw = draw
        self._roles = roles
        self._comments = 0
        self._anchors: list[tuple[str, dict[str, Any]]] = []

    def text(self) -> str:
        lines = ["version: 1", *self._accounts()]
        defaults = {"region": "us-west-1"} if all(r.get("region") for r in self._roles.values()) else {}
        if defaults:
            lines.append("defaults:" + self._pick([" {region: us-west-1}", "\n  region: us-west-1"]))
        lines += ["", "# before"] if self._flip() else []
        if self._pick([False, False, False, True]):
            inside = ", ".join(
                f"{self._quoted(n)}: {self._flow(self._entry(r, {}))}" for n, r in self._roles.items()
            )
            lines.append(f"roles: {{{inside}}}")
        else:
            lines.append("roles:" + self._comment())
            indent = self._pick([1, 2, 4])
            for name, options in self._roles.items():
                lines += self._role(name, options, indent, defaults)
        if self._flip():
            lines.append("# after")
        text: str = "\n".join(lines) + self._pick(["\n", "\n\n", ""])
        return text.replace("\n", "\r\n") if self._pick([False, False, True]) else text

    def _accounts(self) -> list[str]:
        if self._flip():
            return [f"accounts: {self._flow(ACCOUNTS)}" + self._comment()]
        return [
            "accounts:",
            *(f"  {self._quoted(n)}: {self._quoted(i)}{self._comment()}" for n, i in ACCOUNTS.items()),
        ]

    def _role(self, name: str, options: dict[str, str], indent: int, defaults: dict[str, str]) -> list[str]:
        head = f"{' ' * indent}{self._quoted(name)}:"
        entry = self._entry(options, defaults)
        merged = next((each for each in self._anchors if each[1].items() <= entry.items()), None)
        anchor = ""
        if merged and self._flip():
            entry = {"<<": merged, **{key: item for key, item in entry.items() if key not in merged[1]}}
        elif self._flip():
            anchor = f" &a{len(self._anchors)}"
            self._anchors.append((f"a{len(self._anchors)}", entry))
        if self._flip():
            return [f"{head}{anchor} {self._flow(entry)}{self._comment()}"]
        deeper = " " * (indent + self._pick([1, 2, 3]))
        lines = [f"{head}{anchor}{self._comment()}"]
        for key, item in entry.items():
            if isinstance(item, dict) and self._flip():
                lines.append(f"{deeper}{key}:{self._comment()}")
                lines += [
                    f"{deeper}  {self._quoted(k)}: {self._quoted(v)}{self._comment()}"
                    for k, v in item.items()
                ]
            elif isinstance(item, list) and self._flip():
                lines.append(f"{deeper}{key}:")
                lines += [f"{deeper}- {self._quoted(each)}{self._comment()}" for each in item]
            else:
                lines.append(f"{deeper}{key}: {self._flow(item)}{self._comment()}")
            lines += self._pick([[], [], [], [""], [f"{deeper}# between"], ["# far left"]])
        return lines

    def _entry(self, options: dict[str, str], defaults: dict[str, str]) -> dict[str, Any]:
        left = dict(options)
        entry: dict[str, Any] = {}
        if self._pick([False, False, True]):
            entry["role_arn"] = left.pop("role_arn")
        else:
            _, _, _, _, account, name = left.pop("role_arn").split(":", 5)
            known = {i: n for n, i in ACCOUNTS.items()}
            entry["account"] = known.get(account, account) if self._flip() else account
            entry["role"] = name.removeprefix("role/")
        for key, text in left.items():
            if defaults.get(key) == text:
                continue
            item: Any = text
            if key == "session_tags" and self._flip():
                item = dict(pair.split("=", 1) for pair in text.split(","))
            elif key == "transitive_session_tags" and self._flip():
                item = [text]
            elif key == "policy_arns" and self._flip():
                item = text.split(",")
            elif key == "duration_seconds" and self._flip():
                item = int(text)
            entry[key] = item
        entry = dict(self._draw(st.permutations(list(entry.items()))))
        return entry | {key: None for key in defaults if key not in options}

    def _flow(self, item: Any) -> str:
        if item is None:
            return "null"
        if isinstance(item, tuple):
            return f"*{item[0]}"
        if isinstance(item, dict):
            blank = self._pick(["", " "])
            keys = ", ".join(
                f"{k if k == '<<' else self._quoted(k)}: {self._flow(v)}" for k, v in item.items()
            )
            return f"{{{blank}{keys}{blank}}}"
        if isinstance(item, list):
            return f"[{', '.join(map(self._quoted, item))}]"
        return str(item) if isinstance(item, int) else self._quoted(item)

    def _quoted(self, text: str) -> str:
        plain = text.replace("_", "a").isalpha() and text.isascii() and text not in ("null", "true")
        styles = [json.dumps(text, ensure_ascii=False), "'" + text.replace("'", "''") + "'"]
        return str(self._pick([*styles, *([text] * 3 if plain else [])]))

    def _comment(self) -> str:
        self._comments += 1
        return str(self._pick(_COMMENTS)).format(self._comments)

    def _flip(self) -> bool:
        return self._draw(st.booleans())

    def _pick(self, choices: list[Any]) -> Any:
        return self._draw(st.sampled_from(choices))


@st.composite
def manifests(draw: st.DrawFn) -> tuple[dict[str, dict[str, str]], str]:
    """Draw role profiles and a manifest of them."""
    roles = draw(profiles())
    return roles, Writer(draw, roles).text()
