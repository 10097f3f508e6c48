"""Which step a payout may take from where it stands, and what that moves."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import payout_steps, payouts
from chalicelib.errors import Conflict
from chalicelib.offers import PayoutMethod
from chalicelib.payout_steps import Step
from chalicelib.payouts import Clearance, Payout, PayoutState
from tests.builders import NOW, a_publisher

DRAFT = replace(payouts.draft(a_publisher(), NOW), amount_cents=1500, call_count=1)
STEPS = ("submit", "settle", "fail", "return", "release")
ALLOWED = {
    PayoutState.CREATED: {"submit", "settle", "fail"},
    PayoutState.SUBMITTED: {"settle", "fail", "return"},
    PayoutState.SETTLED: {"return"},
    PayoutState.FAILED: set(),
    PayoutState.RETURNED: {"release"},
}
"""What may happen to a payout in each state; whatever else does is a Conflict."""


def made(withheld: int = 0) -> Step:
    publisher = replace(a_publisher(), payout_method=PayoutMethod.ACH)
    return payout_steps.created(DRAFT, publisher, Clearance(withheld=lambda _: withheld), NOW)


def stepped(payout: Payout, name: str, *, fee: int = 0, suffix: str = "1") -> Step | None:
    now = NOW + timedelta(hours=1)
    if name == "submit":
        return payout_steps.submitted(
            payout, method=PayoutMethod.ACH, reference=f"trace-{suffix}", now=now
        )
    if name == "settle":
        return payout_steps.settled(payout, reference=None, fee_cents=fee, now=now)
    if name == "fail":
        return payout_steps.failed(payout, reason=f"R0{suffix}", now=now)
    if name == "return":
        return payout_steps.returned(payout, reason=f"R0{suffix}", fee_cents=fee, now=now)
    return payout_steps.released(payout, now)


def through(*names: str, withheld: int = 0) -> Payout:
    payout = made(withheld).after
    for name in names:
        step = stepped(payout, name)
        assert step is not None
        payout = step.after
    return payout


WAYS = [
    (), ("submit",), ("settle",), ("submit", "settle"), ("fail",), ("submit", "fail"),
    ("submit", "return"), ("settle", "return"), ("submit", "settle", "return"),
]  # fmt: skip


@pytest.mark.parametrize("way", WAYS, ids=lambda way: "-".join(way) or "created")
@pytest.mark.parametrize("name", STEPS)
def test_a_step_is_taken_only_from_where_it_leads_on(way: tuple[str, ...], name: str) -> None:
    payout = through(*way)
    if name in ALLOWED[payout.state]:
        assert stepped(payout, name, suffix="2") is not None
    elif name == "settle" and payout.state is PayoutState.SETTLED:
        assert stepped(payout, name) is None
    else:
        with pytest.raises(Conflict) as refused:
            stepped(payout, name, suffix="2")
        assert refused.value.code == "payout_state"


@pytest.mark.parametrize("way", [way for way in WAYS if way], ids="-".join)
def test_the_latest_step_taken_again_is_none(way: tuple[str, ...]) -> None:
    assert stepped(through(*way), way[-1]) is None


def test_a_report_of_the_submission_that_comes_late_changes_nothing() -> None:
    assert stepped(through("submit", "settle"), "submit") is None
    assert stepped(through("submit", "return"), "submit") is None


def test_what_came_back_is_released_once() -> None:
    released = through("submit", "return", "release")
    assert (released.state, released.gives_back) == (PayoutState.RETURNED, True)
    assert stepped(released, "release") is None


@pytest.mark.parametrize(
    ("way", "method"),
    [(("settle",), PayoutMethod.MANUAL), (("submit", "settle"), PayoutMethod.ACH)],
)
def test_what_nobody_was_told_to_pay_was_paid_by_hand(
    way: tuple[str, ...], method: PayoutMethod
) -> None:
    assert through(*way).method is method


def test_a_settlement_keeps_the_reference_unless_it_brings_another() -> None:
    submitted = through("submit")
    kept = payout_steps.settled(submitted, reference=None, fee_cents=0, now=NOW)
    other = payout_steps.settled(submitted, reference="check-7", fee_cents=0, now=NOW)
    assert kept is not None and other is not None
    assert (kept.after.reference, other.after.reference) == ("trace-1", "check-7")


def test_a_draft_takes_no_step() -> None:
    for name in STEPS:
        with pytest.raises(Conflict):
            stepped(DRAFT, name)


@given(
    st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 300)), max_size=8),
    st.integers(0, 1500),
)
def test_whatever_happens_the_amount_is_in_one_place(
    happenings: list[tuple[str, int]], withheld: int
) -> None:
    """The balances of the publisher, the tax office and the bank follow from the state alone."""
    step = made(withheld)
    payout, entries = step.after, list(step.entries)
    for name, fee in happenings:
        try:
            taken = stepped(payout, name, fee=fee)
        except Conflict:
            continue
        if taken is not None:
            payout = taken.after
            entries += taken.entries
    found: Counter[str] = Counter()
    for entry in entries:
        for leg in entry.legs:
            found[leg.account.rpartition(":")[2]] += leg.amount_cents
    assert len({entry.key for entry in entries}) == len(entries)
    where = "in_transit" if payout.in_flight else "held"
    if payout.state is PayoutState.SETTLED:
        where = "bank"
    expected = Counter({"payable": 1500})
    expected[where] -= 1500 if payout.unpaid else payout.sent_cents
    if payout.gives_back:
        expected = Counter()
    elif not payout.unpaid:
        expected["backup_withholding"] -= withheld
    expected["bank"] -= payout.fee_cents
    expected["payout_fees"] += payout.fee_cents
    assert {name: cents for name, cents in found.items() if cents} == {
        name: cents for name, cents in expected.items() if cents
    }
