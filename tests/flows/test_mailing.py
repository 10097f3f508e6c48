"""Every invoice and every credit note on one is mailed once, and again whenever somebody asks; what
became of it is kept."""

from dataclasses import replace

import pytest

from chalicelib.credit_notes import CreditNote
from chalicelib.errors import Conflict, NotFound
from chalicelib.flows import mailing
from chalicelib.flows.issuer import set_issuer
from chalicelib.mailing import MOST_MAILS, Mail, MailState
from chalicelib.store.credits import note_of
from chalicelib.store.mails import mails_about
from tests.builders import A_BUYER, AN_ISSUER
from tests.core.test_mailing import MAILS
from tests.flows.office import CLOSING, NET, PREPAID, Office, every_crash


def november(*, mails: bool = True) -> Office:
    """One call of an advertiser with an address, and one of a prepaid one."""
    billed, beforehand = (replace(one, bill_to=A_BUYER) for one in (NET, PREPAID))
    office = Office().opens(advertisers=(billed, beforehand))
    set_issuer(MAILS if mails else AN_ISSUER, stores=office.stores, version=None)
    office.receives("topup", 5_000, PREPAID)
    office.approves("call_1")
    office.approves("call_2", PREPAID)
    office.now = CLOSING
    return office


def mails(office: Office) -> tuple[Mail, ...]:
    return mails_about(office.rows, office.invoices[0].id)


def credited(*, mails: bool = True) -> Office:
    """Both calls are billed, the invoice is mailed, and each call is credited in part."""
    office = november(mails=mails)
    office.closes()
    office.credits("call_1", 1000)
    office.credits("call_2", 1000)
    return office


def note(office: Office) -> CreditNote:
    (given,) = (one for one in office.given if one.call_id == "call_1")
    return note_of(office.rows, given)


def note_mails(office: Office) -> tuple[Mail, ...]:
    return mails_about(office.rows, note(office).id)


def again(office: Office, to: str | None = None) -> Mail:
    (invoice,) = office.invoices
    return mailing.send_again(invoice, to, stores=office.stores, post=office.post, now=office.now)


def test_a_closing_mails_its_invoices_once_and_no_statements() -> None:
    office = november()
    office.closes()
    office.closes()
    (letter,) = office.mailer.sent
    assert letter.to == "ap@example.com"
    (mail,) = mails(office)
    assert (mail.n, mail.state, mail.message_id) == (1, MailState.SENT, "message-1")


def test_nothing_is_mailed_unless_the_operator_says_so() -> None:
    office = november(mails=False)
    office.closes()
    assert office.mailer.sent == []
    with pytest.raises(Conflict) as refused:
        again(office)
    assert refused.value.code == "mail_is_off"
    assert mails(office) == ()


def test_no_mail_is_sent_twice_wherever_a_closing_dies() -> None:
    for office in every_crash(november, Office.closes):
        office.closes()
        assert len(office.mailer.sent) <= 1
        (mail,) = mails(office)
        if not office.mailer.sent:
            assert mail.state is MailState.SENDING, "it is shown, and can be asked for again"
        office.closes()
        assert len(office.mailer.sent) <= 1


def test_a_mail_that_is_refused_tells_why_and_can_be_sent_again() -> None:
    office = november()
    office.mailer.verified = frozenset()
    office.closes()
    (mail,) = mails(office)
    assert mail.state is MailState.FAILED
    assert "not verified" in str(mail.error)
    office.mailer.verified = frozenset({"billing@ring.example"})
    assert again(office).state is MailState.SENT
    assert [one.state for one in mails(office)] == [MailState.FAILED, MailState.SENT]


def test_a_mail_whose_answer_is_lost_is_unsure_and_stays_so() -> None:
    office = november()
    office.mailer.mute = True
    office.closes()
    office.mailer.mute = False
    office.closes()
    assert len(office.mailer.sent) == 1
    assert [one.state for one in mails(office)] == [MailState.UNSURE]


def test_a_mail_can_go_to_another_address() -> None:
    office = november()
    office.closes()
    assert again(office, "boss@example.com").n == 2
    assert [letter.to for letter in office.mailer.sent] == ["ap@example.com", "boss@example.com"]


def test_a_void_invoice_is_mailed_no_more() -> None:
    office = november()
    office.closes()
    office.voids(office.invoices[0].id)
    with pytest.raises(Conflict) as refused:
        again(office)
    assert refused.value.code == "not_to_be_mailed"


def test_an_invoice_is_mailed_so_often_and_no_more() -> None:
    office = november()
    office.closes()
    for _ in range(MOST_MAILS - 1):
        again(office)
    with pytest.raises(Conflict) as refused:
        again(office)
    assert refused.value.code == "mailed_too_often"


def test_the_link_of_a_mail_opens_its_invoice_and_no_other() -> None:
    office = november()
    office.closes()
    (letter,) = office.mailer.sent
    address = next(line for line in letter.text.splitlines() if line.startswith("https://"))
    assert address.startswith("https://api.ring.example/v1/mailed/")
    word = address.rpartition("/")[2]

    def opened(word: str, key: str = "a-key") -> str:
        return mailing.opened(word, stores=office.stores, key=key, now=office.now).id

    assert opened(word) == office.invoices[0].id
    for wrong, key in ((word, "another"), (word[:-1] + "x", "a-key"), ("", "a-key")):
        with pytest.raises(NotFound):
            opened(wrong, key)
    office.later(days=91)
    with pytest.raises(NotFound):
        opened(word)


def test_a_closing_mails_a_note_on_an_invoice_once_and_none_on_a_statement() -> None:
    office = credited()
    office.closes()
    office.closes()
    _, letter = office.mailer.sent
    assert (letter.to, letter.subject.partition(" of ")[0]) == (
        "ap@example.com", "Credit note CN-000001",
    )  # fmt: skip
    (mail,) = note_mails(office)
    assert (mail.n, mail.state, mail.credit_id) == (1, MailState.SENT, note(office).id)
    assert len(mails(office)) == 1, "the invoice's mails stay apart"


def test_no_note_is_mailed_twice_wherever_a_closing_dies() -> None:
    died = every_crash(credited, Office.closes)
    assert len(died) > 4
    for office in died:
        office.closes()
        (mail,) = note_mails(office)
        if len(office.mailer.sent) == 1:
            assert mail.state is MailState.SENDING, "it is shown, and can be asked for again"
        office.closes()
        assert len(office.mailer.sent) <= 2


def test_no_note_is_mailed_where_mail_is_off_or_was_off_for_the_invoice() -> None:
    never = credited(mails=False)
    never.closes()
    assert never.mailer.sent == []
    since = credited()
    set_issuer(AN_ISSUER, stores=since.stores, version=None)
    since.closes()
    assert len(since.mailer.sent) == 1
    assert note_mails(since) == ()


def test_a_note_can_be_mailed_again_and_to_another_address() -> None:
    office = credited()
    sent = mailing.send_again(
        note(office), "boss@example.com", stores=office.stores, post=office.post, now=office.now
    )
    assert (sent.n, sent.to) == (1, "boss@example.com")
    office.closes()
    assert [letter.to for letter in office.mailer.sent] == ["ap@example.com", "boss@example.com"]
    second = mailing.send_again(
        note(office), None, stores=office.stores, post=office.post, now=office.now
    )
    assert (second.n, second.to) == (2, "ap@example.com")


def test_the_link_of_a_notes_mail_opens_the_note() -> None:
    office = credited()
    office.closes()
    _, letter = office.mailer.sent
    address = next(line for line in letter.text.splitlines() if line.startswith("https://"))
    word = address.rpartition("/")[2]
    found = mailing.opened(word, stores=office.stores, key="a-key", now=office.now)
    assert found == note(office)
    with pytest.raises(NotFound):
        mailing.opened(word, stores=office.stores, key="a-key", now=office.later(days=91).now)
