"""Whatever happens to the books, in whatever order, interrupted anywhere: they stay whole."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from chalicelib import credits
from chalicelib.calls import CallStatus
from chalicelib.campaigns import Advertiser, Billing
from chalicelib.errors import Conflict
from chalicelib.flows.issuer import set_issuer
from chalicelib.flows.payments import pass_on
from chalicelib.invoices import Charge, InvoiceState
from chalicelib.issuer import Issuer
from chalicelib.offers import PayoutMethod, Publisher
from chalicelib.payments import PaymentKind, PaymentState
from chalicelib.payouts import EarningState, PayoutState
from chalicelib.store.books import ADJUSTMENTS, CHARGES, EARNINGS, HOLDS
from chalicelib.store.checkpoints import balance_of
from chalicelib.store.holding import holds_on
from chalicelib.store.rows import Action, NotWritten
from tests.fakes import Crash, FakeRows
from tests.flows.office import HELD, NET, PREPAID, WEEKLY, Office

Death = tuple[str, int] | None

_REFUSALS = {"credit_beyond_charge", "nothing_to_credit", "credit_differs", "invoice_ended"}

BankLine = tuple[str, int, str]
"""Who paid, how much in cents, and what for."""

bank_lines = st.tuples(
    st.sampled_from([NET.name, PREPAID.name]),
    st.sampled_from([700, 2500, 6000]),
    st.sampled_from(["deposit", "INV-000001", "INV-000002"]),
)

deaths = st.none() | st.tuples(st.sampled_from(["before", "after"]), st.integers(1, 12))


class MortalRows(FakeRows):
    """Rows whose process may be told to die around one of its next writes."""

    death: Death = None

    def write(self, actions: Sequence[Action]) -> None:
        moment, left = self.death or ("never", 0)
        self.death = (moment, left - 1) if self.death else None
        if (moment, left) == ("before", 1):
            raise Crash
        super().write(actions)
        if (moment, left) == ("after", 1):
            raise Crash


class Books(RuleBasedStateMachine):
    """Approvals, money, closings, seals, settlements; each may die on the way and be repeated."""

    def __init__(self) -> None:
        super().__init__()
        self.rows = MortalRows()
        self.office = Office(rows=self.rows)
        self.charged = 0
        self.earned = 0
        self.received: dict[tuple[str, str], int] = {}
        self.asked: list[tuple[str, int | None, bool, str]] = []
        self.refunded = 0
        self.files = 0
        self.told: set[BankLine] = set()

    @initialize()
    def opens(self) -> None:
        net = replace(NET, bank_references=(NET.name,), bill_at_cents=6_000)
        self.office.opens(advertisers=(net, replace(PREPAID, bank_references=(PREPAID.name,))))

    def does(self, act: Callable[[], object], death: Death) -> None:
        """Act; where the process dies on the way, act once more, as a retry does."""
        self.rows.death = death
        try:
            act()
        except Crash:
            self.rows.death = None
            self.whole()
            act()
        finally:
            self.rows.death = None

    @rule(
        advertiser=st.sampled_from([NET, PREPAID]),
        publisher=st.sampled_from([WEEKLY, HELD]),
        charge=st.sampled_from([0, 1900, 2500]),
        earning=st.sampled_from([0, 700, 1500]),
    )
    def approves(
        self, advertiser: Advertiser, publisher: Publisher, charge: int, earning: int
    ) -> None:
        number = len(self.office.all(CHARGES))
        try:
            self.office.approves(
                f"call_{number:03d}", advertiser, publisher, charge=charge, earning=earning
            )
        except NotWritten:
            assert advertiser.billing is Billing.PREPAID
            assert self.office.funds(advertiser)[0] < charge
            return
        self.charged += charge
        self.earned += earning

    @rule(
        advertiser=st.sampled_from([NET, PREPAID]),
        cents=st.sampled_from([1, 1000, 2500, 5000, 30_000]),
        death=deaths,
    )
    def receives(self, advertiser: Advertiser, cents: int, death: Death) -> None:
        reference = f"wire-{len(self.received)}"
        self.received[advertiser.id, reference] = cents
        self.does(lambda: self.office.receives(reference, cents, advertiser), death)

    @precondition(lambda self: self.received)
    @rule(data=st.data())
    def receives_again(self, data: st.DataObject) -> None:
        (owner, reference), cents = data.draw(st.sampled_from(sorted(self.received.items())))
        before = self.office.audits().accounts["cash:bank"]
        self.office.receives(reference, cents, NET if owner == NET.id else PREPAID)
        assert self.office.audits().accounts["cash:bank"] == before

    @rule(said=st.lists(bank_lines, min_size=1, max_size=3, unique=True), death=deaths)
    def reads_a_statement(self, said: list[BankLine], death: Death) -> None:
        """Statements overlap: a line that comes again is the same money."""
        self.files += 1
        lines = (f"2026-12-05,{cents / 100:.2f},USD,{name},{who}" for who, cents, name in said)
        made = self.office.reads(*lines, id=f"bnk_{self.files}")
        self.told |= set(said)
        self.does(lambda: self.office.applies(made), death)
        assert self.office.applies(made).matched == len(said)

    @precondition(lambda self: self.office.payments)
    @rule(data=st.data(), cents=st.sampled_from([1, 1000, 5000]), death=deaths)
    def refunds(self, data: st.DataObject, cents: int, death: Death) -> None:
        payment = data.draw(st.sampled_from(sorted(one.id for one in self.office.payments)))
        reference = f"back-{self.refunded}"
        self.refunded += 1
        self.tries(lambda: self.office.refunds(payment, cents, reference), death)

    @precondition(lambda self: self.office.payments)
    @rule(data=st.data(), death=deaths)
    def is_charged_back(self, data: st.DataObject, death: Death) -> None:
        payment = data.draw(st.sampled_from(sorted(one.id for one in self.office.payments)))
        self.tries(lambda: self.office.is_charged_back(payment), death)

    def tries(self, act: Callable[[], object], death: Death) -> None:
        """Act, unless the books refuse it; then nothing has changed."""
        before = self.office.picture()
        try:
            self.does(act, death)
        except Conflict:
            assert self.office.picture() == before

    @rule(days=st.sampled_from([0, 1, 8, 31]), death=deaths)
    def closes(self, days: int, death: Death) -> None:
        self.office.later(days=days)
        self.does(self.office.closes, death)

    @rule(minutes=st.sampled_from([0, 1, 90]), death=deaths)
    def bills_early(self, minutes: int, death: Death) -> None:
        self.office.later(minutes=minutes)
        self.does(self.office.bills_early, death)
        assert not self.office.bills_early().failed

    @rule(death=deaths)
    def seals(self, death: Death) -> None:
        self.does(self.office.seals, death)

    @rule()
    def closes_twice(self) -> None:
        self.office.closes()
        once = self.office.picture()
        self.office.closes()
        assert self.office.picture() == once

    @precondition(lambda self: self.office.all(CHARGES))
    @rule(
        data=st.data(),
        cents=st.none() | st.sampled_from([1, 400, 1900]),
        keep=st.booleans(),
        death=deaths,
    )
    def credits(self, data: st.DataObject, cents: int | None, keep: bool, death: Death) -> None:
        call_id = data.draw(st.sampled_from(sorted(self.charges())))
        asked = (call_id, cents, keep, f"ticket-{len(self.asked)}")
        try:
            self.does(lambda: self.gives(asked), death)
        except Conflict as refused:
            assert refused.code in _REFUSALS
            if refused.code == "invoice_ended":
                return
            left = self.charges()[call_id].due_cents
            given = {one.id for one in self.office.given}
            assert (
                left < (cents or 1)
                or credits.Wish(call_id=call_id, reason=credits.CreditReason.SPAM).id in given
            ), refused
            return
        self.asked.append(asked)

    @precondition(lambda self: self.asked)
    @rule(data=st.data())
    def credits_again(self, data: st.DataObject) -> None:
        asked = data.draw(st.sampled_from(self.asked))
        given = self.office.given
        self.gives(asked)
        assert self.office.given == given

    def gives(self, asked: tuple[str, int | None, bool, str]) -> None:
        call_id, cents, keep, cause = asked
        kind = credits.CreditReason.GOODWILL if cents and keep else credits.CreditReason.SPAM
        self.office.credits(call_id, cents, keep=keep, cause=cause, reason=kind)

    def charges(self) -> dict[str, Charge]:
        return {one.charge.call_id: one.charge for one in self.office.all(CHARGES)}

    @precondition(lambda self: self.office.payouts)
    @rule(
        data=st.data(),
        step=st.sampled_from(["submit", "settle", "settle", "fail", "return", "release"]),
        fee=st.sampled_from([0, 25]),
        death=deaths,
    )
    def pays(self, data: st.DataObject, step: str, fee: int, death: Death) -> None:
        payout = data.draw(st.sampled_from(sorted(one.id for one in self.office.payouts)))
        acts: dict[str, Callable[[], object]] = {
            "submit": lambda: self.office.submits(payout, method=PayoutMethod.PAYPAL),
            "settle": lambda: self.office.settles(payout, fee),
            "fail": lambda: self.office.fails(payout),
            "return": lambda: self.office.comes_back(payout, fee=fee),
            "release": lambda: self.office.releases(payout),
        }
        self.does(lambda: self.allowed(acts[step]), death)

    @rule(publisher=st.sampled_from([WEEKLY, HELD]), death=deaths)
    def holds(self, publisher: Publisher, death: Death) -> None:
        cause = f"case-{len(self.office.all(HOLDS))}"
        self.does(lambda: self.office.holds(publisher, cause=cause), death)

    @precondition(lambda self: self.office.all(EARNINGS))
    @rule(data=st.data(), death=deaths)
    def holds_a_call(self, data: st.DataObject, death: Death) -> None:
        call_id = data.draw(st.sampled_from(sorted(self.charges())))
        cause = f"case-{len(self.office.all(HOLDS))}"
        self.does(lambda: self.allowed(lambda: self.office.holds_call(call_id, cause=cause)), death)

    @rule(publisher=st.sampled_from([WEEKLY, HELD]), death=deaths)
    def lifts(self, publisher: Publisher, death: Death) -> None:
        standing = [one.id for one in holds_on(self.rows, publisher.id)]
        self.does(lambda: [self.office.lifts(one) for one in standing], death)

    @rule(publisher=st.sampled_from([WEEKLY, HELD]), death=deaths)
    def gives_up(self, publisher: Publisher, death: Death) -> None:
        cause = f"exit-{len(self.office.all(ADJUSTMENTS))}"
        self.does(lambda: self.allowed(lambda: self.office.gives_up(publisher, cause=cause)), death)

    @rule(publisher=st.sampled_from([WEEKLY, HELD]), percent=st.sampled_from([0, 10, 50]))
    def reserves(self, publisher: Publisher, percent: int) -> None:
        terms = replace(publisher.payout_terms, reserve_percent=percent, reserve_days=20)
        self.office.agrees(replace(publisher, payout_terms=terms))

    @precondition(lambda self: self.office.invoices)
    @rule(data=st.data(), death=deaths)
    def voids(self, data: st.DataObject, death: Death) -> None:
        invoice = data.draw(st.sampled_from(sorted(one.id for one in self.office.invoices)))
        self.does(lambda: self.allowed(lambda: self.office.voids(invoice)), death)

    @precondition(lambda self: self.office.invoices)
    @rule(data=st.data(), death=deaths)
    def writes_off(self, data: st.DataObject, death: Death) -> None:
        invoice = data.draw(st.sampled_from(sorted(one.id for one in self.office.invoices)))
        self.does(lambda: self.allowed(lambda: self.office.writes_off(invoice)), death)

    def allowed(self, act: Callable[[], object]) -> None:
        """Act, unless the document is one to which that cannot happen; then nothing changes, but
        money that a dead process has left on its way arrives."""
        before = self.office.fork()
        try:
            act()
        except Conflict:
            if self.office.picture() != before.picture():
                for one in (NET, PREPAID):
                    for office in (self.office, before):
                        pass_on(one.id, stores=office.stores, now=office.now)
            assert self.office.picture() == before.picture()

    @rule(points=st.sampled_from([0, 825]))
    def taxes(self, points: int) -> None:
        issuer = Issuer(tax_basis_points=points)
        set_issuer(issuer, stores=self.office.stores, version=None)

    @invariant()
    def whole(self) -> None:
        """Every law of the audit holds, even where a process has just died."""
        report = self.office.audits()
        assert report.total_cents == 0
        assert report.clean, report.differences

    @invariant()
    def a_balance_is_its_checkpoint_and_what_came_after(self) -> None:
        recomputed = self.office.audits().accounts
        assert recomputed == {
            account: balance_of(self.rows, account).balance_cents for account in recomputed
        }

    @invariant()
    def every_cent_is_accounted_for(self) -> None:
        accounts = self.office.audits().accounts
        settled = [one for one in self.office.payouts if one.state is PayoutState.SETTLED]
        paid_out = sum(one.sent_cents for one in settled)
        fees = sum(one.fee_cents for one in self.office.payouts)
        assert accounts["revenue:calls"] == -self.charged
        given = self.office.given
        clawed_back = sum(one.clawed_back_cents for one in given)
        kind = sum(one.amount_cents for one in given if one.reason == "goodwill")
        assert accounts["expense:goodwill"] == kind
        assert accounts["revenue:credit_notes"] == sum(one.amount_cents for one in given) - kind
        assert accounts["cost:publishers"] == self.earned - clawed_back
        paid_in = [one for one in self.office.payments if one.kind is not PaymentKind.CREDIT]
        came_in = sum(self.received.values()) + sum(cents for _, cents, _ in self.told)
        assert sum(one.amount_cents for one in paid_in) == came_in
        kept = sum(one.kept_cents for one in paid_in)
        handed_out = sum(
            one.refunded_cents for one in self.office.payments if one.kind is PaymentKind.CREDIT
        )
        cash = accounts["cash:bank"] + accounts["cash:paypal"]
        assert cash == kept - handed_out - paid_out - fees
        assert accounts["expense:payout_fees"] == fees

    @invariant()
    def nothing_is_negative_that_may_not_be(self) -> None:
        """A chargeback may take what calls have used; nothing else goes below nothing."""
        accounts = self.office.audits().accounts
        gone = {
            one.advertiser_id
            for one in self.office.payments
            if one.state is PaymentState.CHARGED_BACK
        }
        for advertiser in {NET.id, PREPAID.id} - gone:
            assert self.office.stores.books.funds(advertiser).available_cents >= 0
            assert accounts[f"prepaid:{advertiser}"] <= 0
            own = [one for one in self.office.invoices if one.advertiser_id == advertiser]
            assert all(one.spare_cents >= 0 for one in own)
        assert accounts[f"unapplied:{NET.id}"] <= 0
        assert accounts[f"ar:{NET.id}"] >= 0
        assert all(one.paid_cents >= 0 and one.owed_cents >= 0 for one in self.office.invoices)
        assert all(one.unapplied_cents >= 0 for one in self.office.payments)
        assert all(one.amount_cents > 0 for one in self.office.payouts)
        assert all(one.spare_cents >= 0 for one in self.office.statements)

    @invariant()
    def what_is_in_transit_is_in_flight(self) -> None:
        accounts = self.office.audits().accounts
        for publisher in (WEEKLY, HELD):
            own = [one for one in self.office.payouts if one.publisher_id == publisher.id]
            in_flight = sum(one.sent_cents for one in own if one.in_flight)
            back = [one for one in own if one.state is PayoutState.RETURNED]
            held = sum(one.amount_cents for one in back if not one.gives_back)
            lines = (*self.office.all(EARNINGS), *self.office.all(ADJUSTMENTS))
            held += sum(
                one.earning.due_cents
                for one in lines
                if one.state is EarningState.HELD and one.earning.publisher_id == publisher.id
            )
            assert accounts[f"pub:{publisher.id}:in_transit"] == -in_flight
            assert accounts[f"pub:{publisher.id}:held"] == -held

    @invariant()
    def what_is_held_is_in_no_payout(self) -> None:
        for one in (*self.office.all(EARNINGS), *self.office.all(ADJUSTMENTS)):
            assert one.state is not EarningState.HELD or one.document_id is None

    @invariant()
    def no_more_is_paid_out_than_came_in(self) -> None:
        """Each call that was paid for had its charge collected, so that the cash for it is there,
        but for what a call earned beyond its charge."""
        charges = self.charges()
        earned = [one.earning for one in self.office.all(EARNINGS)]
        given_away = sum(
            max(0, one.amount_cents - charges[one.call_id].amount_cents) for one in earned
        )
        settled = [one for one in self.office.payouts if one.state is PayoutState.SETTLED]
        paid_out = sum(one.sent_cents for one in settled)
        came_in = sum(self.received.values()) + sum(cents for _, cents, _ in self.told)
        assert paid_out <= came_in + given_away

    @invariant()
    def a_payout_ends_once(self) -> None:
        for payout in self.office.payouts:
            ended = payout.ended_at is not None
            assert ended is payout.unpaid
            assert (payout.reason is not None) is payout.unpaid
            assert payout.state is not PayoutState.SETTLED or payout.settled_at is not None

    @invariant()
    def nothing_is_released_before_it_is_collected(self) -> None:
        collected = self.office.collected()
        released = {
            one.earning.call_id
            for one in self.office.all(EARNINGS)
            if one.state in (EarningState.PAYABLE, EarningState.HELD)
        }
        assert released <= collected

    @invariant()
    def nothing_is_credited_beyond_its_charge(self) -> None:
        for call_id, charge in self.charges().items():
            of_call = [one for one in self.office.given if one.call_id == call_id]
            assert (
                sum(one.amount_cents for one in of_call) == charge.amount_cents - charge.due_cents
            )
            assert charge.due_cents >= 0
            earned = self.office.earning(call_id).earning.amount_cents
            assert 0 <= sum(one.clawed_back_cents for one in of_call) <= earned
            whole = bool(of_call) and not charge.due_cents
            assert (self.office.call(call_id).status is CallStatus.RETURNED) is whole

    @invariant()
    def nothing_is_claimed_twice(self) -> None:
        billed = Counter(
            one.charge.call_id
            for document in (*self.office.invoices, *self.office.statements)
            for one in self.office.stores.books.each_of(CHARGES, document.id)
        )
        paid = Counter(
            one.earning.id
            for payout in self.office.payouts
            for one in self.office.stores.books.each_of(EARNINGS, payout.id)
        )
        assert set((billed + paid).values()) <= {1, 2}
        assert set(billed.values()) | set(paid.values()) <= {1}

    @invariant()
    def numbers_have_no_gaps(self) -> None:
        for series, documents in (("INV", self.office.invoices), ("ST", self.office.statements)):
            numbers = sorted(str(one.number) for one in documents)
            assert numbers == [f"{series}-{n:06d}" for n in range(1, len(documents) + 1)]
        notes = sorted(str(one.number) for one in self.office.given if one.is_note)
        assert notes == [f"CN-{n:06d}" for n in range(1, len(notes) + 1)]

    def teardown(self) -> None:
        """In the end every call is on one document that stands, however often it was made void,
        and what a payout that came to nothing has given back is paid, or waits to be."""
        if not self.office.all(CHARGES):
            return
        self.office.later(days=31).closes()
        given_back = {one.id for one in self.office.payouts if one.gives_back}
        assert not given_back & {one.document_id for one in self.office.all(EARNINGS)}
        documents = (*self.office.invoices, *self.office.statements)
        standing = {one.id for one in documents if one.state is not InvoiceState.VOID}
        assert {one.document_id for one in self.office.all(CHARGES)} <= standing
        self.whole()


TestBooks = Books.TestCase
TestBooks.settings = settings(stateful_step_count=30)
