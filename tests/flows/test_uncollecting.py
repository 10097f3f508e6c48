"""Of an invoice of many calls, what there is no time to take back or to collect waits for the next
closing."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from chalicelib.flows.closing import close
from chalicelib.flows.pacing import InTime, unhurried
from chalicelib.flows.paybacks import ChargebackReport, charge_back, known_chargeback, report
from chalicelib.flows.stripe import take_event
from chalicelib.flows.uncollecting import settle_lost
from chalicelib.flows.voiding import write_off
from chalicelib.invoices import Charge, Invoice, InvoiceState
from chalicelib.payments import PaymentState
from chalicelib.payouts import EarningState
from chalicelib.store import codec
from chalicelib.store.invoices import invoice_key
from chalicelib.store.rows import Change, Item, Key, Page, Question
from chalicelib.store.uncollecting import invoices_lost, lost_invoices
from chalicelib.stripe_events import Event, Outcome
from tests.fakes import FakeRows
from tests.flows.office import CLOSING, HELD, NET, WEEKLY, Office, every_crash
from tests.flows.test_voiding import times_up_after

LATE = replace(HELD, payout_terms=replace(HELD.payout_terms, hold_days=90))
CALLS = 200
A_BATCH = 45


def name(place: int, calls: int = CALLS) -> str:
    """The call that was booked at this place; the ids run the other way."""
    return f"call_{calls - place:03d}"


def first(places: int, calls: int = CALLS) -> set[str]:
    """So many calls in the order of booking."""
    return {name(place, calls) for place in range(places)}


def invoiced(calls: int = CALLS, released: int = 0, rows: FakeRows | None = None) -> Office:
    """One open invoice of 2500 a call, the last of which are released as soon as they are paid."""
    office = Office(rows=rows or FakeRows()).opens(publishers=(WEEKLY, LATE))
    for place in range(calls):
        publisher = LATE if place < calls - released else WEEKLY
        office.later(minutes=1).approves(name(place, calls), NET, publisher)
    office.now = CLOSING
    office.closes()
    return office


def paid(calls: int = CALLS, released: int = 0, rows: FakeRows | None = None) -> Office:
    """The same, paid in full."""
    office = invoiced(calls, released, rows)
    office.receives("wire-1", calls * 2_500)
    assert office.collected() == first(calls, calls)
    return office


def takes_back(office: Office, in_time: InTime = unhurried) -> ChargebackReport:
    """The bank takes the first payment back."""
    return charge_back(
        office.payments[0].id, reference="dispute-1", stores=office.stores, now=office.now,
        in_time=in_time,
    )  # fmt: skip


def gives_up(office: Office, in_time: InTime = unhurried) -> Invoice:
    """The operator writes the invoice off."""
    return write_off(office.invoices[0].id, stores=office.stores, now=office.now, in_time=in_time)


class Counting(FakeRows):
    """Rows that know how many of them were ever read at once, other than page by page."""

    most = 0

    def gather(
        self, keys: Sequence[Key], questions: Sequence[Question] = ()
    ) -> tuple[dict[Key, Item], tuple[tuple[Item, ...], ...]]:
        found, answers = super().gather(keys, questions)
        self.most = max(self.most, len(found) + sum(map(len, answers)))
        return found, answers


class Interrupted(FakeRows):
    """Rows with which something happens once, right before the n-th look at some of them."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[Callable[[], object] | None] = []

    def gather(
        self, keys: Sequence[Key], questions: Sequence[Question] = ()
    ) -> tuple[dict[Key, Item], tuple[tuple[Item, ...], ...]]:
        happening = self.waits.pop() if self.waits else None
        if happening:
            happening()
        return super().gather(keys, questions)


class Behind(FakeRows):
    """Rows whose index shows, while it is `behind`, no call as collected."""

    behind = False

    def page(self, question: Question) -> Page:
        seen = super().page(question)
        if not self.behind or question.index != "by_document":
            return seen
        return replace(seen, items=tuple({**item, "doc": uncollected(item)} for item in seen.items))


def uncollected(item: Item) -> str:
    """What the row of a charge said before its money came in."""
    return codec.to_json(replace(codec.from_json(Charge, item["doc"]), collected=False))


# --- chargebacks --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("looks", "left"), [(0, 200), (150, 200), (200, 200), (201, 155), (203, 65), (204, 20)]
)
def test_the_latest_calls_are_taken_back_first_and_the_rest_by_the_next_closing(
    looks: int, left: int
) -> None:
    whole = paid()
    assert takes_back(whole).whole
    whole.closes()
    office = paid()
    assert not takes_back(office, times_up_after(looks)).whole
    assert office.payments[0].state is PaymentState.CHARGED_BACK
    assert office.invoices[0].state is InvoiceState.OPEN
    assert office.collected() == first(left)
    assert office.audits().clean, office.audits().differences
    office.closes()
    assert office.collected() == set()
    assert office.picture() == whole.picture()
    assert office.audits().clean


def test_the_same_chargeback_goes_on_where_the_first_one_stopped() -> None:
    office = paid()
    for left in (155, 110, 65, 20):
        assert not takes_back(office, times_up_after(CALLS + 1)).whole
        assert office.collected() == first(left)
        assert office.audits().clean
    assert takes_back(office).whole
    assert office.collected() == set()


def test_a_closing_without_the_time_says_so_and_another_goes_on() -> None:
    office = paid()
    takes_back(office, times_up_after(0))
    looks = 0
    while office.collected():
        looks += 60
        office.later(minutes=1)
        closed = close(office.now, office.desk(times_up_after(looks)))
        assert not (closed.whole and office.collected())
        assert office.audits().clean
    assert looks > 60


def test_however_many_calls_there_are_a_few_are_read_at_once() -> None:
    rows = Counting()
    office = paid(300, 20, rows)
    rows.most = 0
    told = takes_back(office)
    assert (len(told.released), told.whole) == (20, True)
    office.receives("wire-2", 50 * 2_500)
    gives_up(office)
    office.closes()
    assert 0 < rows.most <= 2 * A_BATCH + 1


def test_wherever_a_chargeback_of_many_calls_dies_each_waits_for_money_once() -> None:
    whole = paid(100, 10)
    told = takes_back(whole)
    assert {one.earning.call_id for one in told.released} == whole.collected()
    assert whole.collected() == first(100, 100) - first(90, 100)
    whole.closes()
    died = every_crash(lambda: paid(100, 10), takes_back)
    assert len(died) >= 6
    for office in died:
        assert office.audits().clean, office.audits().differences
        if office.payments[0].state is not PaymentState.CHARGED_BACK:
            takes_back(office)
        office.closes()
        assert office.picture() == whole.picture()
        assert office.audits().clean


def test_what_was_not_looked_through_yet_is_not_told_as_whole() -> None:
    office = paid(100, 10)
    takes_back(office, times_up_after(0))
    payment = office.payments[0].id
    assert not known_chargeback(payment, stores=office.stores).whole, "calls are to be taken back"
    office.closes()
    assert len(known_chargeback(payment, stores=office.stores).released) == 10
    known = known_chargeback(payment, stores=office.stores, in_time=times_up_after(99))
    assert (known.released, known.whole) == ((), False)
    chargeback = known.chargeback
    few = report(chargeback, stores=office.stores, most_told=4)
    assert ([one.earning.call_id for one in few.released], few.whole) == (
        [name(place, 100) for place in (99, 98, 97, 96)], False,
    )  # fmt: skip
    assert report(chargeback, stores=office.stores, most_told=10).whole


def test_a_dispute_at_stripe_leaves_calls_to_the_closing_as_well() -> None:
    office = invoiced(100)
    paid_up = {
        "id": "cs_1", "payment_intent": "pi_1", "payment_status": "paid", "currency": "usd",
        "amount_total": 250_000, "metadata": {"advertiser_id": NET.id},
    }  # fmt: skip
    disputed = {"id": "dp_1", "payment_intent": "pi_1", "amount": 250_000}
    for kind, thing in (
        ("checkout.session.completed", paid_up),
        ("charge.dispute.created", disputed),
    ):
        event = Event(id=f"evt_{kind}", type=kind, created_at=office.now, thing=thing)
        taken = take_event(event, stores=office.stores, now=office.now, in_time=times_up_after(101))
        assert taken.outcome is Outcome.BOOKED
    assert office.collected() == first(55, 100)
    office.closes()
    assert office.collected() == set()
    assert office.audits().clean


def test_a_payment_leaves_an_invoice_of_too_many_calls_to_the_closing() -> None:
    office = paid(100)
    takes_back(office, times_up_after(0))
    calls_it(office, 5_001)
    office.receives("wire-2", 2_500)
    assert len(office.collected()) == 100
    calls_it(office, 100)
    office.closes()
    assert office.collected() == first(1, 100)
    assert office.audits().clean


def calls_it(office: Office, calls: int) -> None:
    """The invoice says that it has so many calls."""
    counted = Change(key=invoice_key(office.invoices[0].id), set={("count",): calls})
    office.rows.write([counted])


# --- write-offs ---------------------------------------------------------------------------------


def owing(calls: int = CALLS, covered: int = 120, rows: FakeRows | None = None) -> Office:
    """An invoice that was paid in part, of whose calls none is collected yet, as when they are too
    many for whoever waits."""
    office = invoiced(calls, rows=rows)
    calls_it(office, 5_001)
    office.receives("wire-1", covered * 2_500 + 100)
    calls_it(office, calls)
    assert office.collected() == set()
    return office


@pytest.mark.parametrize(
    ("looks", "covered"), [(0, 0), (199, 0), (200, 0), (201, 45), (202, 90), (203, 120)]
)
def test_a_write_off_is_booked_at_once_and_collected_by_the_next_closing(
    looks: int, covered: int
) -> None:
    whole = owing()
    gives_up(whole)
    assert whole.collected() == first(120)
    office = owing()
    lost = gives_up(office, times_up_after(looks))
    assert (lost.state, lost.written_off_cents) == (InvoiceState.UNCOLLECTIBLE, 199_900)
    assert office.audits().accounts == whole.audits().accounts
    assert office.funds() == whole.funds()
    assert office.collected() == first(covered)
    assert office.audits().clean, office.audits().differences
    office.closes()
    whole.closes()
    assert office.picture() == whole.picture()
    assert lost_invoices(office.rows, NET.id) == ()


def test_asking_for_a_write_off_again_goes_on_with_it() -> None:
    office = owing()
    for covered in (45, 90, 120):
        once = gives_up(office, times_up_after(201))
        assert office.collected() == first(covered)
        assert once.written_off_cents == 199_900
    gives_up(office)
    assert lost_invoices(office.rows, NET.id) == ()
    done = office.picture()
    assert gives_up(office, times_up_after(0)).ended_at == once.ended_at
    assert office.picture() == done


def test_wherever_a_write_off_of_many_calls_dies_the_next_closing_completes_it() -> None:
    whole = owing(100, 60)
    gives_up(whole)
    whole.closes()
    died = every_crash(lambda: owing(100, 60), gives_up)
    assert len(died) >= 6
    for office in died:
        assert office.audits().clean, office.audits().differences
        if office.invoices[0].state is not InvoiceState.UNCOLLECTIBLE:
            gives_up(office)
        office.closes()
        assert office.picture() == whole.picture()
        assert lost_invoices(office.rows, NET.id) == ()


@pytest.mark.parametrize("collected", [0, 45, 90, 120])
def test_money_of_a_write_off_under_way_that_the_bank_takes_back_pays_for_no_call(
    collected: int,
) -> None:
    office = owing()
    gives_up(office, times_up_after(200 + collected // 40))
    assert office.collected() == first(collected)
    takes_back(office, times_up_after(0))
    assert office.audits().clean
    assert office.audits().accounts["expense:bad_debt"] == CALLS * 2_500
    office.later(days=100).closes()
    assert office.collected() == set()
    assert office.earning(name(0)).state is EarningState.APPROVED
    assert lost_invoices(office.rows, NET.id) == ()
    assert office.audits().clean


@pytest.mark.parametrize("moment", range(2, 6))
def test_a_chargeback_while_a_write_off_collects_leaves_whole_books(moment: int) -> None:
    office = owing(100, 60)
    assert isinstance(office.rows, FakeRows)
    office.rows.before_write(lambda: takes_back(office, times_up_after(0)), moment)
    gives_up(office)
    assert office.audits().clean
    takes_back(office)
    office.later(days=100).closes()
    assert office.collected() == set()
    assert lost_invoices(office.rows, NET.id) == ()
    assert office.audits().clean


@pytest.mark.parametrize("look", range(1, 4))
def test_a_chargeback_between_two_looks_at_a_written_off_invoice_is_not_overlooked(
    look: int,
) -> None:
    rows = Interrupted()
    office = owing(10, 6, rows)
    gives_up(office)
    rows.waits = [lambda: takes_back(office, times_up_after(0)), *[None] * (look - 1)]
    mark = Change(
        key=invoice_key(office.invoices[0].id),
        set={("open",): invoices_lost(NET.id), ("open_key",): "again"},
    )
    rows.write([mark])
    settle_lost(office.invoices[0], rows)
    takes_back(office, times_up_after(0))
    office.later(days=100).closes()
    assert office.collected() == set()
    assert lost_invoices(rows, NET.id) == ()
    assert office.audits().clean


def test_calls_that_an_index_shows_as_collected_only_later_are_taken_back_then() -> None:
    rows = Behind()
    office = owing(10, 6, rows)
    gives_up(office)
    rows.behind = True
    takes_back(office)
    assert office.collected() == first(6, 10)
    assert [one.id for one in lost_invoices(rows, NET.id)] == [office.invoices[0].id]
    assert not known_chargeback(office.payments[0].id, stores=office.stores).whole
    rows.behind = False
    office.closes()
    assert office.collected() == set()
    assert lost_invoices(rows, NET.id) == ()
    assert office.audits().clean
