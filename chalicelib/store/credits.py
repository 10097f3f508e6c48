"""How do credits lie in the books?

Owns the row of a credit, and the transaction that books one: with the charge, its document, the
earning, the advertiser's funds, the call and the entry. Each of them must stand as it was when the
credit was decided, so that a closing, a payment, a release, a payout or another credit at the same
moment comes before it or after it. What a credit moves belongs to `chalicelib.credits`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from chalicelib import credit_entries, credits, times
from chalicelib.calls import Call
from chalicelib.credit_notes import CreditNote
from chalicelib.credits import Credit, Standing
from chalicelib.errors import NotFound
from chalicelib.invoices import ChargeState
from chalicelib.payouts import BookedEarning, EarningState
from chalicelib.store import codec
from chalicelib.store.calls import call_change, call_key, read_call
from chalicelib.store.charges import (
    charge_key,
    clawback_put,
    earning_key,
    read_charge,
    read_earning,
    uncredited,
    unreduced,
)
from chalicelib.store.entries import book, entry_puts
from chalicelib.store.funds import add_funds
from chalicelib.store.invoices import (
    count_change,
    counter_key,
    credit_change,
    invoices_by_id,
    reduce_draft,
)
from chalicelib.store.papers import note_put
from chalicelib.store.payments import payment_put
from chalicelib.store.rows import (
    BOOKS,
    Absent,
    Action,
    Change,
    Condition,
    Equals,
    Item,
    Key,
    NotWritten,
    Path,
    Put,
    Question,
    Rows,
)

_COUNTER = counter_key("credit_note")


@dataclass(frozen=True, slots=True)
class CreditsPage:
    """Credits of one page, and the mark at which the next begins; None when there is none."""

    items: tuple[Credit, ...]
    mark: dict[str, str] | None


def credit_key(credit_id: str) -> Key:
    """Where a credit lies."""
    return Key(BOOKS, f"CREDIT#{credit_id}")


def credits_of(advertiser_id: str) -> str:
    """The partition of `by_open` with all credits of an advertiser, in the order of booking."""
    return f"CREDITS#{advertiser_id}"


def read_credit(item: Item) -> Credit:
    """The credit that a row holds."""
    return codec.from_json(Credit, item["doc"])


def find_credit(rows: Rows, credit_id: str) -> Credit | None:
    """The credit; None when there is none."""
    key = credit_key(credit_id)
    found, _ = rows.gather([key])
    return read_credit(found[key]) if key in found else None


def page_of_credits(
    rows: Rows, advertiser_id: str, *, limit: int, after: Mapping[str, str] | None
) -> CreditsPage:
    """A page of an advertiser's credits, the oldest first."""
    partition = credits_of(advertiser_id)
    page = rows.page(
        Question(table=BOOKS, index="by_open", partition=partition, limit=limit, after=after)
    )
    return CreditsPage(tuple(read_credit(item) for item in page.items), page.mark)


def find_note(rows: Rows, credit_id: str) -> CreditNote:
    """The credit note; NotFound when there is none, or when the credit is none."""
    credit = find_credit(rows, credit_id)
    if credit is None:
        raise NotFound(f"there is no credit {credit_id}")
    return note_of(rows, credit)


def note_of(rows: Rows, credit: Credit) -> CreditNote:
    """The credit as a credit note; NotFound for one that was given before the call was billed."""
    if credit.document_id is None:
        raise NotFound(f"{credit.id} was given before the call was billed and has no credit note")
    charge = charge_key(credit.call_id)
    found, _ = rows.gather([charge])
    (invoice,) = invoices_by_id(rows, (credit.document_id,))
    charged = read_charge(found[charge]).charge
    return CreditNote(
        credit=credit,
        invoice=invoice,
        arrived_at=charged.arrived_at,
        charged_cents=charged.amount_cents,
    )


def standing(rows: Rows, call_id: str) -> Standing | None:
    """The call as the books have it; None when it was never charged."""
    call, charge, earning = call_key(call_id), charge_key(call_id), earning_key(call_id)
    found, _ = rows.gather([call, charge, earning])
    if not {call, charge, earning} <= found.keys():
        return None
    booked = read_charge(found[charge])
    documents = invoices_by_id(rows, (booked.document_id,)) if booked.document_id else ()
    return Standing(
        call=read_call(found[call]),
        charge=booked,
        earning=read_earning(found[earning]),
        document=next(iter(documents), None),
    )


def book_credit(rows: Rows, credit: Credit, stood: Standing) -> Credit | None:
    """Keep the credit with all that it moves, in one transaction; a credit note gets the next
    number of its series there.

    None when it has been booked before, or when something has moved on since `stood` was read. A
    number that another note takes meanwhile is passed over for the next one.
    """
    if not credit.is_note:
        return credit if _written(rows, _actions(credit, stood)) is None else None
    found, _ = rows.gather([_COUNTER])
    last = found[_COUNTER]["count"] if _COUNTER in found else 0
    while True:
        numbered = replace(credit, number=credits.number(last + 1))
        refused = _written(rows, [count_change(_COUNTER, last), *_actions(numbered, stood)])
        if refused is None:
            return numbered
        counted = refused.images.get(0)
        if len(refused.images) > 1 or counted is None:
            return None
        last = counted["count"]


def _written(rows: Rows, actions: list[Action]) -> NotWritten | None:
    """Writes all or nothing; what was refused, None when nothing was."""
    try:
        book(rows, actions)
    except NotWritten as refused:
        return refused
    return None


def _actions(credit: Credit, stood: Standing) -> list[Action]:
    call = credits.call_after(stood.call, stood.charge.charge, credit)
    handed_back = credits.handed_back(credit)
    return [
        _credit_put(credit),
        _charge_change(credit, stood),
        *_document_changes(credit, stood),
        *_earning_actions(credit, stood.earning),
        _call_change(stood.call, call),
        add_funds(credit.advertiser_id, credit.total_cents),
        *([payment_put(handed_back)] if handed_back else []),
        *([note_put(credit, stood.document)] if credit.is_note and stood.document else []),
        *entry_puts(credit_entries.entry(credit)),
    ]


def _call_change(before: Call, after: Call) -> Change:
    """The call after the credit, unless another has been counted in it since it was read: several
    rows are not read at one moment, so that those beside it may be newer."""
    counted: Path = ("credited_cents",)
    stands = Equals(counted, before.credited_cents) if before.credited_cents else Absent(counted)
    change = call_change(before, after)
    return replace(
        change,
        set={**change.set, counted: after.credited_cents},
        when=[*change.when, stands],
    )


def _order(credit: Credit) -> str:
    return f"{times.written(credit.booked_at)}#{credit.id}"


def _credit_put(credit: Credit) -> Put:
    key = credit_key(credit.id)
    item: Item = {
        "pk": key.pk,
        "sk": key.sk,
        "kind": "credit",
        "id": credit.id,
        "created_key": _order(credit),
        "open": credits_of(credit.advertiser_id),
        "open_key": _order(credit),
        "amount_cents": credit.amount_cents,
        "doc": codec.to_json(credit),
    }
    return Put(BOOKS, item)


def _charge_change(credit: Credit, stood: Standing) -> Change:
    charge, document_id = stood.charge.charge, stood.charge.document_id
    state = ChargeState.COLLECTED if charge.collected else ChargeState.OPEN
    counted: Path = ("credited_cents",) if credit.is_note else ("reduced_cents",)
    return Change(
        key=charge_key(credit.call_id),
        add={counted: credit.amount_cents},
        when=[
            Equals(("state",), state.value),
            Equals(("document_id",), document_id) if document_id else Absent(("document_id",)),
            *uncredited(charge),
        ],
    )


def _document_changes(credit: Credit, stood: Standing) -> list[Change]:
    document = stood.document
    if document is None:
        return []
    if not credit.is_note:
        return [reduce_draft(document, credit.amount_cents)]
    after = credits.document_after(document, stood.charge.charge, credit)
    return [credit_change(document, after)]


def _earning_actions(credit: Credit, booked: BookedEarning) -> list[Action]:
    """What is clawed back, from the earning itself or, once that is in a payout, beside it."""
    if not credit.clawed_back_cents:
        return []
    earning, key = booked.earning, earning_key(credit.call_id)
    if credit.after_payout:
        # Nothing takes an earning out of its payout again, so there is no more to check.
        return [clawback_put(credits.clawback(credit, earning))]
    nothing_left = earning.due_cents == credit.clawed_back_cents
    stands: list[Condition] = [
        Equals(("state",), booked.state.value),
        Absent(("document_id",)),
        unreduced(earning),
    ]
    change = Change(
        key=key,
        set={("state",): EarningState.PAID.value} if nothing_left else {},
        add={("reduced_cents",): credit.clawed_back_cents},
        remove=[("open",), ("open_key",)] if nothing_left else [],
        when=stands,
    )
    return [change]
