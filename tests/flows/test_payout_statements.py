"""Every statement is its payout, and stays as it was made, whoever died while it was being made."""

import csv
import io

import pytest

from chalicelib.errors import Busy, Conflict, NotFound
from chalicelib.flows.issuer import set_issuer
from chalicelib.flows.papers import Kept, Paper
from chalicelib.flows.payout_statements import kept, statement_of
from chalicelib.issuer import Issuer
from chalicelib.payout_statements import PayoutStatement, Sums
from chalicelib.payouts import PayoutState
from chalicelib.store.charges import earning_key
from chalicelib.store.rows import Change
from tests.flows.office import PREPAID, WEEKLY, Office, every_crash
from tests.flows.test_adjustments import RESERVING, with_a_reserve, with_calls


def paid() -> Office:
    """A publisher was paid for two calls."""
    office = with_calls(WEEKLY)
    office.closes()
    office.settles(office.payouts[0].id)
    return office


def states(office: Office, at: int = -1) -> PayoutStatement:
    return statement_of(office.payouts[at], stores=office.stores)


def fetched(office: Office, which: Paper = Paper.PDF, at: int = -1) -> Kept:
    payout = office.payouts[at]
    return kept(payout, which, stores=office.stores, documents=office.bucket())


def of_payouts(office: Office) -> dict[str, bytes]:
    """The documents of payouts."""
    return {key: body for key, body in office.documents.items() if key.startswith("payouts/")}


def table(office: Office, at: int = -1) -> list[dict[str, str]]:
    body = office.documents[fetched(office, Paper.CALLS, at).key].decode()
    return list(csv.DictReader(io.StringIO(body)))


def test_every_line_of_a_payout_leads_to_its_call() -> None:
    office = paid()
    rows = table(office)
    assert [row["call_id"] for row in rows] == ["call_000", "call_001"]
    assert sum(int(row["amount_cents"]) for row in rows) == office.payouts[0].amount_cents
    for row, line in zip(rows, states(office).lines, strict=True):
        call = office.call(row["call_id"])
        assert line.call is not None
        assert (line.call.id, row["number"]) == (call.id, call.e164)
        assert row["caller"] == "+1415555****"


def test_what_was_clawed_back_and_kept_stands_in_the_next_statement() -> None:
    office = with_a_reserve()
    office.settles(office.payouts[0].id)
    office.credits("call_000")
    office.later(days=62).approves("call_later", PREPAID, RESERVING, earning=4000)
    office.later(days=31).closes()
    first, second = (states(office, at).sums for at in (0, 1))
    assert first == Sums(
        opening_cents=0, earned_cents=3000, clawed_back_cents=0, reserve_kept_cents=-300,
        reserve_back_cents=0, written_off_cents=0, amount_cents=2700, withheld_cents=0,
        sent_cents=2700,
    )  # fmt: skip
    # A tenth of what calls have earned, less what was clawed back, is kept back.
    assert second == Sums(
        opening_cents=-1500, earned_cents=4000, clawed_back_cents=0, reserve_kept_cents=-250,
        reserve_back_cents=300, written_off_cents=0, amount_cents=2550, withheld_cents=0,
        sent_cents=2550,
    )  # fmt: skip
    assert [row["kind"] for row in table(office)] == [
        "claw_back", "earning", "reserve_back", "reserve_kept",
    ]  # fmt: skip
    assert office.audits().clean


def test_what_was_too_little_to_be_paid_is_open_in_the_next_statement() -> None:
    office = with_calls(WEEKLY, count=1)
    hold = office.holds()
    office.closes()
    office.lifts(hold.id)
    office.later(days=1).approves("call_later", PREPAID, WEEKLY, earning=700)
    office.later(days=31).closes()
    sums = states(office).sums
    assert (sums.opening_cents, sums.earned_cents, sums.amount_cents) == (1500, 700, 2200)


def test_a_debt_that_was_given_up_is_told() -> None:
    office = paid()
    office.credits("call_000")
    office.gives_up()
    office.later(days=40).approves("call_later", PREPAID, WEEKLY, earning=700)
    office.later(days=31).closes()
    sums = states(office).sums
    assert (sums.opening_cents, sums.written_off_cents, sums.sent_cents) == (-1500, 1500, 700)


def test_a_statement_that_was_fetched_stays_as_it_was_in_that_state() -> None:
    office = paid()
    first = fetched(office)
    body = office.documents[first.key]
    set_issuer(Issuer(legal_name="Another LLC"), stores=office.stores, version=None)
    assert fetched(office) == first
    assert office.documents[first.key] == body
    office.later(days=2).comes_back(office.payouts[0].id)
    back = fetched(office)
    assert back.key != first.key
    assert b"Another LLC" in office.documents[back.key]
    assert office.documents[first.key] == body


def test_a_statement_made_again_is_the_same_to_the_byte() -> None:
    office = paid()
    fetched(office)
    again = paid()
    again.later(days=9)
    fetched(again)
    assert again.documents == office.documents


@pytest.mark.parametrize("which", [Paper.PDF, Paper.CALLS])
def test_a_statement_that_died_while_it_was_made_is_made_by_the_next_who_asks(
    which: Paper,
) -> None:
    whole = paid()
    fetched(whole, which)
    died = every_crash(paid, lambda office: fetched(office, which))
    assert died
    for office in died:
        fetched(office, which)
        assert office.picture() == whole.picture()


def test_two_who_ask_at_once_get_the_same_statement() -> None:
    office = paid()
    documents = office.bucket()
    documents.meanwhile.append(lambda: fetched(office))
    payout = office.payouts[0]
    found = kept(payout, Paper.PDF, stores=office.stores, documents=documents)
    assert found == fetched(office)
    assert len(of_payouts(office)) == 2


def test_a_payout_that_gave_its_earnings_back_has_no_statement_but_those_that_were_made() -> None:
    office = with_calls(WEEKLY)
    office.closes()
    office.fails(office.payouts[0].id)
    for ask in (states, fetched):
        with pytest.raises(Conflict) as refused:
            ask(office, at=0)
        assert refused.value.code == "payout_given_back"
    office = paid()
    office.comes_back(office.payouts[0].id)
    made = fetched(office)
    office.releases(office.payouts[0].id)
    assert fetched(office) == made
    with pytest.raises(Conflict):
        states(office)
    office.later(days=1).closes()
    assert states(office).payout.state is PayoutState.CREATED
    assert states(office).sums.opening_cents == 0, "it is of the same period"


def test_a_line_that_an_index_does_not_show_yet_is_waited_for() -> None:
    office = paid()
    (key, payout) = (earning_key("call_000"), office.payouts[0])
    office.rows.write([Change(key=key, remove=[("document_id",)])])
    for ask in (states, fetched):
        with pytest.raises(Busy):
            ask(office)
    assert of_payouts(office) == {}
    office.rows.write([Change(key=key, set={("document_id",): payout.id})])
    assert fetched(office).key in office.documents


def test_there_is_no_e_invoice_of_a_payout() -> None:
    with pytest.raises(NotFound):
        fetched(paid(), Paper.UBL)
