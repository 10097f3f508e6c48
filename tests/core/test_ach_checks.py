"""Files that must not be sent: whatever is changed in a good one is found."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from chalicelib.ach_checks import faults
from chalicelib.ach_credits import (
    EntryClass,
    account_faults,
    credit_faults,
    sum_faults,
)
from chalicelib.ach_files import lay_out
from chalicelib.ach_originators import Originator, originator_faults
from tests.ach import ISSUE, OFFSET, ORIGINATOR, a_credit, an_account

_CREDITS = [
    a_credit("po_1", note="payout po_1"),
    a_credit("po_2", cents=2500),
    a_credit("po_3", cents=0),
    a_credit("po_4", entry_class=EntryClass.PPD, note="payout po_4"),
]
GOOD = lay_out(_CREDITS, replace(ORIGINATOR, offset=OFFSET), ISSUE).text.splitlines()
"""Header, a batch of four entries with the debit and an addenda, a batch of two with an addenda."""


def changed(line: int, first: int, text: str) -> list[str]:
    """The good file with a text written over one line, both counted from 1."""
    lines = list(GOOD)
    old = lines[line - 1]
    lines[line - 1] = old[: first - 1] + text + old[first - 1 + len(text) :]
    return lines


def found_in(lines: list[str]) -> set[str]:
    """The fields that the checks name."""
    return {fault.field for fault in faults("\n".join(lines) + "\n")}


def test_the_good_file_is_good() -> None:
    assert found_in(GOOD) == set()


@pytest.mark.parametrize(
    ("line", "first", "text", "field"),
    [
        (1, 2, "02", "lines.1.priority"),
        (1, 4, "1", "lines.1.destination"),
        (1, 5, "231380105", "lines.1.destination"),
        (1, 24, "261301", "lines.1.day"),
        (1, 34, "a", "lines.1.modifier"),
        (1, 34, " ", "lines.1.modifier"),
        (1, 35, "095", "lines.1.record_size"),
        (1, 38, "20", "lines.1.blocking"),
        (1, 40, "2", "lines.1.format"),
        (2, 2, "220", "lines.2.service"),
        (2, 2, "225", "lines.2.service"),
        (2, 5, " " * 16, "lines.2.company_name"),
        (2, 41, "0234567890", "lines.8.company_id"),
        (2, 51, "WEB", "lines.2.entry_class"),
        (2, 54, " " * 10, "lines.2.description"),
        (2, 70, "261126", "lines.2.effective"),
        (2, 70, "261128", "lines.2.effective"),
        (2, 70, "260230", "lines.2.effective"),
        (2, 76, "327", "lines.2.settlement"),
        (2, 79, "0", "lines.2.status"),
        (2, 80, "12104289", "lines.8.origin_bank"),
        (2, 88, "0000002", "lines.2.batch"),
        (3, 2, "21", "lines.3.code"),
        (3, 2, "23", "lines.3.cents"),
        (3, 2, "27", "lines.8.debit_cents"),
        (3, 4, "02100003", "lines.3.bank"),
        (3, 12, "2", "lines.3.bank"),
        (3, 13, " ", "lines.3.account"),
        (3, 30, "0000001501", "lines.8.credit_cents"),
        (3, 30, "000000150x", "lines.3.cents"),
        (3, 55, " " * 22, "lines.3.name"),
        (3, 79, "0", "lines.3.addenda"),
        (3, 80, "12104289", "lines.3.trace"),
        (3, 88, "0000002", "lines.5.trace"),
        (4, 84, "0002", "lines.4.place"),
        (4, 88, "0000009", "lines.4.entry"),
        (4, 2, "99", "lines.4"),
        (6, 2, "22", "lines.6.cents"),
        (7, 30, "0000003999", "lines.8.debit_cents"),
        (8, 5, "000004", "lines.8.count"),
        (8, 11, "0000000001", "lines.8.hash"),
        (8, 88, "0000007", "lines.8.batch"),
        (14, 2, "000001", "lines.14.batches"),
        (14, 8, "000001", "lines.14.blocks"),
        (14, 14, "00000009", "lines.14.count"),
        (14, 22, "0000000000", "lines.14.hash"),
        (14, 32, "000000000000", "lines.14.debit_cents"),
        (14, 44, "000000000000", "lines.14.credit_cents"),
        (3, 60, "É", "lines.3"),
        (3, 1, "4", "lines.3"),
    ],
)  # fmt: skip
def test_a_changed_field_is_found(line: int, first: int, text: str, field: str) -> None:
    assert field in found_in(changed(line, first, text))


@pytest.mark.parametrize(
    ("broken", "field"),
    [
        (lambda lines: lines[:-1], "file"),
        (lambda lines: lines[:13], "file"),
        (lambda lines: lines[:7], "file"),
        (lambda lines: [*lines, *["9" * 94] * 10], "file"),
        (lambda lines: lines[1:], "lines.1"),
        (lambda lines: [lines[0], *lines[2:]], "lines.2"),
        (lambda lines: [*lines[:2], *lines[3:]], "lines.3"),
        (lambda lines: [*lines[:4], *lines[3:]], "lines.3.addenda"),
        (lambda lines: [lines[0], *lines], "lines.2"),
        (lambda lines: [line[:-1] for line in lines], "lines.1"),
        (lambda lines: [lines[0], *lines[13:]], "file"),
        (lambda lines: [], "file"),
    ],
    ids=["a line of padding missing", "no padding", "cut short", "a block too many", "no header",
         "no batch header", "no entry before its addenda", "two addenda", "two headers",
         "short lines", "no batch", "nothing"],
)  # fmt: skip
def test_a_missing_or_added_line_is_found(
    broken: Callable[[list[str]], list[str]], field: str
) -> None:
    assert field in found_in(broken(GOOD))


_TOLD = {"6": (*range(4, 13), *range(30, 40)), "8": range(2, 55), "9": range(2, 56)}
"""The columns of banks and money in an entry, and of all that the controls say."""


@pytest.mark.parametrize("line", [3, 5, 6, 7, 8, 10, 12, 13, 14])
def test_no_digit_of_money_banks_and_controls_changes_unseen(line: int) -> None:
    for column in _TOLD.get(GOOD[line - 1][0], ()):
        for digit in set("0123456789") - {GOOD[line - 1][column - 1]}:
            assert found_in(changed(line, column, digit)), (column, digit)


@pytest.mark.parametrize(
    ("credit", "same_day", "fields"),
    [
        (a_credit(), False, set()),
        (a_credit(cents=0), True, set()),
        (a_credit(name="李伟"), False, {"name"}),
        (a_credit(cents=-1), False, {"cents"}),
        (a_credit(cents=9_999_999_999), False, set()),
        (a_credit(cents=10_000_000_000), False, {"cents"}),
        (a_credit(cents=100_000_000), True, set()),
        (a_credit(cents=100_000_001), True, {"cents"}),
        (
            a_credit(account=an_account("1" * 18, routing="021000022")),
            False,
            {"routing", "account"},
        ),
        (a_credit(account=an_account("")), False, {"account"}),
    ],
)
def test_what_stands_in_the_way_of_a_credit_is_named(
    credit: object, same_day: bool, fields: set[str]
) -> None:
    found = credit_faults(credit, same_day=same_day)  # type: ignore[arg-type]
    assert {fault.field for fault in found} == fields


def test_an_account_shows_no_number_of_itself() -> None:
    assert "12345678" not in repr(a_credit())
    assert account_faults(an_account()) == ()


def test_a_file_holds_no_more_than_its_control_can_say() -> None:
    large = a_credit(cents=9_999_999_999)
    assert sum_faults([large] * 100) == ()
    assert [fault.field for fault in sum_faults([large] * 101)] == ["credits"]


@pytest.mark.parametrize(
    ("originator", "field"),
    [
        (replace(ORIGINATOR, destination_routing="231380105"), "destination_routing"),
        (replace(ORIGINATOR, odfi_routing=""), "odfi_routing"),
        (replace(ORIGINATOR, origin="12345"), "origin"),
        (replace(ORIGINATOR, origin="1-23456789"), "origin"),
        (replace(ORIGINATOR, company_id=""), "company_id"),
        (replace(ORIGINATOR, company_name="A Company With A Long Name"), "company_name"),
        (replace(ORIGINATOR, company_name="李伟"), "company_name"),
        (replace(ORIGINATOR, description="PUBLISHER PAY"), "description"),
        (replace(ORIGINATOR, offset=an_account(routing="1")), "offset.routing"),
    ],
)
def test_what_is_wrong_with_an_originator_is_named(originator: Originator, field: str) -> None:
    assert [fault.field for fault in originator_faults(originator)] == [field]


def test_an_originator_of_ten_characters_is_one() -> None:
    assert originator_faults(replace(ORIGINATOR, origin="1234567890", offset=OFFSET)) == ()
