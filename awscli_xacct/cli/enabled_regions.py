"""Which regions of an account a command runs in: those of the enabled ones that names and patterns select.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeRegions.html
"""

import threading
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from .. import settings
from ..failures import Failure, describe
from ..profiles.values import region_problem
from .fetch import Fetched

_WILD = "*?["


class Choice(NamedTuple):
    """A region to run in, or why there is none; no region: it is about the account."""

    region: str | None
    failure: Failure | None = None

    @property
    def error(self) -> str:
        """What people are told; empty if there is a region to run in."""
        return self.failure.message if self.failure else ""


def parse_regions(text: str) -> list[str]:
    """Return the names and patterns in a list with commas between them. Raises `ValueError` with what is wrong."""
    found = [each.strip() for each in text.split(",")]
    for each in found:
        plain = each.replace("*", "a").replace("?", "a")
        if not each or (not is_pattern(each) and region_problem(each)) or not plain.isprintable():
            raise ValueError(f"{each!r}: a region looks like us-west-1, and a pattern like eu-*")
    return list(dict.fromkeys(found))


def is_pattern(text: str) -> bool:
    """Return whether a text can match another one than itself: N names, as a shell expands them, take N steps."""
    return any(character in text for character in _WILD)


class EnabledRegions:
    """The regions of each account, which is asked once; an account that does not tell is asked with each profile.

    There is one client for many accounts, because each takes memory and time to make.
    """

    def __init__(self, wanted: Sequence[str], session: Any, config: Mapping[str, Any]) -> None:
        self._wanted = wanted
        self._session = session
        self._config = config
        self._known: dict[Any, Sequence[str]] = {}
        self._thread = threading.local()
        self._lock = threading.Lock()

    def choose(self, fetched: Sequence[Fetched]) -> list[list[Choice]]:
        """Return the regions to run in, for each of the profiles, which have credentials."""
        first = {_account(each): each for each in reversed(fetched) if _account(each) not in self._known}
        from ..credentials.batch import run_concurrently  # loads botocore

        answers = dict(run_concurrently(lambda key, each: (key, self._ask(each)), list(first.items())))
        self._known.update({account: found for account, found in answers.items() if isinstance(found, list)})
        chosen = []
        for each in fetched:
            account = _account(each)
            found: Sequence[str] | Exception | None = self._known.get(account)
            if found is None:
                found = answers[account] if first[account] is each else self._ask(each)
            chosen.append(self._choose(found, account))
        return chosen

    def _ask(self, profile: Fetched) -> Sequence[str] | Exception:
        try:
            return sorted(self._list(profile))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is this account's
            return error

    def _choose(self, found: Sequence[str] | Exception, account: object) -> list[Choice]:
        chosen: dict[str | None, Choice] = {}
        for each in self._wanted:
            if isinstance(found, Exception):
                reason = (str(found) or type(found).__name__).split("\n")[0]
                text = f"--regions {each}: the regions of the account cannot be listed: {reason}"
                failure = describe(found)._replace(message=text)
                choice = Choice(None, failure) if is_pattern(each) else Choice(each)
                chosen.setdefault(choice.region, choice)
                continue
            matching = [region for region in found if fnmatchcase(region, each)]
            for region in matching:
                chosen.setdefault(region, Choice(region))
            if not matching and is_pattern(each):
                text = f"--regions {each}: no region that is enabled matches it"
                chosen.setdefault(None, Choice(None, Failure("UsageError", text)))
            elif not matching:
                text = f"the region {each} is not enabled in account {account}"
                chosen.setdefault(each, Choice(each, Failure("UsageError", text)))
        return list(chosen.values())

    def _list(self, profile: Fetched) -> list[str]:
        """Return the regions that are enabled in the account of a profile. Raises botocore's errors."""
        from botocore.credentials import Credentials

        client = self._client(profile.profile)
        document = profile.document or {}
        keys = (document.get(name) for name in ("AccessKeyId", "SecretAccessKey", "SessionToken"))
        self._thread.credentials = Credentials(*keys)
        return [str(region["RegionName"]) for region in client.describe_regions()["Regions"]]

    def _client(self, profile: str) -> Any:
        """Return a client with the settings of a profile, which signs with the credentials of the current thread."""
        from ..credentials.context import region_for
        from ..credentials.profile_session import provider_for

        region = region_for(self._config, profile) or settings.DEFAULT_REGION
        with self._lock:
            create = provider_for(self._session, profile, self._config)._client_creator
            client = create(
                "ec2",
                region_name=region,
                aws_access_key_id="of-the-thread",
                aws_secret_access_key="of-the-thread",  # noqa: S106 - no key, but something to begin with
            )
            client.meta.events.register("before-sign.ec2", self._set_credentials, unique_id="xacct-each")
        return client

    def _set_credentials(self, request: Any, **_: Any) -> None:
        """Handle botocore's ``before-sign``, in the thread of the call."""
        request.context.setdefault("signing", {})["request_credentials"] = self._thread.credentials


def _account(each: Fetched) -> str:
    """Return the account of a profile; the profile itself if its credentials do not tell."""
    return str((each.document or {}).get("AccountId") or each.profile)
