"""A key in memory that never leaves it."""

import hashlib
import hmac
import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from chalicelib.errors import Broken, Busy


@dataclass
class FakeCipher:
    """Encrypts every text anew, and reads none under another context. While it is `away` it does
    not answer."""

    key: bytes = b"a key that nobody has"
    away: bool = False
    _counter: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def encrypt(self, text: str, context: Mapping[str, str]) -> str:
        """The text, hidden."""
        self._answer()
        nonce = next(self._counter).to_bytes(8, "big")
        clear = text.encode()
        body = bytes(a ^ b for a, b in zip(clear, self._pad(nonce, len(clear)), strict=True))
        return (self._mark(nonce + body, context) + nonce + body).hex()

    def decrypt(self, kept: str, context: Mapping[str, str]) -> str:
        """The text; Broken when it was hidden for something else."""
        self._answer()
        raw = bytes.fromhex(kept)
        mark, nonce, body = raw[:32], raw[32:40], raw[40:]
        if not hmac.compare_digest(mark, self._mark(nonce + body, context)):
            raise Broken("what is kept was not encrypted for this, or not at all")
        pad = self._pad(nonce, len(body))
        return bytes(a ^ b for a, b in zip(body, pad, strict=True)).decode()

    def _answer(self) -> None:
        if self.away:
            raise Busy("KMS does not answer in time")

    def _mark(self, said: bytes, context: Mapping[str, str]) -> bytes:
        bound = json.dumps(dict(context), sort_keys=True).encode()
        return hmac.digest(self.key, said + b"\0" + bound, "sha256")

    def _pad(self, nonce: bytes, length: int) -> bytes:
        blocks = range(length // 32 + 1)
        stream = b"".join(hashlib.sha256(self.key + nonce + bytes([n])).digest() for n in blocks)
        return stream[:length]
