"""Whatever PayPal, the network and our own processes do: nobody is paid twice, nobody forgotten."""

import json
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, suppress

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from chalicelib.errors import Busy, Conflict, Forbidden, NotFound
from chalicelib.flows import paypal_batches as flow
from chalicelib.flows.payouts import fail_payout, release_payout
from chalicelib.offers import Publisher
from chalicelib.payouts import PayoutState
from chalicelib.paypal_batches import BatchState
from tests.fakes import Crash
from tests.flows.office import Office
from tests.flows.paypaling import ADA, BOB, CY, paydesk, receiver
from tests.flows.people import PEOPLE
from tests.laws import A_FEW
from tests.laws.test_books_law import Death, MortalRows
from tests.paypal.server import Trouble

PUBLISHERS = (ADA, BOB, CY)
WAYS = (
    ("SUCCESS",), ("SUCCESS",), ("UNCLAIMED",), ("UNCLAIMED", "SUCCESS"), ("ONHOLD", "SUCCESS"),
    ("ONHOLD", "FAILED"), ("FAILED",), ("BLOCKED",), ("UNCLAIMED", "RETURNED"),
    ("SUCCESS", "REVERSED"), ("SUCCESS", "REFUNDED"),
)  # fmt: skip

deaths = st.none() | st.tuples(st.sampled_from(["before", "after"]), st.integers(1, 14))


class Paying(RuleBasedStateMachine):
    """Publishers earn and are paid by PayPal, while everything breaks that can break."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.rows = MortalRows()
        self.desk = self.stack.enter_context(paydesk(Office(rows=self.rows)))
        self.earned: Counter[str] = Counter()

    @initialize()
    def begins(self) -> None:
        self.earns(ADA)

    def does(self, act: Callable[[], object], death: Death) -> None:
        """Act; the process may die on the way, and nobody takes it up but the clock."""
        self.rows.death = death
        with suppress(Crash):
            act()
        self.rows.death = None

    @rule(publisher=st.sampled_from(PUBLISHERS))
    def earns(self, publisher: Publisher) -> None:
        self.desk.earns(publisher)
        self.earned[receiver(publisher)] += 1500

    @rule(publishers=st.sampled_from([(ADA,), (ADA, BOB), PUBLISHERS]))
    def a_batch_is_let_go(self, publishers: tuple[Publisher, ...]) -> None:
        """All goes well as far as PayPal's door."""
        for publisher in publishers:
            self.earns(publisher)
        self.desk.payday()
        self.desk.runs()
        self.desk.lets_go_what_is_ready()

    @rule(trouble=st.sampled_from([Trouble.LOST_AFTER, Trouble.BROKEN_AFTER, Trouble.LOST_BEFORE]))
    def nothing_is_heard_of_paypal(self, trouble: Trouble) -> None:
        """A run, during which every answer is lost."""
        self.desk.server.troubles.clear()
        self.desk.server.trouble(trouble, times=300)
        self.desk.runs()
        self.desk.server.troubles.clear()

    @rule(death=deaths)
    def pays_day(self, death: Death) -> None:
        self.does(self.desk.payday, death)

    @rule(death=deaths, hours=st.sampled_from([1, 1, 25, 24 * 31]))
    def runs(self, death: Death, hours: int) -> None:
        self.does(lambda: self.desk.runs(hours=hours), death)

    @rule(death=deaths)
    def lets_go(self, death: Death) -> None:
        self.does(self.desk.lets_go_what_is_ready, death)

    @rule(name=st.sampled_from(PEOPLE), death=deaths)
    def approves(self, name: str, death: Death) -> None:
        for batch in self.desk.batches:
            self.signs(lambda batch=batch: self.desk.approves(batch, name), death)  # type: ignore[misc]

    @rule(name=st.sampled_from(PEOPLE), death=deaths)
    def releases(self, name: str, death: Death) -> None:
        for batch in self.desk.batches:
            self.signs(lambda batch=batch: self.desk.releases(batch, name), death)  # type: ignore[misc]

    def signs(self, act: Callable[[], object], death: Death) -> None:
        """Somebody takes a step, whether it is theirs to take or not."""
        with suppress(Conflict, Forbidden, NotFound):
            self.does(act, death)
        self.rows.death = None

    @rule(death=deaths, looked=st.booleans())
    def withdraws(self, death: Death, looked: bool) -> None:
        """Whoever says that PayPal does not have a batch has looked there."""
        senders = {one.header["sender_batch_id"] for one in self.desk.till.batches.values()}

        def act() -> None:
            for batch in self.desk.batches:
                absent = looked and batch.sender_id not in senders
                with suppress(Conflict, NotFound):
                    self.desk.withdraws(batch, not_at_paypal=absent)

        self.does(act, death)

    @rule(trouble=st.sampled_from(list(Trouble)), times=st.sampled_from([1, 2, 30]))
    def trouble_comes(self, trouble: Trouble, times: int) -> None:
        self.desk.server.trouble(trouble, times=times)

    @rule()
    def trouble_passes(self) -> None:
        self.desk.server.troubles.clear()

    @rule(publisher=st.sampled_from(PUBLISHERS), way=st.sampled_from(WAYS))
    def goes(self, publisher: Publisher, way: tuple[str, ...]) -> None:
        self.desk.till.ways[receiver(publisher)] = way

    @rule(cents=st.sampled_from([0, 2_000, 100_000]))
    def funds(self, cents: int) -> None:
        self.desk.till.balance_cents = cents

    @rule(named=st.booleans())
    def names(self, named: bool) -> None:
        self.desk.till.names_original = named

    @rule()
    def advances(self) -> None:
        self.desk.till.advance()

    @rule(data=st.data(), death=deaths)
    def hears(self, data: st.DataObject, death: Death) -> None:
        """A webhook comes, whichever, whenever, however often; the others are lost."""
        if not self.desk.till.outbox:
            return
        event = json.loads(data.draw(st.sampled_from(self.desk.till.outbox)).raw)

        def act() -> None:
            with suppress(Busy, Conflict):
                self.desk.hears(event)

        self.does(act, death)

    @rule()
    def operator_lets_returned_money_go(self) -> None:
        office = self.desk.office
        for payout in office.payouts:
            if payout.state is PayoutState.RETURNED:
                release_payout(payout.id, stores=office.stores, now=office.now)

    @rule()
    def somebody_says_that_nobody_is_paid(self) -> None:
        """By hand, of every payout that is on its way."""
        office = self.desk.office
        for payout in office.payouts:
            if payout.in_flight:
                with suppress(Conflict):
                    fail_payout(
                        payout.id, reason="R02", by_hand=True, stores=office.stores, now=office.now
                    )

    @invariant()
    def nobody_has_more_than_was_earned(self) -> None:
        for who, cents in self.desk.till.received.items():
            assert 0 <= cents <= self.earned[who]

    @invariant()
    def paypal_pays_only_what_two_people_let_go(self) -> None:
        let_go = {
            batch.id
            for batch in self.desk.batches
            if batch.approved and batch.released and batch.approved.name != batch.released.name
        }
        for batch in self.desk.till.batches.values():
            assert batch.header["sender_batch_id"].partition("-")[0] in let_go

    @invariant()
    def paypal_pays_each_payout_once(self) -> None:
        asked = Counter(
            item.asked["sender_item_id"]
            for batch in self.desk.till.batches.values()
            for item in batch.items
        )
        assert set(asked.values()) <= {1}

    @invariant()
    def what_paypal_pays_is_never_free_to_be_paid_again(self) -> None:
        payouts = {one.id: one for one in self.desk.office.payouts}
        for batch in self.desk.till.batches.values():
            for item in batch.items:
                if item.status in ("SUCCESS", "PENDING", "ONHOLD", "UNCLAIMED"):
                    assert not payouts[item.asked["sender_item_id"]].unpaid

    @invariant()
    def the_books_agree(self) -> None:
        report = self.desk.office.audits()
        assert not report.differences

    def teardown(self) -> None:
        """Once all is quiet, whatever was earned was received, or waits where somebody sees it."""
        with self.stack:
            self._settles_down()
            self._confirms()

    def _settles_down(self) -> None:
        desk = self.desk
        desk.server.troubles.clear()
        desk.till.ways.clear()
        desk.till.balance_cents = 10_000_000
        desk.till.names_original = True
        for _ in range(6):
            desk.payday()
            desk.runs()
            desk.lets_go_what_is_ready()
            for _ in range(3):
                desk.runs(hours=2)
                desk.till.advance()
            desk.runs(hours=26)
            self._people_look_at_paypal()

    def _people_look_at_paypal(self) -> None:
        """Somebody follows up what the platform says that it cannot find out."""
        known = {one.header["sender_batch_id"]: one.id for one in self.desk.till.batches.values()}
        office = self.desk.office
        for batch in self.desk.batches:
            if batch.state is not BatchState.RELEASED or not batch.unsure_since:
                continue
            assert batch.problem
            if batch.sender_id in known:
                flow.name(
                    batch.id, known[batch.sender_id], paypal=self.desk.paypal,
                    stores=office.stores, now=office.now,
                )  # fmt: skip
            else:
                self.desk.withdraws(batch, not_at_paypal=True)

    def _confirms(self) -> None:
        office = self.desk.office
        told = {
            item.asked["sender_item_id"]: item.status
            for batch in self.desk.till.batches.values()
            for item in batch.items
        }
        for payout in office.payouts:
            assert not payout.in_flight
            if payout.state is PayoutState.SETTLED:
                assert told[payout.id] == "SUCCESS"
            else:
                assert told.get(payout.id) != "SUCCESS"
        accounts = office.audits().accounts
        for one in PUBLISHERS:
            waits = sum(
                cents for name, cents in accounts.items() if name.startswith(f"pub:{one.id}:")
            )
            assert self.desk.till.received[receiver(one)] - waits == self.earned[receiver(one)]


TestPaying = Paying.TestCase
TestPaying.settings = settings(stateful_step_count=25, deadline=None, max_examples=A_FEW)
