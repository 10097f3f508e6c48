"""The audit command: a table that sums up, and plain words when it cannot be run."""

import pytest

from chalicelib.auditing import Difference, Law
from chalicelib.chains import DaySeal
from chalicelib.flows.audit import AuditReport
from infra.audit import cloud_of, show, table, tell
from infra.stage import Stopped


def test_the_table_shows_what_moved_and_the_sum_of_all() -> None:
    shown = table([("cash:bank", 123_456), ("prepaid:adv_1", -123_455), ("ar:adv_1", 0)])
    assert shown.splitlines() == [
        "cash:bank              1,234.56",
        "prepaid:adv_1         -1,234.55",
        "sum                        0.01",
    ]


def test_more_than_one_stage_is_refused() -> None:
    with pytest.raises(Stopped, match="at most one stage"):
        cloud_of(["prod", "test"])


def a_report(*differences: Difference) -> AuditReport:
    return AuditReport(
        accounts={"cash:bank": 100},
        total_cents=100,
        counted={"entries": 3, "legs": 6},
        seal=DaySeal(day="2026-11-10", checkpoints=2, head="a" * 64),
        differences=differences,
    )


def test_books_that_agree_end_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert show(a_report()) == 0
    said = capsys.readouterr().out
    assert "3 entries, 6 legs" in said
    assert f"sealed up to 2026-11-10: {'a' * 64}" in said
    assert said.endswith("The books agree with their entries.\n")


def test_the_first_difference_is_told_first_and_ends_badly(
    capsys: pytest.CaptureFixture[str],
) -> None:
    first = Difference(law=Law.SUM, subject="all accounts", expected="0", found="100")
    second = Difference(law=Law.FUNDS, subject="adv_1", expected="5", found="7")
    assert show(a_report(first, second)) == 1
    lines = capsys.readouterr().out.splitlines()
    place = lines.index("The first difference:")
    assert lines[place + 1 : place + 3] == [
        "  the_books_sum_to_zero all accounts: expected 0, found 100",
        "  funds_follow_from_the_ledger adv_1: expected 5, found 7",
    ]


def test_a_file_is_told_now_and_then_how_far_the_audit_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for count in range(1_000, 21_000, 1_000):
        tell("legs", count)
    assert capsys.readouterr().err.splitlines() == ["10,000 legs ...", "20,000 legs ..."]
