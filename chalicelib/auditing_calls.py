"""Has each approved call its charge, its earning and its approval, and no more?

Owns the laws between calls, charges, earnings and approvals, which pass by together, instant after
instant, and are summed up in the tally. The laws of documents and balances belong to `auditing`.
"""

import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from chalicelib import ledger, times
from chalicelib.auditing import (
    Difference,
    Law,
    Tally,
    compare,
    count_credit,
    is_receivable,
    told,
)
from chalicelib.calls import Call, CallStatus
from chalicelib.campaigns import Billing
from chalicelib.invoices import BookedCharge
from chalicelib.ledger import AdvertiserAccount, Entry, House, PublisherAccount
from chalicelib.payouts import Adjustment, BookedEarning, EarningState

APPROVAL = "approval"
# A call that is disputed or returned later keeps its charge; what is given back is booked anew.
_CHARGED = frozenset({CallStatus.APPROVED, CallStatus.DISPUTED, CallStatus.RETURNED})


@dataclass(frozen=True, slots=True)
class Moment:
    """All that was booked of approved calls at one instant; earnings and charges by their call."""

    charges: Mapping[str, BookedCharge]
    earnings: Mapping[str, BookedEarning]
    approvals: Mapping[str, Entry]


def moments(
    charges: Iterable[BookedCharge], earnings: Iterable[BookedEarning], approvals: Iterable[Entry]
) -> Iterator[Moment]:
    """Charges, earnings and approvals, each in the order of booking, brought together by the
    instant of their booking, which the three of one call share."""
    streams: tuple[Iterable[Any], ...] = (charges, earnings, approvals)
    ordered = heapq.merge(*(map(_dated, stream) for stream in streams), key=_instant)
    for _, together in groupby(ordered, key=_instant):
        kinds: dict[type, dict[str, Any]] = {BookedCharge: {}, BookedEarning: {}, Entry: {}}
        for _, name, one in together:
            kinds[type(one)][name] = one
        yield Moment(kinds[BookedCharge], kinds[BookedEarning], kinds[Entry])


def take_moment(tally: Tally, moment: Moment) -> Iterator[Difference]:
    """What was booked at an instant passes by: each charge has its earning and its approval, and
    each approval its charge; what is released or paid out was collected."""
    approvals = dict(moment.approvals)
    for call_id, booked in moment.charges.items():
        _sum_charge(tally, booked)
        yield from _approval_differences(tally, booked, moment.earnings.get(call_id), approvals)
    for entry_id in sorted(approvals):
        yield Difference(law=Law.APPROVAL, subject=entry_id, expected="a charge", found="no charge")
    for call_id, earned in moment.earnings.items():
        _sum_earning(tally, earned)
        charge = moment.charges.get(call_id)
        if charge is None:
            yield Difference(
                law=Law.APPROVAL, subject=call_id, expected="a charge", found="no charge"
            )
        elif _handed_on(tally, earned) and not charge.charge.collected:
            yield Difference(
                law=Law.RELEASED, subject=call_id, expected="collected", found="not collected"
            )


def is_charged(call: Call) -> bool:
    """Whether the call was approved once, whatever became of it."""
    return call.status in _CHARGED


def call_differences(
    call: Call, charge: BookedCharge | None, earning: BookedEarning | None
) -> Iterator[Difference]:
    """An approved call, and the charge and the earning that the books have of it."""
    expected = f"charge {call.charge_cents}, earning {call.earning_cents}"
    found = (
        f"charge {charge.charge.amount_cents if charge else 'none'},"
        f" earning {earning.earning.amount_cents if earning else 'none'}"
    )
    if expected != found:
        yield Difference(law=Law.CALL, subject=call.id, expected=expected, found=found)
    if charge:
        credited = charge.charge.amount_cents - charge.charge.due_cents
        yield from compare(Law.CREDIT, call.id, credited, call.credited_cents)


def charge_differences(call_id: str, call: Call | None) -> Iterator[Difference]:
    """The call of a charge; it must be approved."""
    if call is None or not is_charged(call):
        found = call.status if call else "no call"
        yield Difference(law=Law.CALL, subject=call_id, expected="approved", found=found)


def _sum_charge(tally: Tally, booked: BookedCharge) -> None:
    charge, document = booked.charge, tally.documents.get(booked.document_id or "")
    owed_cents = charge.billed_cents
    if tally.billing.get(charge.advertiser_id) is Billing.PREPAID:
        # A prepaid balance was charged in full; what credits gave back to it is summed by them.
        account, owed_cents = AdvertiserAccount.PREPAID, charge.amount_cents
    elif document and is_receivable(document):
        account = AdvertiserAccount.RECEIVABLE
    else:
        account = AdvertiserAccount.UNBILLED
    tally.accounts[House.REVENUE_CALLS] -= charge.amount_cents
    owed = ledger.advertiser_account(account, charge.advertiser_id)
    tally.accounts[owed] += owed_cents
    count_credit(tally, f"{charge.call_id} reduced", -charge.reduced_cents)
    count_credit(tally, f"{charge.call_id} credited", -charge.credited_cents)
    if booked.document_id:
        tally.charged[booked.document_id] += charge.billed_cents
        tally.calls[booked.document_id] += 1
        tally.collected[booked.document_id] += charge.due_cents * charge.collected


def take_clawback(tally: Tally, booked: BookedEarning) -> None:
    """What a publisher owes since it was paid for a call passes by, netted in a payout or not."""
    clawback = booked.earning
    count_credit(tally, f"{clawback.id} clawed back", clawback.amount_cents)
    _sum_payable(tally, booked)


def take_adjustment(tally: Tally, booked: BookedEarning) -> None:
    """A reserve passes by, kept back or coming back, or a debt that was given up."""
    line = booked.earning
    if line.adjustment is Adjustment.WRITE_OFF:
        tally.accounts[House.BAD_DEBT] += line.amount_cents
    _sum_payable(tally, booked)


def _sum_earning(tally: Tally, booked: BookedEarning) -> None:
    earning = booked.earning
    tally.accounts[House.COST_PUBLISHERS] += earning.amount_cents
    count_credit(tally, f"{earning.call_id} earning reduced", -earning.reduced_cents)
    _sum_payable(tally, booked)


def _sum_payable(tally: Tally, booked: BookedEarning) -> None:
    earning = booked.earning
    account = {
        EarningState.APPROVED: PublisherAccount.APPROVED,
        EarningState.HELD: PublisherAccount.HELD,
        EarningState.PAYABLE: PublisherAccount.PAYABLE,
    }.get(booked.state)
    payout = tally.payouts.get(booked.document_id or "")
    if account and (payout is None or payout.gives_back):
        owed = ledger.publisher_account(account, earning.publisher_id)
        tally.accounts[owed] -= earning.due_cents
    if booked.document_id:
        tally.earned[booked.document_id] += earning.due_cents
        tally.earnings[booked.document_id] += 1


def _approval_differences(
    tally: Tally,
    booked: BookedCharge,
    earned: BookedEarning | None,
    approvals: dict[str, Entry],
) -> Iterator[Difference]:
    """The charge with its earning against the approval, which is taken out of `approvals`."""
    charge = booked.charge
    expected = ledger.approval(
        call_id=charge.call_id,
        advertiser_id=charge.advertiser_id,
        billing=tally.billing.get(charge.advertiser_id, Billing.NET),
        publisher_id=charge.publisher_id,
        charge_cents=charge.amount_cents,
        earning_cents=earned.earning.amount_cents if earned else 0,
        currency=charge.currency,
        now=charge.booked_at,
    )
    found = approvals.pop(expected.id, None)
    if found is None or found.payload_hash != expected.payload_hash:
        yield Difference(
            law=Law.APPROVAL, subject=charge.call_id, expected=told(expected), found=told(found)
        )
    if earned is None:
        yield Difference(
            law=Law.APPROVAL, subject=charge.call_id, expected="an earning", found="no earning"
        )


def _handed_on(tally: Tally, earned: BookedEarning) -> bool:
    """Whether the earning was released, or is on its way to the publisher."""
    released = earned.state in (EarningState.PAYABLE, EarningState.HELD)
    return released or earned.document_id in tally.payouts


def _dated(one: BookedCharge | BookedEarning | Entry) -> tuple[str, str, Any]:
    """The instant of booking as it is written, the name, and the thing itself."""
    match one:
        case BookedCharge(charge=charge):
            return times.written(charge.booked_at), charge.call_id, one
        case BookedEarning(earning=earning):
            return times.written(earning.booked_at), earning.call_id, one
        case Entry():
            return times.written(one.booked_at), one.id, one


def _instant(dated: tuple[str, str, Any]) -> str:
    return dated[0]
