"""Who signs a step that lets money go?

Joins the credential of a request with the key that it belongs to. Whether whoever it is may take
the step belongs to `chalicelib.signatures`.
"""

from datetime import datetime

from chalicelib.keys import OWN_KEY
from chalicelib.signatures import Signature
from chalicelib.store.keys import find_key
from chalicelib.store.stores import Stores


def signature(credential: str, *, stores: Stores, now: datetime) -> Signature:
    """Who asks with this credential: the id of a key, or the deployment's own."""
    key = find_key(stores.rows, credential) if credential != OWN_KEY else None
    return Signature(key_id=credential, name=key.name if key else OWN_KEY, at=now)
