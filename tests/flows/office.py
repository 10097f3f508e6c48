"""A back office in memory: parties, approved calls, money that comes in, closings."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib import ledger
from chalicelib.bank_files import BankFile
from chalicelib.calls import Call, CallStatus
from chalicelib.campaigns import Advertiser, Billing
from chalicelib.credit_notes import Printed
from chalicelib.credits import Credit, CreditReason, EarningChoice, Wish
from chalicelib.flows import bank_files, paybacks
from chalicelib.flows.adjustments import write_off_debt
from chalicelib.flows.audit import AuditReport, audit
from chalicelib.flows.billing import Desk
from chalicelib.flows.closing import ClosingReport, close, desk_of
from chalicelib.flows.crediting import credit_call
from chalicelib.flows.holding import hold_earning, hold_publisher, lift_hold
from chalicelib.flows.mailing import PostOffice
from chalicelib.flows.pacing import InTime, unhurried
from chalicelib.flows.papers import Press, page_of
from chalicelib.flows.paybacks import ChargebackReport
from chalicelib.flows.payments import record_payment
from chalicelib.flows.payouts import (
    fail_payout,
    release_payout,
    return_payout,
    settle_payout,
    submit_payout,
)
from chalicelib.flows.sealing import SealingReport, seal
from chalicelib.flows.tax_deposits import record_deposit
from chalicelib.flows.thresholds import EarlyReport, bill_early
from chalicelib.flows.transfers import record_transfer
from chalicelib.flows.voiding import void_invoice, write_off
from chalicelib.holding import Hold
from chalicelib.invoices import Charge, Invoice
from chalicelib.offers import PayoutMethod, PayoutTerms, Publisher
from chalicelib.paybacks import Refund
from chalicelib.payees import Payee
from chalicelib.payments import Payment
from chalicelib.payouts import BookedEarning, Earning, Payout
from chalicelib.providers.letterhead import Read
from chalicelib.store import codec
from chalicelib.store.books import (
    CHARGES,
    CREDITS,
    EARNINGS,
    HOLDS,
    INVOICES,
    PAYMENTS,
    PAYOUTS,
    STATEMENTS,
    Shelf,
)
from chalicelib.store.calls import call_item
from chalicelib.store.catalog import thing_puts
from chalicelib.store.charges import charge_put, earning_put
from chalicelib.store.entries import book, entry_puts
from chalicelib.store.funds import open_funds
from chalicelib.store.holds import funds_change
from chalicelib.store.payees import find_payee, payee_write
from chalicelib.store.rows import BOOKS, CALLS, CATALOG, LEDGER, Change, Key, Path, Put, Rows
from chalicelib.store.stores import Stores
from chalicelib.tax_deposits import TaxDeposit
from chalicelib.tax_forms import Withholding
from chalicelib.transfers import Cash, Transfer
from tests.builders import a_call, a_publisher, an_advertiser
from tests.documents import FakeDocuments
from tests.fakes import FakeRows
from tests.mail import FakeMailer
from tests.payees import a_payee

IN_NOVEMBER = datetime(2026, 11, 10, 15, 0, tzinfo=UTC)
DECEMBER = datetime(2026, 12, 1, tzinfo=UTC)
CLOSING = datetime(2026, 12, 1, 6, 10, tzinfo=UTC)

NET = an_advertiser(
    id="adv_net", name="Acme Roofing", billing=Billing.NET, credit_limit_cents=1_000_000
)
PREPAID = an_advertiser(id="adv_pre", name="Best Plumbing", billing=Billing.PREPAID)
WEEKLY = a_publisher(
    id="pub_a", name="Bright Media", payout_terms=PayoutTerms(net_days=0, hold_days=0)
)
HELD = a_publisher(id="pub_b", name="Calm Media", payout_terms=PayoutTerms(net_days=0, hold_days=7))


_pages: dict[Printed, bytes] = {}


def _as_printed_before(printed: Printed, read: Read) -> bytes:
    """The page of a document, printed once however many offices issue it just so."""
    if printed not in _pages:
        _pages[printed] = page_of(printed, read)
    return _pages[printed]


@dataclass
class Office:
    """The books of two advertisers and two publishers, with a clock that is moved by hand."""

    rows: Rows = field(default_factory=FakeRows)
    now: datetime = IN_NOVEMBER
    documents: dict[str, bytes] = field(default_factory=dict)
    mailer: FakeMailer = field(default_factory=FakeMailer)
    fails_to_print: bool = False
    press: Press = _as_printed_before

    def __post_init__(self) -> None:
        self.stores = Stores(self.rows)

    def opens(
        self,
        advertisers: tuple[Advertiser, ...] = (NET, PREPAID),
        publishers: tuple[Publisher, ...] = (WEEKLY, HELD),
    ) -> "Office":
        """Lay the parties."""
        for advertiser in advertisers:
            self.rows.write([*thing_puts(advertiser), open_funds(advertiser)])
        for publisher in publishers:
            told = payee_write(Payee(publisher_id=publisher.id), a_payee(publisher.id))
            self.rows.write([*thing_puts(publisher), told])
        return self

    def fork(self) -> "Office":
        """The same office once more; what happens in either does not happen in the other."""
        assert isinstance(self.rows, FakeRows)
        mailer = replace(self.mailer, sent=list(self.mailer.sent))
        return replace(self, rows=self.rows.fork(), documents=dict(self.documents), mailer=mailer)

    def later(self, **span: float) -> "Office":
        """Let time pass."""
        self.now += timedelta(**span)
        return self

    def approves(
        self,
        call_id: str,
        advertiser: Advertiser = NET,
        publisher: Publisher = WEEKLY,
        *,
        charge: int = 2500,
        earning: int = 1500,
        campaign: str = "cmp_1",
    ) -> None:
        """A call is reserved, and then approved as the settlement does it."""
        reserved = [funds_change(advertiser.id, taken=charge)] if charge else []
        spent = [funds_change(advertiser.id, released=charge, charged=charge)] if charge else []
        for reservation in reserved:
            self.rows.write([reservation])
        prepaid = advertiser.billing is Billing.PREPAID
        entry = ledger.approval(
            call_id=call_id, advertiser_id=advertiser.id, billing=advertiser.billing,
            publisher_id=publisher.id, charge_cents=charge, earning_cents=earning,
            currency="USD", now=self.now,
        )  # fmt: skip
        charged = Charge(
            call_id=call_id, advertiser_id=advertiser.id, campaign_id=campaign,
            publisher_id=publisher.id, talk_seconds=130, amount_cents=charge, currency="USD",
            arrived_at=self.now - timedelta(minutes=5), booked_at=self.now, collected=prepaid,
        )  # fmt: skip
        earned = Earning(
            call_id=call_id, publisher_id=publisher.id, offer_id="off_1", campaign_id=campaign,
            amount_cents=earning, currency="USD", booked_at=self.now,
            release_after=self.now + timedelta(days=publisher.payout_terms.hold_days),
        )  # fmt: skip
        call = a_call(
            id=call_id, arrived_at=charged.arrived_at, status=CallStatus.APPROVED,
            charge_cents=charge, earning_cents=earning, judged_at=self.now,
        )  # fmt: skip
        book(
            self.rows,
            [
                Put(CALLS, call_item(call)),
                *spent,
                charge_put(charged),
                earning_put(earned, collected=prepaid),
                *entry_puts(entry),
            ],
        )

    def receives(
        self,
        reference: str,
        cents: int,
        advertiser: Advertiser = NET,
        received_at: datetime | None = None,
        currency: str = "USD",
    ) -> Payment:
        """Money comes in."""
        return record_payment(
            advertiser_id=advertiser.id, reference=reference, amount_cents=cents,
            currency=currency, received_at=received_at, stores=self.stores, now=self.now,
        )  # fmt: skip

    def bucket(self) -> FakeDocuments:
        """Where documents are kept."""
        return FakeDocuments(self.documents, refuses_pages=self.fails_to_print)

    def reads(self, *lines: str, id: str = "bnk_1") -> BankFile:
        """A bank's statement is read, and nothing is booked."""
        raw = "".join(f"{line}\n" for line in ("date,amount,currency,reference,payer", *lines))
        return bank_files.preview(raw.encode(), id=id, stores=self.stores, now=self.now)

    def applies(self, made: BankFile) -> BankFile:
        """The next lines of a statement are booked, in the state in which it is."""
        stands = bank_files.known_file(made.id, stores=self.stores, now=self.now)
        return bank_files.apply(stands, stores=self.stores, now=self.now)

    def refunds(self, payment_id: str, cents: int, reference: str = "back-1") -> Refund:
        """Money goes back."""
        return paybacks.refund(
            payment_id, reference=reference, amount_cents=cents, stores=self.stores, now=self.now
        )

    def is_charged_back(self, payment_id: str, reference: str = "dispute-1") -> ChargebackReport:
        """The bank takes a payment back."""
        return paybacks.charge_back(
            payment_id, reference=reference, stores=self.stores, now=self.now
        )

    def closes(self, as_of: datetime | None = None) -> ClosingReport:
        """The scheduled run, at the clock's time."""
        return close(as_of or self.now, self.desk())

    def desk(self, in_time: InTime = unhurried) -> Desk:
        """What closings work with, at the clock's time."""
        desk = desk_of(
            stores=self.stores, documents=self.bucket(), post=self.post, now=self.now,
            in_time=in_time,
        )  # fmt: skip
        return replace(desk, press=self.press)

    def bills_early(self) -> EarlyReport:
        """The run of each minute, at the clock's time."""
        return bill_early(self.desk())

    @property
    def post(self) -> PostOffice:
        """Who sends mails."""
        return PostOffice(send=self.mailer, key="a-key")

    def voids(self, invoice_id: str) -> Invoice:
        """The operator makes an invoice void."""
        return void_invoice(invoice_id, stores=self.stores, now=self.now)

    def writes_off(self, invoice_id: str) -> Invoice:
        """The operator gives up an invoice."""
        return write_off(invoice_id, stores=self.stores, now=self.now)

    def credits(
        self,
        call_id: str,
        cents: int | None = None,
        *,
        keep: bool = False,
        cause: str = "ticket-1",
        reason: CreditReason = CreditReason.SPAM,
    ) -> Credit:
        """The operator credits a call, in whole or in part."""
        choice = EarningChoice.KEEP if keep else EarningChoice.CLAW_BACK
        wish = Wish(call_id=call_id, reason=reason, earning=choice, amount_cents=cents, cause=cause)
        return credit_call(wish, stores=self.stores, now=self.now).credit

    def submits(
        self,
        payout_id: str,
        reference: str = "wire-out-1",
        method: PayoutMethod = PayoutMethod.MANUAL,
    ) -> Payout:
        """Whoever pays has been told to."""
        return submit_payout(
            payout_id, method=method, reference=reference, stores=self.stores, now=self.now
        )

    def transfers(self, cents: int, reference: str = "ach-1", source: Cash = Cash.BANK) -> Transfer:
        """The operator moves its own money, to PayPal unless it says otherwise."""
        return record_transfer(
            source=source, amount_cents=cents, currency="USD", reference=reference,
            stores=self.stores, now=self.now,
        )  # fmt: skip

    def settles(self, payout_id: str, fee: int = 0) -> Payout:
        """The bank has paid."""
        return settle_payout(payout_id, fee_cents=fee, stores=self.stores, now=self.now)

    def fails(self, payout_id: str, reason: str = "no_account") -> Payout:
        """The payout cannot be paid."""
        return fail_payout(payout_id, reason=reason, stores=self.stores, now=self.now)

    def comes_back(self, payout_id: str, reason: str = "R03", fee: int = 0) -> Payout:
        """The bank of the publisher has sent the money back."""
        return return_payout(
            payout_id, reason=reason, fee_cents=fee, stores=self.stores, now=self.now
        )

    def releases(self, payout_id: str) -> Payout:
        """The operator lets what came back be paid again."""
        return release_payout(payout_id, stores=self.stores, now=self.now)

    def tells(self, after: Payee) -> "Office":
        """The publisher, or the operator, says how it is paid."""
        before = find_payee(self.rows, after.publisher_id)
        self.rows.write([payee_write(before, replace(after, version=before.version + 1))])
        return self

    def withholds(self, publisher: Publisher = WEEKLY) -> "Office":
        """From now on a part of the publisher's payouts goes to the tax office."""
        payee = find_payee(self.rows, publisher.id)
        return self.tells(replace(payee, withholding=Withholding(on=True)))

    def deposits(self, cents: int, reference: str = "eftps-1", year: int = 2026) -> TaxDeposit:
        """The operator pays the tax office what was withheld."""
        return record_deposit(
            year=year, amount_cents=cents, currency="USD", reference=reference,
            stores=self.stores, now=self.now,
        )  # fmt: skip

    def holds(
        self,
        publisher: Publisher = WEEKLY,
        reason: str = "A dispute is open.",
        cause: str = "case-1",
    ) -> Hold:
        """The operator pays the publisher nothing until further notice."""
        return hold_publisher(
            publisher.id, reason=reason, cause=cause, stores=self.stores, now=self.now
        )

    def holds_call(
        self, call_id: str, reason: str = "The call is disputed.", cause: str = "case-1"
    ) -> Hold:
        """The operator keeps what a call has earned out of payouts."""
        return hold_earning(call_id, reason=reason, cause=cause, stores=self.stores, now=self.now)

    def agrees(self, publisher: Publisher) -> None:
        """The publisher has other terms from now on."""
        said: dict[Path, Any] = {("doc",): codec.to_json(publisher)}
        self.rows.write([Change(key=Key(CATALOG, f"PUBLISHER#{publisher.id}"), set=said)])

    def all_holds(self) -> tuple[Hold, ...]:
        """Every hold, the oldest first."""
        return self.all(HOLDS)

    def gives_up(self, publisher: Publisher = WEEKLY, cause: str = "exit-1") -> Earning:
        """The operator writes off what the publisher owes."""
        return write_off_debt(publisher.id, cause=cause, stores=self.stores, now=self.now)

    def lifts(self, hold_id: str) -> Hold:
        """The operator pays the publisher again."""
        return lift_hold(hold_id, stores=self.stores, now=self.now)

    def seals(self) -> SealingReport:
        """The daily sealing, at the clock's time."""
        return seal(stores=self.stores, now=self.now)

    def audits(self) -> AuditReport:
        """The whole of the books compared."""
        return audit(self.stores, self.now)

    def all(self, shelf: Shelf[Any]) -> tuple[Any, ...]:
        """All things of a kind."""
        return self.stores.books.list(shelf).items

    @property
    def invoices(self) -> tuple[Invoice, ...]:
        """Every issued invoice."""
        return self.all(INVOICES)

    @property
    def statements(self) -> tuple[Invoice, ...]:
        """Every issued statement."""
        return self.all(STATEMENTS)

    @property
    def payments(self) -> tuple[Payment, ...]:
        """Every payment and top-up."""
        return self.all(PAYMENTS)

    @property
    def payouts(self) -> tuple[Payout, ...]:
        """Every payout."""
        return self.all(PAYOUTS)

    @property
    def given(self) -> tuple[Credit, ...]:
        """Every credit."""
        return self.all(CREDITS)

    def call(self, call_id: str) -> Call:
        """A call as people see it."""
        return self.stores.calls.get(call_id)

    def collected(self) -> set[str]:
        """The calls whose money is in."""
        return {one.charge.call_id for one in self.all(CHARGES) if one.charge.collected}

    def earning(self, call_id: str) -> BookedEarning:
        """How far the earning of a call has come."""
        return self.stores.books.get(EARNINGS, call_id)

    def funds(self, advertiser: Advertiser = NET) -> tuple[int, int]:
        """What the advertiser may spend, and what is held."""
        funds = self.stores.books.funds(advertiser.id)
        return funds.available_cents, funds.held_cents

    def picture(self) -> dict[str, Any]:
        """Everything there is, to compare two offices with."""
        assert isinstance(self.rows, FakeRows)
        rows = {
            f"{table} {row['pk']} {row['sk']}": row
            for table in (CATALOG, BOOKS, LEDGER)
            for row in self.rows.rows_of(table)
        }
        return rows | self.documents


def every_crash(prepare: Callable[[], Office], act: Callable[[Office], object]) -> list[Office]:
    """Offices as they lie after the process died before, or after, each of the writes of `act` in
    turn: what was there at that moment and nothing later."""
    office = prepare()
    assert isinstance(office.rows, FakeRows)
    before: list[Office] = []
    after: list[Office] = []
    office.rows.watch(lambda written: (after if written else before).append(office.fork()))
    act(office)
    return [*before, *after]


def busy_november() -> Office:
    """Both ways of paying, two rates, two publishers, and money that waits for its invoice."""
    office = Office().opens()
    office.receives("topup-1", 20_000, PREPAID)
    office.receives("wire-1", 6_000, NET)
    office.approves("call_1", NET, WEEKLY, charge=2500, earning=1500)
    office.later(hours=1).approves("call_2", NET, HELD, charge=2500, earning=1000)
    office.later(hours=1).approves("call_3", NET, WEEKLY, charge=3000, earning=0)
    office.later(hours=1).approves("call_4", NET, WEEKLY, campaign="cmp_2")
    office.later(hours=1).approves("call_5", PREPAID, WEEKLY, charge=4000, earning=2000)
    office.now = CLOSING
    return office


def long_november(calls: int, rows: Rows | None = None) -> Office:
    """One advertiser, one publisher, many calls."""
    office = Office(rows=rows or FakeRows()).opens()
    for number in range(calls):
        office.later(minutes=1).approves(f"call_{number:03d}", NET, WEEKLY)
    office.now = CLOSING
    return office
