"""Environments for child processes that know nothing of the machine's own AWS settings."""

import os
from pathlib import Path

# A proxy would be asked for 127.0.0.1; the AWS settings of whoever runs the tests would win over a test's.
_DROPPED_PREFIXES = ("AWS_", "MOTO_")
_DROPPED_SUFFIXES = ("_PROXY",)


def without_aws_settings() -> dict[str, str]:
    """This process's environment less every AWS, moto and proxy variable."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.upper().startswith(_DROPPED_PREFIXES) and not name.upper().endswith(_DROPPED_SUFFIXES)
    }


def for_user(home: Path, endpoint_url: str) -> dict[str, str]:
    """Environment of a person whose home is `home` and whose AWS is at `endpoint_url`.

    Only HOME moves the AWS files, as it does for a real person, so `~/.aws` is `home/.aws`. A test that
    wants AWS_CONFIG_FILE and the like adds them.
    """
    return without_aws_settings() | {
        "HOME": str(home),
        "USERPROFILE": str(home),
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PAGER": "",
    }


def for_server() -> dict[str, str]:
    """Environment of the embedded AWS itself.

    The managed policies are wanted (ReadOnlyAccess); the stock AMIs cost start-up time and are not. The
    process is not what coverage measures, so it is not slowed by it either.
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
