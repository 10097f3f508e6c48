"""What becomes of the lines of a bank's statement."""

from dataclasses import replace
from functools import partial

import pytest

from chalicelib.bank_matching import Cause
from chalicelib.errors import Invalid, NotFound
from chalicelib.flows import bank_files
from chalicelib.invoices import InvoiceState
from chalicelib.previews import PreviewState
from chalicelib.store.codec import to_json
from chalicelib.store.rows import CATALOG, Change, Key
from tests.fakes import FakeRows
from tests.flows.office import CLOSING, NET, PREPAID, WEEKLY, Office, every_crash

KNOWN = replace(PREPAID, bank_references=("BEST PLUMBING",))
ACME = "2026-12-05,25.00,USD,INV-000001,Acme"
BEST = "2026-12-05,50.00,USD,,Best Plumbing"


def invoiced(calls: int = 2) -> Office:
    """Two invoices of 2500 each, a month apart, and a prepaid advertiser who is known."""
    office = Office().opens(advertisers=(NET, KNOWN))
    for number in range(1, calls + 1):
        office.approves(f"call_{number}", NET, WEEKLY)
        office.now = CLOSING if number == 1 else office.later(days=31).now
        office.closes()
    return office


def seen(office: Office, *lines: str) -> list[Cause | None]:
    made = office.reads(*lines)
    found = bank_files.seen_lines(made, first=0, count=50, stores=office.stores)
    return [one.match.cause for one in found]


def test_reading_a_statement_books_nothing() -> None:
    office = invoiced()
    office.reads(ACME, BEST)
    assert office.payments == ()


def test_each_plain_line_is_booked_and_the_rest_is_listed() -> None:
    office = invoiced()
    made = office.applies(office.reads(ACME, BEST, "2026-12-05,1.00,USD,who knows,nobody"))
    assert (made.state, made.matched, made.unmatched) == (PreviewState.APPLIED, 2, 1)
    assert {(one.advertiser_id, one.amount_cents) for one in office.payments} == {
        (NET.id, 2500), (PREPAID.id, 5000),
    }  # fmt: skip
    assert office.funds(PREPAID) == (5000, 0)
    assert office.audits().clean


def test_the_invoice_that_is_named_is_paid_before_older_ones() -> None:
    office = invoiced()
    office.applies(office.reads("2027-01-05,30.00,USD,inv 000002,Acme"))
    older, newer = office.invoices
    assert (newer.state, older.paid_cents) == (InvoiceState.PAID, 500)
    assert office.audits().clean


def test_the_same_statement_and_one_that_overlaps_it_book_each_line_once() -> None:
    office = invoiced()
    same = "2026-12-05,5.00,USD,INV-000002,Acme"
    office.applies(office.reads(same, same, BEST))
    once = office.audits().accounts
    office.applies(office.reads(same, same, BEST, id="bnk_2"))
    assert office.audits().accounts == once
    office.applies(office.reads(BEST, same, same, same, id="bnk_3"))
    assert office.audits().accounts["cash:bank"] == once["cash:bank"] + 500
    assert len(office.payments) == 4


def test_a_line_stays_with_whom_it_was_booked_when_references_change() -> None:
    office = invoiced()
    office.applies(office.reads(BEST))
    claimed = replace(NET, bank_references=KNOWN.bank_references)
    for advertiser in (claimed, replace(KNOWN, bank_references=())):
        key = Key(CATALOG, f"ADVERTISER#{advertiser.id}")
        office.rows.write([Change(key=key, set={("doc",): to_json(advertiser)})])
    again = office.applies(office.reads(BEST, id="bnk_2"))
    assert (again.matched, len(office.payments)) == (1, 1)


def test_an_overpayment_waits_unapplied() -> None:
    office = invoiced()
    office.applies(office.reads("2026-12-05,100.00,USD,INV-000001,Acme"))
    assert office.payments[0].unapplied_cents == 5000
    assert {one.state for one in office.invoices} == {InvoiceState.PAID}


def test_what_cannot_be_booked_is_listed_with_its_cause() -> None:
    office = invoiced()
    causes = seen(
        office,
        "2026-12-05,25.00,EUR,INV-000001,Acme",
        "2026-12-05,-25.00,USD,INV-000001,Acme",
        "2026-12-05,25.00,USD,INV-000077,Acme",
        "2026-12-05,25.00,USD,hello,Acme",
    )
    assert causes == [
        Cause.OTHER_CURRENCY, Cause.OUTGOING, Cause.UNKNOWN_INVOICE, Cause.NOTHING_KNOWN,
    ]  # fmt: skip


def test_a_faulty_statement_is_not_kept() -> None:
    office = invoiced()
    before = office.picture()
    with pytest.raises(Invalid):
        office.reads(ACME, "2026-12-05,=1,USD,x,y")
    assert office.picture() == before
    with pytest.raises(NotFound):
        bank_files.known_file("bnk_1", stores=office.stores, now=office.now)


def test_of_a_statement_that_was_cut_short_nothing_is_posted_but_whole_lines() -> None:
    whole = "date,amount,currency,reference,payer\n" + f"{ACME}\n{BEST}\n"
    for end in range(0, len(whole), 3):
        office = invoiced()
        before = office.picture()
        try:
            cut = bank_files.preview(
                whole[:end].encode(), id="bnk_cut", stores=office.stores, now=office.now
            )
        except Invalid:
            assert office.picture() == before
        else:
            office.applies(cut)
        assert {one.amount_cents for one in office.payments} <= {2500, 5000}
        office.applies(office.reads(ACME, BEST))
        assert sorted(one.amount_cents for one in office.payments) == [2500, 5000]
        assert office.audits().clean


def test_a_statement_is_forgotten_after_a_week_and_its_payments_are_not() -> None:
    office = invoiced()
    made = office.applies(office.reads(ACME))
    office.later(days=7)
    with pytest.raises(NotFound):
        office.applies(made)
    assert len(office.payments) == 1


def test_a_long_statement_is_booked_piece_by_piece_and_left_ones_go_on_by_themselves() -> None:
    office = invoiced()
    made = office.reads(*(f"2026-12-05,1.00,USD,no {n},Best Plumbing" for n in range(120)))
    made = office.applies(made)
    assert (made.state, made.done) == (PreviewState.APPLYING, 50)
    assert bank_files.go_on(stores=office.stores, now=office.now) == (0, 0)
    for _ in range(2):
        office.later(minutes=2)
        assert bank_files.go_on(stores=office.stores, now=office.now) == (1, 0)
    assert bank_files.go_on(stores=office.stores, now=office.later(minutes=2).now) == (0, 0)
    assert office.funds(PREPAID) == (12_000, 0)


def test_a_statement_that_died_anywhere_is_completed_by_applying_it_again() -> None:
    def reads() -> Office:
        office = invoiced()
        office.reads(ACME, BEST, "2026-12-05,1.00,USD,who,nobody")
        return office

    def applies(office: Office) -> object:
        stands = bank_files.known_file("bnk_1", stores=office.stores, now=office.now)
        return bank_files.apply(stands, stores=office.stores, now=office.now)

    whole = reads()
    applies(whole)
    offices = every_crash(reads, applies)
    assert len(offices) > 6
    for office in offices:
        assert office.audits().clean
        assert applies(office) == applies(whole)
        assert office.picture() == whole.picture()


def test_two_who_apply_the_same_statement_at_once_book_it_once() -> None:
    for moment in range(1, 6):
        office = invoiced()
        made = office.reads(ACME, BEST)
        assert isinstance(office.rows, FakeRows)
        office.rows.before_write(partial(office.applies, made), moment)
        office.applies(made)
        assert sorted(one.amount_cents for one in office.payments) == [2500, 5000]
        assert office.audits().clean
