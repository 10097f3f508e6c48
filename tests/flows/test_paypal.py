"""Publishers paid by PayPal, from the payday to the last word that PayPal says."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace

import pytest

from chalicelib.errors import Conflict, Forbidden, NotFound
from chalicelib.flows import paypal_batches as flow
from chalicelib.flows.holding import hold_publisher
from chalicelib.flows.payouts import fail_payout, settle_payout, submit_payout
from chalicelib.flows.paypal_run import is_waiting
from chalicelib.flows.signing import signature
from chalicelib.keys import OWN_KEY
from chalicelib.offers import PayoutMethod
from chalicelib.payouts import PayoutState
from chalicelib.paypal_batches import Batch, BatchState, taken
from chalicelib.paypal_payouts import MOST_ITEMS
from chalicelib.signatures import Signature
from chalicelib.store import paypal_batches as store
from infra.deploy import PROJECT
from tests.fakes import Crash, FakeRows
from tests.flows.paypaling import ADA, BOB, CY, PayDesk, paydesk, receiver
from tests.flows.people import signs
from tests.paypal.server import Trouble

SLOWEST_PAYOUTS_A_SECOND = 8


@pytest.fixture
def desk() -> Iterator[PayDesk]:
    with paydesk() as made:
        yield made


def released(desk: PayDesk) -> None:
    """Ada and Bob have earned, and their batch is let go."""
    desk.earns(ADA, BOB)
    desk.payday()
    desk.runs()
    desk.lets_go()


def paid(desk: PayDesk) -> None:
    released(desk)
    desk.runs()
    desk.till.advance()
    desk.till.advance()
    desk.runs()


def test_what_was_earned_is_paid_once_it_is_released(desk: PayDesk) -> None:
    desk.earns(ADA, BOB)
    desk.payday()
    assert [one.state for one in desk.office.payouts] == [PayoutState.CREATED] * 2
    desk.runs()
    assert (desk.batch.state, desk.batch.count, desk.batch.amount_cents) == (
        BatchState.READY, 2, 3000,
    )  # fmt: skip
    desk.runs(days=3)
    assert desk.server.asked == [], "nobody let it go"
    desk.lets_go()
    assert desk.runs().sent == 1
    assert [one.state for one in desk.office.payouts] == [PayoutState.SUBMITTED] * 2
    desk.till.advance()
    desk.till.advance()
    desk.runs()
    assert [one.state for one in desk.office.payouts] == [PayoutState.SETTLED] * 2
    assert desk.till.received == {receiver(ADA): 1500, receiver(BOB): 1500}
    assert desk.batch.state is BatchState.DONE
    balances = desk.office.audits()
    assert balances.clean
    assert balances.accounts["cash:paypal"] == -3050
    assert balances.accounts["expense:payout_fees"] == 50


def test_a_payout_keeps_paypals_id_of_it(desk: PayDesk) -> None:
    paid(desk)
    item = desk.items()[ADA.id]
    assert desk.payout_of(ADA).reference == item.item_id == "ITEM0000X00000"
    assert (item.status, item.fee_cents) == ("SUCCESS", 25)


def test_a_payday_run_twice_makes_one_batch(desk: PayDesk) -> None:
    desk.earns(ADA, BOB)
    desk.payday()
    desk.office.closes()
    desk.runs()
    desk.runs()
    assert desk.batch.count == 2


def test_a_step_taken_twice_is_taken_once(desk: PayDesk) -> None:
    desk.earns(ADA, BOB)
    desk.payday()
    desk.runs()
    first = desk.approves()
    desk.office.later(hours=1)
    assert desk.approves() == first
    let_go = desk.releases()
    desk.office.later(hours=1)
    assert desk.releases() == let_go
    desk.runs()
    sent = desk.batch
    assert (desk.approves(), desk.releases()) == (sent, sent), "PayPal has it, and nothing changes"


def test_what_one_person_alone_wants_paid_is_not_paid(desk: PayDesk) -> None:
    desk.earns(ADA, BOB)
    desk.payday()
    desk.runs()
    with pytest.raises(Conflict) as early:
        desk.releases()
    assert early.value.code == "batch_state"
    approved = desk.approves()
    assert approved.approved is not None
    assert (approved.approved.name, approved.approved.at) == ("Ann", desk.office.now)
    again = Signature(key_id="key_other", name=" ANN", at=desk.office.now)
    for by in (signs(desk.office, "ann"), again):
        with pytest.raises(Forbidden) as alone:
            flow.release(desk.batch.id, by=by, stores=desk.office.stores)
        assert alone.value.code == "second_operator"
    desk.runs()
    assert desk.server.asked == []
    desk.releases()
    assert desk.runs().sent == 1


@pytest.mark.parametrize("step", [flow.approve, flow.release])
def test_the_key_of_the_deployment_is_nobody(desk: PayDesk, step: Callable[..., Batch]) -> None:
    desk.earns(ADA)
    desk.payday()
    desk.runs()
    if step is flow.release:
        desk.approves()
    nobody = signature(OWN_KEY, stores=desk.office.stores, now=desk.office.now)
    with pytest.raises(Forbidden) as refused:
        step(desk.batch.id, by=nobody, stores=desk.office.stores)
    assert refused.value.code == "personal_key_needed"


def test_of_two_who_release_at_once_one_has_released(desk: PayDesk) -> None:
    desk.earns(ADA)
    desk.payday()
    desk.runs()
    desk.approves()
    rows = desk.office.rows
    assert isinstance(rows, FakeRows)
    cy = Signature(key_id="key_cy", name="Cy", at=desk.office.now)
    rows.before_write(lambda: flow.release(desk.batch.id, by=cy, stores=desk.office.stores))
    with pytest.raises(Conflict):
        desk.releases()
    assert desk.batch.released == cy


@pytest.mark.parametrize(
    "trouble",
    [Trouble.LOST_AFTER, Trouble.BROKEN_AFTER, Trouble.NONSENSE, Trouble.LOST_BEFORE,
     Trouble.BROKEN_BEFORE],
)  # fmt: skip
def test_a_batch_whose_answer_is_lost_for_long_is_sent_once(
    desk: PayDesk, trouble: Trouble
) -> None:
    released(desk)
    desk.server.trouble(trouble, times=100)
    assert desk.runs().unsent == 1
    assert desk.batch.unsure_since is not None
    assert desk.batch.problem
    desk.server.troubles.clear()
    assert desk.runs().sent == 1
    assert len(desk.till.batches) == 1
    assert desk.batch.payout_batch_id in desk.till.batches


def test_nothing_is_sent_again_once_paypal_may_have_forgotten_it(desk: PayDesk) -> None:
    released(desk)
    desk.server.trouble(Trouble.LOST_AFTER, times=100)
    desk.runs()
    asked = len(desk.server.asked)
    desk.server.troubles.clear()
    assert desk.runs(days=29).failed == 1
    assert len(desk.server.asked) == asked
    assert desk.batch.state is BatchState.RELEASED
    assert "may have forgotten" in (desk.batch.problem or "")
    assert desk.runs(hours=1).failed == 0, "told once a day"
    (known,) = desk.till.batches
    named = flow.name(
        desk.batch.id, known, paypal=desk.paypal, stores=desk.office.stores, now=desk.office.now
    )
    assert named.state is BatchState.SENT


def test_a_batch_that_paypal_has_is_found_by_what_it_tells_of_it(desk: PayDesk) -> None:
    released(desk)
    desk.server.trouble(Trouble.LOST_AFTER, times=100)
    desk.till.names_original = False
    desk.runs()
    desk.server.troubles.clear()
    assert desk.runs().unsent == 1
    desk.till.advance()
    event = json.loads(desk.till.outbox[0].raw)
    assert desk.hears(event) == desk.batch.id
    assert desk.batch.state is BatchState.SENT


def test_another_batch_of_paypals_is_never_taken_for_ours(desk: PayDesk) -> None:
    released(desk)
    desk.runs()
    desk.earns(CY)
    desk.payday()
    desk.runs()
    other = next(one for one in desk.batches if one.state is BatchState.READY)
    desk.lets_go(other)
    with pytest.raises(Conflict, match="PayPal knows BATCH0000"):
        flow.name(
            other.id, "BATCH0000", paypal=desk.paypal, stores=desk.office.stores,
            now=desk.office.now,
        )  # fmt: skip


def test_an_empty_account_with_paypal_pays_once_it_is_filled(desk: PayDesk) -> None:
    released(desk)
    desk.till.balance_cents = 100
    assert desk.runs().unsent == 1
    assert "INSUFFICIENT_FUNDS" in (desk.batch.problem or "")
    assert desk.batch.unsure_since is None
    desk.till.balance_cents = 10_000
    assert desk.runs().sent == 1


def test_what_was_certainly_not_sent_can_be_withdrawn_and_is_paid_next_time(desk: PayDesk) -> None:
    released(desk)
    desk.till.balance_cents = 0
    desk.runs()
    desk.withdraws()
    assert desk.batch.state is BatchState.WITHDRAWN
    assert [one.state for one in desk.office.payouts] == [PayoutState.FAILED] * 2
    assert desk.office.audits().clean
    desk.till.balance_cents = 10_000
    desk.payday()
    desk.runs()
    desk.lets_go(desk.batches[-1])
    desk.runs()
    desk.till.advance()
    desk.till.advance()
    desk.runs()
    assert desk.till.received == {receiver(ADA): 1500, receiver(BOB): 1500}


def test_what_paypal_may_have_is_withdrawn_only_by_somebody_who_looked_there(
    desk: PayDesk,
) -> None:
    released(desk)
    desk.server.trouble(Trouble.LOST_BEFORE, times=100)
    desk.runs()
    with pytest.raises(Conflict) as refused:
        desk.withdraws()
    assert refused.value.code == "batch_unsure"
    nobody = signature(OWN_KEY, stores=desk.office.stores, now=desk.office.now)
    with pytest.raises(Forbidden) as unsigned:
        flow.withdraw(desk.batch.id, by=nobody, not_at_paypal=True, stores=desk.office.stores)
    assert unsigned.value.code == "personal_key_needed"
    gone = desk.withdraws(not_at_paypal=True)
    assert (gone.state, gone.withdrawn) == (BatchState.WITHDRAWN, signs(desk.office, "ann"))


def test_what_paypal_has_is_not_withdrawn(desk: PayDesk) -> None:
    released(desk)
    desk.runs()
    with pytest.raises(Conflict):
        desk.withdraws(not_at_paypal=True)


def test_items_that_paypal_refuses_fail_and_the_others_are_paid(desk: PayDesk) -> None:
    desk.earns(ADA, BOB)
    desk.payday()
    desk.till.refused.add(receiver(BOB))
    desk.runs()
    desk.lets_go()
    assert desk.runs().sent == 1
    assert (desk.batch.round, desk.batch.sender_id) == (2, f"{desk.batch.id}-2")
    assert desk.payout_of(BOB).state is PayoutState.FAILED
    assert desk.items()[BOB.id].out == "paypal_refused"
    (sent,) = desk.till.batches.values()
    assert [one.asked["receiver"] for one in sent.items] == [receiver(ADA)]
    desk.payday()
    assert desk.payout_of(BOB).state is PayoutState.FAILED, "held until somebody mends it"


def test_a_batch_of_which_paypal_refuses_every_item_pays_nobody(desk: PayDesk) -> None:
    desk.till.refused |= {receiver(ADA), receiver(BOB)}
    released(desk)
    desk.runs()
    assert desk.batch.state is BatchState.WITHDRAWN
    assert desk.till.batches == {}
    assert desk.runs().failed == 0


@pytest.mark.parametrize(
    ("way", "state"),
    [
        (("UNCLAIMED",), PayoutState.SUBMITTED), (("ONHOLD",), PayoutState.SUBMITTED),
        (("ONHOLD", "SUCCESS"), PayoutState.SETTLED), (("FAILED",), PayoutState.FAILED),
        (("BLOCKED",), PayoutState.FAILED), (("UNCLAIMED", "RETURNED"), PayoutState.RETURNED),
        (("SUCCESS", "REVERSED"), PayoutState.RETURNED),
        (("SUCCESS", "REFUNDED"), PayoutState.RETURNED),
    ],
)  # fmt: skip
def test_whatever_becomes_of_an_item_becomes_of_its_payout(
    desk: PayDesk, way: tuple[str, ...], state: PayoutState
) -> None:
    desk.till.ways[receiver(BOB)] = way
    released(desk)
    desk.runs()
    for _ in range(4):
        desk.till.advance()
        desk.runs(days=1)
    assert desk.payout_of(BOB).state is state
    assert desk.payout_of(ADA).state is PayoutState.SETTLED
    assert desk.office.audits().clean


def test_what_nobody_claims_comes_back_after_thirty_days_and_can_be_paid_again(
    desk: PayDesk,
) -> None:
    desk.till.ways[receiver(BOB)] = ("UNCLAIMED",)
    paid(desk)
    assert desk.items()[BOB.id].error == "RECEIVER_UNREGISTERED"
    desk.runs(days=30)
    desk.till.advance()
    desk.runs()
    assert desk.payout_of(BOB).reason == "paypal_returned"
    assert desk.office.audits().accounts["pub:pub_bob:held"] == -1500


def test_what_is_claimed_late_is_settled_then(desk: PayDesk) -> None:
    desk.till.ways[receiver(BOB)] = ("UNCLAIMED",)
    paid(desk)
    desk.till.claim(desk.payout_of(BOB).id)
    desk.runs()
    assert desk.payout_of(BOB).state is PayoutState.SETTLED


def test_what_comes_back_weeks_after_it_was_paid_is_noticed_without_a_webhook(
    desk: PayDesk,
) -> None:
    paid(desk)
    desk.runs(days=40)
    desk.till.reverse(desk.payout_of(ADA).id)
    desk.runs(days=1)
    assert desk.payout_of(ADA).state is PayoutState.RETURNED
    assert desk.office.audits().clean


def test_a_batch_is_asked_about_no_more_when_nothing_can_come_back(desk: PayDesk) -> None:
    paid(desk)
    desk.runs(days=61)
    assert desk.batch.due_at is None
    asked = len(desk.server.asked)
    desk.runs(days=1)
    assert len(desk.server.asked) == asked


def test_a_denied_batch_fails_what_paypal_never_names(desk: PayDesk) -> None:
    released(desk)
    desk.runs()
    (taken,) = desk.till.batches.values()
    taken.items.clear()
    taken.status = "DENIED"
    desk.runs()
    assert [one.state for one in desk.office.payouts] == [PayoutState.FAILED] * 2
    assert desk.batch.state is BatchState.DONE


def test_a_publisher_held_after_the_batch_was_made_is_not_paid(desk: PayDesk) -> None:
    desk.earns(ADA, BOB)
    desk.payday()
    desk.runs()
    hold_publisher(
        BOB.id, reason="a doubt", cause="ticket", stores=desk.office.stores, now=desk.office.now
    )
    desk.lets_go()
    desk.runs()
    assert desk.payout_of(BOB).state is PayoutState.FAILED
    assert desk.items()[BOB.id].out == "obstacle_held"
    assert desk.payout_of(ADA).state is PayoutState.SUBMITTED


def test_a_payout_made_by_hand_meanwhile_is_left_to_that(desk: PayDesk) -> None:
    desk.earns(ADA, BOB)
    desk.payday()
    desk.runs()
    desk.office.settles(desk.payout_of(BOB).id)
    desk.lets_go()
    desk.runs()
    assert desk.payout_of(BOB).state is PayoutState.SETTLED
    assert desk.items()[BOB.id].out == "payout_ended"
    (sent,) = desk.till.batches.values()
    assert [one.asked["receiver"] for one in sent.items] == [receiver(ADA)]


def test_nobody_is_paid_at_an_address_that_was_changed_since(desk: PayDesk) -> None:
    desk.earns(ADA, BOB)
    desk.payday()
    desk.runs()
    desk.pays_to(BOB, "bob@new.example")
    desk.lets_go()
    desk.runs()
    assert desk.items()[BOB.id].out == "details_changed"
    assert desk.payout_of(BOB).state is PayoutState.FAILED
    desk.payday()
    desk.runs()
    desk.lets_go_what_is_ready()
    desk.runs()
    desk.till.advance()
    desk.till.advance()
    desk.runs()
    assert desk.till.received == {receiver(ADA): 1500, "bob@new.example": 1500}


@pytest.mark.parametrize("method", [PayoutMethod.ACH, PayoutMethod.MANUAL])
def test_an_address_that_was_taken_away_is_not_paid_though_another_way_was_chosen(
    desk: PayDesk, method: PayoutMethod
) -> None:
    desk.earns(ADA, BOB)
    desk.payday()
    desk.runs()
    desk.pays_to(BOB, None)
    desk.office.agrees(replace(BOB, payout_method=method))
    desk.office.agrees(replace(ADA, payout_method=method))
    desk.lets_go()
    desk.runs()
    assert desk.items()[BOB.id].out == "obstacle_details_missing"
    assert desk.payout_of(ADA).state is PayoutState.SUBMITTED, "it was made for PayPal"


@pytest.mark.parametrize("reference", [None, "wire 7"])
@pytest.mark.parametrize("withdrawn", [False, True])
def test_a_payout_handed_to_somebody_else_meanwhile_is_not_paid_again(
    desk: PayDesk, reference: str | None, withdrawn: bool
) -> None:
    desk.earns(ADA, BOB)
    desk.payday()
    desk.runs()
    by_wire = desk.payout_of(BOB).id
    submit_payout(
        by_wire, method=PayoutMethod.MANUAL, reference=reference,
        stores=desk.office.stores, now=desk.office.now,
    )  # fmt: skip
    if withdrawn:
        desk.withdraws()
    else:
        desk.lets_go()
        desk.runs()
    assert desk.payout_of(BOB).state is PayoutState.SUBMITTED
    desk.payday()
    assert desk.payout_of(BOB).id == by_wire, "its earnings are on their way"
    desk.office.settles(by_wire)
    assert desk.office.audits().clean


def test_a_payout_handed_to_somebody_else_is_not_failed_by_an_index_that_lags(
    desk: PayDesk,
) -> None:
    desk.earns(ADA)
    desk.payday()
    desk.pays_to(ADA, None)
    rows, ada = desk.office.rows, desk.payout_of(ADA).id
    assert isinstance(rows, FakeRows)

    def wired() -> None:
        submit_payout(
            ada, method=PayoutMethod.MANUAL, reference=None,
            stores=desk.office.stores, now=desk.office.now,
        )  # fmt: skip

    rows.before_write(wired)
    desk.runs()
    assert desk.payout_of(ADA).state is PayoutState.SUBMITTED


def test_what_paypal_would_not_take_fails_before_and_its_publisher_is_held(desk: PayDesk) -> None:
    desk.earns(ADA)
    desk.payday()
    desk.pays_to(ADA, None)
    assert desk.runs().ready == []
    assert desk.payout_of(ADA).reason == "paypal_unpayable"
    desk.pays_to(ADA, receiver(ADA))
    desk.payday()
    assert len(desk.office.payouts) == 1
    assert desk.office.audits().clean


def test_a_run_that_held_a_publisher_and_died_goes_on_whatever_is_wrong_by_now(
    desk: PayDesk,
) -> None:
    desk.earns(ADA, BOB)
    desk.payday()
    desk.pays_to(ADA, None)
    office = desk.office
    hold_publisher(
        ADA.id, reason="PayPal: receiver was wrong in another way", cause=desk.payout_of(ADA).id,
        stores=office.stores, now=office.now,
    )  # fmt: skip
    assert len(desk.runs().ready) == 1
    assert desk.payout_of(ADA).reason == "paypal_unpayable"
    assert set(desk.items()) == {BOB.id}


def test_what_is_let_go_and_not_sent_may_still_be_paid_by_hand(desk: PayDesk) -> None:
    released(desk)
    ada, bob = desk.payout_of(ADA).id, desk.payout_of(BOB).id
    stores, now = desk.office.stores, desk.office.now
    settle_payout(ada, reference="check 7", by_hand=True, stores=stores, now=now)
    fail_payout(bob, reason="R02", by_hand=True, stores=stores, now=now)
    desk.runs()
    assert desk.server.asked == []
    assert desk.batch.state is BatchState.WITHDRAWN
    assert desk.payout_of(ADA).method is PayoutMethod.MANUAL
    assert desk.office.audits().clean


def test_a_payout_is_not_failed_by_hand_while_it_is_handed_to_paypal(desk: PayDesk) -> None:
    released(desk)
    rows, payout = desk.office.rows, desk.payout_of(ADA)
    assert isinstance(rows, FakeRows)
    rows.before_write(desk.runs)
    with pytest.raises(Conflict) as refused:
        fail_payout(
            payout.id, reason="R02", by_hand=True, stores=desk.office.stores, now=desk.office.now
        )
    assert refused.value.code == "payout_in_batch"
    assert desk.payout_of(ADA).state is PayoutState.SUBMITTED


def test_there_is_no_batch_that_nobody_made(desk: PayDesk) -> None:
    with pytest.raises(NotFound):
        flow.release("ppb_none", by=signs(desk.office, "ben"), stores=desk.office.stores)


def test_what_paypal_has_although_somebody_said_that_it_has_not_is_told(desk: PayDesk) -> None:
    released(desk)
    desk.server.trouble(Trouble.LOST_AFTER, times=100)
    desk.runs()
    desk.server.troubles.clear()
    desk.withdraws(not_at_paypal=True)
    desk.till.advance()
    desk.till.advance()
    for event in desk.till.outbox:
        with pytest.raises(Conflict):
            desk.hears(json.loads(event.raw))
    assert desk.office.audits().clean


def test_whether_anything_waits_for_paypal_is_known_without_asking_it(desk: PayDesk) -> None:
    at = {"stores": desk.office.stores}
    assert not is_waiting(**at, now=desk.office.now)
    desk.earns(ADA)
    desk.payday()
    assert is_waiting(**at, now=desk.office.now)
    desk.runs()
    assert not is_waiting(**at, now=desk.office.now), "an operator's turn"
    desk.lets_go()
    assert is_waiting(**at, now=desk.office.now)


def test_a_run_has_time_to_hand_over_a_whole_batch() -> None:
    said = json.loads((PROJECT / ".chalice" / "config.json").read_text())
    seconds = said["lambda_functions"]["paypal"]["lambda_timeout"]
    assert SLOWEST_PAYOUTS_A_SECOND * seconds >= MOST_ITEMS


def test_a_run_leaves_alone_what_another_has_in_hand(desk: PayDesk) -> None:
    released(desk)
    before = desk.batch
    assert store.move(desk.office.rows, before, taken(before, desk.office.now))
    assert desk.runs(minutes=5).sent == 0
    assert desk.runs(minutes=20).sent == 1


@pytest.mark.parametrize("position", range(1, 36))
def test_a_crash_anywhere_on_the_way_leaves_something_to_go_on_with(position: int) -> None:
    with paydesk() as desk:
        desk.earns(ADA, BOB)
        desk.payday()
        rows = desk.office.rows
        assert isinstance(rows, FakeRows)
        rows.crash_after_write(position)
        for _ in range(4):
            _one_pass(desk)
        assert desk.till.received == {receiver(ADA): 1500, receiver(BOB): 1500}
        assert {one.state for one in desk.office.payouts} == {PayoutState.SETTLED}
        assert desk.office.audits().clean


def _one_pass(desk: PayDesk) -> None:
    """A day on which everybody does what there is to do, and may die over it."""
    for act in (desk.runs, desk.lets_go_what_is_ready, desk.runs, desk.till.advance,
                desk.till.advance, desk.runs):  # fmt: skip
        with suppress(Crash):
            act()
    desk.office.later(days=1)
