"""What a mail says, to whom, and whom its link lets in."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import mailing
from chalicelib.errors import Conflict
from chalicelib.invoices import InvoiceKind
from chalicelib.issuer import BillTo, Mailing
from tests.builders import AN_ISSUER, NOW, a_note, an_invoice

MAILS = replace(
    AN_ISSUER, mail=Mailing(sender="billing@ring.example", api_url="https://api.ring.example")
)
INVOICE = an_invoice(issuer=MAILS)
MAIL = mailing.Mail(invoice_id="inv_1", n=1, to="ap@example.com", at=NOW)
KEY = "a-key"


def test_a_mail_tells_what_is_owed_until_when_and_where_it_is_fetched() -> None:
    letter = mailing.letter(INVOICE, MAILS, mail=MAIL, link="https://x.example/1")
    assert (letter.sender, letter.to) == ("billing@ring.example", "ap@example.com")
    assert letter.subject == "Invoice INV-000042 of Ring & Röder Lead Exchange LLC"
    for said in ("USD 75.00", "3 calls", "2026-12-31", "https://x.example/1", "billing@example"):
        assert said in letter.text


def test_a_mail_about_a_note_tells_what_it_gives_back_for_which_call_and_what_that_does() -> None:
    note = a_note(INVOICE)
    mail = mailing.first(note, "ap@example.com", NOW)
    assert (mail.document_id, mail.invoice_id, mail.about) == ("crd_1", "inv_1", "credit_note")
    letter = mailing.letter(note, MAILS, mail=mail, link="https://x.example/1")
    assert (letter.sender, letter.to) == ("billing@ring.example", "ap@example.com")
    assert letter.subject == "Credit note CN-000007 of Ring & Röder Lead Exchange LLC"
    for said in (
        "on INV-000042 gives back USD 10.00 for the call call_1. Reason: poor connection.",
        "Taken off what INV-000042 asks for: USD 6.00\n", "Waits for your next invoice: USD 4.00\n",
        "https://x.example/1", "billing@example",
    ):  # fmt: skip
        assert said in letter.text, said
    for never in ("pub_secret", "6.17", "only ours to see"):
        assert never not in letter.text


def test_nobody_mails_without_a_sender() -> None:
    with pytest.raises(Conflict) as refused:
        mailing.letter(INVOICE, AN_ISSUER, mail=MAIL, link="")
    assert refused.value.code == "mail_is_off"


def test_only_an_invoice_for_money_goes_to_whoever_has_an_address() -> None:
    assert mailing.addressee(INVOICE) == "ap@example.com"
    for other in (
        an_invoice(issuer=AN_ISSUER),
        replace(INVOICE, kind=InvoiceKind.STATEMENT),
        replace(INVOICE, bill_to=BillTo(legal_name="Acme")),
        replace(INVOICE, total_cents=0),
        replace(INVOICE, bill_to=None, issuer=None),
    ):
        assert mailing.addressee(other) is None


def test_a_link_opens_its_invoice_until_it_expires() -> None:
    word = mailing.signed("inv_1", NOW + mailing.LINK_LASTS, KEY)
    assert mailing.opened(word, NOW, KEY) == "inv_1"
    assert mailing.opened(word, NOW + timedelta(days=89), KEY) == "inv_1"
    assert mailing.opened(word, NOW + timedelta(days=90), KEY) is None
    assert mailing.opened(word, NOW, "another-key") is None
    assert len(word) <= 100


@given(st.text(alphabet="inv_019:af", max_size=80), st.integers(0, 70))
def test_a_forged_link_opens_nothing(text: str, place: int) -> None:
    word = mailing.signed("inv_1", NOW + mailing.LINK_LASTS, KEY)
    assert mailing.opened(text, NOW, KEY) is None
    forged = word[:place] + "x" + word[place + 1 :]
    assert mailing.opened(forged, NOW, KEY) is None
