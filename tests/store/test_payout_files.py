"""ACH files, their entries and their counter, in memory and on DynamoDB."""

from dataclasses import replace

import pytest

from chalicelib import payout_file_steps as steps
from chalicelib.ach_answers import AnswerLine, Answers, AnswersState, Outcome, advanced
from chalicelib.ach_codes import ReturnAction
from chalicelib.ach_credits import EntryClass
from chalicelib.ach_settings import AchSettings
from chalicelib.bank_details import AccountKind
from chalicelib.hidden import Hidden
from chalicelib.payout_files import (
    FileCounter,
    FileEntry,
    FileState,
    PayoutFile,
    Prenote,
    closed,
    digest,
    opened,
    traces_taken,
)
from chalicelib.signatures import Signature
from chalicelib.store import ach_answers as store_answers
from chalicelib.store import payout_files as store
from chalicelib.store.rows import Rows
from tests.ach import BANK
from tests.builders import NOW

ANN = Signature(key_id="key_ann", name="Ann", at=NOW)


def an_entry(number: int, **more: object) -> FileEntry:
    """An entry that pays somebody, but for what is said otherwise."""
    entry = FileEntry(
        file_id="ach_1", trace=f"12104288{number:07d}", publisher_id=f"pub_{number}",
        payout_id=f"po_{number}", cents=100, entry_class=EntryClass.CCD,
        routing_number="021000021", account=Hidden(ciphertext="hidden", last="7890"),
        kind=AccountKind.CHECKING, name="Acme", since=NOW,
    )  # fmt: skip
    return replace(entry, **more)  # type: ignore[arg-type]


def a_file(**more: object) -> PayoutFile:
    """A drafted file of 250 traces, but for what is said otherwise."""
    file = PayoutFile(
        id="ach_1", settings=AchSettings(odfi_routing=BANK), first_trace=1, traces=250, count=250,
        prenotes=0, amount_cents=25_000, digest="", drafted_at=NOW, drafted_by="key_ann",
    )  # fmt: skip
    return replace(file, **more)  # type: ignore[arg-type]


def test_entries_are_found_by_their_traces_in_order(rows: Rows) -> None:
    entries = [an_entry(number) for number in range(1, 251)]
    store.keep_entries(rows, entries)
    file = a_file(digest=digest(entries))
    assert store.entries_of(rows, file) == tuple(entries)
    assert digest(store.entries_of(rows, file)) == file.digest
    assert store.entries_of(rows, file, first=248, count=10) == tuple(entries[248:])
    assert store.entries_by_trace(rows, ["121042880000002", "121042889999999"]) == {
        "121042880000002": entries[1]
    }


def test_a_trace_that_another_file_bore_is_none_of_this_one(rows: Rows) -> None:
    store.keep_entries(rows, [an_entry(1), an_entry(2, file_id="ach_0")])
    assert store.entries_of(rows, a_file(traces=2)) == (an_entry(1),)


def test_the_counter_is_taken_by_one_alone(rows: Rows) -> None:
    before = store.find_counter(rows)
    after, first = traces_taken(before, 10)
    assert store.taken(rows, [store.counter_write(before, after)])
    assert not store.taken(rows, [store.counter_write(before, after)])
    assert (first, store.find_counter(rows)) == (1, after)
    holding = opened(after, "ach_1")
    assert store.taken(rows, [store.counter_write(after, holding), store.file_put(a_file())])
    assert not store.taken(rows, [store.counter_write(after, holding)])
    assert store.find_counter(rows).open_id == "ach_1"
    assert store.taken(rows, [store.counter_write(holding, closed(holding))])
    assert store.find_counter(rows).open_id is None


def test_traces_begin_again_before_they_would_run_out_within_a_file() -> None:
    after, first = traces_taken(FileCounter(last_trace=9_999_995), 4)
    assert (first, after.last_trace) == (9_999_996, 9_999_999)
    after, first = traces_taken(after, 2)
    assert (first, after.last_trace) == (1, 2)


def test_a_file_that_has_moved_on_is_not_changed_from_what_it_was(rows: Rows) -> None:
    file = a_file()
    assert store.taken(rows, [store.file_put(file)])
    assert not store.taken(rows, [store.file_put(file)])
    approved = steps.approved(file, ANN)
    assert store.taken(rows, [store.file_change(file, approved)])
    assert not store.taken(rows, [store.file_change(file, steps.discarded(file))])
    assert store.find_file(rows, file.id) == approved
    assert store.find_file(rows, "ach_none") is None


def test_only_what_is_due_is_found(rows: Rows) -> None:
    file = a_file(state=FileState.SEALED, settles_on="2026-12-17")
    rows.write([store.file_put(file)])
    written = steps.written(file, left_out=(), place="ach/1", sha256="aa", now=NOW)
    rows.write([store.file_change(file, written)])
    assert store.files_due(rows, "2026-12-16") == ()
    assert store.files_due(rows, "2026-12-17") == (written,)
    fetched = steps.fetched(written, ANN)
    rows.write([store.file_change(written, fetched)])
    assert store.files_due(rows, "2026-12-17") == (fetched,)
    settled = steps.settled(fetched, NOW)
    rows.write([store.file_change(fetched, settled)])
    assert store.files_due(rows, "2026-12-18") == ()


def test_a_refused_file_is_due_until_it_is_undone(rows: Rows) -> None:
    file = a_file(state=FileState.WRITTEN, settles_on="2026-12-17")
    rows.write([store.file_put(file)])
    refused = steps.refused(file, ANN, "Wrong origin", NOW.date())
    rows.write([store.file_change(file, refused)])
    assert store.files_due(rows, "2026-11-24") == (refused,)
    undone = steps.undone(refused, NOW)
    rows.write([store.file_change(refused, undone)])
    assert store.files_due(rows, "2026-12-18") == ()


@pytest.mark.parametrize("count", [1, 101])
def test_the_latest_prenote_of_each_is_kept(rows: Rows, count: int) -> None:
    sent = [
        Prenote(publisher_id=f"pub_{n}", since=NOW, trace=str(n), ready_on="2026-12-17")
        for n in range(count)
    ]
    store.keep_prenotes(rows, sent)
    again = replace(sent[0], trace="again")
    store.keep_prenotes(rows, [again])
    found = store.find_prenotes(rows, [one.publisher_id for one in sent])
    assert found == {one.publisher_id: one for one in [again, *sent[1:]]}


def test_what_the_bank_agreed_is_kept_by_version(rows: Rows) -> None:
    blank = store.find_ach(rows)
    first = replace(blank, company_name="Rings", version=1)
    rows.write([store.ach_write(blank, first)])
    assert store.find_ach(rows) == first
    second = replace(first, prenotes=True, version=2)
    rows.write([store.ach_write(first, second)])
    assert not store.taken(rows, [store.ach_write(first, second)])
    assert store.find_ach(rows) == second


def the_answers(count: int) -> tuple[Answers, list[AnswerLine]]:
    """A file of the bank's with so many returns."""
    lines = [
        AnswerLine(
            line=n, trace=f"12104288{n:07d}", file_id="ach_1", publisher_id="pub_1",
            payout_id=f"po_{n}", cents=100, code="R03", meaning="no such account",
            action=ReturnAction.NEW_DETAILS,
        )
        for n in range(count)
    ]  # fmt: skip
    made = Answers(
        id="aca_1", lines=count, returns=count, changes=0, returned_cents=100 * count,
        received_at=NOW, received_by=ANN,
    )  # fmt: skip
    return made, lines


@pytest.mark.parametrize("count", [1, 100, 101, 250])
def test_lines_of_the_banks_file_are_kept_in_parts(rows: Rows, count: int) -> None:
    made, lines = the_answers(count)
    assert store_answers.keep_answers(rows, made, lines)
    assert not store_answers.keep_answers(rows, made, lines)
    assert store_answers.find_answers(rows, made.id) == made
    assert store_answers.lines_of(rows, made, 0, 1000) == tuple(lines)
    assert store_answers.lines_of(rows, made, 99, 2) == tuple(lines[99:101])
    assert store_answers.lines_of(rows, made, count, 5) == ()


def test_what_lines_came_to_is_kept_with_how_far_the_file_is(rows: Rows) -> None:
    made, lines = the_answers(150)
    store_answers.keep_answers(rows, made, lines)
    done = [replace(one, outcome=Outcome.RETURNED) for one in lines]
    first = advanced(made, 100, NOW)
    assert store_answers.move(rows, made, first, done[:100])
    assert not store_answers.move(rows, made, first, lines[:100])
    second = advanced(first, 50, NOW)
    assert store_answers.move(rows, first, second, done[100:])
    assert second.state is AnswersState.APPLIED
    assert store_answers.lines_of(rows, second, 0, 1000) == tuple(done)
