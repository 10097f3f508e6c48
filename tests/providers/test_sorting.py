"""Texts come in the order of their keys, however few of them fit into memory."""

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.providers.sorting import Sorter

pairs = st.lists(st.tuples(st.text(max_size=5), st.text(max_size=5)), max_size=40)


@given(pairs, st.integers(1, 50))
def test_however_few_are_held_the_order_is_that_of_the_keys(
    given: list[tuple[str, str]], held: int
) -> None:
    with Sorter(held) as sorter:
        for key, text in given:
            sorter.add(key, text)
        assert list(sorter.texts()) == [text for _, text in sorted(given)]


@given(pairs, st.integers(1, 50))
def test_the_last_may_come_first(given: list[tuple[str, str]], held: int) -> None:
    with Sorter(held, last_first=True) as sorter:
        for key, text in given:
            sorter.add(key, text)
        assert list(sorter.texts()) == [text for _, text in sorted(given, reverse=True)]


def test_no_more_is_held_than_was_said_while_texts_are_added() -> None:
    with Sorter(held=10) as sorter:
        for number in range(1_000):
            sorter.add(f"{number % 7}", f"{number}\r\n")
            assert len(sorter._fresh) <= 10


def test_a_text_may_hold_what_ends_a_line() -> None:
    with Sorter(held=1) as sorter:
        for text in ("b\r\n", 'a,"\n"\r\n', "\x85\u2028"):
            sorter.add(text, text)
        assert list(sorter.texts()) == ['a,"\n"\r\n', "b\r\n", "\x85\u2028"]
