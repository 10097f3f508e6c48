"""Credits at the same moment as a closing, a payment, a payout, or other credits."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from copy import copy

import pytest

from chalicelib.calls import CallStatus
from chalicelib.errors import Busy, Conflict
from chalicelib.store.dynamo import DynamoRows
from tests.flows.office import CLOSING, NET, WEEKLY, Office
from tests.races.crowd import Meeting

Act = Callable[[Office], object]


def two_calls() -> Office:
    office = Office(rows=DynamoRows()).opens()
    office.approves("call_1", NET, WEEKLY)
    office.approves("call_2", NET, WEEKLY)
    office.now = CLOSING
    return office


def billed() -> Office:
    office = two_calls()
    office.closes()
    return office


def paid() -> Office:
    office = billed()
    office.receives("wire-1", 5_000)
    office.later(days=31)
    return office


def together(office: Office, *acts: Act) -> None:
    """The acts, each in a process of its own; all have read before the first of them writes."""
    everybody = threading.Barrier(len(acts))

    def alone(act: Act) -> None:
        own = Office(rows=Meeting(everybody), now=office.now, documents=copy(office.documents))
        try:
            act(own)
        except (Busy, Conflict):
            return

    with ThreadPoolExecutor(max_workers=len(acts)) as threads:
        list(threads.map(alone, acts))


def whole(office: Office) -> None:
    """After everybody has tried once more: the books are whole, and the call is credited once."""
    office.credits("call_1")
    office.closes()
    report = office.audits()
    assert report.clean, report.differences
    assert sum(one.amount_cents for one in office.given if one.call_id == "call_1") == 2500
    assert office.call("call_1").status is CallStatus.RETURNED
    notes = sorted(str(one.number) for one in office.given if one.is_note)
    assert notes == [f"CN-{n:06d}" for n in range(1, len(notes) + 1)]


@pytest.mark.parametrize(
    ("prepare", "other"),
    [
        (two_calls, lambda office: office.closes()),
        (billed, lambda office: office.receives("wire-1", 3_000)),
        (billed, lambda office: office.receives("wire-1", 5_000)),
        (paid, lambda office: office.closes()),
    ],
    ids=["finalise", "underpay", "pay", "pay-out"],
)
def test_a_credit_at_the_moment_of_another_move(prepare: Callable[[], Office], other: Act) -> None:
    office = prepare()
    together(office, lambda one: one.credits("call_1"), other)
    other(office)
    whole(office)


def test_a_crowd_credits_a_call_once_and_numbers_its_notes_without_gaps() -> None:
    office = billed()
    part = [lambda one, n=n: one.credits("call_2", 100 + n, cause=f"t-{n}") for n in range(4)]
    together(office, *[lambda one: one.credits("call_1")] * 4, *part)
    for n in range(4):
        office.credits("call_2", 100 + n, cause=f"t-{n}")
    whole(office)
    assert sum(one.amount_cents for one in office.given if one.call_id == "call_2") == 406
