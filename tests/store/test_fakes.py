"""What the rows in memory can do beyond the port: count, crash, and let others step in between."""

import pytest

from chalicelib.store.rows import BOOKS, AtLeast, Change, Key, NotWritten, Put, Question
from tests.fakes import Crash, FakeRows

FUNDS = Key(BOOKS, "FUNDS#adv_1")
CREATE = Put(BOOKS, {"pk": FUNDS.pk, "sk": FUNDS.sk, "count": 0})
ADD = Change(key=FUNDS, add={("count",): 1})


def test_every_operation_is_one_trip(fake_rows: FakeRows) -> None:
    fake_rows.write([CREATE])
    question = Question(table=BOOKS, partition=FUNDS.pk)
    fake_rows.gather([FUNDS] * 200, [question] * 3)
    fake_rows.page(question)
    with pytest.raises(NotWritten):
        fake_rows.write([CREATE])
    assert fake_rows.trips == 4


def test_a_crash_before_a_write_leaves_no_trace_of_it(fake_rows: FakeRows) -> None:
    fake_rows.crash_before_write(2)
    fake_rows.write([CREATE])
    with pytest.raises(Crash):
        fake_rows.write([ADD])
    assert fake_rows.rows_of(BOOKS) == [CREATE.item]


def test_a_crash_after_a_write_leaves_it_done(fake_rows: FakeRows) -> None:
    fake_rows.crash_after_write()
    with pytest.raises(Crash):
        fake_rows.write([CREATE])
    assert fake_rows.rows_of(BOOKS) == [CREATE.item]


def test_after_a_crash_writes_happen_again(fake_rows: FakeRows) -> None:
    fake_rows.crash_before_write()
    with pytest.raises(Crash):
        fake_rows.write([CREATE])
    fake_rows.write([CREATE])
    assert fake_rows.rows_of(BOOKS) == [CREATE.item]


def test_no_handler_of_exceptions_survives_a_crash() -> None:
    assert not issubclass(Crash, Exception)


def test_another_may_step_in_right_before_a_write(fake_rows: FakeRows) -> None:
    fake_rows.write([CREATE])
    fake_rows.before_write(lambda: fake_rows.write([ADD]))
    with pytest.raises(NotWritten):
        fake_rows.write([Change(key=FUNDS, add={("count",): 1}, when=[AtLeast(("count",), 2)])])
    assert fake_rows.rows_of(BOOKS) == [{**CREATE.item, "count": 1}]
