"""Who is asking, and does their key still open the door?

Owns the parties that use the API, the keys that the operator gives to its own people, to publishers
and to advertisers, and the form of a key's secret. Where keys lie belongs to the store, how one is
presented to the channel, what each party is shown to `sides`.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from chalicelib.ids import derived

_MARK = "rlk_"
_SECRET = re.compile(rf"{_MARK}[A-Za-z0-9_-]{{43}}", re.ASCII)


class PartyKind(StrEnum):
    """Who may ask; anybody may where no key is asked for."""

    OPERATOR = "operator"
    PUBLISHER = "publisher"
    ADVERTISER = "advertiser"
    ANYBODY = "anybody"


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """One who asks: a publisher or an advertiser by id, or one of those who have none."""

    kind: PartyKind
    id: str = ""

    @property
    def own(self) -> dict[str, str]:
        """What a thing of the catalog says of itself when it is the party's own; the operator's
        are all."""
        return {} if self.kind is PartyKind.OPERATOR else {f"{self.kind}_id": self.id}

    def owns(self, thing: object) -> bool:
        """Whether a thing of the catalog is the party's own."""
        return all(getattr(thing, name, None) == value for name, value in self.own.items())


OPERATOR = Party(kind=PartyKind.OPERATOR)
OWN_KEY = OPERATOR.kind.value
"""The credential of the deployment's own key, which belongs to nobody in particular."""
ANYBODY = Party(kind=PartyKind.ANYBODY)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key of a publisher, of an advertiser, or of one of the operator's people, who is then its
    `name`. Of its secret only the hash is known; once revoked it stays so."""

    id: str
    holder: Party
    name: str
    secret_hash: str
    created_at: datetime
    revoked_at: datetime | None = None
    version: int = 1

    def opened_by(self, hash: str) -> bool:
        """Whether the secret with this hash opens the door, told in the same time for any hash."""
        return hmac.compare_digest(self.secret_hash, hash) and self.revoked_at is None


def key_secret(randomness: str) -> str:
    """The secret of a new key, from 43 random characters that are safe in a URL."""
    secret = f"{_MARK}{randomness}"
    if not is_secret(secret):
        raise ValueError("a secret takes 43 characters that are safe in a URL")
    return secret


def is_secret(text: str) -> bool:
    """Whether the text has the form of a key's secret; only such a text is worth a look-up."""
    return _SECRET.fullmatch(text) is not None


def secret_hash(secret: str) -> str:
    """The SHA-256 of whatever was sent, in hex: all that is kept of a secret, or compared."""
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


def key_id(hash: str) -> str:
    """The id of the one key whose secret has this hash."""
    return derived("key", hash)
