"""Which place and time zone does each prefix of North America have?

Owns making the table that `chalicelib.places` reads, from the data of the pinned `phonenumbers`.
The library's own geocoder holds the world, and would cost a voice function its start; the table
holds states and zones alone. A test fails when it is older than the library. Run it as
`python -m infra.places`.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping
from importlib import metadata
from typing import Any

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumber, PhoneNumberType
from phonenumbers.geodata import GEOCODE_DATA
from phonenumbers.tzdata import TIMEZONE_DATA

from chalicelib.places import (
    COUNTRIES_WITH_STATES,
    STATES,
    TABLE,
    TERRITORIES,
    NumberKind,
)
from infra.stage import Stopped

# More zones than this stand for a whole continent, which is to know nothing.
MOST_ZONES = 4
# How the library words whole states and provinces (a city is worded "City, ST").
STATE_NAMES: Mapping[str, str | None] = {
    "Alabama": "AL", "Alaska": "AK", "Arizona": "AZ", "Arkansas": "AR", "California": "CA",
    "Colorado": "CO", "Connecticut": "CT", "Delaware": "DE", "Florida": "FL", "Georgia": "GA",
    "Hawaii": "HI", "Idaho": "ID", "Illinois": "IL", "Indiana": "IN", "Iowa": "IA",
    "Kansas": "KS", "Kentucky": "KY", "Louisiana": "LA", "Maine": "ME", "Maryland": "MD",
    "Massachusetts": "MA", "Michigan": "MI", "Minnesota": "MN", "Mississippi": "MS",
    "Missouri": "MO", "Montana": "MT", "Nebraska": "NE", "Nevada": "NV", "New Hampshire": "NH",
    "New Jersey": "NJ", "New Mexico": "NM", "New York": "NY", "North Carolina": "NC",
    "North Dakota": "ND", "Ohio": "OH", "Oklahoma": "OK", "Oregon": "OR", "Pennsylvania": "PA",
    "Rhode Island": "RI", "South Carolina": "SC", "South Dakota": "SD", "Tennessee": "TN",
    "Texas": "TX", "Utah": "UT", "Vermont": "VT", "Virginia": "VA", "Washington D.C.": "DC",
    "Washington State": "WA", "West Virginia": "WV", "Wisconsin": "WI", "Wyoming": "WY",
    "Alberta": "AB", "British Columbia": "BC", "British Colombia": "BC", "Manitoba": "MB",
    "New Brunswick": "NB", "Newfoundland and Labrador": "NL", "Ontario": "ON", "Quebec": "QC",
    "Saskatchewan": "SK", "Watson Lake": "YT",
    # One prefix for several: which of them is not known.
    "Northwest Territories/Nunavut/Yukon": None, "Nova Scotia/Prince Edward Island": None,
}  # fmt: skip
_KINDS = {
    PhoneNumberType.TOLL_FREE: NumberKind.TOLL_FREE,
    PhoneNumberType.PREMIUM_RATE: NumberKind.PREMIUM,
    PhoneNumberType.FIXED_LINE: NumberKind.GEOGRAPHIC,
    PhoneNumberType.MOBILE: NumberKind.GEOGRAPHIC,
    PhoneNumberType.FIXED_LINE_OR_MOBILE: NumberKind.GEOGRAPHIC,
}
_AREA_CODES = [str(code) for code in range(200, 1000)]
_EXCHANGES = [str(exchange) for exchange in range(200, 1000)]
# Enough exchanges to meet one in use in every area code of the two countries that share patterns.
_PROBES = _EXCHANGES[::29]

Spot = tuple[str | None, tuple[str, ...]]


def table() -> dict[str, Any]:
    """The table, the same for the same version of the library."""
    countries, kinds = _assigned()
    spots: dict[Spot, int] = {}
    codes = {
        code: [country, *_row(code, country, spots)] for code, country in sorted(countries.items())
    }
    return {
        "source": f"phonenumbers {metadata.version('phonenumbers')}",
        "spots": [[state, list(zones)] for state, zones in spots],
        "kinds": {code: kind.value for code, kind in sorted(kinds.items())},
        "codes": codes,
    }


def state_of(description: str, country: str) -> str | None:
    """The postal code that a place of the library is in; `Stopped` for wording it never had."""
    if country in TERRITORIES:
        return country
    if country not in COUNTRIES_WITH_STATES:
        return None
    if description in STATE_NAMES:
        return STATE_NAMES[description]
    code = description.rpartition(", ")[2]
    if code and code not in STATES:
        raise Stopped(
            f'The library now says "{description}", which names no state. '
            "Add it to STATE_NAMES in infra/places.py."
        )
    return code or None


def written(document: Mapping[str, Any]) -> str:
    """The table as text, one line for each area code and spot, so that changes can be read."""
    parts = [f'"source":{_compact(document["source"])}']
    for name in ("spots", "kinds", "codes"):
        member = document[name]
        if isinstance(member, list):
            parts.append(f'"{name}":[\n' + ",\n".join(map(_compact, member)) + "\n]")
        else:
            lines = (f"{_compact(key)}:{_compact(value)}" for key, value in member.items())
            parts.append(f'"{name}":{{\n' + ",\n".join(lines) + "\n}")
    return "{" + ",\n".join(parts) + "}\n"


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def _assigned() -> tuple[dict[str, str], dict[str, NumberKind]]:
    """The country of each geographic area code, and the kind of each other that is in use."""
    countries: dict[str, str] = {}
    kinds: dict[str, NumberKind] = {}
    islands = _islands()
    for code in _AREA_CODES:
        island = next((name for name, digits in islands.items() if digits.fullmatch(code)), None)
        country, kind = (island, NumberKind.GEOGRAPHIC) if island else _shared(code)
        if country and kind is NumberKind.GEOGRAPHIC:
            countries[code] = country
        elif country:
            kinds[code] = kind
    return countries, kinds


def _islands() -> dict[str, re.Pattern[str]]:
    """The countries that have area codes to themselves, and which ones."""
    members = (
        PhoneMetadata.metadata_for_region(name)
        for name in sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE[1])
    )
    return {
        str(member.id): re.compile(member.leading_digits)
        for member in members
        if member is not None and member.leading_digits
    }


def _shared(code: str) -> tuple[str | None, NumberKind]:
    """Country and kind of an area code of US or Canada; no country when it is not in use."""
    for exchange in _PROBES:
        number = PhoneNumber(country_code=1, national_number=int(f"{code}{exchange}2345"))
        for country in ("US", "CA"):
            if phonenumbers.is_valid_number_for_region(number, country):
                kind = _KINDS.get(phonenumbers.number_type(number), NumberKind.NON_GEOGRAPHIC)
                return country, kind
    return None, NumberKind.UNKNOWN


def _row(code: str, country: str, spots: dict[Spot, int]) -> tuple[int, dict[str, str]]:
    """The usual spot of an area code, and the exchanges of each other spot; new spots are added."""
    found = {exchange: _spot(f"1{code}{exchange}", country) for exchange in _EXCHANGES}
    usual = Counter(found.values()).most_common(1)[0][0]
    index = spots.setdefault(usual, len(spots))
    others: dict[int, list[str]] = {}
    for exchange, spot in found.items():
        if spot != usual:
            others.setdefault(spots.setdefault(spot, len(spots)), []).append(exchange)
    return index, {str(at): " ".join(exchanges) for at, exchanges in sorted(others.items())}


def _spot(prefix: str, country: str) -> Spot:
    """State and zones of a prefix, each by the longest row that the library has for it."""
    starts = [prefix[:length] for length in range(len(prefix), 3, -1)]
    description = next((GEOCODE_DATA[start]["en"] for start in starts if start in GEOCODE_DATA), "")
    zones = next((TIMEZONE_DATA[start] for start in starts if start in TIMEZONE_DATA), ())
    return state_of(description, country), zones if len(zones) <= MOST_ZONES else ()


def main() -> int:
    """Write the table where the package takes it from."""
    TABLE.write_text(written(table()))
    print(f"{TABLE.name}: {TABLE.stat().st_size / 1000:.1f} kB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
