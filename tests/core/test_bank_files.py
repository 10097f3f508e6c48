"""Which lines a bank's statement says, and why one is refused."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.bank_files import BankLine, read_bank_file
from chalicelib.errors import Invalid

HEADER = "Date,Amount,Currency,Reference,Payer"
DAY = datetime(2026, 12, 5, tzinfo=UTC)


def statement(*lines: str, header: str = HEADER) -> bytes:
    return "".join(f"{line}\r\n" for line in (header, *lines)).encode()


def refused(raw: bytes) -> set[tuple[str, str]]:
    with pytest.raises(Invalid) as refusal:
        read_bank_file(raw)
    return {(fault.field, fault.rule) for fault in refusal.value.faults}


def test_a_line_says_when_who_paid_how_much_and_for_what() -> None:
    (line,) = read_bank_file(statement('12/05/2026,"2,500.00",USD,INV-000001,Acme Roofing'))
    assert line == BankLine(
        row=2, received_at=DAY, amount_cents=250_000, currency="USD", reference="INV-000001",
        payer="Acme Roofing",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("cell", "cents"),
    [("25", 2500), ("25.00", 2500), ("-12.50", -1250), ('"1,234,567.89"', 123_456_789), ("0", 0)],
)
def test_amounts_are_read_to_the_cent(cell: str, cents: int) -> None:
    (line,) = read_bank_file(statement(f"2026-12-05,{cell},USD,x,y"))
    assert line.amount_cents == cents


def test_columns_go_by_the_names_that_banks_give_them_in_any_order() -> None:
    header = "Balance,Details,BOOKING_DATE,Currency Code,Amount"
    (line,) = read_bank_file(statement("100.00,wire 7,2026-12-05,USD,5.00", header=header))
    assert (line.reference, line.payer, line.amount_cents) == ("wire 7", "", 500)


@pytest.mark.parametrize(
    ("header", "fault"),
    [
        ("Amount,Currency,Reference", ("date", "required")),
        ("Date,Currency,Reference", ("amount", "required")),
        ("Date,Amount,Currency", ("reference", "required")),
        ("Date,Amount,Currency,Memo,Reference", ("reference", "repeated")),
    ],
)
def test_a_header_that_leaves_something_open_is_refused(
    header: str, fault: tuple[str, str]
) -> None:
    assert fault in refused(statement(header=header))


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("5/2026,1.00,USD,x,y", ("rows.2.date", "format")),
        ("2026-02-30,1.00,USD,x,y", ("rows.2.date", "format")),
        ("2026-12-05,=1+1,USD,x,y", ("rows.2.amount", "formula")),
        ("2026-12-05,1.5,USD,x,y", ("rows.2.amount", "format")),
        ('2026-12-05,"1,00",USD,x,y', ("rows.2.amount", "format")),
        ("2026-12-05,$5.00,USD,x,y", ("rows.2.amount", "format")),
        ("2026-12-05,1.00,usd,x,y", ("rows.2.currency", "format")),
        ("2026-12-05,1.00,USD,=HYPERLINK(1),y", ("rows.2.reference", "formula")),
        ("2026-12-05,1.00,USD,x,@SUM(1)", ("rows.2.payer", "formula")),
        ("2026-12-05,1.00,USD,x\x07,y", ("rows.2.reference", "format")),
        ("2026-12-05,,USD,x,y", ("rows.2.amount", "required")),
        ("2026-12-05,1.00,USD,x", ("rows.2", "cut_short")),
        ("2026-12-05,1.00,USD,x,y,z", ("rows.2", "length")),
        ('2026-12-05,1.00,USD,x,"y', ("rows.2", "format")),
    ],
)
def test_a_faulty_cell_refuses_the_whole_file(line: str, fault: tuple[str, str]) -> None:
    assert refused(statement(line)) == {fault}


def test_a_file_without_lines_is_refused() -> None:
    assert refused(statement("")) == {("file", "required")}


def test_a_file_that_was_cut_anywhere_is_refused_or_lacks_whole_lines() -> None:
    lines = [f"2026-12-0{n},{n}00.00,USD,INV-00000{n},Acme" for n in (1, 2, 3)]
    whole = statement(*lines)
    rest = read_bank_file(whole)
    for end in range(len(whole)):
        try:
            read = read_bank_file(whole[:end])
        except Invalid:
            continue
        assert read == rest[: len(read)]


def test_lines_that_say_the_same_are_as_many_payments_and_the_same_ones_in_every_file() -> None:
    same = "2026-12-05,5.00,USD,wire,Acme"
    other = "2026-12-06,5.00,USD,wire,Acme"
    first = [line.payment_id for line in read_bank_file(statement(same, same))]
    second = [line.payment_id for line in read_bank_file(statement(other, same, same))]
    assert len(set(first)) == 2
    assert second[1:] == first
    assert second[0] not in first


@pytest.mark.parametrize(
    "other",
    [
        "2026-12-06,5.00,USD,wire,Acme",
        "2026-12-05,5.01,USD,wire,Acme",
        "2026-12-05,5.00,EUR,wire,Acme",
        "2026-12-05,5.00,USD,wire 2,Acme",
        "2026-12-05,5.00,USD,wire,Best",
    ],
)
def test_lines_that_differ_in_anything_are_other_payments(other: str) -> None:
    line, another = read_bank_file(statement("2026-12-05,5.00,USD,wire,Acme", other))
    assert line.payment_id != another.payment_id


def test_space_and_case_make_no_other_payment() -> None:
    (line,) = read_bank_file(statement("2026-12-05,5.00,USD,Wire  7 ,ACME"))
    (again,) = read_bank_file(statement("12/05/2026,5,USD,wire 7,acme"))
    assert line.payment_id == again.payment_id


@given(st.binary(max_size=300))
def test_whatever_the_bytes_a_file_is_read_or_refused(raw: bytes) -> None:
    try:
        lines = read_bank_file(raw)
    except Invalid as refusal:
        assert refusal.faults
    else:
        assert lines
