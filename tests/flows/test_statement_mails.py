"""The statement of a payout is mailed when somebody asks, and its link opens what was mailed."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib import mailing as words
from chalicelib.errors import Conflict
from chalicelib.flows import mailing, statement_mails
from chalicelib.flows.issuer import set_issuer
from chalicelib.flows.papers import Paper
from chalicelib.flows.payout_statements import kept
from chalicelib.mailing import LINK_LASTS, MOST_MAILS, Mail, MailState
from chalicelib.payouts import Payout, PayoutState
from chalicelib.store.mails import mails_about
from chalicelib.store.payees import find_payee, payee_write
from tests.builders import AN_ISSUER
from tests.core.test_mailing import MAILS
from tests.flows.office import WEEKLY, Office, every_crash
from tests.flows.test_adjustments import with_calls


def paid(email: str | None = "ap@bright.example") -> Office:
    """A publisher with an address was paid for two calls."""
    office = with_calls(WEEKLY)
    set_issuer(MAILS, stores=office.stores, version=None)
    before = find_payee(office.rows, WEEKLY.id)
    after = replace(before, email=email, version=before.version + 1)
    office.rows.write([payee_write(before, after)])
    office.closes()
    office.settles(office.payouts[0].id)
    office.mailer.sent.clear()
    return office


def mails(office: Office, to: str | None = None) -> Mail:
    return statement_mails.send(
        office.payouts[0], to, stores=office.stores, documents=office.bucket(), post=office.post,
        now=office.now,
    )  # fmt: skip


def word_of(office: Office, at: int = -1) -> str:
    """What the link of a mail ends with."""
    (address,) = (line for line in office.mailer.sent[at].text.splitlines() if "/mailed/" in line)
    assert address.startswith("https://api.ring.example/v1/mailed/")
    return address.rpartition("/")[2]


def opened(office: Office, word: str) -> Payout | None:
    return statement_mails.opened(word, stores=office.stores, key=office.post.key, now=office.now)


def test_a_statement_goes_to_the_address_of_its_publisher_or_to_another() -> None:
    office = paid()
    first, second = mails(office), mails(office, "books@bright.example")
    assert [(one.n, one.to, one.state) for one in (first, second)] == [
        (1, "ap@bright.example", MailState.SENT), (2, "books@bright.example", MailState.SENT),
    ]  # fmt: skip
    payout = office.payouts[0]
    assert mails_about(office.rows, payout.id) == (first, second)
    letter = office.mailer.sent[0]
    assert letter.subject == f"Statement of payout {payout.id} of {AN_ISSUER.legal_name}"
    assert "over USD 30.00 was paid. Its statement tells what it is for, in 2 lines." in letter.text
    assert "Questions go to billing@example.com." in letter.text


def test_the_link_opens_what_was_mailed_whatever_becomes_of_the_payout() -> None:
    office = paid()
    mails(office)
    word = word_of(office)
    office.comes_back(office.payouts[0].id)
    office.releases(office.payouts[0].id)
    payout = opened(office, word)
    assert payout is not None
    assert payout.state is PayoutState.SETTLED
    found = kept(payout, Paper.PDF, stores=office.stores, documents=office.bucket())
    assert office.documents[found.key].startswith(b"%PDF")


def test_a_link_that_is_forged_or_expired_or_another_documents_opens_no_statement() -> None:
    office = paid()
    mails(office)
    word = word_of(office)
    assert opened(office, word) is not None
    assert opened(office, word.replace("settled", "created")) is None
    other = words.signed("inv_1", office.now + LINK_LASTS, office.post.key)
    assert opened(office, other) is None
    office.now += LINK_LASTS
    assert opened(office, word) is None


def test_what_became_of_a_mail_is_kept() -> None:
    office = paid()
    office.mailer.mute = True
    assert mails(office).state is MailState.UNSURE
    office.mailer.verified = frozenset()
    failed = mails(office)
    assert (failed.state, failed.n) == (MailState.FAILED, 2)
    assert "not verified" in str(failed.error)


@pytest.mark.parametrize(
    ("prepare", "code"),
    [
        (lambda office: set_issuer(AN_ISSUER, stores=office.stores, version=None), "mail_is_off"),
        (lambda office: office.comes_back(office.payouts[0].id), None),
        (
            lambda office: (
                office.comes_back(office.payouts[0].id), office.releases(office.payouts[0].id)
            ),
            "payout_given_back",
        ),
        (lambda office: [mails(office) for _ in range(MOST_MAILS)], "mailed_too_often"),
    ],
)  # fmt: skip
def test_a_statement_is_mailed_while_there_is_one(prepare: object, code: str | None) -> None:
    office = paid()
    assert callable(prepare)
    prepare(office)
    if code is None:
        assert mails(office).state is MailState.SENT
        return
    sent = len(office.mailer.sent)
    with pytest.raises(Conflict) as refused:
        mails(office)
    assert refused.value.code == code
    assert len(office.mailer.sent) == sent


def test_without_an_address_nothing_is_mailed() -> None:
    office = paid(email=None)
    with pytest.raises(Conflict) as refused:
        mails(office)
    assert refused.value.code == "not_to_be_mailed"
    assert mails_about(office.rows, office.payouts[0].id) == ()


def test_a_mail_that_died_is_shown_as_it_stands_and_never_sent_again_by_itself() -> None:
    died = every_crash(paid, mails)
    assert len(died) > 4
    for office in died:
        sent, known = len(office.mailer.sent), mails_about(office.rows, office.payouts[0].id)
        assert sent <= len(known) <= 1
        mailing.send_waiting(stores=office.stores, post=office.post, now=office.now)
        assert len(office.mailer.sent) == sent
        assert mails(office.later(minutes=1)).n == len(known) + 1


def test_the_link_lasts_for_ninety_days() -> None:
    office = paid()
    mails(office)
    word = word_of(office)
    office.now += LINK_LASTS - timedelta(seconds=1)
    assert opened(office, word) is not None
