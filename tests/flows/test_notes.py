"""What is kept of every credit note, whoever died while it was being given or made."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from chalicelib.credit_notes import CreditNote
from chalicelib.errors import NotFound
from chalicelib.flows.issuer import set_issuer
from chalicelib.flows.papers import Paper, kept
from chalicelib.issuer import Issuer
from chalicelib.store.credits import find_note, note_of
from chalicelib.store.issuer import issuer_write
from chalicelib.store.papers import note_put, notes_waiting, paper_key, papers_made
from chalicelib.store.rows import Change
from tests.builders import A_BUYER, AN_ISSUER
from tests.flows.office import CLOSING, NET, PREPAID, WEEKLY, Office, every_crash
from tests.providers.test_paper import a_picture


def billed() -> Office:
    """Two calls on an invoice with tax, one on a statement; nobody has paid the invoice."""
    office = Office().opens(advertisers=(replace(NET, bill_to=A_BUYER), PREPAID))
    issuer = replace(AN_ISSUER, tax_basis_points=1000)
    set_issuer(issuer, stores=office.stores, version=None)
    office.receives("topup-1", 10_000, PREPAID)
    office.approves("call_1", NET, WEEKLY)
    office.later(hours=1).approves("call_2", NET, WEEKLY)
    office.approves("call_3", PREPAID, WEEKLY)
    office.now = CLOSING
    office.closes()
    return office


def paid() -> Office:
    office = billed()
    office.receives("wire-1", 4_000)
    return office


def note(office: Office) -> CreditNote:
    (given,) = (one for one in office.given if one.is_note)
    return note_of(office.rows, given)


def where(office: Office, which: Paper) -> str:
    return kept(note(office), which, stores=office.stores, documents=office.bucket()).key


def notes_kept(office: Office) -> dict[str, bytes]:
    return {key: body for key, body in office.documents.items() if key.startswith("credits/")}


def test_a_closing_keeps_page_and_e_invoice_of_every_note() -> None:
    office = billed()
    office.credits("call_1", 1000)
    assert notes_kept(office) == {}
    assert len(notes_waiting(office.rows)) == 1
    report = office.closes()
    assert (report.unprinted, notes_waiting(office.rows)) == ((), ())
    assert office.documents[where(office, Paper.PDF)].startswith(b"%PDF")
    assert b">CN-000001<" in office.documents[where(office, Paper.UBL)]
    assert b">11.00<" in office.documents[where(office, Paper.UBL)], "the tax comes back with it"
    with pytest.raises(NotFound, match="has no table of calls"):
        where(office, Paper.CALLS)


def test_a_note_is_made_as_soon_as_it_is_asked_for() -> None:
    office = billed()
    office.credits("call_1")
    assert not papers_made(office.rows, note(office).id)
    assert office.documents[where(office, Paper.PDF)].startswith(b"%PDF")
    assert papers_made(office.rows, note(office).id)
    once = notes_kept(office)
    office.closes()
    assert notes_kept(office) == once


def test_a_note_on_a_statement_has_a_page_and_no_e_invoice() -> None:
    office = billed()
    office.credits("call_3")
    office.closes()
    assert [key.rpartition(".")[2] for key in notes_kept(office)] == ["pdf"]
    with pytest.raises(NotFound, match="CN-000001 has no e-invoice"):
        where(office, Paper.UBL)


def test_a_credit_from_before_billing_has_no_note() -> None:
    office = Office().opens()
    office.approves("call_1")
    credit = office.credits("call_1")
    assert notes_waiting(office.rows) == ()
    with pytest.raises(NotFound, match="before the call was billed"):
        find_note(office.rows, credit.id)
    with pytest.raises(NotFound):
        find_note(office.rows, "crd_0")


@pytest.mark.parametrize("prepare", [billed, paid])
def test_the_note_is_the_same_wherever_credit_or_closing_died(
    prepare: Callable[[], Office],
) -> None:
    def gives_and_closes(office: Office) -> None:
        office.credits("call_1", 1900)
        office.closes()

    finished = prepare()
    gives_and_closes(finished)
    died = every_crash(prepare, gives_and_closes)
    assert len(died) >= 4
    for office in died:
        gives_and_closes(office)
        assert notes_waiting(office.rows) == ()
        assert notes_kept(office) == notes_kept(finished)
        assert [one.number for one in office.given] == ["CN-000001"]
        once = office.picture()
        gives_and_closes(office)
        assert office.picture() == once


def test_a_note_made_again_after_payment_is_the_same_to_the_byte() -> None:
    office = billed()
    office.credits("call_1", 1000)
    office.closes()
    first = notes_kept(office)
    for key in first:
        del office.documents[key]
    waiting = note_put(note(office).credit, note(office).invoice).item
    again = Change(
        key=paper_key(note(office).id),
        set={("open",): waiting["open"], ("open_key",): waiting["open_key"]},
    )
    office.rows.write([again])
    office.later(days=3).receives("wire-1", 500)
    office.credits("call_2")
    set_issuer(Issuer(legal_name="Another LLC"), stores=office.stores, version=None)
    office.closes()
    assert {key: notes_kept(office)[key] for key in first} == first


def test_a_note_keeps_the_issuer_and_the_buyer_of_its_invoice() -> None:
    office = billed()
    set_issuer(Issuer(legal_name="Another LLC"), stores=office.stores, version=None)
    office.credits("call_1")
    body = kept(note(office), Paper.UBL, stores=office.stores, documents=office.bucket()).key
    said = office.documents[body].decode()
    assert "Ring &amp; Röder Lead Exchange LLC" in said
    assert A_BUYER.legal_name.partition(" <")[0].replace("&", "&amp;") in said
    assert "Another LLC" not in said


def test_a_note_that_cannot_be_made_is_told_and_keeps_back_no_other() -> None:
    office = Office().opens()
    office.rows.write([issuer_write(Issuer(), Issuer(logo_key="logos/lost.png", version=1))])
    office.approves("call_1")
    office.receives("topup-1", 10_000, PREPAID)
    office.approves("call_3", PREPAID)
    office.documents["logos/lost.png"] = a_picture()
    office.now = CLOSING
    office.closes()
    first, second = office.credits("call_1"), office.credits("call_3")
    lost = office.documents.pop("logos/lost.png")
    assert set(office.closes().unprinted) == {first.id, second.id}
    office.documents["logos/lost.png"] = lost
    assert office.closes().unprinted == ()
    assert len(notes_kept(office)) == 3


def test_two_who_make_a_note_at_once_keep_the_same() -> None:
    office = billed()
    office.credits("call_1")
    bucket = office.bucket()
    bucket.meanwhile = [office.closes, office.closes]
    made = kept(note(office), Paper.PDF, stores=office.stores, documents=bucket)
    once = notes_kept(office)
    assert once[made.key].startswith(b"%PDF")
    assert papers_made(office.rows, note(office).id)
    office.closes()
    assert notes_kept(office) == once
    assert len(once) == 2
