"""``--debug`` prints everything except secrets."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from urllib.parse import quote

import pytest

from awscli_xacct.messages import printable
from awscli_xacct.redaction import HIDDEN, Redaction, protect, redact, without_passwords


@pytest.mark.parametrize(
    ("text", "shown"),
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
        ('"body": "{\\"accessToken\\": \\"eyJ.a-b\\"}"', f'"body": "{{\\"accessToken\\": \\"{HIDDEN}\\"}}"'),
        ("aws_session_token='FwoG=='", f"aws_session_token='{HIDDEN}'"),
        ("'Authorization': 'Bearer eyJ.a-b.c=='", f"'Authorization': 'Bearer {HIDDEN}'"),
        ("{'Proxy-Authorization': 'Basic bWU6cGE1NQ=='}", f"{{'Proxy-Authorization': 'Basic {HIDDEN}'}}"),
        ("Basic information", None),
        ("/?X-Amz-Security-Token=FwoG%3D%3D&X-Amz-Date=1", f"/?X-Amz-Security-Token={HIDDEN}&X-Amz-Date=1"),
        ("<AccessKeyId>ASIA1</AccessKeyId>", "<AccessKeyId>ASIA1</AccessKeyId>"),
        ("SignedHeaders=host;x-amz-date;x-amz-security-token, Signature=1", None),
    ],
)
def test_redaction_hides_secrets_and_nothing_else(text: str, shown: str | None) -> None:
    assert redact(text) == (text if shown is None else shown)


def formatted(message: str, *arguments: object, session: object = None) -> str:
    record = logging.LogRecord("botocore", logging.DEBUG, "", 1, message, arguments, None)
    return Redaction(logging.Formatter(), session).format(record)


def test_redaction_formats_a_record_first() -> None:
    shown = formatted("%s: %r", "x", {"TokenCode": "123456"})
    assert shown == f"x: {{'TokenCode': '{HIDDEN}'}}"


def test_redaction_covers_tracebacks() -> None:
    try:
        raise ValueError("<SessionToken>FwoG==</SessionToken>")
    except ValueError as error:
        caught = (type(error), error, error.__traceback__)
    record = logging.LogRecord("botocore", logging.DEBUG, "", 1, "Exception caught in main()", (), caught)
    shown = Redaction(logging.Formatter()).format(record)
    assert "Traceback" in shown
    assert shown.endswith(f"ValueError: <SessionToken>{HIDDEN}</SessionToken>")


@pytest.mark.parametrize(
    "name",
    [
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_SECURITY_TOKEN",
        "AWS_BEARER_TOKEN_BEDROCK",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    ],
)
def test_redaction_hides_values_from_the_environment(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever precedes it, and also URL-encoded."""
    secret = "FwoG/ab+c=="
    monkeypatch.setenv(name, secret)
    assert (
        formatted("unheard of: %s, %s", secret, quote(secret, safe="")) == f"unheard of: {HIDDEN}, {HIDDEN}"
    )


@pytest.mark.parametrize(
    "credentials",
    [
        {"secret_key": "the-secret-key", "token": "the-token"},
        {"_secret_key": "the-secret-key", "_token": "the-token"},
    ],
    ids=["plain", "refreshable"],
)
def test_redaction_hides_values_from_the_session(credentials: dict[str, str]) -> None:
    session = SimpleNamespace(_credentials=None)
    logged = Redaction(logging.Formatter(), session)
    record = logging.LogRecord("botocore", logging.DEBUG, "", 1, "see the-secret-key, the-token", (), None)
    assert logged.format(record) == "see the-secret-key, the-token"
    session._credentials = SimpleNamespace(**credentials)
    assert logged.format(record) == f"see {HIDDEN}, {HIDDEN}"
    session._credentials = SimpleNamespace(secret_key="another-secret", token=None)
    assert logged.format(record) == f"see {HIDDEN}, {HIDDEN}", (
        "refreshed, and the old secrets are still known"
    )


def test_redaction_protects_each_handler_once() -> None:
    handler = logging.NullHandler()
    logger = logging.getLogger("somebody.elses")
    logger.addHandler(handler)
    try:
        protect()
        first = handler.formatter
        protect()
        assert isinstance(first, Redaction)
        assert handler.formatter is first
    finally:
        logger.removeHandler(handler)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("to http://user:pa55@127.0.0.1:1/x", f"to http://{HIDDEN}@127.0.0.1:1/x"),
        ("to http://user:p@55@host/", f"to http://{HIDDEN}@host/"),
        ("to http://user:pa/55@host", f"to http://{HIDDEN}@host"),
        ("to http://user:pa#5?5@host", f"to http://{HIDDEN}@host"),
        ("to https://ghp_token@host/", f"to https://{HIDDEN}@host/"),
        ("'http://user:it's@host'", f"'http://{HIDDEN}@host'"),
        ("http://u:p@one http://u:p@two", f"http://{HIDDEN}@one http://{HIDDEN}@two"),
        ("to http://host/?a=b&api_token=pa55#x", f"to http://host/?a=b&api_token={HIDDEN}#x"),
        ('"https://u:p@host/x?apikey=1"', f'"https://{HIDDEN}@host/x?apikey={HIDDEN}"'),
        ("https://device.sso.us-west-1.amazonaws.com/?user_code=ABCD-EFGH", None),
        ("http://127.0.0.1:4566/a@b", None),
        ("https://example.com/a?b=c@d", None),
        ("file:///home/me@work/policy.json", None),
        ("see https://example.com/ or me@example.com", None),
    ],
)
def test_password_in_a_url_is_hidden_in_logs_and_messages(text: str, shown: str | None) -> None:
    expected = text if shown is None else shown
    assert without_passwords(text) == redact(text) == printable(text) == expected
