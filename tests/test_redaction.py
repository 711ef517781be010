"""What ``--debug`` prints of STS: all of it, but for the secrets."""

from __future__ import annotations

import logging

import pytest

from awscli_xacct.redaction import HIDDEN, LOGGERS, Redaction, protect, redact


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("<SecretAccessKey>wJalr/X+k=</SecretAccessKey>", f"<SecretAccessKey>{HIDDEN}</SecretAccessKey>"),
        ("b'<SessionToken>FwoG==</SessionToken>\\n'", f"b'<SessionToken>{HIDDEN}</SessionToken>\\n'"),
        ("'body': {'TokenCode': '123456', 'A': 'b'}", f"'body': {{'TokenCode': '{HIDDEN}', 'A': 'b'}}"),
        ("Action=AssumeRole&TokenCode=123456&A=b", f"Action=AssumeRole&TokenCode={HIDDEN}&A=b"),
        ("x-amz-security-token:FwoG==\nhost:sts", f"x-amz-security-token:{HIDDEN}\nhost:sts"),
        ("{'X-Amz-Security-Token': b'FwoG=='}", f"{{'X-Amz-Security-Token': b'{HIDDEN}'}}"),
        ("{'x-amz-sso_bearer_token': 'eyJ.a-b'}", f"{{'x-amz-sso_bearer_token': '{HIDDEN}'}}"),
        ('b\'{"accessToken":"eyJ.a-b"}\'', f'b\'{{"accessToken":"{HIDDEN}"}}\''),
        (
            '{"refreshToken": "aor.x", "clientSecret": "s"}',
            f'{{"refreshToken": "{HIDDEN}", "clientSecret": "{HIDDEN}"}}',
        ),
        ("WebIdentityToken=eyJ.a-b&Version=1", f"WebIdentityToken={HIDDEN}&Version=1"),
        ("<AccessKeyId>ASIA1</AccessKeyId>", "<AccessKeyId>ASIA1</AccessKeyId>"),
        ("SignedHeaders=host;x-amz-date;x-amz-security-token, Signature=1", None),
    ],
)
def test_secrets_are_hidden_and_all_else_is_shown(said: str, shown: str | None) -> None:
    assert redact(said) == (said if shown is None else shown)


def test_a_record_with_arguments_is_formatted_before_it_is_looked_at() -> None:
    record = logging.LogRecord(
        "botocore", logging.DEBUG, "", 1, "%s: %r", ("x", {"TokenCode": "123456"}), None
    )
    assert Redaction().filter(record)
    assert record.getMessage() == f"x: {{'TokenCode': '{HIDDEN}'}}"


def test_each_handler_is_protected_once() -> None:
    handler = logging.NullHandler()
    logger = logging.getLogger(LOGGERS[0])
    logger.addHandler(handler)
    try:
        protect()
        protect()
        assert [type(found) for found in handler.filters] == [Redaction]
    finally:
        logger.removeHandler(handler)
