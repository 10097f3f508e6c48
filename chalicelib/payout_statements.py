"""What does the statement of a payout say?

Owns its lines, one for each earning in the payout, as the publisher may see them, and what they
come to, from what was open before its period to what is sent. What is in a payout belongs to
`payouts`, how a statement looks to whoever prints it.
"""

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from chalicelib import times
from chalicelib.issuer import Issuer
from chalicelib.payouts import Adjustment, Earning, Payout
from chalicelib.sides import PublisherCall


class LineKind(StrEnum):
    """What a line is: what a call has earned, or what was clawed back of one that was paid; a part
    that is kept back, or comes back; a debt that was given up."""

    EARNING = "earning"
    CLAW_BACK = "claw_back"
    RESERVE_KEPT = "reserve_kept"
    RESERVE_BACK = "reserve_back"
    WRITE_OFF = "write_off"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementLine:
    """A line, with its call as the publisher sees it; None where it comes from no call. One that
    is of `before` was open when the period began."""

    kind: LineKind
    earning: Earning
    before: bool
    call: PublisherCall | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """What a payout comes to, in cents that are to be added up as they are named.

    `opening_cents` were earned, or owed by the publisher, before the period began; `earned_cents`
    since, of which `clawed_back_cents` are gone. The payout is `amount_cents`; what is withheld
    goes to the tax office, and the rest is sent.
    """

    opening_cents: int
    earned_cents: int
    clawed_back_cents: int
    reserve_kept_cents: int
    reserve_back_cents: int
    written_off_cents: int
    amount_cents: int
    withheld_cents: int
    sent_cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutStatement:
    """A payout as it stands, with who pays it, who is paid, and what for."""

    payout: Payout
    publisher: str
    issuer: Issuer
    lines: tuple[StatementLine, ...]

    @property
    def whole(self) -> bool:
        """Whether the lines are all that is in the payout."""
        due = sum(line.earning.due_cents for line in self.lines)
        return (len(self.lines), due) == (self.payout.call_count, self.payout.amount_cents)

    @property
    def sums(self) -> Sums:
        """What it comes to."""
        return _sums(self.payout, self.lines)


def kind_of(earning: Earning) -> LineKind:
    """What line of a payout the earning is."""
    if earning.adjustment is Adjustment.WRITE_OFF:
        return LineKind.WRITE_OFF
    if earning.adjustment is Adjustment.RESERVE:
        return LineKind.RESERVE_KEPT if earning.amount_cents < 0 else LineKind.RESERVE_BACK
    return LineKind.CLAW_BACK if earning.credit_id else LineKind.EARNING


def in_order(earnings: Iterable[Earning]) -> list[Earning]:
    """As a statement lists them: what comes from calls in the order of booking, then the rest."""
    return sorted(earnings, key=lambda one: (bool(one.adjustment), one.booked_at, one.id))


def line(payout: Payout, earning: Earning, call: PublisherCall | None) -> StatementLine:
    """The line of an earning that is in the payout."""
    kind, since = kind_of(earning), payout.period_start
    of_call = kind in (LineKind.EARNING, LineKind.CLAW_BACK)
    before = of_call and since is not None and earning.booked_at < since
    return StatementLine(kind=kind, earning=earning, before=before, call=call)


def until(one: StatementLine) -> datetime | None:
    """When a part that is kept back comes back; None for any other line."""
    return one.earning.release_after if one.kind is LineKind.RESERVE_KEPT else None


def place(payout: Payout, name: str) -> str:
    """Where a document of the payout's statement is kept; in another state it says something
    else."""
    return f"payouts/{payout.publisher_id}/{payout.id}/{payout.state}{name}"


CSV_COLUMNS = (
    "kind",
    "call_id",
    "start_utc",
    "number",
    "caller",
    "talk_seconds",
    "offer_id",
    "booked_utc",
    "brought_forward",
    "earned_cents",
    "clawed_back_cents",
    "amount_cents",
    "currency",
    "payout_id",
)


def lines_csv(lines: Iterable[StatementLine]) -> str:
    """The lines as a table, in their order; its amounts sum up to the payout.

    A reserve names the payout that it was kept of. Callers are masked, and nothing in it tells
    what an advertiser was charged, or who that was.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(CSV_COLUMNS)
    writer.writerows(_row(one) for one in lines)
    return text.getvalue()


def _row(one: StatementLine) -> tuple[object, ...]:
    earning, call = one.earning, one.call
    return (
        one.kind,
        earning.call_id,
        times.written(call.arrived_at) if call else "",
        call.number if call else "",
        (call and call.caller) or "",
        "" if call is None or call.talk_seconds is None else call.talk_seconds,
        earning.offer_id,
        times.written(earning.booked_at),
        "yes" if one.before else "",
        earning.amount_cents,
        earning.reduced_cents,
        earning.due_cents,
        earning.currency,
        earning.payout_id or "",
    )


def _sums(payout: Payout, lines: Iterable[StatementLine]) -> Sums:
    opening = earned = clawed_back = written_off = 0
    for one in lines:
        earning = one.earning
        if one.before:
            opening += earning.due_cents
        elif one.kind is LineKind.EARNING:
            earned += earning.amount_cents
            clawed_back += earning.reduced_cents
        elif one.kind is LineKind.CLAW_BACK:
            clawed_back -= earning.due_cents
        elif one.kind is LineKind.WRITE_OFF:
            written_off += earning.due_cents
    return Sums(
        opening_cents=opening,
        earned_cents=earned,
        clawed_back_cents=-clawed_back,
        reserve_kept_cents=-payout.reserve_kept_cents,
        reserve_back_cents=payout.reserve_back_cents,
        written_off_cents=written_off,
        amount_cents=payout.amount_cents,
        withheld_cents=-payout.withheld_cents,
        sent_cents=payout.sent_cents,
    )
