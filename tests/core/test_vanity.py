"""Words that spell telephone numbers, and words that do not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.vanity import spells


@pytest.mark.parametrize(
    ("text", "e164"),
    [
        ("1-800-FLOWERS", "+18003569377"),
        ("800 flowers", "+18003569377"),
        ("+1 (800) 356-9377", "+18003569377"),
        ("1.800.GO.FEDEX", "+18004633339"),
        ("1-800-CONTACTS", "+18002668228"),
        ("1-888-MATTRESSES", "+18886288737"),
        ("+44 20 7946 TAXI", "+442079468294"),
    ],
)
def test_a_word_spells_its_number(text: str, e164: str) -> None:
    assert spells(text, e164)


@pytest.mark.parametrize(
    ("text", "e164"),
    [
        ("1-800-FLOWERS", "+18003569378"),
        ("1-888-FLOWERS", "+18003569377"),
        ("1-800-FLOWER", "+18003569377"),
        ("1-800-FLOWERSHOPS", "+18003569377" + "0"),
        ("1-800-FLOWERSABCDE", "+18003569377"),
        ("1-800-35693771", "+18003569377"),
        ("020 7946 TAXI", "+442079468294"),
        ("1-800-FLOWER$", "+18003569377"),
        ("1-800-FLÖWERS", "+18003569377"),
        ("", "+18003569377"),
    ],
)
def test_a_word_that_leads_elsewhere_spells_nothing(text: str, e164: str) -> None:
    assert not spells(text, e164)


@given(st.from_regex(r"[2-9][0-9]{2}[2-9][0-9]{6}", fullmatch=True))
def test_the_digits_always_spell_themselves_and_no_other_number(digits: str) -> None:
    assert spells(digits, f"+1{digits}") and spells(f"+1 {digits}", f"+1{digits}")
    other = digits[:-1] + str((int(digits[-1]) + 1) % 10)
    assert not spells(digits, f"+1{other}")
