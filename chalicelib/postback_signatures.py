"""Did the advertiser's own system send this postback, and just now?

Owns the secrets of postbacks, what is signed with them, and the check. A secret is stored nowhere:
it follows from its id and a key of the deployment, so that it can be shown once and checked for
ever, and the database holds nothing with which to sign.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from chalicelib.errors import Conflict, Unauthenticated

TOLERANCE = timedelta(minutes=5)
"""How far a signature's time may be from the platform's clock, before or after; inclusive."""

MOST_IN_FORCE = 2
"""How many secrets an advertiser has at once: the one in use, and the next while it is changed."""

_REVOKED_SHOWN = 10
_TIMESTAMP = re.compile(r"\d{1,11}", re.ASCII)
_SIGNATURE = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostbackSecret:
    """A secret by its id, and until when it was in force."""

    id: str
    created_at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PostbackSecrets:
    """The secrets of one advertiser, the oldest first; version 0 was never written."""

    advertiser_id: str
    secrets: tuple[PostbackSecret, ...] = ()
    version: int = 0

    @property
    def in_force(self) -> tuple[PostbackSecret, ...]:
        """Those that sign postbacks now."""
        return tuple(one for one in self.secrets if one.revoked_at is None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A postback as it came: `content` is the body, or what the query says (`query_content`)."""

    method: str
    advertiser_id: str
    timestamp: str
    signature: str
    content: bytes


def with_secret(before: PostbackSecrets, secret: PostbackSecret) -> PostbackSecrets:
    """The secrets with one more; Conflict when two are in force already."""
    if len(before.in_force) >= MOST_IN_FORCE:
        reason = f"{MOST_IN_FORCE} secrets are in force: revoke one of them first"
        raise Conflict(reason, code="too_many_secrets")
    kept = before.in_force + _revoked(before)[-_REVOKED_SHOWN:]
    secrets = tuple(sorted((*kept, secret), key=lambda one: (one.created_at, one.id)))
    return replace(before, secrets=secrets, version=before.version + 1)


def without_secret(before: PostbackSecrets, id: str, now: datetime) -> PostbackSecrets:
    """The secrets with this one revoked at `now`; unchanged when it was revoked before."""
    secrets = tuple(
        replace(one, revoked_at=now) if one.id == id and one.revoked_at is None else one
        for one in before.secrets
    )
    changed = secrets != before.secrets
    return replace(before, secrets=secrets, version=before.version + 1) if changed else before


def secret_text(id: str, key: str) -> str:
    """The secret with this id; `key` is the deployment's, and this apart from whatever else it
    signs."""
    made = hmac.new(key.encode(), b"postback secret\0" + id.encode(), hashlib.sha256).digest()
    return "rlp_" + base64.urlsafe_b64encode(made).decode().rstrip("=")


def query_content(parameters: Mapping[str, str]) -> bytes:
    """What is signed of a query: a line `name=value` for each parameter, values unescaped, in the
    order of their names. No value holds a line break, so that no two queries read the same."""
    return "\n".join(f"{name}={parameters[name]}" for name in sorted(parameters)).encode()


def signature_of(signed: Signed, secret: str) -> str:
    """HMAC-SHA256 in hex of method, time, advertiser and content, a line each."""
    head = f"{signed.method}\n{signed.timestamp}\n{signed.advertiser_id}\n".encode()
    return hmac.new(secret.encode(), head + signed.content, hashlib.sha256).hexdigest()


def confirm_fresh(signed: Signed, now: datetime) -> None:
    """Unauthenticated unless the signature has a form and a time worth looking up a secret for."""
    if not _SIGNATURE.fullmatch(signed.signature) or not _TIMESTAMP.fullmatch(signed.timestamp):
        reason = "send the time in seconds since 1970, and the signature in 64 hex digits"
        raise Unauthenticated(reason, code="bad_signature")
    sent_at = datetime.fromtimestamp(int(signed.timestamp), UTC)
    if abs(now - sent_at) > TOLERANCE:
        reason = "the signature's time is more than 5 minutes from the platform's clock"
        raise Unauthenticated(reason, code="expired_signature")


def confirm_genuine(signed: Signed, secrets: Iterable[PostbackSecret], key: str) -> None:
    """Unauthenticated unless one of the secrets made the signature; every one is compared whole,
    and in the same time for any signature."""
    matches = [
        hmac.compare_digest(signature_of(signed, secret_text(one.id, key)), signed.signature)
        for one in secrets
    ]
    if not any(matches):
        reason = "the signature was not made with a secret of the advertiser that is in force"
        raise Unauthenticated(reason, code="bad_signature")


def _revoked(secrets: PostbackSecrets) -> tuple[PostbackSecret, ...]:
    return tuple(one for one in secrets.secrets if one.revoked_at is not None)
