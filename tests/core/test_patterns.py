"""Regular expressions of filters: what they find, what is refused, and that none takes long."""

import re
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.criteria import Filter, FilterTest, passes, value_fault


def a_filter(pattern: str, *, negated: bool = False) -> Filter:
    return Filter(
        attribute="tag.source", test=FilterTest.MATCHES, values=(pattern,), negated=negated
    )


def finds(pattern: str, text: str) -> bool:
    return passes(a_filter(pattern), {"tag.source": text})


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("oo", "google", True),
        ("^oo", "google", False),
        ("^goo", "google", True),
        ("gle$", "google", True),
        ("gle$", "google\n", False),
        ("^(google|bing)$", "bing", True),
        ("^(google|bing)$", "bingo", False),
        ("Google", "google", False),
        ("(?i)Google", "google", True),
        ("^[0-9]{5}$", "94103", True),
        ("^[0-9]{5}$", "941031", False),
        ("", "", True),
        ("^$", "x", False),
        ("a.c", "a\nc", False),
        ("(?s)a.c", "a\nc", True),
        (r"\bads\b", "google ads west", True),
        ("^.{2}$", "é😀", True),
        ("(?i)É", "é", True),
        (r"^\pL+$", "straße", True),
        ("^.$", "\ud800", True),
        ("\ud800", "x\ud800", True),
    ],
)
def test_a_pattern_is_found_anywhere_unless_it_is_bound(
    pattern: str, text: str, found: bool
) -> None:
    assert finds(pattern, text) is found
    assert passes(a_filter(pattern, negated=True), {"tag.source": text}) is not found


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("(", "missing ): ("),
        ("[a-", "missing ]: [a-"),
        ("*", "no argument for repetition operator: *"),
        ("a**", "bad repetition operator: **"),
        ("(?=a)b", "invalid perl operator: (?="),
        ("(?<!a)b", "invalid perl operator: (?<!"),
        (r"(a)\1", r"invalid escape sequence: \1"),
        ("a{1001}", "invalid repetition size: {1001}"),
        ("((a{100}){100}){100}", "invalid repetition size: {100}"),
        ("a?{30}a{30}", "bad repetition operator: ?{30}"),
        (r"(\pL{30}){30}", "pattern too large - compile failed"),
        ("(.{1,30}){1,30}x", "pattern too large - compile failed"),
        ("(" * 500, "missing ): " + "(" * 500),
    ],
)
def test_what_re2_does_not_take_is_a_fault_in_its_words(
    pattern: str, said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert value_fault(a_filter(pattern)) == f"RE2 does not take the regular expression: {said}"
    assert capfd.readouterr() == ("", ""), "the fault is told once, and in no log"


@pytest.mark.parametrize("pattern", ["(", "((a{100}){100}){100}", "(?=a)"])
def test_a_stored_pattern_that_compiles_no_more_is_found_in_nothing(pattern: str) -> None:
    assert not finds(pattern, pattern)
    assert not finds(pattern, "a" * 200)


@pytest.mark.parametrize("values", [(), ("a", "b")])
def test_a_pattern_stands_alone(values: tuple[str, ...]) -> None:
    one = Filter(attribute="caller", test=FilterTest.MATCHES, values=values)
    assert value_fault(one) == "matches takes exactly one value"


ANY_TEXT = st.text(st.characters() | st.characters(categories=["Cs"]), max_size=200)
ODD = st.text(st.sampled_from("ab(|)*+?{1,9}[^]$.\\pLdQE-é\ud800"), max_size=40)


@given(ODD | ANY_TEXT, ANY_TEXT)
def test_any_pattern_is_either_refused_or_judges_any_text(pattern: str, text: str) -> None:
    found = finds(pattern, text)
    assert passes(a_filter(pattern, negated=True), {"tag.source": text}) is not found
    if value_fault(a_filter(pattern)):
        assert not found


@given(st.text(max_size=5), st.text(max_size=20))
def test_a_pattern_of_plain_letters_matches_what_contains_them(part: str, text: str) -> None:
    contains = Filter(attribute="tag.source", test=FilterTest.CONTAINS, values=(part,))
    literal = "".join(f"\\x{{{ord(letter):x}}}" for letter in part)
    assert finds(literal, text) is passes(contains, {"tag.source": text})


def _joined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return (
        st.tuples(inner, inner).map("".join)
        | st.tuples(inner, inner).map(lambda both: f"({both[0]}|{both[1]})")
        | st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{1,2}"])).map(
            lambda both: f"(?:{both[0]}){both[1]}"
        )
    )


SIMPLE = st.recursive(st.sampled_from(["a", "b", ".", "[^a]", "^", "$"]), _joined, max_leaves=6)


@given(SIMPLE, st.text("abc", max_size=6))
def test_ordinary_patterns_find_what_they_find_everywhere_else(pattern: str, text: str) -> None:
    if value_fault(a_filter(pattern)) is None:
        assert finds(pattern, text) is bool(re.search(pattern, text))


BOMBS = [
    "(a+)+$",
    "(a|a)*b",
    "(a|aa)+$",
    "(.*)*x",
    "((.*)*)*x",
    "(x+x+)+y",
    "(a?){30}a{30}",
    "a?{30}a{30}",
    "^(([a-z])+.)+[A-Z]([a-z])+$",
    "((a{100}){100}){100}",
    "((a{30}){30})",
    r"(\pL{30}){30}",
    "(.{1,30}){1,30}x",
    "(.{1,15}){1,12}x",
    "(.?.?){120}x",
    "(" * 99,
]
TEXTS = ["a" * 199 + "!", "x" * 200, "ab" * 100, "é" * 200]


def processor_time(work: Callable[[], object]) -> int:
    begun = time.process_time_ns()
    work()
    return time.process_time_ns() - begun


def saved_and_judged(pattern: str) -> Callable[[], object]:
    return lambda: [value_fault(a_filter(pattern)), *(finds(pattern, text) for text in TEXTS)]


def test_no_pattern_takes_unbounded_time_to_save_or_to_judge() -> None:
    saved_and_judged("warm")()
    plain = [processor_time(saved_and_judged(f"^plain-{n}[a-z]+$")) for n in range(30)]
    usual = sorted(plain)[15]
    for pattern in BOMBS:
        took = processor_time(saved_and_judged(pattern))
        assert took < 2_000 * usual, f"{pattern}: {took / usual:.0f} times a plain pattern"
