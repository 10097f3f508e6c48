"""Which request made this thing, and has it been made before?

Owns the row that remembers a client's idempotency key: written in the transaction of what the
request makes, so that the same key never makes two things. The key's place in HTTP belongs to the
channel.
"""

import hashlib
import json
from dataclasses import dataclass

from chalicelib.errors import Refused
from chalicelib.store.rows import CATALOG, META, Item, Key, Put


class KeyReused(Refused):
    """The key stands for another request already."""

    code = "idempotency_key_reused"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestClaim:
    """A client's key within a `scope` (what is asked for), and the content it stands for."""

    scope: str
    name: str
    content: str

    @property
    def key(self) -> Key:
        """Where the claim lies; the client's text is hashed, whatever it holds."""
        said = json.dumps([self.scope, self.name])
        return Key(CATALOG, f"REQUEST#{hashlib.sha256(said.encode()).hexdigest()}")

    def put(self, made: str) -> Put:
        """The claim as a new row, for the thing with the id `made`; refused for a repetition."""
        doc = json.dumps({"made": made, "content_hash": self._content_hash})
        return Put(CATALOG, {"pk": self.key.pk, "sk": META, "doc": doc})

    def made(self, item: Item | None) -> str | None:
        """The id of what the same request made before; None when the row is not there.

        KeyReused when the key was used with other content.
        """
        if item is None:
            return None
        kept = json.loads(item["doc"])
        if kept["content_hash"] != self._content_hash:
            raise KeyReused("this Idempotency-Key was used with other content before")
        return str(kept["made"])

    @property
    def _content_hash(self) -> str:
        return hashlib.sha256(self.content.encode()).hexdigest()
