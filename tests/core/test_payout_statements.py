"""What a statement of a payout says: lines that add up, and nothing that is another's to see."""

import csv
import io
from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import payout_statements, payouts
from chalicelib.offers import PayoutTerms
from chalicelib.payout_statements import LineKind, PayoutStatement, Sums
from chalicelib.payouts import Adjustment, Earning, Payout
from chalicelib.times import Cycle
from tests.builders import a_statement, an_earning

NOVEMBER = datetime(2026, 11, 1, tzinfo=UTC)
DECEMBER = datetime(2026, 12, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cycle", "cutoff", "since"),
    [
        (Cycle.MONTHLY, DECEMBER, NOVEMBER),
        (Cycle.WEEKLY, datetime(2026, 11, 30, tzinfo=UTC), datetime(2026, 11, 23, tzinfo=UTC)),
        (Cycle.BIWEEKLY, datetime(2026, 11, 30, tzinfo=UTC), datetime(2026, 11, 16, tzinfo=UTC)),
        (Cycle.MONTHLY, datetime(2027, 1, 1, tzinfo=UTC), DECEMBER),
    ],
)
def test_the_period_is_the_one_that_ended_at_the_cutoff(
    cycle: Cycle, cutoff: datetime, since: datetime
) -> None:
    assert payouts.period_start(PayoutTerms(cycle=cycle), cutoff) == since


LINES: list[tuple[Earning, LineKind, bool]] = [
    (an_earning("call_1"), LineKind.EARNING, False),
    (an_earning("call_1", booked_at=NOVEMBER), LineKind.EARNING, False),
    (an_earning("call_1", booked_at=NOVEMBER - timedelta(milliseconds=1)), LineKind.EARNING, True),
    (an_earning("call_1", amount_cents=-5, credit_id="crd_1"), LineKind.CLAW_BACK, False),
    (
        an_earning("call_1", amount_cents=-5, credit_id="crd_1",
                   booked_at=NOVEMBER - timedelta(days=9)),
        LineKind.CLAW_BACK, True,
    ),
    (
        an_earning("", amount_cents=-5, adjustment=Adjustment.RESERVE, adjustment_id="rsv_1"),
        LineKind.RESERVE_KEPT, False,
    ),
    (
        an_earning("", adjustment=Adjustment.RESERVE, adjustment_id="rsv_1",
                   booked_at=NOVEMBER - timedelta(days=99)),
        LineKind.RESERVE_BACK, False,
    ),
    (
        an_earning("", adjustment=Adjustment.WRITE_OFF, adjustment_id="wof_1"),
        LineKind.WRITE_OFF, False,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("earning", "kind", "before"), LINES)
def test_every_line_says_what_it_is_and_whether_it_was_open_before(
    earning: Earning, kind: LineKind, before: bool
) -> None:
    (line,) = a_statement([earning]).lines
    assert (line.kind, line.before) == (kind, before)


def test_a_payout_of_before_periods_were_kept_has_nothing_open_from_before() -> None:
    payout = replace(a_statement([]).payout, period_start=None)
    line = payout_statements.line(
        payout, an_earning("call_1", booked_at=NOVEMBER - timedelta(days=99)), None
    )
    assert not line.before


def test_what_was_open_earned_clawed_back_and_kept_is_told_apart() -> None:
    old = NOVEMBER - timedelta(days=3)
    made = a_statement(
        [
            an_earning("call_1", amount_cents=1000, booked_at=old),
            an_earning("call_2", amount_cents=-300, credit_id="crd_2", booked_at=old),
            an_earning("call_3", amount_cents=1500, reduced_cents=400),
            an_earning("call_4", amount_cents=2000),
            an_earning("call_5", amount_cents=-250, credit_id="crd_5"),
            an_earning("", amount_cents=90, adjustment=Adjustment.WRITE_OFF, adjustment_id="wof_1"),
            an_earning("", amount_cents=-200, adjustment=Adjustment.RESERVE, adjustment_id="rsv_1"),
            an_earning("", amount_cents=60, adjustment=Adjustment.RESERVE, adjustment_id="rsv_2"),
        ],
        withheld_cents=840,
    )
    assert made.whole
    assert made.sums == Sums(
        opening_cents=700,
        earned_cents=3500,
        clawed_back_cents=-650,
        reserve_kept_cents=-200,
        reserve_back_cents=60,
        written_off_cents=90,
        amount_cents=3500,
        withheld_cents=-840,
        sent_cents=2660,
    )


@st.composite
def earnings(draw: st.DrawFn) -> list[Earning]:
    """Lines of any kind, from before and of the period."""
    made = []
    for n in range(draw(st.integers(0, 12))):
        (pattern, _, _) = draw(st.sampled_from(LINES))
        sign = -1 if pattern.amount_cents < 0 else 1
        cents = draw(st.integers(1, 10**7))
        reduced = draw(st.integers(0, cents)) if payout_statements.kind_of(pattern) is (
            LineKind.EARNING
        ) else 0  # fmt: skip
        adjusts = pattern.adjustment is not None
        made.append(
            replace(
                pattern,
                call_id="" if adjusts else f"call_{n}",
                adjustment_id=f"adj_{n}" if adjusts else None,
                credit_id=pattern.credit_id and f"crd_{n}",
                amount_cents=sign * cents,
                reduced_cents=reduced,
            )
        )
    return made


@given(earnings(), st.integers(0, 100))
def test_the_sums_add_up_from_what_was_open_to_what_is_sent(
    found: list[Earning], percent: int
) -> None:
    due = sum(one.due_cents for one in found)
    made = a_statement(found, withheld_cents=max(0, due) * percent // 100)
    parts = [getattr(made.sums, one.name) for one in fields(Sums)]
    *parts, amount, withheld, sent = parts
    assert made.whole
    assert sum(parts) == amount == due
    assert amount + withheld == sent


@given(earnings())
def test_the_table_has_every_line_once_and_adds_up_to_the_payout(found: list[Earning]) -> None:
    made = a_statement(found)
    rows = table(made)
    assert sum(int(row["amount_cents"]) for row in rows) == made.payout.amount_cents
    for row in rows:
        left = int(row["earned_cents"]) - int(row["clawed_back_cents"])
        assert left == int(row["amount_cents"])
    told = [row["call_id"] for row in rows if row["call_id"]]
    assert sorted(told) == sorted(one.call_id for one in found if one.call_id)
    assert payout_statements.lines_csv(made.lines) == payout_statements.lines_csv(
        a_statement(list(reversed(found))).lines
    )


def table(made: PayoutStatement) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(payout_statements.lines_csv(made.lines))))


def test_a_row_leads_to_its_call_and_tells_no_price_and_no_whole_caller() -> None:
    (row,) = table(a_statement([an_earning("call_1", amount_cents=1500, reduced_cents=100)]))
    assert row == {
        "kind": "earning",
        "call_id": "call_1",
        "start_utc": "2026-11-10T14:55:00.000Z",
        "number": "+18005550100",
        "caller": "+1415555****",
        "talk_seconds": "130",
        "offer_id": "off_1",
        "booked_utc": "2026-11-10T15:00:00.000Z",
        "brought_forward": "",
        "earned_cents": "1500",
        "clawed_back_cents": "100",
        "amount_cents": "1400",
        "currency": "USD",
        "payout_id": "",
    }


def test_a_reserve_names_the_payout_it_was_kept_of_and_no_call() -> None:
    (row,) = table(
        a_statement(
            [
                an_earning(
                    "", amount_cents=60, adjustment=Adjustment.RESERVE, adjustment_id="rsv_2",
                    offer_id="", payout_id="po_0",
                )
            ]
        )
    )  # fmt: skip
    assert (row["kind"], row["payout_id"]) == ("reserve_back", "po_0")
    assert {row[name] for name in ("call_id", "start_utc", "number", "caller")} == {""}


@pytest.mark.parametrize("missing", [0, 1])
def test_a_statement_that_lacks_a_line_is_not_whole(missing: int) -> None:
    lines: Sequence[Earning] = (an_earning("call_1"), an_earning("call_2", amount_cents=0))
    made = a_statement(lines)
    left = tuple(one for at, one in enumerate(made.lines) if at != missing)
    assert not replace(made, lines=left).whole


def test_each_state_of_a_payout_has_documents_of_its_own() -> None:
    payout: Payout = a_statement([]).payout
    places = {
        payout_statements.place(replace(payout, state=state), ".pdf")
        for state in payouts.PayoutState
    }
    assert len(places) == len(payouts.PayoutState)
