"""How does the statement of a payout look on paper?

Owns what stands where on its pages. The same statement gives the same bytes, whoever prints it and
when. What it says belongs to `payout_statements`, what every document has to `letterhead`, letters
and tables to `sheets`.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from chalicelib.issuer import legible
from chalicelib.offers import PayoutMethod
from chalicelib.payout_statements import LineKind, PayoutStatement, StatementLine, until
from chalicelib.payouts import Payout, PayoutState
from chalicelib.providers.letterhead import Read, bound, day, gap, head, made_out, money, sums
from chalicelib.providers.sheets import BLEED, WIDTH, style, text

if TYPE_CHECKING:
    from reportlab.platypus import Flowable

MOST_LINES = 2_000
"""So many lines are printed; whoever wants to check more of them takes the table."""
_SMALL = 8
_METHODS = {PayoutMethod.MANUAL: "Check or wire", PayoutMethod.ACH: "ACH transfer",
            PayoutMethod.PAYPAL: "PayPal"}  # fmt: skip
_STATES = {
    PayoutState.CREATED: "To be paid",
    PayoutState.SUBMITTED: "On its way",
    PayoutState.SETTLED: "Paid",
    PayoutState.RETURNED: "Came back",
}


def printed(statement: PayoutStatement, read: Read) -> bytes:
    """The statement on letter paper; `read` fetches the logo by its key."""
    payout, issuer = statement.payout, statement.issuer
    story = [
        head(issuer, "PAYOUT STATEMENT", read), gap(),
        made_out("Paid to", (legible(statement.publisher), payout.publisher_id), _facts(payout)),
        gap(), sums(_sums(statement), payout.currency), gap(),
        _lines(statement), gap(),
        *(text(one) for one in _notes(statement)),
    ]  # fmt: skip
    return bound(story, name=f"Statement of {payout.id}", author=issuer.legal_name or "")


def _facts(payout: Payout) -> list[tuple[str, str]]:
    last = day(payout.cutoff - timedelta(microseconds=1))
    since = f"{day(payout.period_start)} – " if payout.period_start else "Until "
    settled = payout.state is PayoutState.SETTLED
    return [
        ("Payout", payout.id),
        ("Period", f"{since}{last}"),
        ("Made", day(payout.created_at)),
        ("State", _STATES[payout.state]),
        ("Paid on", day(payout.settled_at) if settled else ""),
        ("Came back on", day(payout.ended_at)),
        ("Reason", legible(payout.reason or "")),
        ("By", _METHODS[payout.method] if payout.submitted_at or settled else ""),
        ("Reference", legible(payout.reference or "")),
        ("Currency", payout.currency),
    ]


def _sums(statement: PayoutStatement) -> list[tuple[str, int]]:
    """What happened, each with its amount; what did not happen is left out where it is rare."""
    said, payout = statement.sums, statement.payout
    rare = (
        ("Debt given up", said.written_off_cents),
        ("Reserve kept back", said.reserve_kept_cents),
        ("Reserve given back", said.reserve_back_cents),
    )
    return [
        ("Open before the period", said.opening_cents),
        ("Earned", said.earned_cents),
        ("Clawed back", said.clawed_back_cents),
        *((word, cents) for word, cents in rare if cents),
        ("Payout", said.amount_cents),
        ("Tax withheld", said.withheld_cents),
        ("Fees taken", 0),
        (_outcome(payout), said.sent_cents),
    ]


def _outcome(payout: Payout) -> str:
    paid = {PayoutState.SETTLED: "Paid to you", PayoutState.RETURNED: "Came back to us"}
    return paid.get(payout.state, "To be paid to you")


_HEADS = ("Call", "Came", "Caller", "Talk", "Amount")
_SHARES = (0.36, 0.25, 0.16, 0.09, 0.14)


def _lines(statement: PayoutStatement) -> "Flowable":
    """What is paid for, as many lines as are printed; the head of the table comes again on every
    page."""
    from reportlab.platypus import LongTable

    heads = [text(word, grey=True, right=at > 2, size=_SMALL) for at, word in enumerate(_HEADS)]
    rows = [_row(line) for line in statement.lines[:MOST_LINES]]
    widths = [share * (WIDTH + 2 * BLEED) for share in _SHARES]
    lines = LongTable([heads, *rows], colWidths=widths, repeatRows=1)
    lines.setStyle(style(ruled=bool(rows)))
    return lines


def _row(line: StatementLine) -> "Sequence[list[Flowable] | Flowable]":
    call, earning = line.call, line.earning
    came = f"{day(call.arrived_at)}, {call.arrived_at:%H:%M} UTC" if call else ""
    talk = "" if call is None or call.talk_seconds is None else f"{call.talk_seconds:,} s"
    amount = money(earning.due_cents, earning.currency)
    about = [text(one, grey=True, size=_SMALL) for one in _about(line)]
    return [
        [text(earning.call_id or _NAMES[line.kind], size=_SMALL), *about],
        text(came, size=_SMALL),
        text((call and call.caller) or "", size=_SMALL),
        text(talk, right=True, size=_SMALL),
        text(amount, right=True, size=_SMALL),
    ]


_NAMES = {
    LineKind.EARNING: "Earned",
    LineKind.CLAW_BACK: "Clawed back",
    LineKind.RESERVE_KEPT: "Reserve kept back",
    LineKind.RESERVE_BACK: "Reserve given back",
    LineKind.WRITE_OFF: "Debt given up",
}


def _about(line: StatementLine) -> list[str]:
    """What is to be known of a line beside its call and its amount."""
    earning, comes_back = line.earning, until(line)
    said = []
    if line.kind is LineKind.CLAW_BACK:
        said.append("Clawed back after it was paid")
    if earning.reduced_cents:
        currency = earning.currency
        earned, gone = (
            money(cents, currency) for cents in (earning.amount_cents, earning.reduced_cents)
        )
        said.append(f"{earned} earned, {gone} clawed back")
    if line.before:
        said.append(f"Open before the period, since {day(earning.booked_at)}")
    if earning.payout_id:
        said.append(f"Of {earning.payout_id}")
    if comes_back:
        said.append(f"Until {day(comes_back)}")
    return said


def _notes(statement: PayoutStatement) -> list[str]:
    payout, count = statement.payout, len(statement.lines)
    lines = f"{count:,} line{'' if count == 1 else 's'}"
    said = [f"The table of the {lines} of this payout is {payout.id}-calls.csv."]
    if count > MOST_LINES:
        said.insert(0, f"The first {MOST_LINES:,} lines are printed here.")
    if statement.issuer.dispute_contact:
        said.append(f"Questions go to {statement.issuer.dispute_contact}.")
    return said
