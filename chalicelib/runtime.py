"""What does this process know about where it runs?

Owns the environment (read here and nowhere else), the secrets kept in the parameter store, the
clock and the source of entropy. Who uses them belongs to the flows and channels.
"""

import os
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from chalicelib import ids

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger

T = TypeVar("T")

CONNECT_TIMEOUT_SECONDS = 1
READ_TIMEOUT_SECONDS = 2
# Media are large, and nobody is on the line while they travel.
_READ_TIMEOUTS = {"s3": 20, "sesv2": 10, "connect": 4}
# What is sent twice arrives twice: the mail service knows no idempotency. Whoever asks Amazon
# Connect repeats by itself, within a budget.
_ATTEMPTS = {"sesv2": 1, "connect": 1}
SECRETS_SECONDS = 300
_VISIT_KEY = "visit-key"
PAYPAL_API_URL = "https://api-m.paypal.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where the state lives; the same names in every function."""

    stage: str
    table_prefix: str
    documents_bucket: str
    recordings_bucket: str
    settle_queue_url: str
    recordings_queue_url: str
    closing_queue_url: str
    validate_failed_queue_url: str
    settle_dead_queue_url: str
    recordings_dead_queue_url: str
    closing_dead_queue_url: str
    parameter_path: str
    twilio_api_url: str
    calls_stream_arn: str
    payees_key_arn: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """What the parameter store keeps. `twilio_tokens` holds the present token first.

    `voice_url` and `dni_url` are the public base addresses of these functions, empty before they
    are wired. `visit_key` seals the tokens of visits. PayPal's are empty where it pays nobody;
    `connect_instance_id` and `connect_flow_id` where Amazon Connect is not set up.
    """

    twilio_account_sid: str
    twilio_tokens: tuple[str, ...]
    caller_hash_key: str
    operator_key_sha256: str
    voice_url: str
    dni_url: str = ""
    visit_key: str = ""
    stripe_api_key: str = ""
    stripe_webhook_secrets: tuple[str, ...] = ()
    paypal_client_id: str = ""
    paypal_client_secret: str = ""
    paypal_webhook_id: str = ""
    paypal_api_url: str = PAYPAL_API_URL
    connect_instance_id: str = ""
    connect_flow_id: str = ""


@cache
def settings() -> Settings:
    """The environment of this process; a missing name falls back to what suits a first import."""
    stage = os.environ.get("RINGLEDGER_STAGE", "dev")
    return Settings(
        stage=stage,
        table_prefix=os.environ.get("RINGLEDGER_TABLE_PREFIX", f"ringledger-{stage}-"),
        documents_bucket=os.environ.get("RINGLEDGER_DOCUMENTS_BUCKET", ""),
        recordings_bucket=os.environ.get("RINGLEDGER_RECORDINGS_BUCKET", ""),
        settle_queue_url=os.environ.get("RINGLEDGER_SETTLE_QUEUE_URL", ""),
        recordings_queue_url=os.environ.get("RINGLEDGER_RECORDINGS_QUEUE_URL", ""),
        closing_queue_url=os.environ.get("RINGLEDGER_CLOSING_QUEUE_URL", ""),
        validate_failed_queue_url=os.environ.get("RINGLEDGER_VALIDATE_FAILED_QUEUE_URL", ""),
        settle_dead_queue_url=os.environ.get("RINGLEDGER_SETTLE_DEAD_QUEUE_URL", ""),
        recordings_dead_queue_url=os.environ.get("RINGLEDGER_RECORDINGS_DEAD_QUEUE_URL", ""),
        closing_dead_queue_url=os.environ.get("RINGLEDGER_CLOSING_DEAD_QUEUE_URL", ""),
        parameter_path=os.environ.get("RINGLEDGER_PARAMETER_PATH", f"/ringledger/{stage}"),
        twilio_api_url=os.environ.get("RINGLEDGER_TWILIO_API_URL", "https://api.twilio.com"),
        calls_stream_arn=os.environ.get("RINGLEDGER_CALLS_STREAM_ARN", ""),
        payees_key_arn=os.environ.get("RINGLEDGER_PAYEES_KEY_ARN", ""),
    )


@cache
def client(service: str) -> Any:
    """A botocore client, made once, whose time-outs leave room inside a carrier's 15 seconds."""
    import botocore.session
    from botocore.config import Config

    return botocore.session.get_session().create_client(
        service,
        region_name=os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION"),
        config=Config(
            connect_timeout=CONNECT_TIMEOUT_SECONDS,
            read_timeout=_READ_TIMEOUTS.get(service, READ_TIMEOUT_SECONDS),
            retries={"mode": "standard", "total_max_attempts": _ATTEMPTS.get(service, 2)},
            max_pool_connections=32,
            parameter_validation=False,
            tcp_keepalive=True,
            # S3 alone would still sign links in the old way in some regions.
            signature_version="s3v4" if service == "s3" else None,
        ),
    )


class Kept(Generic[T]):
    """A value that is read once, and read anew behind the back of whoever asks once it is old.

    Nobody waits but the first: a store that is slow or away leaves the value as it was, and is
    asked again after the next `seconds`.
    """

    def __init__(
        self,
        read: Callable[[], T],
        *,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
        behind: Callable[[Callable[[], None]], None] | None = None,
    ) -> None:
        self._read, self._seconds, self._clock = read, seconds, clock
        self._behind = behind or _in_a_thread
        self._lock = Lock()
        self._found: list[T] = []
        self._due = 0.0

    def value(self) -> T:
        """The value as it was last read; what the first reading raises is the asker's."""
        with self._lock:
            if not self._found:
                self._found = [self._read()]
                self._due = self._clock() + self._seconds
            elif self._clock() >= self._due:
                self._due = self._clock() + self._seconds
                self._behind(self._refresh)
            return self._found[0]

    def _refresh(self) -> None:
        try:
            found = self._read()
        except Exception:
            # Whatever keeps the store from answering, the value that is known goes on serving.
            logger().exception("a value could not be read anew; the last one stays")
            return
        self._found = [found]


def _in_a_thread(work: Callable[[], None]) -> None:
    Thread(target=work, name="refresh", daemon=True).start()


def secret_values() -> Secrets:
    """The deployment's secrets. A rotated token is taken up within five minutes and a request."""
    return _secrets().value()


@cache
def _secrets() -> Kept[Secrets]:
    return Kept(_read_secrets, seconds=SECRETS_SECONDS)


def _read_secrets() -> Secrets:
    path = settings().parameter_path
    values: dict[str, str] = {}
    pages = client("ssm").get_paginator("get_parameters_by_path")
    for page in pages.paginate(Path=path, Recursive=True, WithDecryption=True):
        for parameter in page["Parameters"]:
            values[parameter["Name"].removeprefix(path + "/")] = parameter["Value"]
    tokens = (values.get("twilio/auth-token", ""), values.get("twilio/previous-auth-token", ""))
    signing = (
        values.get("stripe/webhook-secret", ""),
        values.get("stripe/previous-webhook-secret", ""),
    )
    return Secrets(
        twilio_account_sid=values.get("twilio/account-sid", ""),
        twilio_tokens=tuple(token for token in tokens if token),
        caller_hash_key=values["caller-hash-key"],
        operator_key_sha256=values["operator-key-sha256"],
        voice_url=values.get("voice-url", "").rstrip("/"),
        dni_url=values.get("dni-url", "").rstrip("/"),
        visit_key=values.get(_VISIT_KEY, ""),
        stripe_api_key=values.get("stripe/api-key", ""),
        stripe_webhook_secrets=tuple(secret for secret in signing if secret),
        paypal_client_id=values.get("paypal/client-id", ""),
        paypal_client_secret=values.get("paypal/client-secret", ""),
        paypal_webhook_id=values.get("paypal/webhook-id", ""),
        paypal_api_url=values.get("paypal/api-url", PAYPAL_API_URL).rstrip("/"),
        connect_instance_id=values.get("connect/instance-id", ""),
        connect_flow_id=values.get("connect/flow-id", ""),
    )


def visit_key() -> str:
    """The key that seals the tokens of visits, read by itself: whoever needs it alone may read no
    other secret."""
    return _visit_key().value()


@cache
def _visit_key() -> Kept[str]:
    return Kept(_read_visit_key, seconds=SECRETS_SECONDS)


def _read_visit_key() -> str:
    name = f"{settings().parameter_path}/{_VISIT_KEY}"
    found = client("ssm").get_parameter(Name=name, WithDecryption=True)
    return str(found["Parameter"]["Value"])


@cache
def logger() -> "Logger":
    """Structured logs, made once."""
    from aws_lambda_powertools import Logger

    return Logger(service="ringledger")


def now() -> datetime:
    """The present instant in UTC."""
    return datetime.now(UTC)


def new_id(prefix: str) -> str:
    """A fresh id of this kind."""
    return ids.new(prefix, now=now(), entropy=secrets.token_bytes(10))


def new_secret() -> str:
    """256 fresh random bits, as 43 characters that are safe in a URL."""
    return secrets.token_urlsafe(32)
