"""The statement of a payout on paper: every line of it, and the same each time."""

import hashlib
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime

import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.payout_statements import PayoutStatement
from chalicelib.payouts import Adjustment, Earning, PayoutState
from chalicelib.providers.letterhead import money
from chalicelib.providers.statement_paper import MOST_LINES, printed
from tests.builders import a_statement, an_earning

GOLDEN = "25bdc88901f6d10d6f9338605d89c235969df11a3bbeef38689a8fbb9bee94b7"
BACK = datetime(2027, 1, 30, tzinfo=UTC)


def no_picture(key: str) -> bytes:
    raise KeyError(key)


def pages(statement: PayoutStatement) -> list[str]:
    """The words of every page."""
    document = pypdfium2.PdfDocument(printed(statement, no_picture))
    return [page.get_textpage().get_text_range() for page in document]


def lines() -> list[Earning]:
    """One of each kind."""
    october = datetime(2026, 10, 20, 9, tzinfo=UTC)
    return [
        an_earning("call_1", amount_cents=123_456),
        an_earning("call_2", amount_cents=2000, reduced_cents=700),
        an_earning("call_3", amount_cents=-500, credit_id="crd_3"),
        an_earning("call_4", amount_cents=1100, booked_at=october),
        an_earning(
            "", amount_cents=-12_000, adjustment=Adjustment.RESERVE, adjustment_id="rsv_1",
            payout_id="po_1", release_after=BACK,
        ),
        an_earning(
            "", amount_cents=345, adjustment=Adjustment.RESERVE, adjustment_id="rsv_2",
            payout_id="po_0",
        ),
        an_earning("", amount_cents=90, adjustment=Adjustment.WRITE_OFF, adjustment_id="wof_1"),
    ]  # fmt: skip


def test_a_statement_says_who_was_paid_what_for_and_what_was_kept() -> None:
    (page,) = pages(a_statement(lines(), withheld_cents=1000))
    for said in (
        "PAYOUT", "STATEMENT", "Ring & Röder Lead Exchange LLC", "1200 Market Street",
        "EIN 84-1234567", "Paid to", "Łódź Média <b>", "pub_1", "po_1",
        "Nov 1, 2026 – Nov 30, 2026", "Dec 1, 2026", "Paid on", "Dec 3, 2026", "Check or wire",
        "check-1041", "Open before the period", "$11.00", "Earned", "$1,254.56", "Clawed back",
        "-$12.00", "Debt given up", "$0.90", "Reserve kept back", "-$120.00", "Reserve given back",
        "$3.45", "Payout", "$1,137.91", "Tax withheld", "-$10.00", "Fees taken", "$0.00",
        "Paid to you", "$1,127.91", "call_1", "Nov 10, 2026, 14:55 UTC", "+1415555****", "130 s",
        "$1,234.56", "call_2", "$20.00 earned, $7.00 clawed back", "$13.00",
        "Clawed back after it was paid", "-$5.00", "Open before the period, since Oct 20, 2026",
        "Of po_0", "Until Jan 30, 2027", "7 lines", "po_1-calls.csv",
        "Questions go to billing@example.com.", "Page 1 of 1",
    ):  # fmt: skip
        assert said in page, said


def test_a_statement_tells_no_price_no_campaign_and_no_whole_caller() -> None:
    body = printed(a_statement(lines()), no_picture)
    whole = "".join(pages(a_statement(lines()))) + body.decode("latin-1")
    for never in ("987.65", "98765", "cmp_1", "4155550100", "crd_3"):
        assert never not in whole, never


@pytest.mark.parametrize(
    ("state", "words", "never"),
    [
        (PayoutState.CREATED, ("To be paid", "To be paid to you"), ("Paid on", "Reference")),
        (PayoutState.SUBMITTED, ("On its way", "Check or wire", "check-1041"), ("Paid on",)),
        (PayoutState.SETTLED, ("Paid", "Paid to you"), ("Came back",)),
        (PayoutState.RETURNED, ("Came back to us", "Jan 5, 2027", "R03"), ("Paid on", "to you")),
    ],
)
def test_a_statement_tells_how_far_the_payout_has_come(
    state: PayoutState, words: tuple[str, ...], never: tuple[str, ...]
) -> None:
    nothing = dict.fromkeys(("reference", "submitted_at", "settled_at"))
    more = {
        PayoutState.CREATED: nothing,
        PayoutState.SUBMITTED: {"settled_at": None},
        PayoutState.SETTLED: {},
        PayoutState.RETURNED: {"ended_at": datetime(2027, 1, 5, tzinfo=UTC), "reason": "R03"},
    }[state]
    (page,) = pages(a_statement([an_earning("call_1")], state=state, **more))
    for said in words:
        assert said in page, said
    for said in never:
        assert said not in page, said


def test_five_hundred_lines_have_heads_and_numbers_on_their_pages() -> None:
    statement = a_statement([an_earning(f"call_{n:03}", amount_cents=1000 + n) for n in range(500)])
    found = pages(statement)
    assert len(found) > 10
    assert money(statement.sums.sent_cents, "USD") in found[0]
    for number, page in enumerate(found, start=1):
        assert f"Page {number} of {len(found)}" in page
        assert "Caller" in page, "the head of the table comes again"
    whole = "\n".join(found)
    for n in range(500):
        assert f"call_{n:03}" in whole
    assert "500 lines" in found[-1]


def test_of_very_many_lines_the_first_are_printed_and_the_table_is_named() -> None:
    count = MOST_LINES + 1
    whole = "\n".join(pages(a_statement([an_earning(f"call_{n:04}") for n in range(count)])))
    assert f"The first {MOST_LINES:,} lines are printed here." in whole
    assert f"{count:,} lines of this payout is po_1-calls.csv" in whole
    assert f"call_{MOST_LINES - 1:04}" in whole
    assert f"call_{MOST_LINES:04}" not in whole


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(-(10**7), 10**7), min_size=1, max_size=40))
def test_the_printed_lines_add_up_to_the_payout(amounts: list[int]) -> None:
    statement = a_statement(
        [an_earning(f"call_{n:03}", amount_cents=cents) for n, cents in enumerate(amounts)]
    )
    words = " ".join(pages(statement)).replace("\r\n", " ").split()
    found = [_cents(word) for word in words if word.lstrip("-").startswith("$")]
    # First come what was open, earned and clawed back, the payout, tax, fees, and what is sent.
    sums, printed_lines = found[:7], found[7:]
    assert printed_lines == amounts
    assert sums[:3] == [0, sum(amounts), 0]
    assert sums[3] == sums[6] == sum(amounts)


def _cents(word: str) -> int:
    sign = -1 if word.startswith("-") else 1
    return sign * int(word.lstrip("-$").replace(",", "").replace(".", ""))


def test_a_statement_of_whom_nothing_is_said_is_printed_all_the_same() -> None:
    statement = a_statement([an_earning("call_1")], period_start=None)
    bare = replace(statement, issuer=type(statement.issuer)(), publisher="東京 Media")
    (page,) = pages(bare)
    assert "?? Media" in page
    assert "Until Nov 30, 2026" in page


def test_the_same_statement_has_the_same_bytes_in_every_process() -> None:
    program = (
        "import hashlib; from tests.builders import a_statement; "
        "from tests.providers.test_statement_paper import lines; "
        "from chalicelib.providers.statement_paper import printed; "
        "print(hashlib.sha256(printed(a_statement(lines()), open)).hexdigest())"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True,
            env={"PYTHONHASHSEED": seed, "TZ": zone},
        ).stdout.strip()
        for seed, zone in (("1", "UTC"), ("2", "Asia/Tokyo"))
    }  # fmt: skip
    assert told == {GOLDEN}
    again = printed(a_statement(lines()), no_picture)
    assert hashlib.sha256(again).hexdigest() == GOLDEN
