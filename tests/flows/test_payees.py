"""How publishers say how they are paid: hidden at rest, told by mail, kept through every crash."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.bank_details import AccountKind, HolderKind
from chalicelib.errors import Broken, Busy, Conflict, NotFound
from chalicelib.flows.mailing import PostOffice
from chalicelib.flows.payee_details import (
    SaidAccount,
    forget_bank_details,
    refuse_bank_details,
    say_bank_details,
    say_email,
    say_paypal,
    say_withholding,
)
from chalicelib.flows.payees import Desk, change_payee, disclosed, tell_left_behind
from chalicelib.hidden import Secret
from chalicelib.issuer import Issuer, Mailing
from chalicelib.payees import Detail, NoticeState, Payee, PayeeEvent
from chalicelib.store.catalog import thing_puts
from chalicelib.store.issuer import issuer_write
from chalicelib.store.payees import find_payee, find_payees, page_of_events, untold_events
from chalicelib.store.stores import Stores
from chalicelib.tax_forms import BNotice, Withholding
from tests.builders import a_publisher
from tests.ciphers import FakeCipher
from tests.fakes import Crash, FakeRows
from tests.mail import FakeMailer
from tests.payees import ACCOUNT_NUMBER

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SENDER = "billing@ring.example"
ACCOUNT = SaidAccount(
    routing_number="021000021", account_number=ACCOUNT_NUMBER, kind=AccountKind.CHECKING,
    holder_name="Bright Media", holder_kind=HolderKind.BUSINESS,
)  # fmt: skip


class Office:
    """Publishers, a cipher, and a mail service."""

    def __init__(self, *, mails: bool = True) -> None:
        self.rows, self.cipher, self.mailer = FakeRows(), FakeCipher(), FakeMailer()
        self.stores = Stores(self.rows)
        self.now = NOW
        for id in ("pub_1", "pub_2"):
            self.rows.write(thing_puts(a_publisher(id=id, name="Bright Media")))
        if mails:
            mail = Mailing(sender=SENDER, api_url="https://api.ring.example")
            self.rows.write([issuer_write(Issuer(), Issuer(mail=mail, version=1))])

    @property
    def post(self) -> PostOffice:
        return PostOffice(send=self.mailer, key="a-key")

    def desk(self, by: str = "key_1") -> Desk:
        return Desk(stores=self.stores, post=self.post, by=by, now=self.now)

    def says_account(
        self, publisher_id: str = "pub_1", version: int | None = None, number: str = ACCOUNT_NUMBER
    ) -> Payee:
        said = replace(ACCOUNT, account_number=number)
        desk = self.desk()
        return say_bank_details(
            publisher_id, said, cipher=self.cipher, desk=desk, version=version
        )  # fmt: skip

    def reads(self, publisher_id: str, secret: Secret = Secret.ACCOUNT_NUMBER) -> str | None:
        return disclosed(
            publisher_id, secret, cipher=self.cipher, stores=self.stores, by="file_1", now=self.now
        )

    def events(self, publisher_id: str = "pub_1") -> tuple[PayeeEvent, ...]:
        return page_of_events(self.rows, publisher_id, limit=50, after=None).items

    def tells(self) -> int:
        return tell_left_behind(stores=self.stores, post=self.post, now=self.now)


def test_no_row_and_no_mail_holds_the_number_and_only_its_own_context_reads_it() -> None:
    office = Office()
    office.says_account()
    stored = repr([office.rows.rows_of(table) for table in ("catalog", "books", "ledger", "calls")])
    assert ACCOUNT_NUMBER not in stored + repr(office.mailer.sent) + repr(ACCOUNT)
    assert "7890" in stored
    assert office.reads("pub_1") == ACCOUNT_NUMBER


def test_a_number_put_under_another_publisher_is_not_read() -> None:
    office = Office()
    mine = office.says_account()
    change_payee(
        "pub_2", Detail.BANK_DETAILS, lambda payee: replace(payee, bank=mine.bank),
        desk=office.desk(),
    )  # fmt: skip
    with pytest.raises(Broken):
        office.reads("pub_2")


def test_whoever_reads_a_number_is_kept_before_it_has_it() -> None:
    office = Office()
    office.says_account()
    office.now += timedelta(seconds=1)
    office.rows.crash_after_write()
    with pytest.raises(Crash):
        office.reads("pub_1")
    (read, _said) = office.events()
    assert (read.what, read.by, read.after) == (Detail.ACCOUNT_NUMBER_READ, "file_1", "…7890")
    assert office.reads("pub_1") == ACCOUNT_NUMBER
    assert len(office.events()) == 2
    assert office.reads("pub_1", Secret.TIN) is None
    assert office.reads("pub_2") is None


def test_the_publisher_and_the_operator_are_told_of_a_change() -> None:
    office = Office()
    say_email("pub_1", "old@bright.example", desk=office.desk())
    office.mailer.sent.clear()
    office.says_account()
    assert [one.to for one in office.mailer.sent] == ["old@bright.example", SENDER]
    assert "Nothing is paid there before 2026-11-30 12:00 UTC" in office.mailer.sent[0].text
    say_email("pub_1", "new@bright.example", desk=office.desk("operator"))
    assert [one.to for one in office.mailer.sent[2:]] == [
        "old@bright.example", "new@bright.example", SENDER
    ]  # fmt: skip
    (event, *_) = [one for one in office.events() if one.after == "new@bright.example"]
    assert [one.state for one in event.notices] == [NoticeState.SENT] * 3
    assert event.before == "old@bright.example"
    assert untold_events(office.rows) == ()


def test_without_a_sender_nobody_is_told_and_the_change_is_kept() -> None:
    office = Office(mails=False)
    office.says_account()
    assert (office.mailer.sent, office.events()[0].notices) == ([], ())


def test_a_notice_that_is_refused_is_kept_with_its_reason() -> None:
    office = Office()
    office.mailer.verified = frozenset()
    office.says_account()
    (notice,) = office.events()[0].notices
    assert notice.state is NoticeState.FAILED
    assert "not verified" in (notice.error or "")
    office.now += timedelta(days=1)
    assert office.tells() == 0


@pytest.mark.parametrize("mute", [False, True])
def test_a_notice_that_somebody_died_over_is_sent_by_the_next_closing(mute: bool) -> None:
    office = Office()
    office.mailer.mute = mute
    if mute:
        office.says_account()
    else:
        office.rows.crash_after_write()
        with pytest.raises(Crash):
            office.says_account()
    assert find_payee(office.rows, "pub_1").version == 1
    assert office.tells() == 0
    office.mailer.mute = False
    office.now += timedelta(minutes=10)
    assert office.tells() == 1
    assert [one.state for one in office.events()[0].notices] == [NoticeState.SENT]
    assert office.tells() == 0


def test_a_crash_before_the_write_leaves_nothing() -> None:
    office = Office()
    office.rows.crash_before_write()
    with pytest.raises(Crash):
        office.says_account()
    assert (find_payee(office.rows, "pub_1").version, office.events()) == (0, ())
    office.cipher.away = True
    with pytest.raises(Busy):
        office.says_account()
    assert office.events() == ()


def test_two_who_change_at_once_both_have_an_event() -> None:
    office = Office()
    office.rows.before_write(lambda: say_paypal("pub_1", "p@bright.example", desk=office.desk()))
    after = office.says_account()
    assert after.version == 2
    assert after.paypal is not None
    assert {one.what for one in office.events()} == {Detail.PAYPAL, Detail.BANK_DETAILS}


def test_a_version_that_has_passed_is_refused() -> None:
    office = Office()
    office.says_account(version=0)
    with pytest.raises(Conflict, match="version 1"):
        office.says_account(version=0)
    with pytest.raises(NotFound):
        office.says_account("pub_9")


def test_the_same_paypal_address_keeps_its_time_and_tells_nobody() -> None:
    office = Office()
    first = say_paypal("pub_1", "p@bright.example", desk=office.desk())
    office.now += timedelta(days=3)
    assert say_paypal("pub_1", "p@bright.example", desk=office.desk()) == first
    other = say_paypal("pub_1", "q@bright.example", desk=office.desk())
    assert other.paypal is not None
    assert other.paypal.since == office.now
    assert say_paypal("pub_1", None, desk=office.desk()).paypal is None


def test_an_account_that_the_bank_refused_stays_so_until_it_is_said_anew() -> None:
    office = Office()
    assert refuse_bank_details("pub_1", "R03", desk=office.desk("operator")).version == 0
    office.says_account()
    refused = refuse_bank_details("pub_1", "R03", desk=office.desk("operator"))
    assert refused.bank is not None
    assert refused.bank.refused == "R03"
    assert office.events()[0].after is not None
    again = office.says_account(number="1234")
    assert again.bank is not None
    assert (again.bank.refused, again.bank.account.last) == (None, "34")
    assert forget_bank_details("pub_1", desk=office.desk()).bank is None
    assert forget_bank_details("pub_1", desk=office.desk()).version == 4


def test_withholding_is_said_and_many_payees_are_read_at_once() -> None:
    office = Office()
    wanted = Withholding(on=True, b_notice=BNotice.SECOND)
    assert say_withholding("pub_2", wanted, desk=office.desk("operator")).withholding == wanted
    found = find_payees(office.rows, ["pub_1", "pub_2", *(f"pub_x{n}" for n in range(150))])
    assert set(found) == {"pub_2"}
    assert office.events("pub_2")[0].after == "on, B notice second"
