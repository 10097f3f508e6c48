"""The board of calls: who is judged, who is waited for, what it has come to."""

from typing import Any

from demo.board import Board, heading, region
from demo.table import shortened

NAMES = {
    "pub_1": "Ridgeline Media",
    "cmp_1": "Roof repair",
    "tgt_1": "Dallas dispatch",
    "tgt_2": "Houston crew",
    None: "–",
}


def a_board(**more: Any) -> Board:
    return Board(lambda thing_id: NAMES[thing_id], **more)


def a_call(number: int = 1, **more: Any) -> dict[str, Any]:
    call = {
        "id": f"call_000000000000000000AAAA{number:04d}",
        "carrier_call_id": f"CA{number}",
        "publisher_id": "pub_1",
        "campaign_id": "cmp_1",
        "tried": ["tgt_1"],
        "talk_seconds": None,
        "status": "live",
        "refusal": None,
        "reasons": [],
        "charge_cents": 0,
        "earning_cents": 0,
        "arrived_at": f"2026-11-23T15:00:{number:02d}.000Z",
        "judged_at": None,
    }
    return call | more


def approved(number: int = 1, **more: Any) -> dict[str, Any]:
    told = {
        "status": "approved",
        "talk_seconds": 95,
        "charge_cents": 4_200,
        "earning_cents": 2_800,
        "judged_at": f"2026-11-23T15:10:{number:02d}.000Z",
    }
    return a_call(number, **(told | more))


def denied(number: int = 1, **more: Any) -> dict[str, Any]:
    told = {"status": "denied", "judged_at": f"2026-11-23T15:10:{number:02d}.000Z"}
    return a_call(number, **(told | more))


def test_an_approved_call_shows_both_sides_of_the_money() -> None:
    assert a_board().rows([approved()], 119, colour=False) == [
        "AAAA0001  Ridgeline Media    Roof repair         Dallas dispatch   1:35  approved"
        "                      $42.00    $28.00"
    ]


def test_a_denied_call_says_why() -> None:
    call = denied(talk_seconds=12, reasons=["too_short"])
    (row,) = a_board().rows([call], 119, colour=False)
    assert row.split()[-5:] == ["0:12", "denied", "too_short", "–", "–"]


def test_a_call_that_was_never_routed_says_why_and_names_nobody() -> None:
    call = denied(tried=[], campaign_id=None, refusal="no_funds", reasons=["not_connected"])
    (row,) = a_board().rows([call], 119, colour=False)
    assert row.split()[3:] == ["–", "–", "–", "denied", "no_funds", "–", "–"]


def test_a_call_is_shown_with_the_last_target_that_was_tried() -> None:
    (row,) = a_board().rows([approved(tried=["tgt_1", "tgt_2"])], 119, colour=False)
    assert "Houston crew" in row
    assert "Dallas" not in row


def test_a_verdict_is_told_once_and_in_the_order_of_verdicts() -> None:
    board = a_board()
    assert board.take([a_call(1), a_call(2), a_call(3)]) == []
    assert board.take([denied(2), approved(1), a_call(3)]) == [approved(1), denied(2)]
    assert board.take([denied(2), approved(1), a_call(3)]) == []
    assert [call["carrier_call_id"] for call in board.waiting] == ["CA3"]


def test_a_call_that_comes_with_its_verdict_is_told_too() -> None:
    assert a_board().take([approved()]) == [approved()]


def test_the_totals_are_what_the_judged_calls_have_come_to() -> None:
    board = a_board()
    board.take([approved(1), approved(2, charge_cents=14_000, earning_cents=9_500), denied(3)])
    board.take([a_call(4)])
    assert board.totals() == (
        "2 approved, 1 denied    charged $182.00    earned $123.00    margin $59.00"
    )


def test_all_are_judged_when_each_that_was_begun_is() -> None:
    board = a_board()
    board.take([approved(1), a_call(2)])
    assert board.all_judged({"CA1"})
    assert not board.all_judged({"CA1", "CA2"})
    assert not board.all_judged({"CA1", "CA9"})


def test_the_region_shows_the_newest_calls_on_the_line_under_the_titles() -> None:
    board = a_board(over={"CA12"})
    board.take([a_call(number) for number in range(1, 13)])
    shown = region(board, "12 of 60 have called", (120, 40), colour=False)
    assert shown[:2] == heading(119)[::-1]
    assert [row[:8] for row in shown[2:12]] == [f"AAAA00{number:02d}" for number in range(3, 13)]
    assert "over, not judged" in shown[11]
    assert shown[12:] == ["", "12 of 60 have called", board.totals()]


def test_the_region_fits_a_small_screen() -> None:
    board = a_board()
    board.take([a_call(number) for number in range(1, 13)])
    shown = region(board, "progress" * 20, (80, 14), colour=False)
    assert len(shown) < 14
    assert max(map(len, shown)) <= 79
    assert shortened("progress" * 20, 79) in shown
