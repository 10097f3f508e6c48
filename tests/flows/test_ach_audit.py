"""Files that were written as they were approved pass the audit, and others do not."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from chalicelib.auditing import Law
from chalicelib.offers import PayoutMethod
from chalicelib.payout_files import PayoutFile, digest
from chalicelib.store import codec
from chalicelib.store import payout_files as store
from chalicelib.store.payouts import payout_key
from chalicelib.store.rows import Change, Path
from tests.flows.aching import ADA, BOB, AchDesk, ready


def keeps(desk: AchDesk, before: PayoutFile, **changes: object) -> None:
    """The file's row is another one now."""
    version = before.version + 1
    after = replace(before, version=version, **changes)  # type: ignore[arg-type]
    desk.office.rows.write([store.file_change(before, after)])


def another_amount(desk: AchDesk) -> None:
    entry = desk.entries(desk.files[0])[ADA.id]
    store.keep_entries(desk.office.rows, [replace(entry, cents=1)])


def an_entry_that_is_gone(desk: AchDesk) -> None:
    entry = desk.entries(desk.files[0])[ADA.id]
    store.keep_entries(desk.office.rows, [replace(entry, file_id="ach_other")])


def another_payout_of_the_same_digest(desk: AchDesk) -> None:
    file = desk.files[0]
    entries = store.entries_of(desk.office.rows, file)
    other = [replace(one, payout_id=f"{one.payout_id}x") for one in entries]
    store.keep_entries(desk.office.rows, other)
    keeps(desk, file, digest=digest(other))


def twice_in_a_file(desk: AchDesk) -> None:
    file = desk.files[0]
    entries = store.entries_of(desk.office.rows, file)
    other = [replace(one, payout_id=entries[0].payout_id) for one in entries]
    store.keep_entries(desk.office.rows, other)
    keeps(desk, file, digest=digest(other))


def a_payout_that_was_never_submitted(desk: AchDesk) -> None:
    payout = replace(desk.payout_of(ADA), method=PayoutMethod.MANUAL)
    said: dict[Path, str] = {("doc",): codec.to_json(payout)}
    desk.office.rows.write([Change(key=payout_key(payout.id), set=said)])


def a_sum_that_no_entry_explains(desk: AchDesk) -> None:
    keeps(desk, desk.files[0], amount_cents=1)


@pytest.mark.parametrize(
    "touch",
    [
        another_amount, an_entry_that_is_gone, another_payout_of_the_same_digest, twice_in_a_file,
        a_payout_that_was_never_submitted, a_sum_that_no_entry_explains,
    ],
    ids=lambda touch: touch.__name__,
)  # fmt: skip
def test_a_file_that_was_touched_is_found(touch: Callable[[AchDesk], None]) -> None:
    desk = ready(ADA, BOB)
    desk.sends()
    assert desk.office.audits().clean
    touch(desk)
    assert Law.FILE in {one.law for one in desk.office.audits().differences}


def test_files_are_counted() -> None:
    desk = ready(ADA, BOB)
    desk.sends()
    assert desk.office.audits().counted["ACH files"] == 1
