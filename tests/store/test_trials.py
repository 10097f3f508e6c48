"""The row of a partnership's trials: what one write says, and many writers at once."""

from chalicelib.calls import Reached
from chalicelib.errors import Busy
from chalicelib.store.rows import CATALOG, Change, Key, Path, Rows
from chalicelib.store.trials import read_trials, trial_changes, trials_key
from tests.builders import NOW, a_call, a_hold, an_attempt
from tests.store.asking import get
from tests.store.test_rows_races import together

KEY = trials_key("par_1", "cmp_1")
DIALLED, APPROVED = "dialled#14d#1484", "approved#14d#1484"


def counted(rows: Rows) -> dict[str, int]:
    return read_trials(get(rows, KEY) or {})


def ends(rows: Rows, target_id: str, *, approved: bool) -> None:
    """A call on the target ends, as of what is read now; again while the database is busy."""
    call = a_call(attempt=an_attempt(hold=a_hold(target_id=target_id)))
    reached = Reached.CHARGE if approved else Reached.NOBODY
    for _ in range(50):
        try:
            rows.write(trial_changes(call, reached=reached, counted=counted(rows), now=NOW))
        except Busy:
            continue
        return
    raise AssertionError("the row stays busy")


def test_the_first_trial_makes_the_row_and_others_join_it(rows: Rows) -> None:
    ends(rows, "tgt_1", approved=True)
    ends(rows, "tgt_1", approved=False)
    ends(rows, "tgt_2", approved=False)
    assert counted(rows) == {
        f"tgt_1#{DIALLED}": 2,
        f"tgt_1#{APPROVED}": 1,
        f"tgt_2#{DIALLED}": 1,
    }


def test_a_stretch_that_is_over_goes_with_the_next_trial(rows: Rows) -> None:
    old: dict[Path, int] = {("tgt_9#dialled#14d#1481",): 5, ("tgt_9#approved#14d#1482",): 5}
    rows.write([Change(key=KEY, set=old)])
    ends(rows, "tgt_1", approved=False)
    assert counted(rows) == {"tgt_9#approved#14d#1482": 5, f"tgt_1#{DIALLED}": 1}


def test_many_that_end_at_once_are_all_counted(exact_rows: Rows) -> None:
    rows = exact_rows
    rows.write([Change(key=KEY, set={("tgt_9#dialled#14d#1400",): 5})])

    def one(n: int) -> bool:
        ends(rows, f"tgt_{n % 2}", approved=n % 4 == 0)
        return True

    assert together(24, one) == 24
    assert counted(rows) == {
        f"tgt_0#{DIALLED}": 12,
        f"tgt_0#{APPROVED}": 6,
        f"tgt_1#{DIALLED}": 12,
    }


def test_a_call_without_an_attempt_or_a_partnership_is_no_trial() -> None:
    for call in (a_call(attempt=None), a_call(partnership_id=None)):
        assert trial_changes(call, reached=Reached.NOBODY, counted={}, now=NOW) == []


def test_the_row_lies_with_the_partnership_one_for_each_campaign() -> None:
    assert Key(CATALOG, "PARTNERSHIP#par_1", "TRIALS#cmp_1") == KEY
