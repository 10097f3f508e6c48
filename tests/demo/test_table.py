"""Tables for people: aligned, cut to the screen, amounts to the cent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from demo.table import Column, coloured, dollars, duration, fitted, grid, line, shortened

COLUMNS = (
    Column(title="call", width=4),
    Column(title="publisher", width=10, least=4),
    Column(title="charge", width=8, right=True),
)


def test_a_grid_is_as_wide_as_what_it_holds() -> None:
    assert grid(
        ("account", "balance"),
        [("cash:bank", "$5.00"), ("revenue:calls", "-$12.50")],
        right=(1,),
        total=("sum", "-$7.50"),
    ) == [
        "account        balance",
        "─────────────  ───────",
        "cash:bank        $5.00",
        "revenue:calls  -$12.50",
        "─────────────  ───────",
        "sum             -$7.50",
    ]


def test_a_grid_without_rows_shows_its_titles() -> None:
    assert grid(("payout", "state"), []) == ["payout  state", "──────  ─────"]


def test_a_line_is_cut_and_padded_to_its_columns() -> None:
    assert line(COLUMNS, (4, 10, 8), ("K3ZQ", "Clearwater Search", "$55.00")) == (
        "K3ZQ  Clearwate…    $55.00"
    )


def test_only_known_words_are_coloured_and_the_padding_is_not() -> None:
    columns = (Column(title="status", width=9), Column(title="reason", width=6))
    said = line(columns, (9, 6), ("approved", "denied it"), colour=True)
    assert said == "\x1b[32mapproved\x1b[0m   denie…"


@pytest.mark.parametrize(
    ("width", "widths"),
    [
        (200, (4, 10, 8)),
        (26, (4, 10, 8)),
        (25, (4, 9, 8)),
        (20, (4, 4, 8)),
        (10, (4, 4, 8)),
    ],
)
def test_a_narrow_screen_takes_from_the_columns_that_can_shrink(
    width: int, widths: tuple[int, ...]
) -> None:
    assert fitted(COLUMNS, width) == widths


@pytest.mark.parametrize(
    ("cents", "text"),
    [
        (0, "$0.00"),
        (7, "$0.07"),
        (4_200, "$42.00"),
        (123_456_789, "$1,234,567.89"),
        (-5, "-$0.05"),
        (-123_400, "-$1,234.00"),
    ],
)
def test_an_amount_is_written_in_dollars(cents: int, text: str) -> None:
    assert dollars(cents) == text


@given(st.integers(min_value=-(10**12), max_value=10**12))
def test_no_amount_loses_a_cent_on_the_screen(cents: int) -> None:
    said = dollars(cents).replace("$", "").replace(",", "").replace(".", "")
    assert int(said) == cents


@pytest.mark.parametrize(
    ("seconds", "text"), [(None, "–"), (0, "0:00"), (59, "0:59"), (125, "2:05"), (3_600, "60:00")]
)
def test_a_talk_is_written_in_minutes_and_seconds(seconds: int | None, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("width", "text"), [(9, "approved"), (8, "approved"), (5, "appr…"), (1, "…"), (0, "…")]
)
def test_a_cut_is_marked(width: int, text: str) -> None:
    assert shortened("approved", width) == text


def test_a_cut_word_keeps_its_colour_only_when_it_is_still_known() -> None:
    assert coloured("denied…") == "\x1b[31mdenied…\x1b[0m"
    assert coloured("den…") == "den…"
