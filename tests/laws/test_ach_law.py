"""Whatever the bank, the operator's people and our own processes do: nobody is paid twice by a
file, nobody forgotten."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from chalicelib.ach_checks import faults
from chalicelib.errors import Busy, Conflict, Forbidden
from chalicelib.flows import ach_answers, ach_files
from chalicelib.flows.payouts import fail_payout, release_payout, settle_payout
from chalicelib.offers import Publisher
from chalicelib.payout_files import FileState, PayoutFile
from chalicelib.payouts import PayoutState
from chalicelib.store import payout_files as store
from tests.ach import Answered, bank_file
from tests.fakes import Crash
from tests.flows.aching import PUBLISHERS, SETTINGS, AchDesk, number_of
from tests.flows.office import Office
from tests.laws import A_FEW
from tests.laws.test_books_law import Death, MortalRows

deaths = st.none() | st.tuples(st.sampled_from(["before", "after"]), st.integers(1, 14))
publishers = st.sampled_from(PUBLISHERS)


class Paying(RuleBasedStateMachine):
    """Publishers earn and are paid by files, while everything breaks that can break."""

    def __init__(self) -> None:
        super().__init__()
        self.rows = MortalRows()
        self.desk = AchDesk(office=Office(rows=self.rows)).opens()
        self.owners = {number_of(one): one.id for one in PUBLISHERS}
        self.earned: Counter[str] = Counter()
        self.received: Counter[str] = Counter()
        self.brought: set[str] = set()
        self.paid: dict[str, tuple[str, int]] = {}
        self.answers: list[str] = []

    @initialize(prenotes=st.booleans(), balanced=st.booleans())
    def begins(self, prenotes: bool, balanced: bool) -> None:
        self.desk.agrees(replace(SETTINGS, prenotes=prenotes), balanced=balanced)
        for one in PUBLISHERS:
            self.earns(one)

    def does(self, act: Callable[[], object], death: Death) -> None:
        """Act; the process may die on the way, and nobody takes it up but the clock."""
        self.rows.death = death
        with suppress(Crash, Conflict, Forbidden, Busy):
            act()
        self.rows.death = None

    @rule(publisher=publishers)
    def earns(self, publisher: Publisher) -> None:
        self.desk.earns(publisher)
        self.earned[publisher.id] += 1500

    @rule(death=deaths)
    def pays_day(self, death: Death) -> None:
        self.does(self.desk.payday, death)

    @rule(death=deaths)
    def drafts(self, death: Death) -> None:
        self.does(self.desk.drafts, death)

    @rule(death=deaths, name=st.sampled_from(["ann", "ben"]))
    def somebody_signs(self, death: Death, name: str) -> None:
        for file in self.desk.files:
            self.does(partial(self.desk.approves, file, name), death)
            self.does(partial(self.desk.releases, file, name), death)

    @rule(death=deaths)
    def somebody_discards(self, death: Death) -> None:
        for file in self.desk.files[-1:]:
            self.does(partial(ach_files.discard, file.id, stores=self.desk.office.stores), death)

    @rule(death=deaths, hours=st.sampled_from([1, 1, 1, 24, 24 * 7]))
    def runs(self, death: Death, hours: int) -> None:
        self.does(lambda: self.desk.runs(hours=hours), death)

    @rule(death=deaths)
    def everything_goes_well_up_to_the_bank(self, death: Death) -> None:
        self.desk.payday()
        with suppress(Conflict):
            self.desk.drafts()
        self.somebody_signs(None, "ann")
        self.somebody_signs(None, "ben")
        self.runs(death, 1)

    @rule()
    def files_are_brought_to_the_bank(self) -> None:
        """The bank pays whatever a written file says, each file once."""
        for file in self.desk.files:
            if file.state is FileState.WRITTEN and file.id not in self.brought:
                self.brought.add(file.id)
                self._bank_pays(self.desk.fetches(file))

    @rule(death=deaths)
    def the_bank_takes_none_of_a_file(self, death: Death) -> None:
        for file in self.desk.files:
            if file.state is FileState.WRITTEN and file.id not in self.brought:
                self.does(partial(self._refuse, file.id), death)

    @rule(data=st.data(), code=st.sampled_from(["R02", "R16", "R23", "R06"]))
    def something_comes_back(self, data: st.DataObject, code: str) -> None:
        """The bank sends the money of some entries back, and says so in a file."""
        if not self.paid:
            return
        traces = data.draw(
            st.lists(st.sampled_from(sorted(self.paid)), min_size=1, max_size=2, unique=True)
        )
        lines = []
        for trace in traces:
            owner, cents = self.paid.pop(trace)
            self.received[owner] -= cents
            lines.append(Answered(code=code, trace=trace, cents=cents))
        self.answers.append(bank_file(lines))

    @rule(data=st.data(), death=deaths)
    def an_answer_is_taken(self, data: st.DataObject, death: Death) -> None:
        """Any that came, also one that was taken before."""
        if self.answers:
            text = data.draw(st.sampled_from(self.answers))
            self.does(lambda: self._take(text), death)

    @rule(publisher=publishers)
    def somebody_pays_by_hand(self, publisher: Publisher) -> None:
        for payout in self._open(publisher):
            with suppress(Conflict):
                settle_payout(
                    payout, by_hand=True, stores=self.desk.office.stores, now=self.desk.office.now
                )
                self.received[publisher.id] += self._sent(payout)

    @rule(publisher=publishers)
    def somebody_fails_by_hand(self, publisher: Publisher) -> None:
        for payout in self._open(publisher):
            with suppress(Conflict):
                fail_payout(
                    payout, reason="oops", by_hand=True, stores=self.desk.office.stores,
                    now=self.desk.office.now,
                )  # fmt: skip

    @rule(publisher=publishers)
    def says_another_account(self, publisher: Publisher) -> None:
        number = f"77{len(self.owners):06d}"
        self.owners[number] = publisher.id
        self.desk.says_account(publisher, number)

    @rule()
    def operator_lets_returned_money_go(self) -> None:
        office = self.desk.office
        for payout in office.payouts:
            if payout.state is PayoutState.RETURNED:
                release_payout(payout.id, stores=office.stores, now=office.now)
        for hold in office.all_holds():
            office.lifts(hold.id)

    @invariant()
    def nobody_has_more_than_was_earned(self) -> None:
        for who, cents in self.received.items():
            assert 0 <= cents <= self.earned[who]

    @invariant()
    def what_the_bank_carries_is_never_free_to_be_paid_again(self) -> None:
        payouts = {one.id: one for one in self.desk.office.payouts}
        for trace in self.paid:
            entry = store.entries_by_trace(self.rows, [trace])[trace]
            assert entry.payout_id is not None
            assert not payouts[entry.payout_id].unpaid

    @invariant()
    def the_books_agree(self) -> None:
        assert not self.desk.office.audits().differences

    def teardown(self) -> None:
        """Once all is quiet, whatever was earned was received."""
        for text in self.answers:
            with suppress(Conflict):
                self._take(text)
        for _ in range(4):
            self._a_quiet_month()
        for one in PUBLISHERS:
            assert self.received[one.id] == self.earned[one.id]
        assert not self.desk.office.audits().differences

    def _a_quiet_month(self) -> None:
        for number, one in enumerate(PUBLISHERS):
            bank = self.desk.payee(one).bank
            if bank is None or bank.refused:
                self.owners[f"8{number}{len(self.owners):06d}"] = one.id
                self.desk.says_account(one, f"8{number}{len(self.owners) - 1:06d}")
        self.operator_lets_returned_money_go()
        for _ in range(2):
            self.everything_goes_well_up_to_the_bank(None)
            self.files_are_brought_to_the_bank()
            self.runs(None, 24 * 7)

    def _bank_pays(self, file: PayoutFile) -> None:
        assert faults(self.desk.text(file)) == ()
        for trace, entry in self.desk.told(file).items():
            cents = int(entry.detail.fields["cents"])
            if entry.detail.fields["code"] in ("22", "32"):
                owner = self.owners[entry.detail.fields["account"].strip()]
                self.paid[trace] = (owner, cents)
                self.received[owner] += cents

    def _refuse(self, file_id: str) -> None:
        by, stores = self.desk.signs("ann"), self.desk.office.stores
        ach_files.refuse(file_id, by=by, note="No", stores=stores)

    def _take(self, text: str) -> None:
        desk = self.desk
        stores = desk.office.stores
        made = ach_answers.preview(
            text.encode(), by=desk.signs("ann"), cipher=desk.cipher, stores=stores
        )
        ach_answers.apply(made.id, by=desk.signs("ann"), desk=desk.desk)

    def _open(self, publisher: Publisher) -> Iterator[str]:
        for payout in self.desk.office.payouts:
            if payout.publisher_id == publisher.id and payout.in_flight:
                yield payout.id

    def _sent(self, payout_id: str) -> int:
        return next(one.sent_cents for one in self.desk.office.payouts if one.id == payout_id)


TestPaying = Paying.TestCase
TestPaying.settings = settings(stateful_step_count=25, deadline=None, max_examples=A_FEW)
