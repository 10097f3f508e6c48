"""A recording is found again, whether its report, its message or its carrier was lost meanwhile."""

from datetime import timedelta

import pytest

from chalicelib.flows import recordings
from chalicelib.flows.recordings_due import Looked, look
from chalicelib.providers.carriers import CarrierRefused
from chalicelib.recording import Progress, Recording, ReportStatus, recorded
from tests import builders
from tests.builders import NOW
from tests.fakes import FakeRows
from tests.recordings import REC, Studio, a_made_recording, a_report

ATTEMPT_OVER = timedelta(seconds=25 + 3600 + 120)


class Lost(Studio):
    """A studio whose sweep is all that looks for recordings."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.asked: list[tuple[str, str]] = []

    @property
    def looks(self) -> int:
        """How often the carrier was asked what it has of a call."""
        return self.carrier.asked["recordings_of"]

    def sweeps(self) -> Looked:
        return look(
            stores=self.stores, now=self.now, ask=lambda *one: self.asked.append(one),
            carrier=self.places.carrier,
        )  # fmt: skip

    def minutes(self, count: int) -> list[int]:
        """The minutes from now on in which there was something to look at."""
        busy = []
        for minute in range(count):
            before, looks = len(self.asked), self.looks
            self.sweeps()
            if (len(self.asked), self.looks) != (before, looks):
                busy.append(minute)
            self.later(minutes=1)
        return busy

    def fetches(self, call: str) -> None:
        recordings.fetch(call, REC, stores=self.stores, places=self.places, now=self.now)

    def states(self, call: str) -> list[tuple[int, Progress]]:
        file = self.stores.recordings.file(call)
        return [(one.attempt, one.state) for one in recorded(file.reports, file.kept, self.now)]


@pytest.fixture
def studio() -> Lost:
    made = Lost(FakeRows())
    made.records()
    return made


def test_what_was_reported_and_not_fetched_is_asked_for_ever_less_often(studio: Lost) -> None:
    call = studio.takes()
    assert studio.minutes(60) == [16, 33]
    assert set(studio.asked) == {(call, REC)}
    studio.fetches(call)
    assert studio.minutes(180) == []


def test_a_recording_that_came_is_looked_for_no_more(studio: Lost) -> None:
    studio.fetches(studio.takes())
    studio.later(days=2)
    assert studio.sweeps() == Looked(asked=0, found=0)
    assert studio.looks == 0


def test_a_report_that_was_lost_is_had_from_the_carriers_list(studio: Lost) -> None:
    studio.arrives()
    call = studio.call().id
    studio.carrier.lays(a_made_recording())
    studio.now = NOW + ATTEMPT_OVER
    assert studio.sweeps() == Looked(asked=0, found=0)
    studio.later(seconds=1)
    assert studio.sweeps() == Looked(asked=0, found=1)
    assert studio.states(call) == [(1, Progress.AWAITED)]
    studio.fetches(call)
    assert studio.states(call) == [(1, Progress.KEPT)]
    studio.later(days=2)
    assert studio.sweeps() == Looked(asked=0, found=0)


def test_a_late_report_of_what_was_found_already_changes_nothing(studio: Lost) -> None:
    studio.arrives()
    call = studio.call().id
    studio.carrier.lays(a_made_recording())
    studio.later(hours=2)
    studio.sweeps()
    assert not studio.stores.recordings.keep_report(call, a_report())
    assert studio.states(call) == [(1, Progress.AWAITED)]


@pytest.mark.parametrize("over", [ReportStatus.COMPLETED, ReportStatus.ABSENT])
def test_the_carrier_is_not_asked_about_what_it_reported(studio: Lost, over: ReportStatus) -> None:
    studio.takes(a_report(over))
    studio.later(hours=2)
    studio.sweeps()
    assert studio.looks == 0


def test_a_carrier_that_is_away_or_not_done_is_asked_again(studio: Lost) -> None:
    studio.arrives()
    call = studio.call().id
    studio.later(hours=2)
    studio.carrier.away = True
    studio.sweeps()
    studio.later(hours=2)
    studio.carrier.away = False
    studio.carrier.lays(a_made_recording(status="in-progress"))
    assert studio.sweeps() == Looked(asked=0, found=0)
    studio.later(hours=4)
    studio.carrier.lays(a_made_recording())
    assert studio.sweeps() == Looked(asked=0, found=1)
    assert studio.states(call) == [(1, Progress.AWAITED)]


def test_a_carrier_that_refuses_to_tell_is_asked_again(studio: Lost) -> None:
    studio.arrives()
    studio.carrier.lays(a_made_recording())
    studio.carrier.happens_before("recordings_of", refused)
    studio.later(hours=2)
    assert studio.sweeps() == Looked(asked=0, found=0)
    studio.later(hours=2)
    assert studio.sweeps() == Looked(asked=0, found=1)


def refused() -> None:
    """As with a token that was changed."""
    raise CarrierRefused("the carrier refuses: Authenticate", carrier_code=20003)


def test_a_call_that_nobody_recorded_is_looked_at_once(studio: Lost) -> None:
    studio.arrives()
    studio.later(hours=2)
    studio.sweeps()
    studio.later(days=3)
    studio.sweeps()
    assert studio.looks == 1


def test_where_nothing_is_to_be_recorded_nothing_is_expected() -> None:
    studio = Lost(FakeRows())
    studio.opens()
    studio.arrives()
    studio.later(days=3)
    studio.sweeps()
    assert studio.looks == 0


def failed_over() -> Lost:
    """A call whose first target fails after half a minute."""
    studio = Lost(FakeRows())
    studio.opens(
        builders.a_target(id="tgt_1", priority=1),
        builders.a_target(id="tgt_2", priority=2),
        campaign=builders.a_campaign(recording=Recording(record=True)),
    )
    studio.arrives()
    studio.later(seconds=30)
    studio.fails()
    return studio


def test_a_recording_of_the_whole_call_is_of_the_attempt_that_it_ended_with() -> None:
    studio = failed_over()
    studio.carrier.records_whole_calls = True
    studio.carrier.lays(a_made_recording(started_at=NOW))
    studio.later(hours=2)
    studio.sweeps()
    assert studio.states(studio.call().id) == [(2, Progress.AWAITED)]


@pytest.mark.parametrize(
    ("seconds", "attempt"), [(-5, 1), (0, 1), (29, 1), (30, 2), (31, 2), (90, 2)]
)
def test_a_recording_is_of_the_attempt_that_was_going_on(seconds: int, attempt: int) -> None:
    studio = failed_over()
    studio.carrier.lays(a_made_recording(started_at=NOW + timedelta(seconds=seconds)))
    studio.later(hours=2)
    studio.sweeps()
    assert studio.states(studio.call().id) == [(attempt, Progress.AWAITED)]
