"""What may an advertiser still spend, and what is held of it?

Owns the funds row of an advertiser and every way it changes: opened, reserved, moved when a hold
ends, and topped up. What the ledger says of the same money belongs to `entries`; the transaction
that a change is part of, to whoever composes it.

For a prepaid advertiser `available + held` is the balance paid in and not yet charged; for one on
terms it is the credit limit less what is charged and not yet paid.
"""

from chalicelib.campaigns import Advertiser, Billing
from chalicelib.errors import NotFound
from chalicelib.payments import Funds
from chalicelib.store.rows import BOOKS, AtLeast, Change, Item, Key, Present, Put, Rows

_AVAILABLE = ("available_cents",)
_HELD = ("held_cents",)


def funds_key(advertiser_id: str) -> Key:
    """Where an advertiser's funds lie."""
    return Key(BOOKS, f"FUNDS#{advertiser_id}")


def open_funds(advertiser: Advertiser) -> Put:
    """The funds of a new advertiser: nothing when prepaid, the credit limit when on terms."""
    limit = advertiser.credit_limit_cents if advertiser.billing is Billing.NET else 0
    key = funds_key(advertiser.id)
    item = {"pk": key.pk, "sk": key.sk, "available_cents": limit, "held_cents": 0, "doc": "{}"}
    return Put(BOOKS, item)


def reserve_funds(advertiser_id: str, cents: int) -> Change:
    """Hold `cents` for a call; refused when less than that is available."""
    return Change(
        key=funds_key(advertiser_id),
        add={_AVAILABLE: -cents, _HELD: cents},
        when=(AtLeast(_AVAILABLE, cents),),
    )


def move_funds(advertiser_id: str, release_cents: int, charge_cents: int) -> Change:
    """End a hold of `release_cents`, of which `charge_cents` are spent and the rest comes back.

    A denied call charges 0. Refused when less than the hold is held, which never happens while
    each hold ends once.
    """
    return Change(
        key=funds_key(advertiser_id),
        add={_HELD: -release_cents, _AVAILABLE: release_cents - charge_cents},
        when=(AtLeast(_HELD, release_cents),),
    )


def add_funds(advertiser_id: str, cents: int) -> Change:
    """Money came in, or the credit limit rose by `cents` (fell, when negative)."""
    return Change(key=funds_key(advertiser_id), add={_AVAILABLE: cents}, when=(Present(("pk",)),))


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
