"""Every payout run makes a file that a bank takes, and that pays each credit to the cent."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from itertools import cycle

from achlens.core.validator import validate
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.ach_checks import faults
from chalicelib.ach_credits import AchAccount, Credit, EntryClass, credit_faults
from chalicelib.ach_files import MODIFIERS, Issue, lay_out, traces_needed
from chalicelib.ach_originators import Originator
from chalicelib.bank_details import ACCOUNT_NUMBER, AccountKind
from chalicelib.banking_days import banking_day_after
from tests.ach import OFFSET, ORIGINATOR, ROUTING_NUMBERS
from tests.laws import A_FEW

_NAMES = ("Zoë Łuk", "Acme & Söhne", "O’Brien Media", "Nguyễn Thị Ánh Tuyết Mai Long", "7 Rings")


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


@settings(max_examples=A_FEW, deadline=None)
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


@settings(max_examples=A_FEW, deadline=None)
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
