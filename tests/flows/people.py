"""Two of the operator's people, Ann and Ben, with keys of their own."""

from chalicelib.flows.signing import signature
from chalicelib.keys import OPERATOR, ApiKey
from chalicelib.signatures import Signature
from chalicelib.store.keys import key_put
from tests.flows.office import Office

PEOPLE = ("ann", "ben")


def hire(office: Office) -> None:
    """Give each of them a key."""
    for name in PEOPLE:
        key = ApiKey(
            id=f"key_{name}",
            holder=OPERATOR,
            name=name.title(),
            secret_hash=name,
            created_at=office.now,
        )
        office.rows.write([key_put(key)])


def signs(office: Office, name: str) -> Signature:
    """One of them signs, now."""
    return signature(f"key_{name}", stores=office.stores, now=office.now)
