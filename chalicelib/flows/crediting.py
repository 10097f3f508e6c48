"""What happens when a charged call is credited?

Joins what the books have of the call with the rule, and books the credit. What an invoice asks less
for may settle it, and what is handed back may pay another: that follows at once, and the next
closing completes it where the process died.
"""

from dataclasses import dataclass
from datetime import datetime

from chalicelib import credits
from chalicelib.credits import Credit, Wish
from chalicelib.errors import Busy, Conflict
from chalicelib.flows.payments import MOST_AT_ONCE, pass_on, release_due
from chalicelib.ledger import AdvertiserAccount
from chalicelib.store import credits as store
from chalicelib.store.stores import Stores

_TRIES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Credited:
    """The credit, and whether it was booked now rather than before."""

    credit: Credit
    fresh: bool


def credit_call(wish: Wish, *, stores: Stores, now: datetime) -> Credited:
    """Credit a call, before or after it was billed, paid for, or paid out.

    The same wish gives the same credit, however often. NotFound without the call; Conflict when it
    was never charged, when nothing or too little is left of its charge, or when the credit was
    given before with another content.
    """
    for _ in range(_TRIES):
        known = store.find_credit(stores.rows, wish.id)
        if known:
            credits.confirm_same(known, wish)
            done = Credited(credit=known, fresh=False)
            break
        stood = store.standing(stores.rows, wish.call_id)
        if stood is None:
            call = stores.calls.get(wish.call_id)
            raise Conflict(f"{call.id} was never charged", code="call_not_charged")
        decided = credits.decide(wish, stood, now)
        booked = store.book_credit(stores.rows, decided, stood)
        if booked:
            done = Credited(credit=booked, fresh=True)
            break
    else:
        raise Busy(f"the books of {wish.call_id} are being changed by others")
    _settle(done.credit, stores=stores, now=now)
    return done


def _settle(credit: Credit, *, stores: Stores, now: datetime) -> None:
    """Let what a credit note has freed pay and collect, and release what that frees."""
    if credit.relieved is not AdvertiserAccount.RECEIVABLE:
        return
    freed = pass_on(credit.advertiser_id, stores=stores, now=now, most_calls=MOST_AT_ONCE)
    for publisher_id in sorted({earning.publisher_id for earning in freed}):
        release_due(publisher_id, as_of=now, freed=freed, stores=stores, now=now)
