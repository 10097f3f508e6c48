"""What does a page keep of its visit, so that nobody can change it?

Owns the token: which visit, which numbers it was lent on which terms, and a seal over it all. What
a known visit may do with it belongs to the flow.
"""

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any

from chalicelib.errors import Refused
from chalicelib.offers import Slot

_SEAL_BYTES = 16
_FORM = 1


class InvalidToken(Refused):
    """The token was not made here, or for another site."""

    code = "invalid_token"

    def __init__(self) -> None:
        super().__init__("the token is none of this site: ask without one")


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """The number that is shown for `find`.

    With a `slot` it is lent: since when, how long after the last heartbeat, and when it ends at the
    latest (epoch seconds). `waits_for` names a pool in which nothing was free, so that each
    heartbeat asks again; then `number` is everybody's, or None for the page's own.
    """

    find: str
    number: str | None
    slot: Slot | None = None
    since: int = 0
    hold: int = 0
    ends: int = 0
    waits_for: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A visit as its page knows it; times are epoch seconds.

    `site_version` and `read_at` say on which state of the site it rests, `origin` to which page it
    was given. Its page was last seen at `seen_at`. From `forgotten_at` on the visit is another.
    `facts` stands for what the page told.
    """

    visit_id: str
    site_id: str
    publisher_id: str
    site_version: int
    read_at: int
    origin: str
    began_at: int
    seen_at: int
    forgotten_at: int
    facts: str
    grants: tuple[Grant, ...]


def sealed(token: Token, key: str) -> str:
    """The token as a text that is safe in a URL; whoever lacks `key` can make no other."""
    grants = [_said(grant) for grant in token.grants]
    said = [
        _FORM, token.visit_id, token.site_id, token.publisher_id, token.site_version,
        token.read_at, token.origin, token.began_at, token.seen_at, token.forgotten_at,
        token.facts, grants,
    ]  # fmt: skip
    payload = json.dumps(said, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_seal(payload, key) + payload).decode().rstrip("=")


def opened(text: str, key: str) -> Token:
    """The token that `sealed` wrote; InvalidToken for any other text. The seal is compared in
    constant time, before anything is read."""
    try:
        whole = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise InvalidToken from None
    seal, payload = whole[:_SEAL_BYTES], whole[_SEAL_BYTES:]
    if not hmac.compare_digest(seal, _seal(payload, key)):
        raise InvalidToken
    form, *said, grants = json.loads(payload)
    if form != _FORM:
        raise InvalidToken
    names = (
        "visit_id", "site_id", "publisher_id", "site_version", "read_at", "origin", "began_at",
        "seen_at", "forgotten_at", "facts",
    )  # fmt: skip
    members = dict(zip(names, said, strict=True))
    return Token(**members, grants=tuple(_read(grant) for grant in grants))


def address_hash(address: str, site_id: str, minute: int, key: str) -> str:
    """What stands for a visitor's address on one site in one minute; it tells nothing of it, and
    nothing connects it with that of another site or minute."""
    said = json.dumps([address, site_id, minute]).encode()
    return hmac.new(key.encode(), b"address\0" + said, hashlib.sha256).hexdigest()[:32]


def _said(grant: Grant) -> list[Any]:
    slot = grant.slot and [grant.slot.pool_id, grant.slot.area, grant.slot.number]
    return [
        grant.find, grant.number, slot, grant.since, grant.hold, grant.ends, grant.waits_for
    ]  # fmt: skip


def _read(said: list[Any]) -> Grant:
    find, number, where, since, hold, ends, waits_for = said
    slot = where and Slot(pool_id=where[0], area=where[1], number=where[2])
    return Grant(
        find=find, number=number, slot=slot, since=since, hold=hold, ends=ends, waits_for=waits_for
    )


def _seal(payload: bytes, key: str) -> bytes:
    """Apart from whatever else the key signs."""
    return hmac.new(key.encode(), b"visit\0" + payload, hashlib.sha256).digest()[:_SEAL_BYTES]
