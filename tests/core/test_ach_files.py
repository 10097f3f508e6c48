"""The ACH file of some credits: held against its field table, a validator, and its own checks."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from chalicelib.ach_checks import faults
from chalicelib.ach_credits import Credit, EntryClass
from chalicelib.ach_files import MODIFIERS, lay_out, traces_needed
from chalicelib.ach_originators import Originator
from chalicelib.bank_details import AccountKind
from chalicelib.errors import Broken
from tests.ach import ISSUE, OFFSET, ORIGINATOR, a_credit, an_account


def lines_of(credits: Sequence[Credit], originator: Originator = ORIGINATOR) -> list[str]:
    """The lines of the file of these credits."""
    return lay_out(credits, originator, ISSUE).text.splitlines()


def test_every_field_stands_where_the_bank_looks_for_it() -> None:
    person = a_credit(
        "po_01JD000000000000000000ABCDEF", entry_class=EntryClass.PPD, name="Zoë Müller",
        account=an_account("9876-54", routing="231380104", kind=AccountKind.SAVINGS),
        cents=123456, note="Payout po_1, 12 calls",
    )  # fmt: skip
    file = lay_out([person, a_credit("po_2")], ORIGINATOR, ISSUE).text
    assert file == (Path(__file__).parent / "two_payouts.ach").read_text()


def test_a_balanced_file_debits_what_it_credits() -> None:
    balanced = replace(ORIGINATOR, offset=OFFSET)
    credits = [a_credit("po_1", cents=700), a_credit("po_2", cents=800)]
    lines = lines_of(credits, balanced)
    assert [line[:4] for line in lines[1:6]] == ["5200", "6220", "6220", "6271", "8200"]
    assert lines[4][:54] == "627121042882000555000        0000001500OFFSET         "
    assert lines[5][20:44] == "000000001500000000001500"


def test_a_sum_beyond_what_an_entry_says_is_debited_by_several() -> None:
    balanced = replace(ORIGINATOR, offset=OFFSET)
    credits = [a_credit(f"po_{n}", cents=9_000_000_000) for n in range(3)]
    lines = lines_of(credits, balanced)
    debits = [int(line[29:39]) for line in lines if line.startswith("627")]
    assert debits == [9_999_999_999, 9_999_999_999, 7_000_000_002]
    assert traces_needed(credits, balanced=True) == 6
    assert faults("\n".join(lines)) == ()


def test_a_prenote_asks_for_the_account_and_moves_nothing() -> None:
    checking = a_credit("pre_1", cents=0)
    savings = a_credit("pre_2", cents=0, account=an_account(kind=AccountKind.SAVINGS))
    lines = lines_of([checking, savings], replace(ORIGINATOR, offset=OFFSET))
    assert [line[:3] for line in lines[1:5]] == ["522", "623", "633", "822"]
    assert lines[4][20:44] == "0" * 24


@pytest.mark.parametrize(("payroll", "said"), [(True, "PAYROLL   "), (False, "PAYOUT    ")])
def test_people_see_payroll_unless_the_bank_says_otherwise(payroll: bool, said: str) -> None:
    originator = replace(ORIGINATOR, ppd_says_payroll=payroll)
    lines = lines_of([a_credit(entry_class=EntryClass.PPD)], originator)
    assert lines[1][53:63] == said
    assert lines_of([a_credit()], originator)[1][53:63] == "PAYOUT    "


def test_the_hash_keeps_its_low_ten_digits() -> None:
    account = an_account(routing="322271627")
    lines = lines_of([a_credit(f"po_{n}", account=account) for n in range(400)])
    assert 32227162 * 400 > 10**10
    assert lines[402][10:20] == lines[403][21:31] == f"{32227162 * 400 % 10**10:010d}"


@pytest.mark.parametrize(
    ("entries", "lines", "blocks"), [(1, 10, 1), (6, 10, 1), (7, 20, 2), (16, 20, 2), (17, 30, 3)]
)
def test_a_file_fills_whole_blocks(entries: int, lines: int, blocks: int) -> None:
    made = lines_of([a_credit(f"po_{n}") for n in range(entries)])
    assert len(made) == lines
    control = next(line for line in made if line.startswith("9") and line != "9" * 94)
    assert int(control[7:13]) == blocks


def test_traces_ascend_through_the_whole_file_from_the_one_given() -> None:
    credits = [a_credit("po_1", entry_class=EntryClass.PPD), a_credit("po_2"), a_credit("po_3")]
    made = lay_out(credits, ORIGINATOR, replace(ISSUE, first_trace=70))
    assert made.traces == {
        "po_2": "121042880000070", "po_3": "121042880000071", "po_1": "121042880000072",
    }  # fmt: skip


def test_what_is_left_out_keeps_its_trace_and_the_others_theirs() -> None:
    balanced = replace(ORIGINATOR, offset=OFFSET)
    credits = [a_credit(f"po_{n}") for n in range(3)]
    credits += [replace(one, id=f"{one.id}_ppd", entry_class=EntryClass.PPD) for one in credits]
    whole = lay_out(credits, balanced, ISSUE)
    left = {"po_0", "po_2", "po_1_ppd"}
    made = lay_out(credits, balanced, ISSUE, left)
    assert faults(made.text) == ()
    assert made.traces == {id: trace for id, trace in whole.traces.items() if id not in left}
    debits = [line[79:94] for line in whole.text.splitlines() if line.startswith("627")]
    assert debits == [line[79:94] for line in made.text.splitlines() if line.startswith("627")]
    only = lay_out(credits, balanced, ISSUE, left | {"po_1"})
    assert [line[:3] for line in only.text.splitlines()[1:5]] == ["520", "622", "622", "627"]


def test_the_day_and_the_hour_are_those_of_the_federal_reserve() -> None:
    late = replace(ISSUE, written_at=datetime(2026, 11, 24, 3, 30, tzinfo=UTC))
    assert lay_out([a_credit()], ORIGINATOR, late).text[23:33] == "2611232230"


def test_a_day_has_thirty_six_modifiers_in_their_order() -> None:
    assert len(set(MODIFIERS)) == 36
    assert MODIFIERS[0] == "A" and MODIFIERS[26] == "0"


def test_a_file_of_nothing_is_none() -> None:
    with pytest.raises(ValueError, match="at least one credit"):
        lay_out([], ORIGINATOR, ISSUE)


def test_what_does_not_fit_a_field_is_never_cut_from_a_number() -> None:
    with pytest.raises(Broken, match="cents"):
        lay_out([a_credit(cents=10_000_000_000)], ORIGINATOR, ISSUE)
