"""What may an advertiser still spend, and what is held of it?

Owns the funds row of an advertiser: how it is opened, topped up and read. How calls reserve and
spend of it belongs to `holds`; what the ledger says of the same money, to `entries`.

For a prepaid advertiser `available + held` is the balance paid in and not yet charged; for one on
terms it is the credit limit less what is charged and not yet paid.
"""

from chalicelib.campaigns import Advertiser, Billing
from chalicelib.errors import NotFound
from chalicelib.payments import Funds
from chalicelib.store.holds import funds_key
from chalicelib.store.rows import BOOKS, AtLeast, Change, Item, Present, Put, Rows

_AVAILABLE = ("available_cents",)


def open_funds(advertiser: Advertiser) -> Put:
    """The funds of a new advertiser: nothing when prepaid, the credit limit when on terms."""
    limit = advertiser.credit_limit_cents if advertiser.billing is Billing.NET else 0
    key = funds_key(advertiser.id)
    item = {"pk": key.pk, "sk": key.sk, "available_cents": limit, "held_cents": 0, "doc": "{}"}
    return Put(BOOKS, item)


def add_funds(advertiser_id: str, cents: int) -> Change:
    """Money came in, or the credit limit rose by `cents` (fell, when negative)."""
    return Change(key=funds_key(advertiser_id), add={_AVAILABLE: cents}, when=(Present(("pk",)),))


def take_funds(advertiser_id: str, cents: int) -> Change:
    """Money goes back; refused where less than `cents` is free of holds."""
    return Change(
        key=funds_key(advertiser_id),
        add={_AVAILABLE: -cents},
        when=(AtLeast(_AVAILABLE, cents),),
    )


def read_funds(rows: Rows, advertiser_id: str) -> Funds:
    """The funds of an advertiser as they stand; NotFound when none were opened."""
    key = funds_key(advertiser_id)
    found, _ = rows.gather([key])
    if key not in found:
        raise NotFound(f"there are no funds of {advertiser_id}")
    return funds_from(advertiser_id, found[key])


def funds_from(advertiser_id: str, item: Item) -> Funds:
    """The funds that a row holds."""
    return Funds(
        advertiser_id=advertiser_id,
        available_cents=item["available_cents"],
        held_cents=item["held_cents"],
    )
