"""Thousands of numbers are where the library says that they are."""

import random
from collections import Counter

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberType, geocoder, timezone

from chalicelib.places import NumberKind, Place, kind_of, place_of
from infra.places import state_of

SAMPLE = 12_000
ORDINARY = {
    PhoneNumberType.FIXED_LINE,
    PhoneNumberType.MOBILE,
    PhoneNumberType.FIXED_LINE_OR_MOBILE,
}
KINDS = {
    PhoneNumberType.TOLL_FREE: NumberKind.TOLL_FREE,
    PhoneNumberType.PREMIUM_RATE: NumberKind.PREMIUM,
    PhoneNumberType.PERSONAL_NUMBER: NumberKind.NON_GEOGRAPHIC,
    PhoneNumberType.VOIP: NumberKind.NON_GEOGRAPHIC,
}


def valid_numbers(amount: int) -> list[PhoneNumber]:
    """Numbers that the library holds for valid, the same in every run."""
    dice = random.Random("valid numbers of North America")
    found: list[PhoneNumber] = []
    while len(found) < amount:
        number = PhoneNumber(
            country_code=1,
            national_number=dice.randrange(200, 1000) * 10_000_000
            + dice.randrange(2_000_000, 10_000_000),
        )
        if phonenumbers.is_valid_number(number):
            found.append(number)
    return found


def told_by_the_library(number: PhoneNumber, country: str) -> Place:
    """What the library's geocoder and time zones say, as a place; a bare country is no state."""
    text = geocoder.description_for_valid_number(number, "en")
    bare = geocoder.country_name_for_number(number, "en")
    zones = timezone.time_zones_for_geographical_number(number)
    return Place(
        country=country,
        state=state_of("" if text == bare else text, country),
        zones=zones if len(zones) <= 4 else (),
    )


def test_thousands_of_valid_numbers_are_where_the_library_says() -> None:
    differing: list[object] = []
    seen: Counter[NumberKind] = Counter()
    for number in valid_numbers(SAMPLE):
        e164 = f"+1{number.national_number}"
        kind = phonenumbers.number_type(number)
        seen[kind_of(e164)] += 1
        if kind in KINDS:
            told, here = (KINDS[kind], None), (kind_of(e164), place_of(e164))
            differing += [] if told == here else [(e164, told, here)]
        elif kind in ORDINARY:
            country = phonenumbers.region_code_for_number(number)
            expected = told_by_the_library(number, country or "")
            differing += [] if place_of(e164) == expected else [(e164, expected)]
    assert not differing
    assert seen[NumberKind.GEOGRAPHIC] > SAMPLE * 0.8
    assert min(seen[kind] for kind in KINDS.values()) > 10
