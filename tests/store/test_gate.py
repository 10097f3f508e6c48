"""What the gate counts and asks, in memory and on DynamoDB."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from chalicelib.calls import Attestation
from chalicelib.gate import (
    Caller,
    GateFacts,
    GateReason,
    GateSettings,
    Velocity,
)
from chalicelib.store.gate import (
    find_settings,
    gate_keys,
    read_blockers,
    read_gate,
    reread,
    settings_write,
    tally_changes,
    tally_key,
)
from chalicelib.store.rows import CALLS, META, NotWritten, Put, Rows
from tests.builders import CALLER, NOW, a_number

WHO = Caller(number=CALLER, number_hash="aa", prefix_hash="bb", attestation=Attestation.NONE)
SETTINGS = GateSettings(
    offer_id="off_1",
    minimum_attestation=Attestation.B,
    caller_velocity=Velocity(calls=2, minutes=10),
    prefix_velocity=Velocity(calls=9, minutes=60),
    version=1,
)


def look(rows: Rows, caller: Caller = WHO) -> GateFacts:
    found, _ = rows.gather(gate_keys("off_1", caller))
    return read_gate(a_number(), caller, read_blockers(caller, found), found)


def count(rows: Rows, *, now: datetime = NOW, limited: bool = True) -> None:
    rows.write(tally_changes(look(rows), now, limited=limited))


def counts(rows: Rows) -> list[list[int]]:
    return [list(tally.calls.values()) for tally in look(rows).tallies]


def test_settings_change_only_from_the_version_read(rows: Rows) -> None:
    nothing = GateSettings(offer_id="off_1")
    rows.write([settings_write(nothing, SETTINGS)])
    later = replace(SETTINGS, minimum_attestation=Attestation.NONE, version=2)
    rows.write([settings_write(SETTINGS, later)])
    for late in (settings_write(nothing, SETTINGS), settings_write(SETTINGS, later)):
        with pytest.raises(NotWritten):
            rows.write([late])
    assert find_settings(rows, "off_1") == later


def test_a_limited_count_is_refused_at_the_limit_and_shows_the_row(rows: Rows) -> None:
    rows.write([settings_write(GateSettings(offer_id="off_1"), SETTINGS)])
    stale = look(rows)
    count(rows)
    count(rows)
    with pytest.raises(NotWritten) as refused:
        rows.write(tally_changes(stale, NOW, limited=True))
    assert list(refused.value.images) == [0]
    assert list(reread(stale.tallies[0], refused.value.images[0]).calls.values()) == [2]
    assert counts(rows) == [[2], [2]]
    count(rows, limited=False)
    assert counts(rows) == [[3], [3]]


def test_of_simultaneous_counts_as_many_are_written_as_the_limit_allows(exact_rows: Rows) -> None:
    rows = exact_rows
    limits = replace(SETTINGS, caller_velocity=Velocity(calls=4, minutes=10), prefix_velocity=None)
    rows.write([settings_write(GateSettings(offer_id="off_1"), limits)])
    nothing_yet = look(rows)

    def counted(n: int) -> bool:
        call = Put(CALLS, {"pk": f"CALL#{n}", "sk": META, "doc": "{}"})
        try:
            rows.write([call, *tally_changes(nothing_yet, NOW, limited=True)])
        except NotWritten:
            return False
        return True

    with ThreadPoolExecutor(max_workers=6) as callers:
        assert sum(callers.map(counted, range(6))) == 4
    assert counts(rows) == [[4]]


def test_a_stretch_that_is_long_over_is_forgotten_and_a_recent_one_kept(rows: Rows) -> None:
    rows.write([settings_write(GateSettings(offer_id="off_1"), SETTINGS)])
    count(rows)
    count(rows, now=NOW + timedelta(minutes=14, seconds=59))
    assert counts(rows) == [[1, 1], [2]]
    count(rows, now=NOW + timedelta(minutes=25))
    assert counts(rows) == [[1], [3]]


def test_a_tally_expires_a_little_after_its_stretch(rows: Rows) -> None:
    rows.write([settings_write(GateSettings(offer_id="off_1"), SETTINGS)])
    count(rows)
    key = tally_key("off_1", "aa")
    row = rows.gather([key])[0][key]
    assert row["expires_at"] == int((NOW + timedelta(minutes=15)).timestamp())


def test_a_limit_that_is_not_set_has_no_tally(rows: Rows) -> None:
    only = replace(SETTINGS, caller_velocity=None)
    rows.write([settings_write(GateSettings(offer_id="off_1"), only)])
    assert [tally.reason for tally in look(rows).tallies] == [GateReason.PREFIX_TOO_OFTEN]
    assert look(rows, replace(WHO, prefix_hash=None)).tallies == ()
