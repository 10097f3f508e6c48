"""Files of dispositions: what they may hold, and every fault with its row."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.csv_files import MOST_BYTES, MOST_ROWS
from chalicelib.disposition_files import COLUMNS, FileRow, read_file
from chalicelib.errors import Invalid
from chalicelib.feedback import Named
from tests.builders import CALLER, NOW

CALL = "call_" + "0" * 26


def faults(raw: bytes) -> set[tuple[str, str]]:
    """Each fault of the file as its field and rule."""
    with pytest.raises(Invalid) as refused:
        read_file(raw)
    return {(one.field, one.rule) for one in refused.value.faults}


def file(*lines: str) -> bytes:
    return "\n".join(lines).encode()


def test_a_row_says_which_call_it_means_and_what_it_came_to() -> None:
    raw = file(
        "call_id,external_id,caller,time,disposition,amount,note",
        f"{CALL},,,,Sold!,25.5,called twice",
        ",crm-1,,,no_answer,,",
        ",,+1 415 555 0100,2026-11-23T16:00:00+01:00,,0,",
    )
    assert read_file(raw) == (
        FileRow(row=2, named=Named(call_id=CALL), disposition="sold", amount_cents=2550,
                note="called twice"),
        FileRow(row=3, named=Named(external_id="crm-1"), disposition="no_answer"),
        FileRow(row=4, named=Named(caller=CALLER, time=NOW), amount_cents=0),
    )  # fmt: skip


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_a_file_may_begin_with_a_mark_and_end_its_lines_in_any_way(
    newline: str, bom: bytes
) -> None:
    raw = bom + newline.join(["Call_ID , Disposition", f"{CALL},sold", ""]).encode()
    assert [row.row for row in read_file(raw)] == [2]


def test_blank_rows_are_passed_over_and_counted() -> None:
    raw = file("call_id,disposition", "", " , ", f"{CALL},sold", ",,")
    assert [row.row for row in read_file(raw)] == [4]


def test_a_formula_is_kept_as_the_text_that_it_is() -> None:
    raw = file("call_id,disposition,note", f'{CALL},sold,"=HYPERLINK(""http://x"")"')
    assert read_file(raw)[0].note == '=HYPERLINK("http://x")'


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["call_id,disposition", "call_1,sold"], {("rows.2.call_id", "format")}),
        (["external_id,disposition", "=1,sold"], {("rows.2.external_id", "format")}),
        (["caller,time,disposition", "4155550100,2026-11-23T15:00:00Z,sold"],
         {("rows.2.caller", "format")}),
        (["caller,time,disposition", f"{CALLER},2026-11-23T15:00:00,sold"],
         {("rows.2.time", "format")}),
        (["caller,time,disposition", f"{CALLER},23/11/2026,sold"], {("rows.2.time", "format")}),
        (["caller,time,disposition", f"{CALLER},0001-01-01T00:00:00+23:59,sold"],
         {("rows.2.time", "format")}),
        (["caller,disposition", f"{CALLER},sold"], {("rows.2.time", "required")}),
        (["call_id,time,disposition", f"{CALL},2026-11-23T15:00:00Z,sold"],
         {("rows.2.caller", "required")}),
        (["call_id,disposition", f"{CALL},2nd"], {("rows.2.disposition", "format")}),
        (["call_id,amount", f"{CALL},-1"], {("rows.2.amount", "format")}),
        (["call_id,amount", f"{CALL},=1+1"], {("rows.2.amount", "format")}),
        (["call_id,amount", f"{CALL},1e9"], {("rows.2.amount", "format")}),
        (["call_id,disposition", ",sold"], {("rows.2.call_id", "required")}),
        (["call_id,disposition", f"{CALL},"], {("rows.2.disposition", "required")}),
        (["call_id,amount,note", f"{CALL},1,so"], {("rows.2.disposition", "required")}),
        (["call_id,disposition,note", f"{CALL},sold,{'n' * 501}"], {("rows.2.note", "format")}),
        (["call_id,disposition,note", f"{CALL},sold,a\x00b"], {("rows.2.note", "format")}),
        (["call_id,disposition", f"{CALL},sold,more"], {("rows.2", "length")}),
        (["call_id,disposition", f"{CALL},sold", f"{CALL},lost"], {("rows.3", "duplicate_row")}),
        (["call_id,disposition", f'{CALL},"sold'], {("rows.2", "format")}),
        (["call_id,disposition,colour", f"{CALL},sold,red"], {("columns.3", "unknown_field")}),
        (["call_id,disposition,call_id", f"{CALL},sold,{CALL}"], {("call_id", "repeated")}),
        (["call_id;disposition", f"{CALL};sold"],
         {("columns.1", "unknown_field"), ("columns", "required")}),
        (["time,note"], {("columns", "required")}),
        (["call_id,disposition"], {("file", "required")}),
        ([""], {("columns", "required")}),
        (["call_id,amount,disposition", "call_1,-1,sold", f"{CALL},1,9"],
         {("rows.2.call_id", "format"), ("rows.2.amount", "format"),
          ("rows.3.disposition", "format")}),
    ],
)  # fmt: skip
def test_every_fault_is_named_with_its_row(
    lines: list[str], expected: set[tuple[str, str]]
) -> None:
    assert faults(file(*lines)) == expected


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        ("call_id,disposition\ncall_1,vendu\ncall_2,cédé".encode("latin-1"), 3),
        ("call_id,disposition\n".encode("utf-16"), 1),
        ("call_id,disposition\ncall_1,c\ufffdd\ufffd".encode(), 2),
        (b"call_id,disposition\n\xf0\x9f,sold", 2),
    ],
)
def test_another_encoding_is_refused_with_its_line(raw: bytes, line: int) -> None:
    assert faults(raw) == {(f"lines.{line}", "encoding")}


def test_a_file_of_20000_rows_is_read_and_one_more_is_refused() -> None:
    lines = [f"x{n},sold" for n in range(MOST_ROWS)]
    assert len(read_file(file("external_id,disposition", *lines))) == MOST_ROWS
    assert faults(file("external_id,disposition", *lines, "x,sold")) == {("file", "length")}


def test_a_file_of_more_than_5_million_bytes_is_refused_unread() -> None:
    lines = [f"x{n},sold".ljust(249) for n in range(MOST_ROWS)]
    lines[0] = lines[0][: -len("external_id,disposition")]
    whole = file("external_id,disposition", *lines)
    assert (len(whole), len(read_file(whole))) == (MOST_BYTES, MOST_ROWS)
    assert faults(whole + b" ") == {("file", "length")}


def test_of_many_faults_the_first_200_are_shown_and_the_rest_are_counted() -> None:
    with pytest.raises(Invalid) as refused:
        read_file(file("call_id,disposition", *["call_1,sold"] * 250))
    assert len(refused.value.faults) == 201
    assert refused.value.faults[-1].reason == "has 50 more faults"


NOTES = st.text(
    st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters="\ufffd"), max_size=40
).map(str.strip).filter(bool)  # fmt: skip
ROWS = st.fixed_dictionaries(
    {
        "disposition": st.sampled_from(["sold", "no_answer"]),
        "amount": st.one_of(st.just(""), st.integers(0, 10**6).map(lambda n: f"{n / 100:.2f}")),
        "note": st.one_of(st.just(""), NOTES),
        "caller": st.just(CALLER),
        "time": st.integers(0, 10**6).map(
            lambda n: (datetime(2026, 11, 1, tzinfo=UTC) + timedelta(seconds=n)).isoformat()
        ),
    }
)


@given(st.lists(ROWS, min_size=1, max_size=8, unique_by=lambda row: row["time"]), st.randoms())
def test_what_is_written_is_read_whatever_the_cells_hold(
    rows: list[dict[str, str]], chance: Any
) -> None:
    columns = list(rows[0])
    chance.shuffle(columns)
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns)
    writer.writeheader()
    writer.writerows(rows)
    read = read_file(text.getvalue().encode("utf-8-sig"))
    assert [row.row for row in read] == list(range(2, len(rows) + 2))
    for said, row in zip(rows, read, strict=True):
        assert row.note == (said["note"] or None)
        assert row.disposition == said["disposition"]
        assert row.named == Named(caller=CALLER, time=datetime.fromisoformat(said["time"]))
        cents = None if not said["amount"] else round(float(said["amount"]) * 100)
        assert row.amount_cents == cents


HOSTILE = st.one_of(
    st.binary(max_size=200),
    st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.lists(
        st.lists(
            st.one_of(st.sampled_from([*COLUMNS, CALL, CALLER, "=1+1", '"', "\x00", "sold", "1"]),
                      st.text(max_size=10)),
            max_size=8,
        ).map(",".join),
        max_size=6,
    ).map(lambda lines: "\n".join(["call_id,disposition,note", *lines]).encode("utf-8", "replace")),
)  # fmt: skip


@given(HOSTILE)
def test_whatever_comes_is_read_or_refused_with_its_faults(raw: bytes) -> None:
    try:
        rows = read_file(raw)
    except Invalid as refused:
        assert refused.faults
        assert all(one.field and one.rule and one.reason for one in refused.faults)
    else:
        assert rows and len({row.named for row in rows}) == len(rows)
