"""Every environment variable, config key, default and limit this package knows, in one place.

Durations are seconds, times are seconds since the epoch. The limits are AWS's; the page behind each
is named with it.
"""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:  # the real one is in a module, which would have to be found and read
    from collections.abc import Mapping

# -- config keys of a profile ----------------------------------------------------------------------
# https://docs.aws.amazon.com/cli/latest/topic/config-vars.html#using-aws-iam-roles

ROLE_ARN = "role_arn"
SOURCE_PROFILE = "source_profile"
CREDENTIAL_SOURCE = "credential_source"
MFA_SERIAL = "mfa_serial"
EXTERNAL_ID = "external_id"
ROLE_SESSION_NAME = "role_session_name"
DURATION_SECONDS = "duration_seconds"
REGION = "region"
LOGIN_SESSION = "login_session"

# Extended keys, with aws-vault's names and meanings.
MFA_PROCESS = "mfa_process"
SESSION_TAGS = "session_tags"
TRANSITIVE_SESSION_TAGS = "transitive_session_tags"
SOURCE_IDENTITY = "source_identity"

MFA_SESSION = "mfa_session"
"""This package's own key: ``auto`` (default), ``on`` or ``off``; see credentials/mfa_session.py."""
MFA_SESSION_MODES = ("auto", "on", "off")

MANIFEST = "xacct_manifest"
"""In a profile that an import made: which manifest it was, by its name or its file's path."""
MANIFEST_KEYS = "xacct_manifest_keys"
"""Beside it: the keys that manifest has set. Whatever else is there is the person's own, and stays."""

CREDENTIAL_SOURCES = ("Environment", "Ec2InstanceMetadata", "EcsContainer")

DEFAULT_REGION = "us-east-1"

# -- environment variables, and the keys of the [xacct] section that they override ----------------

DISABLE_VARIABLE = "AWS_XACCT_DISABLE"
"""``1`` gives the stock CLI back: no command, no credentials of ours."""

CONFIG_SECTION = "xacct"
CACHE_DIR = "cache_dir"
"""Where records are kept. Default: ``~/.aws/xacct/cache``."""
MFA_SESSION_DURATION = "mfa_session_duration"
"""How long a shared MFA session lasts, in seconds. Default: 12 hours."""
MFA_PROMPT = "mfa_prompt"
"""Where codes are asked for: ``auto`` (default), ``tty``, ``gui`` or ``none``; see mfa/prompters.py."""
MFA_PROMPTS = ("auto", "tty", "gui", "none")
SIGNIN_ENDPOINT = "signin_endpoint"
"""The federation endpoint that gives sign-in URLs. Default: that of the profile's partition, if it has a public one."""
CONSOLE_ENDPOINT = "console_endpoint"
"""Where the console's pages are. Default: as for `SIGNIN_ENDPOINT`."""
PLUGIN_WIDE = (CACHE_DIR, MFA_SESSION_DURATION, MFA_PROMPT, SIGNIN_ENDPOINT, CONSOLE_ENDPOINT)
"""All keys of the ``[xacct]`` section; each has an environment variable, see `variable`."""

STATE_DIRECTORY = "~/.aws/xacct"
SETUP_KIND = "setup"
LASTING_KINDS = (SETUP_KIND,)
"""What is not to be lost when the machine starts again."""
SETUP_DIRECTORY = "~/.aws/xacct/setup"
"""Where `aws configure role setup` notes what it has made; see setup/journal.py."""
DEFAULT_CACHE_DIRECTORY = "~/.aws/xacct/cache"
CACHE_KIND = "cache"
"""What directories that are used in the place of a named one have in their names; see storage/places.py."""
DEFAULT_CONFIG_FILE = "~/.aws/config"
DEFAULT_CREDENTIALS_FILE = "~/.aws/credentials"

CONFIG_FILE_VARIABLE = "AWS_CONFIG_FILE"
CREDENTIALS_FILE_VARIABLE = "AWS_SHARED_CREDENTIALS_FILE"

RESOLVING_VARIABLE = "AWS_XACCT_RESOLVING"
"""Set for a ``credential_process``, not by people: whose credentials it is to give.
See credentials/recursion_guard.py."""

HANDED_VARIABLE = "AWS_XACCT_HANDED"
"""Set for commands of `exec` and `each`, not by people: which variables hold the profile's settings, a line each."""


def variable(name: str) -> str:
    """The environment variable that overrides a key of the ``[xacct]`` section."""
    return f"AWS_XACCT_{name.upper()}"


RESOLUTION_VARIABLES = (
    "AWS_ACCESS_KEY_ID",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_STS",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    variable(CACHE_DIR),
    variable(MFA_SESSION_DURATION),
)
"""All that, besides the two files, decides which record a profile's credentials are in. What xacct remembers of
a profile holds for the values these had; a test resolves profiles and finds any that is read and not listed."""

SECRET_VARIABLES = ("AWS_CONTAINER_AUTHORIZATION_TOKEN",)
"""Those of them that hold a secret: of these nothing is written down but a checksum."""


def config_paths(environment: "Mapping[str, str]" = os.environ) -> "list[str]":
    """Where the config file and the credentials file are."""
    named = (
        (CONFIG_FILE_VARIABLE, DEFAULT_CONFIG_FILE),
        (CREDENTIALS_FILE_VARIABLE, DEFAULT_CREDENTIALS_FILE),
    )
    return [os.path.expanduser(os.path.expandvars(environment.get(name, path))) for name, path in named]


# -- what the xacct command remembers ---------------------------------------------------------------

MEMO_DIRECTORY = "~/.aws/xacct/resolved"
"""What each profile was last resolved to, see cli/memo.py. It holds no credentials."""
MEMO_KIND = "resolved"
PAGE_DIRECTORY = "~/.aws/xacct/pages"
"""Where ``xacct console --open`` puts the page that takes a browser to the console."""
PAGE_KIND = "pages"
SIGNIN_SECONDS = 900
"""How long a sign-in URL may be used."""

MEMO_TICK = 2
"""Seconds within which two versions of a file may have the same times: FAT counts in twos."""


# -- limits ----------------------------------------------------------------------------------------
# https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html

MIN_ROLE_DURATION = 900
MAX_ROLE_DURATION = 43200
ROLE_DURATION_DEFAULT = 3600

CHAIN_MAXIMUM = 150
"""How many roles may be assumed one from the other: botocore itself gives up between 120 and 150."""
MAX_CHAINED_DURATION = 3600
"""A role assumed from a role's or an MFA session's credentials lasts an hour at most.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html#iam-term-role-chaining
"""

# https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
MIN_SESSION_DURATION = 900
MAX_SESSION_DURATION = 129600
SESSION_DURATION_DEFAULT = 43200

# -- how the cache behaves -------------------------------------------------------------------------

RENEW_AT_MOST = 900
"""Sessions are renewed this many seconds before their end, as stock does: what is signed with one may claim to be
good for 14 or 15 minutes (a token for EKS or RDS, a presigned URL), and dies with it …"""
RENEW_FRACTION = 2
"""… but one of less than half an hour not before half its life is over, or it would be renewed all the time."""

SESSION_RENEW_SECONDS = 60
"""Roles are assumed from an MFA session to this close to its end: renewing it takes a person and a device."""

RENEWAL_WAIT_SECONDS = 3
"""How long to wait for another process that is renewing the same session, before the old one is used."""

CLOCK_SLACK = 60
"""Seconds a record may seem to come from the future before the clock is taken to have been set back."""

SWEEP_SECONDS = 86400
"""How long after their end records and other leftovers are cleared from the cache directory …"""
SWEEP_FILES = 500
"""… and how many files are looked at for that at a time."""

RETRY_SECONDS = 30
"""After a renewal that failed, how long the old credentials are used before the next attempt."""

LOCK_WAIT_SECONDS = 300
"""How long to wait for another process that is fetching the same credentials; it may be asking a person."""
LOCK_SILENT_SECONDS = 1
"""How long such a wait goes unmentioned."""
LOCK_POLL_SECONDS = 0.05
"""How often one who waits looks whether the wait is over."""

MFA_PROCESS_SECONDS = 60
"""How long an ``mfa_process`` may take; it may be waiting for a person to touch a key."""

TOO_LONG_SECONDS = 3600
"""How long it is remembered that a role's maximum is shorter than what a profile asks for: finding out costs an
MFA code."""
SETUP_WAIT_SECONDS = 60
"""How long `setup` waits for IAM to know what was made, if it is not told otherwise."""

CODE_TRIES = 3
"""How often an MFA code is asked for before giving up."""

# -- manifests -------------------------------------------------------------------------------------

MANIFEST_BYTES = 8 * 1024 * 1024
"""How large a manifest may be; 10,000 roles take 1 to 3 MiB."""
CHAIN_LENGTH = 50
"""How many roles one behind the other an import takes for meant."""
