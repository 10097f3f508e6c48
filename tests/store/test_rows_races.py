"""What holds when several write the same rows at once. One contract, in memory and on DynamoDB."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from chalicelib.errors import Busy
from chalicelib.store.rows import (
    BOOKS,
    CALLS,
    Absent,
    AtLeast,
    Change,
    Check,
    FewerThan,
    Key,
    NotWritten,
    Put,
    Rows,
)
from tests.store.asking import FUNDS, get, put


def together(number: int, attempt: Callable[[int], bool]) -> int:
    """Run the attempts in as many threads; returns how many succeeded."""
    with ThreadPoolExecutor(max_workers=8) as threads:
        return sum(threads.map(attempt, range(number)))


class TestRaces:
    def test_the_last_slot_is_taken_once(self, exact_rows: Rows) -> None:
        rows = exact_rows
        put(rows, FUNDS, leases={})

        def reserve(n: int) -> bool:
            lease = ("leases", f"call_{n}")
            take = Change(
                key=FUNDS, set={lease: "2026"}, when=[Absent(lease), FewerThan(("leases",), 3)]
            )
            return _happens(rows, take)

        assert together(16, reserve) == 3
        assert len((get(rows, FUNDS) or {})["leases"]) == 3

    def test_a_balance_is_never_overdrawn(self, exact_rows: Rows) -> None:
        rows = exact_rows
        put(rows, FUNDS, available_cents=1000, held_cents=0)

        def hold(n: int) -> bool:
            return _happens(
                rows,
                Change(
                    key=FUNDS,
                    add={("available_cents",): -300, ("held_cents",): 300},
                    when=[AtLeast(("available_cents",), 300)],
                ),
                Put(CALLS, {"pk": f"CALL#{n}", "sk": "META", "doc": "{}"}),
            )

        won = together(10, hold)
        row = get(rows, FUNDS)
        assert row is not None
        assert (row["available_cents"], row["held_cents"]) == (1000 - 300 * won, 300 * won)
        assert won <= 3
        calls = rows.gather([Key(CALLS, f"CALL#{n}") for n in range(10)])[0]
        assert len(calls) == won

    def test_one_of_many_writers_of_a_row_wins(self, exact_rows: Rows) -> None:
        def create(n: int) -> bool:
            return _happens(exact_rows, Put(BOOKS, {"pk": FUNDS.pk, "sk": "META", "count": n}))

        assert together(16, create) == 1


def _happens(rows: Rows, *actions: Put | Change | Check) -> bool:
    """Write, trying again while the database is busy; False when a condition refuses."""
    for _ in range(50):
        try:
            rows.write(actions)
        except NotWritten:
            return False
        except Busy:
            continue
        return True
    raise AssertionError("the database stays busy")
