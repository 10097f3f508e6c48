"""The table of prefixes: fresh, small, complete, and in the package."""

import json
import subprocess
import sys
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from chalicelib.places import STATES, TABLE, NumberKind
from infra import places
from infra.stage import Stopped
from tests.package.conftest import Package

KILOBYTE = 1000


def test_the_table_is_the_one_that_the_pinned_library_gives() -> None:
    assert TABLE.read_text() == places.written(places.table()), "run: python -m infra.places"


def test_the_table_stays_small() -> None:
    assert TABLE.stat().st_size < 50 * KILOBYTE


def test_every_state_zone_and_kind_of_the_table_is_one_that_exists() -> None:
    table = json.loads(TABLE.read_text())
    assert {state for state, _ in table["spots"] if state} == STATES
    for name in {zone for _, zones in table["spots"] for zone in zones}:
        assert ZoneInfo(name).key == name
    assert {NumberKind(kind) for kind in table["kinds"].values()} == {
        NumberKind.TOLL_FREE, NumberKind.PREMIUM, NumberKind.NON_GEOGRAPHIC,
    }  # fmt: skip
    assert not table["codes"].keys() & table["kinds"].keys()
    assert max(len(zones) for _, zones in table["spots"]) <= places.MOST_ZONES


def test_new_wording_of_the_library_stops_the_build_and_says_what_to_do() -> None:
    with pytest.raises(Stopped, match=r"Jefferson.*STATE_NAMES"):
        places.state_of("Jefferson", "US")


@pytest.mark.parametrize(
    ("description", "country", "state"),
    [
        ("Reno, NV", "US", "NV"),
        ("Washington D.C.", "US", "DC"),
        ("British Colombia", "CA", "BC"),
        ("Nova Scotia/Prince Edward Island", "CA", None),
        ("Tamuning", "GU", "GU"),
        ("La Vega", "DO", None),
        ("", "US", None),
    ],
)
def test_the_librarys_words_become_postal_codes(
    description: str, country: str, state: str | None
) -> None:
    assert places.state_of(description, country) == state


def test_the_package_looks_places_up_with_its_own_files_alone(package: Package) -> None:
    assert not list((package.unpacked / "phonenumbers").glob("geodata*"))
    code = (
        "import sys; sys.path.insert(0, '.'); from chalicelib.places import place_of; "
        "print(place_of('+12087465550').state, 'phonenumbers' in sys.modules)"
    )
    shown = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code],
        cwd=Path(package.unpacked),
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout.split() == ["ID", "False"]
