"""Where a visitor is, as the page was told."""

import pytest

from chalicelib.places import AreaFact, AreaSource, Provenance
from chalicelib.visits import Visit, declared_place, heartbeat_seconds
from tests.builders import NOW


@pytest.mark.parametrize(
    ("said", "understood"),
    [
        ({"state": "NV", "zip": "89101"}, {"state": "NV", "zip": "89101"}),
        ({"state": " on ", "zip": "89101-0001"}, {"state": "ON", "zip": "89101"}),
        ({"zip": "89101"}, {"zip": "89101"}),
        ({"state": "Nevada", "zip": "8910"}, {}),
        ({"zip": "891010001"}, {}),
        ({"zip": "\uff18\uff19\uff11\uff10\uff11"}, {}),
        ({"city": "Reno"}, {}),
        ({}, {}),
    ],
)
def test_what_has_the_form_of_a_state_or_a_zip_is_evidence(
    said: dict[str, str], understood: dict[str, str]
) -> None:
    visit = Visit(
        id="vis_1", site_id="site_1", publisher_id="pub_1", began_at=NOW, seen_at=NOW,
        attributes=said,
    )  # fmt: skip
    evidence = declared_place(visit)
    assert {AreaFact(one.what).value: one.value for one in evidence} == understood
    assert {(one.source, one.provenance) for one in evidence} <= {
        (AreaSource.VISIT, Provenance.DECLARED)
    }


def test_heartbeats_leave_room_for_two_within_a_hold() -> None:
    held = (30, 45, 180, 300, 3_600)
    assert [heartbeat_seconds(hold) for hold in held] == [10, 15, 60, 60, 60]
