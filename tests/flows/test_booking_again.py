"""A key that was booked with other content is a conflict, whoever books under it."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from chalicelib.errors import Broken, Conflict
from chalicelib.ledger import Entry, Leg
from chalicelib.offers import PayoutTerms
from chalicelib.store.entries import entry_puts, read_entry
from chalicelib.store.rows import LEDGER, Item, Put
from tests.fakes import FakeRows
from tests.flows.office import CLOSING, NET, PREPAID, WEEKLY, Office
from tests.flows.test_ledger_example import rows_under
from tests.world import World


@dataclass(frozen=True)
class Writer:
    """What leads to an entry of a template, up to the step that books it, and that step."""

    prepare: Callable[[], Office]
    act: Callable[[Office], object]


def opens() -> Office:
    return Office().opens()


def billed(*payments: int) -> Office:
    """A call of November, and money that came before its invoice, on the day of closing."""
    office = opens()
    for number, cents in enumerate(payments):
        office.receives(f"early-{number}", cents)
    office.approves("call_1", NET, WEEKLY)
    office.now = CLOSING
    return office


def paid_out() -> Office:
    office = billed(2_500)
    office.closes()
    return office


def unpaid() -> Office:
    office = billed()
    office.closes()
    return office


def settles(office: Office) -> object:
    (payout,) = office.payouts
    return office.settles(payout.id)


def paid() -> Office:
    office = unpaid()
    office.receives("wire-1", 2_500)
    return office


def topped_up() -> Office:
    office = opens()
    office.receives("wire-1", 5_000, PREPAID)
    return office


def settled() -> Office:
    office = paid_out()
    settles(office)
    return office


def comes_back(office: Office) -> object:
    (payout,) = office.payouts
    return office.comes_back(payout.id, fee=200)


def payable() -> Office:
    """A call that is released, and waits for a sum that is worth a payout."""
    office = opens()
    office.agrees(replace(WEEKLY, payout_terms=PayoutTerms(net_days=0, minimum_cents=9_000)))
    office.receives("early-0", 2_500)
    office.approves("call_1", NET, WEEKLY)
    office.now = CLOSING
    office.closes()
    return office


def held() -> Office:
    office = payable()
    office.holds_call("call_1")
    return office


def reserving() -> Office:
    office = billed(2_500)
    terms = PayoutTerms(net_days=0, reserve_percent=10, reserve_days=5)
    office.agrees(replace(WEEKLY, payout_terms=terms))
    return office


def reserved() -> Office:
    office = reserving()
    office.closes()
    return office.later(days=5)


def owing() -> Office:
    office = settled()
    office.credits("call_1")
    return office


def returned() -> Office:
    office = settled()
    comes_back(office)
    return office


WRITERS = {
    "transfer": Writer(opens, lambda office: office.transfers(5_000)),
    "top_up": Writer(opens, lambda office: office.receives("wire-1", 5_000, PREPAID)),
    "approval": Writer(opens, lambda office: office.approves("call_1", NET, WEEKLY)),
    "payment": Writer(opens, lambda office: office.receives("wire-1", 5_000)),
    "invoice_issued": Writer(billed, lambda office: office.closes()),
    "applied": Writer(lambda: billed(2_500), lambda office: office.closes()),
    "credit": Writer(unpaid, lambda office: office.credits("call_1")),
    "release": Writer(lambda: billed(2_500), lambda office: office.closes()),
    "payout_create": Writer(lambda: billed(2_500), lambda office: office.closes()),
    "payout_settled": Writer(paid_out, settles),
    "payout_failed": Writer(paid_out, lambda office: office.fails(office.payouts[0].id)),
    "payout_returned": Writer(settled, comes_back),
    "payout_fee": Writer(settled, comes_back),
    "hold": Writer(payable, lambda office: office.holds_call("call_1")),
    "hold_lifted": Writer(held, lambda office: office.lifts(office.all_holds()[0].id)),
    "reserve": Writer(reserving, lambda office: office.closes()),
    "reserve_released": Writer(reserved, lambda office: office.closes()),
    "publisher_write_off": Writer(owing, lambda office: office.gives_up()),
    "payout_released": Writer(returned, lambda office: office.releases(office.payouts[0].id)),
    "tax_deposit": Writer(opens, lambda office: office.deposits(720)),
    "invoice_voided": Writer(unpaid, lambda office: office.voids(office.invoices[0].id)),
    "refund": Writer(topped_up, lambda office: office.refunds(office.payments[0].id, 1_000)),
    "chargeback": Writer(paid, lambda office: office.is_charged_back(office.payments[0].id)),
    "write_off": Writer(unpaid, lambda office: office.writes_off(office.invoices[0].id)),
}


def entries(rows: FakeRows) -> list[Entry]:
    return [read_entry(row) for row in rows.rows_of(LEDGER) if row["pk"].startswith("ENTRY#")]


def fake(office: Office) -> FakeRows:
    assert isinstance(office.rows, FakeRows)
    return office.rows


def with_other_content(entry: Entry) -> Item:
    """The row of an entry under the same key, of a cent."""
    legs = (Leg(account="cash:bank", amount_cents=1), Leg(account="ar:adv_net", amount_cents=-1))
    return entry_puts(replace(entry, legs=legs))[0].item


def test_every_template_of_the_reference_is_proven_here() -> None:
    assert set(WRITERS) == {cells[0] for cells in rows_under("## Templates")}


@pytest.mark.parametrize("template", WRITERS)
def test_the_same_key_with_other_content_is_a_conflict_and_nothing_of_it_is_booked(
    template: str,
) -> None:
    writer = WRITERS[template]
    undisturbed = writer.prepare()
    writer.act(undisturbed)
    wanted = next(one for one in entries(fake(undisturbed)) if one.template == template)

    office = writer.prepare()
    other = with_other_content(wanted)
    office.rows.write([Put(LEDGER, other)])
    with pytest.raises(Conflict, match=rf"{wanted.key} has been booked with other content"):
        writer.act(office)
    kept = next(row for row in fake(office).rows_of(LEDGER) if row["pk"] == other["pk"])
    assert kept == other
    assert not [row for row in fake(office).rows_of(LEDGER) if row.get("entry_id") == wanted.id]


@pytest.mark.parametrize("template", WRITERS)
def test_an_entry_without_what_belongs_to_it_is_never_taken_for_done(template: str) -> None:
    writer = WRITERS[template]
    undisturbed = writer.prepare()
    writer.act(undisturbed)
    wanted = next(one for one in entries(fake(undisturbed)) if one.template == template)

    office = writer.prepare()
    office.rows.write([entry_puts(wanted)[0]])
    with pytest.raises(Broken, match=f"{wanted.key} has been booked before"):
        writer.act(office)


def test_the_approval_of_a_call_that_rang_here_is_no_exception() -> None:
    undisturbed = World(FakeRows())
    undisturbed.opens()
    call = undisturbed.talks(seconds=60)
    assert isinstance(undisturbed.rows, FakeRows)
    (wanted,) = entries(undisturbed.rows)

    world = World(FakeRows())
    world.opens()
    world.rows.write([Put(LEDGER, with_other_content(wanted))])
    with pytest.raises(Conflict, match="other content"):
        world.talks(seconds=60)
    assert world.call().status is not call.status
    assert world.funds()[1] > 0
