"""Whose key came with this request?

Owns reading the Authorization header and telling the operator's key from those of publishers and
advertisers. What a party may do is said by each route.
"""

import hmac
from collections.abc import Callable

from chalicelib.errors import Unauthenticated
from chalicelib.flows import keys as flow
from chalicelib.flows.keys import Admitted
from chalicelib.keys import OPERATOR, is_secret, secret_hash
from chalicelib.store.stores import Stores


def admit(header: str, *, operator_key_sha256: str, stores: Callable[[], Stores]) -> Admitted:
    """Who sends a request with this Authorization header; Unauthenticated when nobody known does.

    The operator's key is compared in constant time, and nothing is read for it. Only a text in the
    form of a publisher's or an advertiser's secret is looked up, by its hash.
    """
    scheme, _, sent = header.partition(" ")
    key = sent.strip()
    is_operator = hmac.compare_digest(secret_hash(key), operator_key_sha256.lower())
    admitted: Admitted | None = None
    if scheme.lower() == "bearer":
        if is_operator:
            admitted = Admitted(party=OPERATOR, credential=OPERATOR.kind)
        elif is_secret(key):
            admitted = flow.admit(key, stores=stores())
    if admitted is None:
        raise Unauthenticated("send a key that is in force: Authorization: Bearer <key>")
    return admitted
