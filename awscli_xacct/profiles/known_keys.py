"""Find unknown keys in profiles: those that neither botocore, the AWS CLI nor this plugin reads.

The keys of botocore and the CLI are listed here, because `xacct` imports neither, and a file is read by every
installation, of whatever version. A test compares the list with botocore's own.

https://docs.aws.amazon.com/cli/latest/topic/config-vars.html
https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html#cli-configure-files-settings
https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html
"""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from typing import Any, NamedTuple

from .. import settings
from .config_keys import KEYS

_OF_BOTOCORE = """
    account_id_endpoint_mode api_versions auth_scheme_preference ca_bundle csm_client_id csm_enabled csm_host csm_port
    data_path defaults_mode disable_host_prefix_injection disable_request_compression ec2_metadata_service_endpoint
    ec2_metadata_service_endpoint_mode ec2_metadata_v1_disabled endpoint_discovery_enabled endpoint_url
    ignore_configured_endpoint_urls imds_use_ipv6 max_attempts metadata_service_num_attempts metadata_service_timeout
    parameter_validation region request_checksum_calculation request_min_compression_size_bytes
    response_checksum_calculation response_checksum_validation retry_mode s3_disable_express_session_auth sdk_ua_app_id
    services sigv4a_signing_region_set sts_regional_endpoints tcp_keepalive use_dualstack_endpoint use_fips_endpoint
    user_agent_appid s3 dynamodb aws_security_token aws_credential_scope sso_registration_scopes
"""
_OF_CLI = """
    cli_auto_prompt cli_binary_format cli_error_format cli_follow_urlparam cli_history cli_help_output
    cli_hide_progress cli_pager cli_timestamp_format cloudformation cloudtrail codecommit connect_timeout emr
    emr-containers output read_timeout s3api
"""
_OF_SERVICES = "signature_version"

KNOWN = frozenset(
    {
        *_OF_BOTOCORE.split(),
        *_OF_CLI.split(),
        *KEYS,
        *settings.CREDENTIAL_KEYS,
        settings.MANIFEST,
        settings.MANIFEST_KEYS,
    }
)

_OF_OTHERS = {
    "aws-vault": "include_profile parent_profile chain_mfa sso_use_stdout mfa_refresh web_identity_token_process",
    "awsume": "autoawsume awsume_process role_duration manager expiration source_expiration principal_arn",
    "aws-runas": "jump_role jump_role_arn session_token_duration credentials_duration web_identity_auth_url "
    "web_identity_username web_identity_provider web_identity_client_id web_identity_redirect_uri",
    "AWS Extend Switch Roles": "color image role_name target_role_name target_region",
    "saml2aws": "x_principal_arn x_security_token_expires",
}
_PREFIXES = {
    "granted_": "granted",
    "common_fate_": "granted",
    "aws_vault_": "aws-vault",
    "awsume_": "awsume",
    "saml_": "aws-runas",
}
_SIMILARITY = 0.8


class UnknownKey(NamedTuple):
    """A key that nothing reads, and how to fix it; `is_typo` if it resembles a known one."""

    name: str
    fix: str
    is_typo: bool = False


def find_unknown(options: Mapping[str, Any]) -> Iterator[UnknownKey]:
    """Yield the unknown keys of a profile. Botocore reads one key of a block that has the name of any service."""
    for key, value in options.items():
        is_service = isinstance(value, Mapping) and _OF_SERVICES in value
        if key not in KNOWN and not is_service:
            yield _explain(key)


@cache
def _explain(key: str) -> UnknownKey:
    """Return what an unknown key may be; thousands of profiles may have the same one."""
    tool = find_tool(key)
    if key == settings.CONFIG_SECTION:  # as `aws configure set xacct.cache_dir …` writes it
        return UnknownKey(key, f"move what is in it to the section [{key}] of the config", is_typo=True)
    if tool:
        return UnknownKey(key, f"aws ignores this key of {tool}: remove it unless you use {tool}")
    near = get_close_matches(key, KNOWN, n=1, cutoff=_SIMILARITY)
    if near:
        return UnknownKey(key, f"aws ignores it: if you mean {near[0]}, rename it", is_typo=True)
    return UnknownKey(key, "aws ignores it: remove it, or check its spelling")


def find_tool(key: str) -> str | None:
    """Return the tool that reads a key which ``aws`` ignores, or None."""
    for tool, keys in _OF_OTHERS.items():
        if key in keys.split():
            return tool
    return next((tool for prefix, tool in _PREFIXES.items() if key.startswith(prefix)), None)
