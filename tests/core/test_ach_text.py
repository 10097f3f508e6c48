"""How names are written where only plain capitals fit."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.ach_text import fitted, says_something, transliterated

_PLAIN = set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,/&'()#+*@:=$%-")


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("Zoë Müller", "ZOE MULLER"),
        ("Łukasz Żółć", "LUKASZ ZOLC"),
        ("Søren Ærø", "SOREN AERO"),
        ("Groß & Söhne GmbH", "GROSS & SOHNE GMBH"),
        ("José Ñuñez", "JOSE NUNEZ"),
        ("Đorđe Þór", "DORDE THOR"),
        ("İstanbul ılık", "ISTANBUL ILIK"),
        ("O’Brien – “Media”", "O'BRIEN - 'MEDIA'"),
        ("ﬁne ｗｉｄｅ №5", "FINE WIDE NO5"),
        ("Nguyễn Thị Ánh", "NGUYEN THI ANH"),
        ("a\tb\nc\x00d", "A B C D"),
        ("snake_case; {odd} <signs> ~ ^", "SNAKE-CASE ODD SIGNS"),
        ("李 Wei", "WEI"),
        ("🦊", ""),
        ("", ""),
    ],
)
def test_names_survive_in_plain_capitals(name: str, plain: str) -> None:
    assert transliterated(name) == plain


@pytest.mark.parametrize(
    ("name", "says"), [("Zoë", True), ("7", True), ("李伟", False), ("- & -", False), ("", False)]
)
def test_a_name_says_something_while_a_letter_or_digit_is_left(name: str, says: bool) -> None:
    assert says_something(name) is says


@given(st.text(max_size=60), st.integers(1, 80))
def test_any_text_becomes_one_that_fits_a_field(text: str, width: int) -> None:
    plain = fitted(text, width)
    assert set(plain) <= _PLAIN
    assert len(plain) <= width
    assert plain == plain.strip()
    assert fitted(plain, width) == plain


@given(st.text(max_size=40))
def test_a_name_is_the_same_in_whatever_form_and_case_it_is_typed(text: str) -> None:
    plain = transliterated(text)
    assert transliterated(unicodedata.normalize("NFC", text)) == plain
    assert transliterated(unicodedata.normalize("NFD", text)) == plain
    assert transliterated(text.upper()) == plain
