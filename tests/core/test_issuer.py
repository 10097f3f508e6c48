"""Who bills and who is billed: what is added, what is missing, what can be printed."""

import io
from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reportlab.pdfbase.ttfonts import TTFontFile

from chalicelib.issuer import Address, Issuer, legible, tax_cents, unprintable
from tests.builders import AN_ISSUER


@pytest.mark.parametrize(
    ("amount", "basis_points", "tax"),
    [(10_000, 0, 0), (10_000, 825, 825), (2_505, 1_000, 251), (2_504, 1_000, 250), (0, 825, 0)],
)
def test_tax_is_rounded_to_the_nearest_cent(amount: int, basis_points: int, tax: int) -> None:
    assert tax_cents(amount, basis_points) == tax


@given(st.integers(0, 10**9), st.integers(0, 5_000))
def test_tax_is_never_further_than_half_a_cent_from_the_rate(amount: int, points: int) -> None:
    assert abs(tax_cents(amount, points) * 10_000 - amount * points) <= 5_000


def test_an_address_is_written_as_on_a_letter() -> None:
    assert AN_ISSUER.address is not None
    assert AN_ISSUER.address.lines == ("1200 Market Street", "Suite 400", "Denver, CO 80202")
    abroad = Address(street=("Hauptstr. 1",), city="Köln", postal_code="50667", country="DE")
    assert abroad.lines == ("Hauptstr. 1", "Köln, 50667", "DE")
    assert Address(street=("1 Elm St",), city="Boulder").lines == ("1 Elm St", "Boulder")


def test_an_issuer_tells_what_a_complete_invoice_still_needs() -> None:
    assert Issuer().missing == ("legal_name", "address", "remit_to", "dispute_contact")
    assert AN_ISSUER.missing == ()


@pytest.mark.parametrize("font", ["DejaVuSans", "DejaVuSans-Bold"])
def test_there_is_a_letter_in_every_font_for_all_that_can_be_printed(font: str) -> None:
    path = resources.files("chalicelib").joinpath("assets", "fonts", f"{font}.ttf")
    drawn = TTFontFile(io.BytesIO(path.read_bytes())).charToGlyph
    printed = [chr(point) for point in range(0x20, 0x10000) if not unprintable(chr(point))]
    assert len(printed) > 1_400
    assert [one for one in printed if ord(one) not in drawn] == []


@pytest.mark.parametrize(
    "name",
    ["Müller & Søn", "Łódź", "Şirketi", "Акме Кровля", "Ελλάς", "Việt", "ՀԱՅ", "ქართ", "“Ω” №"],
)
def test_names_of_many_languages_can_be_printed(name: str) -> None:
    assert unprintable(name) == ""
    assert legible(name) == name


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("東京 Roofing", "東京"),
        ("אבג", "אבג"),
        ("ok\u200b", "\u200b"),
        ("a\tb", "\t"),
        ("😀😀", "😀"),
    ],
)
def test_what_there_are_no_letters_for_is_told(name: str, missing: str) -> None:
    assert unprintable(name) == missing
    assert unprintable(legible(name)) == ""
