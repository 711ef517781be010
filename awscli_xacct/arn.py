"""Amazon Resource Names: take one apart, build one. No other module splits an ARN or pastes one together.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
"""

from typing import NamedTuple


class Arn(NamedTuple):
    """``arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE``; `str()` gives it back. Region and account may be empty."""

    partition: str
    service: str
    region: str
    account: str
    resource: str

    @classmethod
    def parse(cls, text: str) -> "Arn | None":
        """Return the parts of an ARN, whatever they are; None for text of another form."""
        prefix, *parts = text.split(":", 5)
        return cls(*parts) if prefix == "arn" and len(parts) == 5 else None

    @classmethod
    def iam(cls, partition: str, account: str, resource: str) -> "Arn":
        """Return the ARN of something in IAM, which is global; `resource` is such as ``role/team/Ops``."""
        return cls(partition, "iam", "", account, resource)

    def __str__(self) -> str:
        return ":".join(("arn", *self))

    @classmethod
    def guess_role(cls, text: str) -> "Arn | None":
        """Return the role that a text is likely to name, which is no ARN of one; None if nobody knows.

        It may be the ARN of a session, a link of the console for switching roles, an account with a name, or an ARN
        with a slip of the pen.
        """
        import re  # only what is reported needs it
        from urllib.parse import parse_qs, urlsplit

        text = (
            text.strip().strip("'\"<>\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}").strip()
        )
        partition, kind = "", ""
        if "://" in text:
            try:
                query = parse_qs(urlsplit(text).query)
            except ValueError:
                return None
            account, name = (query.get(key, [""])[0] for key in ("account", "roleName"))
        else:
            found = re.fullmatch(
                r"(?:arn:(aws[a-z-]*):(?:iam|sts):[a-z0-9-]*:?)?([0-9-]{12,14})[:/](?:(role|assumed-role)[:/])?([^:]+)",
                text,
                re.IGNORECASE,
            )
            if not found:
                return None
            partition, account, kind, name = (part or "" for part in found.groups())
            if not kind and (partition or "/" in name):
                return None  # the ARN of something else
        account = account.replace("-", "")
        if len(account) != 12 or not (account.isascii() and account.isdigit() and name):
            return None
        name = name.split("/")[0] if kind.lower() == "assumed-role" else name
        return cls.iam(partition or "aws", account, f"role/{name}")

    @property
    def kind(self) -> str:
        """The type of the resource: ``role`` of ``role/team/Ops``, ``root`` of ``root``."""
        return self.resource.partition("/")[0]

    @property
    def name(self) -> str:
        """The rest of the resource, a path included: ``team/Ops`` of ``role/team/Ops``."""
        return self.resource.partition("/")[2]

    @property
    def role_name(self) -> str:
        """A role's name with its path; the whole resource where that is not a role."""
        return self.resource.removeprefix("role/")
