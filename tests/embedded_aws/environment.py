"""Environments for child processes, without the AWS settings of this machine."""

import os
from pathlib import Path

# A proxy would be used for 127.0.0.1, and the developer's AWS settings would take precedence over those of a test.
_DROPPED_PREFIXES = ("AWS_", "MOTO_")
_DROPPED_SUFFIXES = ("_PROXY",)


def without_aws_settings() -> dict[str, str]:
    """Return this process's environment without AWS, moto and proxy variables."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.upper().startswith(_DROPPED_PREFIXES) and not name.upper().endswith(_DROPPED_SUFFIXES)
    }


def for_user(home: Path, endpoint_url: str) -> dict[str, str]:
    """Return the environment of a user whose home is `home` and whose AWS is at `endpoint_url`.

    As for a real user, only HOME decides where the AWS files are: `~/.aws` is `home/.aws`. A test that needs
    AWS_CONFIG_FILE or similar variables adds them.
    """
    return without_aws_settings() | {
        "HOME": str(home),
        "USERPROFILE": str(home),
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PAGER": "",
    }


def for_server() -> dict[str, str]:
    """Return the environment of the embedded AWS itself.

    It loads the managed policies (for ReadOnlyAccess), but not the stock AMIs, which cost start-up time. Coverage does
    not measure this process, and so must not slow it down.
    """
    inherited = {
        name: value for name, value in without_aws_settings().items() if not name.startswith("COVERAGE_")
    }
    return inherited | {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",
        "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
    }
