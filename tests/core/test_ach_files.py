"""The ACH file of some credits: held against its field table, a validator, and its own checks."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from itertools import cycle
from pathlib import Path

import pytest
from achlens.core.validator import validate
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.ach_checks import faults
from chalicelib.ach_credits import AchAccount, Credit, EntryClass, credit_faults
from chalicelib.ach_files import MODIFIERS, Issue, lay_out, traces_needed
from chalicelib.ach_originators import Originator
from chalicelib.bank_details import ACCOUNT_NUMBER, AccountKind
from chalicelib.banking_days import banking_day_after
from chalicelib.errors import Broken
from tests.ach import ISSUE, OFFSET, ORIGINATOR, ROUTING_NUMBERS, a_credit, an_account

_NAMES = ("Zoë Łuk", "Acme & Söhne", "O’Brien Media", "Nguyễn Thị Ánh Tuyết Mai Long", "7 Rings")


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A payout run of `size` entries: the kinds of credits in turn."""

    kinds: list[Credit]
    size: int
    originator: Originator
    issue: Issue

    @property
    def credits(self) -> list[Credit]:
        """Every credit with an id of its own."""
        turns = zip(range(self.size), cycle(self.kinds), strict=False)
        return [replace(kind, id=f"po_{place:027d}") for place, kind in turns]


@st.composite
def runs(draw: st.DrawFn) -> Run:
    """Payout runs of 1 to 5,000 entries."""
    day = draw(st.dates(date(2026, 1, 1), date(2026, 12, 31)))
    return Run(
        kinds=draw(st.lists(_credits(), min_size=1, max_size=8)),
        size=draw(st.one_of(st.integers(1, 30), st.integers(31, 5_000), st.just(5_000))),
        originator=replace(
            ORIGINATOR,
            offset=draw(st.sampled_from([None, OFFSET])),
            ppd_says_payroll=draw(st.booleans()),
        ),
        issue=Issue(
            written_at=datetime(day.year, day.month, day.day, draw(st.integers(0, 23)), tzinfo=UTC),
            modifier=draw(st.sampled_from(MODIFIERS)),
            effective_on=banking_day_after(day, draw(st.integers(1, 2))),
            first_trace=draw(st.integers(1, 9_990_000)),
        ),
    )


def _credits() -> st.SearchStrategy[Credit]:
    names = st.one_of(st.sampled_from(_NAMES), st.text(min_size=1, max_size=40))
    return st.builds(
        Credit,
        id=st.just("po"),
        entry_class=st.sampled_from(EntryClass),
        account=st.builds(
            AchAccount,
            routing=st.sampled_from(ROUTING_NUMBERS),
            number=st.from_regex(ACCOUNT_NUMBER, fullmatch=True),
            kind=st.sampled_from(AccountKind),
        ),
        name=names,
        cents=st.one_of(st.just(0), st.integers(1, 19_999_999), st.just(100_000_000)),
        note=st.one_of(st.just(""), st.text(max_size=100)),
    ).filter(lambda credit: not credit_faults(credit))


@settings(max_examples=40, deadline=None)
@given(runs())
def test_any_run_makes_a_file_that_a_validator_and_our_own_checks_accept(run: Run) -> None:
    credits = run.credits
    made = lay_out(credits, run.originator, run.issue)
    assert faults(made.text) == ()
    report = validate(made.text)
    assert report.valid, report.findings[:3]
    assert report.counts["warning"] == 0, report.findings[:3]
    assert report.summary.entry_count <= traces_needed(
        credits, balanced=run.originator.offset is not None
    )
    assert sorted(made.traces) == sorted(credit.id for credit in credits)


@settings(max_examples=20, deadline=None)
@given(runs())
def test_a_file_pays_each_credit_to_the_cent_and_is_the_same_when_made_again(run: Run) -> None:
    made = lay_out(run.credits, run.originator, run.issue)
    assert lay_out(run.credits, run.originator, run.issue) == made
    entries = {line[79:94]: line for line in made.text.splitlines() if line[0] == "6"}
    for credit in run.credits:
        line = entries[made.traces[credit.id]]
        assert int(line[29:39]) == credit.cents
        assert line[3:12] == credit.account.routing
        assert line[12:29].rstrip() == credit.account.number
