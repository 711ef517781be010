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
