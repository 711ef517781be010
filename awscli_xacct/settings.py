"""Every environment variable, config key, default and limit of this package, in one place.

Durations are in seconds, times in seconds since the epoch. Limits are AWS's, with the page that states them.
"""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:  # the real constant is in a module, which would have to be loaded
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

# Extended keys, with aws-vault's names and meanings.
MFA_PROCESS = "mfa_process"
SESSION_TAGS = "session_tags"
TRANSITIVE_SESSION_TAGS = "transitive_session_tags"
SOURCE_IDENTITY = "source_identity"

POLICY = "policy"
"""Our own key, named like STS's parameter: a session policy as JSON, or ``file://`` and the path of one."""
POLICY_ARNS = "policy_arns"
"""The same for managed policies: their ARNs, separated by commas; see profiles/managed_policies.py."""

MFA_SESSION = "mfa_session"
"""Our own key: ``auto`` (default), ``on`` or ``off``; see credentials/mfa_session.py."""
MFA_SESSION_MODES = ("auto", "on", "off")

# What gives a profile credentials of its own, or says whose they are.
# https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
ACCESS_KEY_ID = "aws_access_key_id"
SECRET_ACCESS_KEY = "aws_secret_access_key"  # noqa: S105 - the name of a key
SESSION_TOKEN = "aws_session_token"  # noqa: S105
ACCOUNT_ID = "aws_account_id"
CREDENTIAL_PROCESS = "credential_process"
LOGIN_SESSION = "login_session"
SSO_ACCOUNT_ID = "sso_account_id"
SSO_REGION = "sso_region"
SSO_ROLE_NAME = "sso_role_name"
SSO_SESSION = "sso_session"
SSO_START_URL = "sso_start_url"
WEB_IDENTITY_TOKEN_FILE = "web_identity_token_file"  # noqa: S105
CREDENTIAL_KEYS = (
    ACCESS_KEY_ID,
    SECRET_ACCESS_KEY,
    SESSION_TOKEN,
    ACCOUNT_ID,
    CREDENTIAL_PROCESS,
    LOGIN_SESSION,
    SSO_ACCOUNT_ID,
    SSO_REGION,
    SSO_ROLE_NAME,
    SSO_SESSION,
    SSO_START_URL,
    WEB_IDENTITY_TOKEN_FILE,
)

MANIFEST = "xacct_manifest"
"""Set by an import: the manifest that the profile was made from, by its name or its file's path."""
MANIFEST_KEYS = "xacct_manifest_keys"
"""Set by an import: the keys that came from the manifest. All other keys are the user's own and are kept."""

CREDENTIAL_SOURCES = ("Environment", "Ec2InstanceMetadata", "EcsContainer")

DEFAULT_REGION = "us-east-1"

# -- environment variables, and the keys of the [xacct] section that they override ----------------

DISABLE_VARIABLE = "AWS_XACCT_DISABLE"
"""``1`` turns the plugin off: no command and no credentials of ours; ``no``, ``off`` … do not."""
NOT_DISABLING = ("", "0", "false", "no", "off")

CONFIG_SECTION = "xacct"
CACHE_DIR = "cache_dir"
"""The directory for cache records. Default: `DEFAULT_CACHE_DIRECTORY`."""
MFA_SESSION_DURATION = "mfa_session_duration"
"""How long a shared MFA session lasts. Default: `DEFAULT_SESSION_DURATION`."""
MFA_PROMPT = "mfa_prompt"
"""Where to prompt for MFA codes: ``auto`` (default), ``tty``, ``gui`` or ``none``; see mfa/prompters.py."""
MFA_PROMPTS = ("auto", "tty", "gui", "none")
ERROR_FORMAT = "cli_error_format"
"""A key of any profile, the AWS CLI's own: how errors are printed. Ours are for programs only as ``json``."""
ERROR_FORMAT_VARIABLE = "AWS_CLI_ERROR_FORMAT"
ERROR_FORMATS = ("legacy", "json", "enhanced", "text", "table", "yaml")

SIGNIN_ENDPOINT = "signin_endpoint"
"""The federation endpoint for sign-in URLs. Default: that of the profile's partition, if it has a public one."""
CONSOLE_ENDPOINT = "console_endpoint"
"""The URL of the console. Default: as for `SIGNIN_ENDPOINT`."""
# `ROLE_SESSION_NAME`, too: the name of role sessions whose profiles name none; see profiles/session_names.py.
HISTORY = "history"
"""Whether each session obtained is recorded: ``on`` (default) or ``off``; see history/log.py."""
HISTORY_MODES = ("on", "off")
PLUGIN_WIDE = (
    CACHE_DIR,
    MFA_SESSION_DURATION,
    MFA_PROMPT,
    SIGNIN_ENDPOINT,
    CONSOLE_ENDPOINT,
    ROLE_SESSION_NAME,
    HISTORY,
)
"""All keys of the ``[xacct]`` section."""
VARIABLES = {key: f"AWS_XACCT_{key.upper()}" for key in PLUGIN_WIDE}
"""The environment variable that overrides each of them."""

STATE_DIRECTORY = "~/.aws/xacct"
SETUP_DIRECTORY = "~/.aws/xacct/setup"
"""The journals of `aws configure role setup`; see setup/journal.py."""
DEFAULT_CACHE_DIRECTORY = "~/.aws/xacct/cache"
CACHE_KIND = "cache"
SETUP_KIND = "setup"
"""A kind is part of the name of a directory that is used instead of another; see storage/directories.py."""
HISTORY_FILE = "history.jsonl"
"""The history, in `STATE_DIRECTORY`; see history/log.py."""
HISTORY_KIND = "history"
MAX_KEY_AGE_DAYS = 90
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html#rotate-credentials"""
KEYS_DIRECTORY = "~/.aws/xacct/keys"
"""The notes of `xacct keys rotate`; see keys/journal.py."""
KEYS_KIND = "keys"
LASTING_KINDS = (SETUP_KIND, HISTORY_KIND, KEYS_KIND)
"""Kinds that have to survive a restart of the machine."""
DEFAULT_CONFIG_FILE = "~/.aws/config"
DEFAULT_CREDENTIALS_FILE = "~/.aws/credentials"

CONFIG_FILE_VARIABLE = "AWS_CONFIG_FILE"
CREDENTIALS_FILE_VARIABLE = "AWS_SHARED_CREDENTIALS_FILE"
IGNORE_ENDPOINTS_VARIABLE = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"

RESOLVING_VARIABLE = "AWS_XACCT_RESOLVING"
"""Set for a ``credential_process``, not by people: the profiles it gets credentials for; see
credentials/recursion_guard.py."""

SHELL_VARIABLE = "AWS_XACCT_SHELL"
"""Set in a shell that `exec` has started, not by people: when its credentials expire, in seconds since the epoch (0 for
never), `SHELL_NARROWED` if they are narrowed, a space, and the profile."""
SHELL_NARROWED = "n"

PROGRAM_VARIABLE = "AWS_XACCT_PROGRAM"
"""Set for the processes that fetch for a server, not by people: what the history calls the program that asks."""

PROBING_VARIABLE = "AWS_XACCT_PROBING"
"""Set for programs that `enable` and `doctor` run, not by people: what these run must not run them in turn."""

HANDED_VARIABLE = "AWS_XACCT_HANDED"
"""Set for commands of `exec` and `each`, not by people: the variables with the profile's settings, one per line."""

COPIES_VARIABLE = "AWS_XACCT_COPIES"
"""Set for programs that a server has credentials for, not by people: what hides the config files; see copies.py."""


RESOLUTION_VARIABLES = (
    "AWS_ACCESS_KEY_ID",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_STS",
    IGNORE_ENDPOINTS_VARIABLE,
    VARIABLES[CACHE_DIR],
    VARIABLES[MFA_SESSION_DURATION],
    VARIABLES[ROLE_SESSION_NAME],
)
"""What decides, besides the two files, which record has a profile's credentials. A memo is valid for the values that
these had. A test resolves profiles and fails for any variable that is read and not listed here."""

SECRET_VARIABLES = ("AWS_CONTAINER_AUTHORIZATION_TOKEN",)
"""Those of them that hold a secret: only their checksums are stored."""


PROFILE_VARIABLES = ("AWS_DEFAULT_PROFILE", "AWS_PROFILE")
"""In botocore's order of precedence."""


def find_current_profile(environment: "Mapping[str, str]") -> str:
    """Return the profile that the environment names, or an empty string."""
    return next(filter(None, map(environment.get, PROFILE_VARIABLES)), "")


def config_paths(environment: "Mapping[str, str]" = os.environ) -> "list[str]":
    """Return the paths of the config file and the credentials file."""
    named = (
        (CONFIG_FILE_VARIABLE, DEFAULT_CONFIG_FILE),
        (CREDENTIALS_FILE_VARIABLE, DEFAULT_CREDENTIALS_FILE),
    )
    return [os.path.expanduser(os.path.expandvars(environment.get(name, path))) for name, path in named]


# -- files of the xacct command ---------------------------------------------------------------------

MEMO_DIRECTORY = "~/.aws/xacct/resolved"
"""The memos, each of how a profile was last resolved; see storage/memo.py. They hold no credentials."""
MEMO_KIND = "resolved"
MEMO_TICK = 2
"""Two versions of a file written within so many seconds may have the same times: FAT's resolution."""
PAGE_DIRECTORY = "~/.aws/xacct/pages"
"""The pages with which ``xacct console --open`` sends a browser to the console."""
PAGE_KIND = "pages"
SERVE_DIRECTORY = "~/.aws/xacct/serve"
"""The config files of programs for which ``xacct serve`` and ``xacct exec --serve`` have credentials."""
SERVE_KIND = "serve"
SERVE_WAIT_SECONDS = 60
"""How long such a program waits for credentials: somebody may have to enter an MFA code."""
SIGNIN_SECONDS = 900
"""How long a sign-in URL can be used."""


# -- limits ----------------------------------------------------------------------------------------
# https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html

MIN_ROLE_DURATION = 900
MAX_ROLE_DURATION = 43200
DEFAULT_ROLE_DURATION = 3600

MAX_CHAIN = 150
"""How many roles a chain may have; botocore itself gives up between 120 and 150."""
MAX_CHAINED_DURATION = 3600
"""The longest session of a role that is assumed from a role's or an MFA session's credentials.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html#iam-term-role-chaining
"""

# https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
MIN_SESSION_DURATION = 900
MAX_SESSION_DURATION = 129600
DEFAULT_SESSION_DURATION = 43200

# -- how the cache behaves -------------------------------------------------------------------------

REFRESH_SECONDS = 900
"""Sessions are refreshed so long before they expire, as the stock CLI does: what is signed with one (a token for EKS or
RDS, a presigned URL) may claim to be good for 14 or 15 minutes, and expires with it."""
REFRESH_FRACTION = 2
"""A session of less than half an hour is refreshed when half its life is over, or it would be refreshed constantly …"""
PRESIGNING_SECONDS = 60
"""… but when it is so old, before it signs a token or a URL; see credentials/single_flight.py."""

SESSION_REFRESH_SECONDS = 60
"""Roles are assumed from an MFA session until so long before it expires: a new one takes a person and a device."""

REFRESH_WAIT_SECONDS = 3
"""How long to wait for another process that refreshes the same session, before the old one is used."""

CLOCK_SLACK = 60
"""How far in the future a record may have been obtained; beyond that, the clock has been set back."""

SWEEP_SECONDS = 86400
"""How long after they expire records and other leftovers are removed from the cache directory …"""
SWEEP_FILES = 500
"""… and how many files are looked at each time."""

RETRY_SECONDS = 30
"""How long old credentials are used after a failed refresh, before the next attempt."""

LOCK_WAIT_SECONDS = 300
"""How long to wait for another process that is fetching the same credentials; it may be prompting for a code."""
LOCK_SILENT_SECONDS = 1
"""How long such a wait lasts before there is a message."""
LOCK_POLL_SECONDS = 0.05
"""How often a waiting process looks for what it waits for …"""
LOCK_RETRY_SECONDS = 1
"""… and how often at least it tries to get the lock itself, however long it has waited."""

MFA_PROCESS_SECONDS = 60
"""How long an ``mfa_process`` may take; it may be waiting for somebody to touch a key."""

MAX_HISTORY_BYTES = 8 * 1024 * 1024
"""How long the history gets before it is set aside. The one before that is deleted, so there are two files at most."""
HISTORY_WAIT_SECONDS = 1
"""How long to wait for others that write the history, before a line is added without a lock."""

TOO_LONG_SECONDS = 3600
"""How long to remember that STS refused a role's ``duration_seconds`` as too long: each attempt costs an MFA code."""
CALLER_SECONDS = 90 * 86400
"""How long to remember who the owner of an access key is: a user may be renamed."""
SETUP_WAIT_SECONDS = 60
"""How long `setup` waits by default for IAM's changes to take effect."""

MAX_CODE_TRIES = 3
"""How often to prompt for an MFA code before giving up."""

# -- manifests -------------------------------------------------------------------------------------

MAX_MANIFEST_BYTES = 8 * 1024 * 1024
"""A manifest of 10,000 roles has 1 to 3 MiB."""
MAX_MANIFEST_CHAIN = 50
"""How many roles a chain in a manifest may have; more are taken for a mistake."""
