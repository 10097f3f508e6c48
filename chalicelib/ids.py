"""Which id does a thing carry?

Owns the form of ids: a prefix that names the kind, and 26 characters of Crockford base 32. What a
prefix stands for belongs to the module of that kind.
"""

import hashlib
from datetime import UTC, datetime, timedelta

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ENTROPY_BYTES = 10
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def new(prefix: str, *, now: datetime, entropy: bytes) -> str:
    """A ULID with a prefix: 48 bits of milliseconds, then 80 bits of `entropy` (10 bytes).

    Ids made later sort later (https://github.com/ulid/spec). TypeError for a naive time.
    """
    if len(entropy) != _ENTROPY_BYTES:
        raise ValueError(f"an id takes {_ENTROPY_BYTES} bytes of entropy, got {len(entropy)}")
    milliseconds = (now - _EPOCH) // timedelta(milliseconds=1)
    return f"{prefix}_{_encode(milliseconds << 80 | int.from_bytes(entropy, 'big'))}"


def derived(prefix: str, *facts: str) -> str:
    """The id of an effect, made from its cause alone: the same facts give the same id.

    The facts are length-prefixed before hashing, so that no two lists of facts read the same.
    """
    text = "".join(f"{len(fact)}:{fact}" for fact in facts)
    digest = hashlib.sha256(text.encode()).digest()
    return f"{prefix}_{_encode(int.from_bytes(digest[:16], 'big'))}"


def _encode(value: int) -> str:
    return "".join(_ALPHABET[value >> shift & 31] for shift in range(125, -1, -5))
