"""Who is on a list: names that are alike, files with faults, and what a decision keeps."""

import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.csv_files import MOST_BYTES
from chalicelib.errors import Invalid
from chalicelib.screening import (
    Decision,
    Hit,
    Listed,
    Names,
    Screening,
    ScreeningState,
    Subject,
    alike,
    decided,
    screened,
    told,
    words,
)
from chalicelib.screening_lists import MOST_ROWS, read_list

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
WORDS = st.sampled_from(
    ["josé", "maria", "lópez", "łukasz", "øst", "straße", "media", "group", "o'brien", "jean-luc",
     "inc", "llc", "the", "ali", "bright", "ÆON", "ﬁne", "Co."]
)  # fmt: skip
NAMES = st.lists(WORDS, min_size=1, max_size=5).map(" ".join)
SUBJECT = Subject(names=("Bright Media LLC",))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("José María López", "LOPEZ, Jose Maria", True),
        ("Bright Media LLC", "bright media, L.L.C.", True),
        ("Łukasz Żółć", "Lukasz Zolc", True),
        ("O'Brien Leads", "OBrien leads", True),
        ("O’Brien Leads", "O'BRIEN LEADS INC.", True),
        ("Jean-Luc Straße", "jean luc strasse", True),
        ("Maria Lopez", "Maria Elena Lopez Garcia", True),
        ("Maria", "Maria Lopez", False),
        ("Lopez", "LÓPEZ", True),
        ("Bright Media", "Bright Leads", False),
        ("The Company", "The Company", True),
        ("Media Inc", "Media LLC", True),
        ("Мир Медиа", "медиа мир", True),
        ("...", "...", False),
    ],
)
def test_names_are_alike_by_their_words(one: str, other: str, same: bool) -> None:
    assert alike(one, other) is same


@given(NAMES, NAMES)
def test_which_of_two_names_is_asked_first_makes_no_difference(one: str, other: str) -> None:
    assert alike(one, other) == alike(other, one)


@given(NAMES, st.randoms(use_true_random=False))
def test_case_accents_order_and_punctuation_make_no_difference(name: str, chance: object) -> None:
    parts = name.split()
    chance.shuffle(parts)  # type: ignore[attr-defined]
    for other in (
        name.upper().lower(),
        " ".join(parts),
        ", ".join(parts) + "!",
        unicodedata.normalize("NFD", name),
        unicodedata.normalize("NFKD", name.title()),
    ):
        assert alike(name, other)
        assert words(name) == words(other)


@given(st.lists(NAMES, max_size=8), NAMES)
def test_a_list_finds_exactly_the_names_that_are_alike(listed: list[str], ours: str) -> None:
    names = Names([Listed(name=name) for name in listed])
    found = {hit.listed for hit in names.hits(Subject(names=(ours,)))}
    assert found == {name for name in listed if alike(name, ours)}


@given(st.text(max_size=40))
def test_any_text_has_words_or_none(text: str) -> None:
    assert all(word.strip() for word in words(text))
    assert not words(text) or alike(text, text)


def test_aliases_and_countries_find_too_and_each_once() -> None:
    names = Names([
        Listed(name="Dark Leads", aliases=("Bright Media Group",), countries=("XY",)),
        Listed(name="", countries=("KP", "IR")),
    ])  # fmt: skip
    assert names.hits(Subject(names=("Bright Media", "Bright Media"), country="KP")) == (
        Hit(listed="Bright Media Group", ours="Bright Media", countries=("XY",)),
        Hit(listed="KP", ours="KP", countries=("KP",)),
    )
    assert names.hits(Subject(names=("Calm Media",), country="XY")) == ()


def seen(before: Screening, *listed: str, list_id: str = "l1") -> Screening:
    hits = Names([Listed(name=name) for name in listed]).hits(SUBJECT)
    return screened(before, SUBJECT, hits, list_id=list_id, now=NOW)


def test_a_finding_is_open_until_it_is_decided_and_gone_when_the_list_forgets_it() -> None:
    fresh = Screening(publisher_id="pub_1")
    assert seen(fresh).state is ScreeningState.CLEAR
    found = seen(fresh, "Bright Media")
    assert (found.state, found.stops) == (ScreeningState.OPEN, True)
    assert told(found) == "open: Bright Media"
    assert seen(found, list_id="l2").state is ScreeningState.CLEAR


def test_what_was_cleared_stays_so_until_something_new_is_found() -> None:
    found = seen(Screening(publisher_id="pub_1"), "Bright Media")
    passed = decided(found, Decision.CLEARED, reason="another town", by="operator", now=NOW)
    assert (passed.state, passed.stops) == (ScreeningState.CLEARED, False)
    assert seen(passed, "Bright Media", list_id="l2").state is ScreeningState.CLEARED
    assert seen(passed, list_id="l3").state is ScreeningState.CLEAR
    more = seen(passed, "Bright Media", "Bright Media Holding", list_id="l4")
    assert more.state is ScreeningState.OPEN
    again = seen(seen(passed, list_id="l3"), "Bright Media", list_id="l5")
    assert again.state is ScreeningState.CLEARED


def test_what_was_confirmed_stays_so_whatever_a_list_says() -> None:
    found = seen(Screening(publisher_id="pub_1"), "Bright Media")
    sure = decided(found, Decision.CONFIRMED, reason="same owner", by="operator", now=NOW)
    assert sure.stops
    later = seen(sure, list_id="l2")
    assert (later.state, later.hits) == (ScreeningState.CONFIRMED, sure.hits)
    cleared = decided(later, Decision.CLEARED, reason="delisted", by="operator", now=NOW)
    assert not cleared.stops


# --- the file ----------------------------------------------------------------------------------


def faults(raw: bytes) -> set[tuple[str, str]]:
    with pytest.raises(Invalid) as wrong:
        read_list(raw)
    return {(one.field, one.rule) for one in wrong.value.faults}


def test_a_list_is_read_with_its_aliases_and_countries_in_any_order_of_columns() -> None:
    raw = "\ufeffCountries,name,Aliases\r\nru; by,Zły Media,Evil Media;  Bad Media \r\n\r\nkp,,\r\n"
    assert read_list(raw.encode()) == (
        Listed(name="Zły Media", aliases=("Evil Media", "Bad Media"), countries=("RU", "BY")),
        Listed(name="", countries=("KP",)),
    )
    assert read_list(b"name\n") == ()


@pytest.mark.parametrize(
    ("raw", "wrong"),
    [
        (b"", {("columns", "columns")}),
        (b"aliases\nX\n", {("columns", "columns")}),
        (b"name,name\nX,Y\n", {("columns", "columns")}),
        (b"name,colour\nX,red\n", {("columns", "columns")}),
        (b"name,aliases\n,Evil\n", {("rows.2.name", "required")}),
        (b"name,countries\nX Y,Russia\n...,RU\n",
         {("rows.2.countries", "format"), ("rows.3.name", "format")}),
        (b"name\n" + b"x" * 501 + b"\n", {("rows.2.name", "length")}),
        (b'name\n"X\n', {("rows.2", "format")}),
        (b"name\nX\nZ\xff\n", {("lines.3", "encoding")}),
        (b"x" * (MOST_BYTES + 1), {("file", "length")}),
        (b"name\n" + b"X\n" * (MOST_ROWS + 1), {("file", "length")}),
    ],
)  # fmt: skip
def test_a_list_with_a_fault_is_refused_whole_with_all_of_them(
    raw: bytes, wrong: set[tuple[str, str]]
) -> None:
    assert faults(raw) == wrong


def test_of_very_many_faults_the_first_are_named_and_the_rest_counted() -> None:
    raw = b"name,aliases\n" + b",X\n" * 201
    assert ("file", "more") in faults(raw)
    assert len(faults(raw)) == 201
