"""A recorded call of Amazon Connect: nobody reports on the recording, and it is found."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.flows import recordings, recordings_due
from chalicelib.flows.contacts import SOUND_WRITTEN
from chalicelib.flows.recordings import Places
from chalicelib.flows.recordings_due import Looked
from chalicelib.recording import Progress, Recording, recorded, recording_id
from tests import builders
from tests.builders import FROM_THE_DIAL
from tests.carriers import FakeCarrier
from tests.channels.connecting import CONTACT, Instance, told
from tests.recordings import FakeBucket, a_made_recording

MADE = a_made_recording(carrier_id=CONTACT, carrier_call_id=CONTACT)


class Booth(Instance):
    """An instance whose campaign records, and where its recordings go."""

    def begins(self, *, record: bool = True) -> str:
        wanted = Recording(record=record)
        self.opens(campaign=builders.a_campaign(terms=FROM_THE_DIAL, recording=wanted))
        self.lends()
        self.carrier = FakeCarrier(name="connect", records_whole_calls=True)
        self.places = Places(carrier={"connect": self.carrier}.__getitem__, bucket=FakeBucket())
        assert self.asks("arrived")["record"] == ("on" if record else "off")
        self.later(seconds=90)
        return self.call().id

    def ends(self) -> None:
        begun = self.call().arrived_at
        (event,) = self.hears(told(
            "DISCONNECTED", initiationTimestamp=begun, disconnectTimestamp=self.world.now,
            disconnectReason="CUSTOMER_DISCONNECT",
        ))  # fmt: skip
        assert event["kept"] == 1

    def looks(self) -> Looked:
        return recordings_due.look(
            stores=self.stores(), now=self.world.now, ask=self.fetches,
            carrier=self.places.carrier,
        )  # fmt: skip

    def fetches(self, call_id: str, recording_id: str) -> None:
        recordings.fetch(
            call_id, recording_id, stores=self.stores(), places=self.places, now=self.world.now
        )

    def states(self) -> list[Progress]:
        file = self.stores().recordings.file(self.call().id)
        return [one.state for one in recorded(file.reports, file.kept, self.world.now)]


@pytest.fixture
def booth() -> Booth:
    return Booth()


def test_a_recording_is_looked_for_soon_after_the_end(booth: Booth) -> None:
    call = booth.begins()
    booth.ends()
    booth.carrier.lays(MADE)
    assert booth.looks() == Looked(asked=0, found=0), "not at once"
    booth.world.now += SOUND_WRITTEN + timedelta(seconds=1)
    assert booth.looks() == Looked(asked=0, found=1)
    assert booth.states() == [Progress.AWAITED]
    id = recording_id("connect", CONTACT)
    booth.fetches(call, id)
    assert booth.states() == [Progress.KEPT]
    booth.later(days=2)
    assert booth.looks() == Looked(asked=0, found=0)


@pytest.mark.parametrize("status", [None, "in-progress"])
def test_a_recording_that_is_not_there_yet_is_looked_for_again(
    booth: Booth, status: str | None
) -> None:
    booth.begins()
    booth.ends()
    if status:
        booth.carrier.lays(replace(MADE, status=status))
    booth.world.now += SOUND_WRITTEN + timedelta(seconds=1)
    assert booth.looks().found == 0
    booth.carrier.lays(MADE)
    booth.later(minutes=16)
    assert booth.looks().found == 1


def test_the_end_told_again_puts_nothing_off(booth: Booth) -> None:
    booth.begins()
    booth.ends()
    booth.carrier.lays(MADE)
    end = booth.world.now
    booth.world.now += SOUND_WRITTEN
    (again,) = booth.hears(told(
        "DISCONNECTED", initiationTimestamp=booth.call().arrived_at, disconnectTimestamp=end,
        disconnectReason="CUSTOMER_DISCONNECT",
    ))  # fmt: skip
    assert again["kept"] == 0
    booth.later(seconds=1)
    assert booth.looks().found == 1


def test_of_a_call_that_is_not_recorded_nothing_is_looked_for(booth: Booth) -> None:
    booth.begins(record=False)
    booth.ends()
    booth.later(hours=5)
    assert booth.looks() == Looked(asked=0, found=0)
    assert booth.carrier.asked["recordings_of"] == 0
