"""The inventory: every role profile with its cached records."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from awscli_xacct.errors import ProfileError
from awscli_xacct.profiles.cache_keys import CacheKeys
from awscli_xacct.profiles.inventory import Inventory
from awscli_xacct.profiles.source import Source
from awscli_xacct.storage.cache import Cache, Record

ARN = "arn:aws:iam::222222222222:role/team/Power"
DEVICE = "arn:aws:iam::111111111111:mfa/dev"
KEYS = {"aws_access_key_id": "AKIA", "aws_secret_access_key": "secret"}
CONFIG: dict[str, Any] = {
    "profiles": {
        "default": KEYS,
        "prod": {"role_arn": ARN, "source_profile": "default", "mfa_serial": DEVICE, "region": "us-west-1"},
        "audit": {"role_arn": "arn:aws:iam::333333333333:role/Audit", "source_profile": "prod"},
        "odd": {"role_arn": "nonsense", "source_profile": "gone"},
        "ec2": {"role_arn": ARN, "credential_source": "Ec2InstanceMetadata"},
        "web": {"role_arn": ARN, "web_identity_token_file": "/token"},
        "morning": {**KEYS, "mfa_serial": DEVICE, "mfa_session": "on"},
        "from-morning": {"role_arn": ARN, "source_profile": "morning"},
    }
}


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache", warn=pytest.fail)


@pytest.fixture
def inventory(cache: Cache) -> Inventory:
    return Inventory(CONFIG, {}, cache.read)


def record(seconds: float = 1000) -> Record:
    """Return a record that is valid for `seconds`."""
    now = time.time()
    return Record("key", "secret", "token", now + seconds, now + seconds, metadata={"obtained": now})


def test_inventory_lists_role_profiles_in_file_order(inventory: Inventory) -> None:
    assert [entry.profile for entry in inventory] == ["prod", "audit", "odd", "ec2", "from-morning"]


def test_inventory_entry_has_the_settings(inventory: Inventory) -> None:
    prod = inventory.entry("prod")
    assert (prod.account, prod.role_name, prod.source) == ("222222222222", "team/Power", "default")
    assert (prod.mfa_serial, prod.region, prod.problem) == (DEVICE, "us-west-1", None)
    assert (prod.record, prod.session) == (None, None)
    assert inventory.entry("ec2").source == "Ec2InstanceMetadata"


def test_inventory_lists_an_invalid_profile_with_its_problem(inventory: Inventory) -> None:
    odd = inventory.entry("odd")
    assert (odd.account, odd.role_name, odd.source, odd.role) == ("", "nonsense", "gone", None)
    assert odd.problem is not None
    assert "source_profile gone does not exist" in odd.problem
    with pytest.raises(ProfileError):
        inventory.keys("odd").all()


def test_inventory_finds_cached_records_until_they_expire(inventory: Inventory, cache: Cache) -> None:
    own, session = inventory.keys("prod").all()
    assert own == inventory.keys("prod").of_role()
    cache.write(own, record())
    cache.write(session, record(2000))
    entry = inventory.entry("prod")
    assert entry.record is not None
    assert entry.session is not None
    assert entry.session.expiry > entry.record.expiry
    cache.write(own, record(-1))
    assert inventory.entry("prod").record is None


def test_records_of_a_chain_are_those_of_all_hops(inventory: Inventory) -> None:
    assert inventory.keys("audit").all() == [inventory.keys("audit").of_role(), *inventory.keys("prod").all()]


def test_records_of_a_role_include_the_shared_mfa_session(inventory: Inventory, cache: Cache) -> None:
    (session,) = inventory.keys("morning").all()
    assert inventory.keys("from-morning").all() == [inventory.keys("from-morning").of_role(), session]
    # The same user, device and duration mean the same session.
    assert session == inventory.keys("prod").all()[1]
    cache.write(session, record())
    assert inventory.entry("from-morning").session is not None


def test_records_have_the_names_that_the_fetcher_uses(inventory: Inventory) -> None:
    role = inventory.keys("prod").role
    keys = CacheKeys(CONFIG, "prod", {})
    assert isinstance(role.source, Source)
    assert inventory.keys("prod").all() == [
        keys.of_role(role),
        keys.of_session(role.source, DEVICE),
    ]


def test_records_depend_on_the_endpoint(cache: Cache) -> None:
    here = Inventory(CONFIG, {}, cache.read).keys("prod").all()
    there = Inventory(CONFIG, {"AWS_ENDPOINT_URL_STS": "http://127.0.0.1:1"}, cache.read).keys("prod").all()
    assert not set(here) & set(there)


def test_users_of_a_profile_have_it_as_their_source(inventory: Inventory) -> None:
    assert inventory.users_of("prod") == ["audit"]
    assert inventory.users_of("audit") == []
    itself = {"profiles": {"self": {**KEYS, "role_arn": ARN, "source_profile": "self"}}}
    assert Inventory(itself, {}, Cache(None, warn=pytest.fail).read).users_of("self") == []
