"""How far a batch may go, when PayPal may be asked again, and when nobody asks any more."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import paypal_batches as batches
from chalicelib.errors import Conflict, Forbidden
from chalicelib.paypal_batches import Batch, BatchState
from chalicelib.paypal_items import BatchItem, left_out, reported
from chalicelib.paypal_payouts import BatchReport, Fate, ItemReport
from chalicelib.signatures import Signature
from tests.builders import NOW

DRAFT = replace(batches.draft("po_1", "USD", NOW), count=2, amount_cents=3000)
READY = batches.ready(DRAFT)
ANN = Signature(key_id="key_ann", name="Ann", at=NOW)
BEN = Signature(key_id="key_ben", name="Ben", at=NOW)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ITEM = BatchItem(
    payout_id="po_1", publisher_id="pub_1", batch_id=DRAFT.id, receiver="ada@pub.example",
    amount_cents=1500, currency="USD",
)  # fmt: skip


def released() -> Batch:
    approved = batches.approved(READY, ANN)
    assert approved is not None
    made = batches.released(approved, BEN)
    assert made is not None
    return made


def sent() -> Batch:
    made = batches.sent(batches.sending(released(), NOW), "BATCH1", NOW)
    assert made is not None
    return made


CY = Signature(key_id="key_cy", name="Cy", at=NOW)
WITHDRAWN = batches.withdrawn(READY, ANN, not_at_paypal=False)
SENT = sent()


def report(**overrides: Any) -> ItemReport:
    values: dict[str, Any] = {
        "item_id": "ITEM1", "payout_batch_id": "BATCH1", "sender_item_id": "po_1",
        "status": "SUCCESS", "amount_cents": 1500, "currency": "USD", "fee_cents": 25,
    }  # fmt: skip
    return ItemReport(**values | overrides)


def test_the_same_first_payout_makes_the_same_batch() -> None:
    assert batches.draft("po_1", "USD", NOW + DAY).id == DRAFT.id
    assert batches.draft("po_2", "USD", NOW).id != DRAFT.id


def test_a_batch_approved_by_one_is_released_by_another() -> None:
    approved = batches.approved(READY, ANN)
    assert approved is not None
    assert (approved.state, approved.approved, approved.due_at) == (BatchState.APPROVED, ANN, None)
    with pytest.raises(Forbidden) as alone:
        batches.released(approved, replace(ANN, at=NOW + HOUR))
    assert alone.value.code == "second_operator"
    made = batches.released(approved, BEN)
    assert made is not None
    assert (made.state, made.released, made.due_at) == (BatchState.RELEASED, BEN, NOW)


def test_what_the_same_person_does_again_changes_nothing() -> None:
    done = released()
    later = NOW + HOUR
    assert batches.approved(done, replace(ANN, at=later)) is None
    assert batches.released(done, replace(BEN, at=later)) is None


@pytest.mark.parametrize("batch", [DRAFT, READY, WITHDRAWN, SENT])
def test_only_what_is_approved_is_released(batch: Batch) -> None:
    with pytest.raises(Conflict) as refused:
        batches.released(batch, CY)
    assert refused.value.code == "batch_state"


@pytest.mark.parametrize("batch", [DRAFT, batches.approved(READY, ANN), WITHDRAWN, SENT])
def test_only_what_is_ready_is_approved(batch: Batch) -> None:
    with pytest.raises(Conflict) as refused:
        batches.approved(batch, CY)
    assert refused.value.code == "batch_state"


@pytest.mark.parametrize("batch", [READY, batches.approved(READY, ANN), released()])
def test_what_paypal_has_not_is_withdrawn(batch: Batch) -> None:
    gone = batches.withdrawn(batch, ANN, not_at_paypal=False)
    assert gone is not None
    assert (gone.state, gone.withdrawn) == (BatchState.WITHDRAWN, ANN)


def test_a_certain_refusal_leaves_no_doubt_unless_there_was_one_before() -> None:
    first = batches.taken(released(), NOW)
    tried = batches.sending(first, NOW)
    assert tried.unsure_since == NOW
    sure = batches.not_sent(first, tried, problem="no money", certain=True, now=NOW)
    assert sure is not None
    assert (sure.unsure_since, sure.problem, sure.due_at) == (None, "no money", NOW + HOUR)
    lost = batches.not_sent(first, tried, problem="away", certain=False, now=NOW)
    assert lost is not None
    again = batches.sending(lost, NOW + HOUR)
    still = batches.not_sent(lost, again, problem="no money", certain=True, now=NOW + HOUR)
    assert still is not None
    assert still.unsure_since == NOW


def test_a_refusal_changes_nothing_once_paypal_is_known_to_have_the_batch() -> None:
    assert batches.not_sent(released(), sent(), problem="x", certain=True, now=NOW) is None


@pytest.mark.parametrize(("days", "forgotten"), [(0, False), (28, False), (29, True), (40, True)])
def test_paypal_is_asked_again_only_while_it_must_remember(days: int, forgotten: bool) -> None:
    unsure = batches.sending(released(), NOW)
    assert batches.is_forgotten(unsure, NOW + days * DAY) is forgotten
    assert not batches.is_forgotten(released(), NOW + days * DAY)


def test_another_round_has_another_name_with_paypal() -> None:
    first = released()
    second = batches.another_round(first, NOW)
    names = {first.sender_id, second.sender_id, batches.another_round(second, NOW).sender_id}
    assert len(names) == 3
    assert not batches.is_ours(
        second,
        BatchReport(payout_batch_id="B", sender_batch_id=first.sender_id, status="PENDING"),
    )


def test_paypals_batch_is_taken_once_and_never_exchanged() -> None:
    known = sent()
    assert (known.state, known.unsure_since) == (BatchState.SENT, None)
    assert batches.sent(known, "BATCH1", NOW) is None
    with pytest.raises(Conflict):
        batches.sent(known, "BATCH2", NOW)


def test_what_is_on_its_way_is_asked_about_hourly_and_what_has_ended_daily_for_sixty_days() -> None:
    flying = batches.looked(sent(), in_flight=1, now=NOW)
    assert (flying.state, flying.due_at) == (BatchState.SENT, NOW + HOUR)
    done = batches.looked(flying, in_flight=0, now=NOW + HOUR)
    assert (done.state, done.ended_at, done.due_at) == (
        BatchState.DONE, NOW + HOUR, NOW + HOUR + DAY,
    )  # fmt: skip
    still = batches.looked(done, in_flight=0, now=NOW + 60 * DAY)
    assert still.due_at == NOW + 61 * DAY
    over = batches.looked(done, in_flight=0, now=NOW + HOUR + 60 * DAY)
    assert (over.due_at, over.ended_at) == (None, NOW + HOUR)


def test_a_hint_brings_the_next_look_forward_even_when_nobody_looks_any_more() -> None:
    done = batches.looked(sent(), in_flight=0, now=NOW)
    over = batches.looked(done, in_flight=0, now=NOW + 60 * DAY)
    hinted = batches.hinted(over, NOW + 61 * DAY)
    assert hinted is not None
    assert hinted.due_at == NOW + 61 * DAY
    assert batches.hinted(hinted, NOW + 61 * DAY) is None
    assert batches.hinted(released(), NOW) is None


def test_what_a_run_has_in_hand_is_not_withdrawn() -> None:
    taken = batches.taken(released(), NOW)
    with pytest.raises(Conflict) as busy:
        batches.withdrawn(taken, ANN, not_at_paypal=True)
    assert busy.value.code == "batch_taken"
    assert batches.withdrawn(taken, replace(ANN, at=NOW + HOUR), not_at_paypal=False) is not None


@pytest.mark.parametrize(
    ("said", "word"),
    [({"amount_cents": 1499}, "otherwise"), ({"currency": "EUR"}, "otherwise")],
)
def test_another_sum_than_was_asked_for_is_never_taken(said: dict[str, Any], word: str) -> None:
    with pytest.raises(Conflict, match=word):
        reported(ITEM, report(**said), NOW)


def test_another_item_of_the_same_payout_is_never_taken() -> None:
    known = reported(ITEM, report(), NOW)
    assert known is not None
    with pytest.raises(Conflict):
        reported(known, report(item_id="ITEM2"), NOW)


def test_what_was_said_before_is_no_news() -> None:
    known = reported(ITEM, report(), NOW)
    assert known is not None
    assert (known.fate, known.fee_cents, known.version) == (Fate.SETTLED, 25, 2)
    assert reported(known, report(), NOW + HOUR) is None


def test_an_item_that_a_denied_batch_leaves_waiting_has_failed() -> None:
    denied = reported(ITEM, report(status="PENDING", batch_status="DENIED"), NOW)
    assert denied is not None
    assert (denied.fate, denied.ended) == (Fate.FAILED, True)


def test_an_item_that_is_left_out_is_not_paid_by_the_batch() -> None:
    out = left_out(ITEM, "obstacle_held", NOW)
    assert (out.fate, out.ended) == (Fate.FAILED, True)
