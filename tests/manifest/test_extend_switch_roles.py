"""The configuration of the browser extension AWS Extend Switch Roles, read and written."""

from __future__ import annotations

import pytest

from awscli_xacct.errors import EditError, ValidationError
from awscli_xacct.manifest.extend_switch_roles import looks_like, read, write
from awscli_xacct.manifest.model import RoleSpec
from awscli_xacct.problems import in_order

from .configs import arn, role

CONFIG = """\
; all of it, and a comment ends no line: # see
[organization1]
aws_account_id = 000011112222
aws_account_alias = your-account-alias ; if it is aliased
target_role_name = Developer
target_region = eu-west-1

[profile Org1 Admin]
role_arn = arn:aws:iam::222222222222:role/team/Admin # a path
source_profile = organization1
color = ffaaee

  [dev]
  aws_account_id=333333333333;x
  source_profile = organization1
  image = "https://aesr.dev/img/150"

[other]\r
aws_account_id = 444444444444\r
role_name = Power\r
region = us-west-1\r
external_id = 1234

[baseaccount2]
aws_account_id = 000000000000
"""
REGION = {"region": "eu-west-1"}
ROLES = [
    RoleSpec("Org1 Admin", {"role_arn": arn("2", "team/Admin"), "source_profile": "organization1", **REGION}),
    RoleSpec("dev", {"source_profile": "organization1", **REGION}, "333333333333", "Developer"),
    RoleSpec("other", {"external_id": "1234", "region": "us-west-1"}, "444444444444", "Power"),
]


def problems_of(text: str) -> list[str]:
    return list(map(str, in_order(read(text, "r.ini", ["default"]).problems)))


@pytest.mark.parametrize("text", [CONFIG, "[a]", "\n ; c\n# d\r\n  [profile a]\n"])
def test_looks_like_recognizes_a_section_header_first(text: str) -> None:
    assert looks_like(text)


@pytest.mark.parametrize("text", ["", "# c\n", "version: 1\n", "{a: [b]}", "a = b\n[a]\n"])
def test_looks_like_rejects_all_other_texts(text: str) -> None:
    assert not looks_like(text)


def test_read_follows_the_rules_of_the_extension() -> None:
    found = read(CONFIG, "r.ini", ["organization1"])
    assert (found.roles, found.problems) == (ROLES, [])
    assert found.notes == ["color and image belong to the extension and stay in r.ini"]
    assert str(found.locate("other", "region")) == "r.ini:21:10"
    assert str(found.locate("other", "role_arn")) == "r.ini:19:18"
    assert str(found.locate("dev", "external_id")) == "r.ini:13:3"


def test_read_gives_no_source_if_the_only_base_account_is_not_a_profile() -> None:
    found = read(CONFIG, "r.ini", ["default"])
    assert [role.options.get("source_profile") for role in found.roles] == [None, None, None]
    assert found.notes[0] == (
        "base account organization1 is not among your profiles; its roles get the source profile default"
    )
    two = CONFIG + "[last]\nrole_name = A\naws_account_id = 555555555555\nsource_profile = baseaccount2\n"
    assert [role.options.get("source_profile") for role in read(two, "r.ini", ["default"]).roles] == [
        "organization1",
        "organization1",
        None,
        "baseaccount2",
    ]


def test_read_makes_no_profile_of_a_base_account_with_a_role() -> None:
    text = (
        "[sso]\naws_account_id = 000011112222\nrole_name = Entry\n"
        "[a]\nrole_arn = arn:aws:iam::222222222222:role/A\nsource_profile = sso\n"
        "[b]\nrole_arn = arn:aws:iam::222222222222:role/B\nsource_profile = a\n"
    )
    assert [role.profile for role in read(text, "r.ini", ["sso"]).roles] == ["a", "b"]


def test_read_reports_every_problem_with_its_location() -> None:
    assert problems_of(
        """\
stray = 1
[a]
aws_account_id = my-alias
role_name = A
[a]
  nonsense
role_name =
[b]
role_arn = arn:aws:iam::222222222222:role/B
  role_name = B
[c]
role_name = a b
source_profile = default
[d]
aws_account_id = 2222
source_profile = default
source_profile = x
"""
    ) == [
        "r.ini:1:1: 'stray = 1' is neither a [section] nor KEY = VALUE",
        "r.ini:3:18: the account id 'my-alias' is not 12 digits, as in 222222222222; write the account id in "
        "place of an alias",
        "r.ini:5:1: duplicate section 'a'; it is on line 2 already",
        "r.ini:6:3: 'nonsense' is neither a [section] nor KEY = VALUE",
        "r.ini:7:1: 'role_name =' is neither a [section] nor KEY = VALUE",
        "r.ini:10:15: role_arn names the role already; remove role_name",
        "r.ini:11:1: 'c': aws_account_id is missing",
        "r.ini:12:13: the role name 'a b' must be 1 to 64 letters, digits or any of +=,.@-_",
        "r.ini:14:1: 'd': role_name is missing",
        "r.ini:15:18: the account id '2222' is not 12 digits, as in 222222222222",
        "r.ini:17:1: duplicate key 'source_profile'; it is on line 16 already",
    ]
    assert problems_of("[a]\naws_account_id = 222222222222\n") == ["r.ini: there are no roles"]


def written(text: str, roles: dict[str, dict[str, str]]) -> tuple[str, list[str]]:
    return write(text, "r.ini", roles)


def test_write_adds_roles_and_keeps_everything_else() -> None:
    roles = {
        "Org1 Admin": role("2", "team/Admin"),
        "dev": role("5", "Developer", region="eu-west-2"),
        "other": role("4", "Power", region="us-west-1"),
        "new": role("6", "New", duration_seconds="3600", region="eu-west-1"),
        "profile x": role("7", "X"),
        "a;b": role("7", "X"),
    }
    text, left = written(CONFIG.replace("  [dev]", "[dev]"), roles)
    assert left == ["a;b"]
    assert text == CONFIG.replace("  [dev]", "[dev]").replace("333333333333;x", "555555555555;x").replace(
        '  image = "https://aesr.dev/img/150"\n',
        '  image = "https://aesr.dev/img/150"\n  role_name = Developer\n  region = eu-west-2\n',
    ) + (
        "\n[new]\nrole_arn = arn:aws:iam::666666666666:role/New\nregion = eu-west-1\n"
        "\n[profile profile x]\nrole_arn = arn:aws:iam::777777777777:role/X\n"
    )
    assert written(text, roles) == (text, ["a;b"])
    names = [found.profile for found in read(text, "r.ini", ["organization1"]).roles]
    assert names == ["Org1 Admin", "dev", "other", "new", "profile x"]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (CONFIG, "r.ini:11:9"),
        ("[a]\nrole_arn = arn:aws:iam::222222222222:role/A\n  region = x\n", "r.ini:2:12"),
    ],
)
def test_write_refuses_a_line_that_other_tools_read_differently(text: str, place: str) -> None:
    with pytest.raises(EditError) as caught:
        written(text, {"a": role("3", "A")})
    assert str(caught.value) == (
        f"{place}: other AWS tools read the next line as part of this one, because it is indented; nothing was "
        f"written. Remove its indentation"
    )


def test_write_keeps_a_comment_after_a_value() -> None:
    text, _ = written("[a]\nrole_arn = arn:aws:iam::222222222222:role/A   ; why\n", {"a": role("3", "A")})
    assert text == "[a]\nrole_arn = arn:aws:iam::333333333333:role/A   ; why\n"


def test_write_refuses_an_invalid_file() -> None:
    with pytest.raises(ValidationError, match=r"r\.ini:3:1: 'x' is neither"):
        written("[a]\naws_account_id = 222222222222\nx\n", {"a": role("3", "A")})
