"""Who calls?

A seeded population of callers with fictitious numbers (555-0100 to 555-0199 of real area
codes) and the city, state and ZIP that a carrier would tell of them.
"""

from random import Random

from simulator.scripts import Caller

PLACES: tuple[tuple[str, str, str, str], ...] = (
    ("205", "BIRMINGHAM", "AL", "35203"),
    ("206", "SEATTLE", "WA", "98101"),
    ("212", "NEW YORK", "NY", "10001"),
    ("213", "LOS ANGELES", "CA", "90012"),
    ("214", "DALLAS", "TX", "75201"),
    ("215", "PHILADELPHIA", "PA", "19103"),
    ("216", "CLEVELAND", "OH", "44114"),
    ("302", "WILMINGTON", "DE", "19801"),
    ("303", "DENVER", "CO", "80202"),
    ("305", "MIAMI", "FL", "33131"),
    ("312", "CHICAGO", "IL", "60601"),
    ("313", "DETROIT", "MI", "48226"),
    ("314", "SAINT LOUIS", "MO", "63101"),
    ("317", "INDIANAPOLIS", "IN", "46204"),
    ("401", "PROVIDENCE", "RI", "02903"),
    ("402", "OMAHA", "NE", "68102"),
    ("404", "ATLANTA", "GA", "30303"),
    ("405", "OKLAHOMA CITY", "OK", "73102"),
    ("407", "ORLANDO", "FL", "32801"),
    ("415", "SAN FRANCISCO", "CA", "94105"),
    ("502", "LOUISVILLE", "KY", "40202"),
    ("503", "PORTLAND", "OR", "97204"),
    ("504", "NEW ORLEANS", "LA", "70112"),
    ("505", "ALBUQUERQUE", "NM", "87102"),
    ("512", "AUSTIN", "TX", "78701"),
    ("602", "PHOENIX", "AZ", "85004"),
    ("612", "MINNEAPOLIS", "MN", "55401"),
    ("615", "NASHVILLE", "TN", "37203"),
    ("617", "BOSTON", "MA", "02108"),
    ("702", "LAS VEGAS", "NV", "89101"),
    ("704", "CHARLOTTE", "NC", "28202"),
    ("713", "HOUSTON", "TX", "77002"),
    ("718", "BROOKLYN", "NY", "11201"),
    ("801", "SALT LAKE CITY", "UT", "84111"),
    ("804", "RICHMOND", "VA", "23219"),
    ("907", "ANCHORAGE", "AK", "99501"),
)
"""Area code, city, state, ZIP."""

MOST_CALLERS = len(PLACES) * 100

_ATTESTATIONS = (
    "TN-Validation-Passed-A",
    "TN-Validation-Passed-B",
    "TN-Validation-Passed-C",
    "TN-Validation-Failed",
    None,
)
_ATTESTATION_WEIGHTS = (70, 12, 8, 2, 8)


def population(seed: str, size: int) -> tuple[Caller, ...]:
    """`size` different callers, the same for the same seed.

    Raises `ValueError` for more than `MOST_CALLERS`, as many as there are fictitious numbers.
    """
    if not 1 <= size <= MOST_CALLERS:
        raise ValueError(f"a population has 1 to {MOST_CALLERS} callers")
    dice = Random(f"{seed}|population")
    return tuple(_caller(line, dice) for line in dice.sample(range(MOST_CALLERS), size))


def caller_at(number: str) -> Caller | None:
    """The caller whom the table knows by area code; `None` for a number from elsewhere."""
    place = next((known for known in PLACES if number.startswith("+1" + known[0])), None)
    if place is None or len(number) != 12:
        return None
    _, city, state, zip_code = place
    return Caller(number=number, city=city, state=state, zip_code=zip_code)


def _caller(line: int, dice: Random) -> Caller:
    area, city, state, zip_code = PLACES[line // 100]
    verstat = dice.choices(_ATTESTATIONS, _ATTESTATION_WEIGHTS)[0]
    return Caller(
        number=f"+1{area}55501{line % 100:02d}",
        city=city,
        state=state,
        zip_code=zip_code,
        verstat=verstat,
    )
