"""A recording is found again, whether its report, its message or its carrier was lost meanwhile."""

from datetime import datetime, timedelta

import pytest

from chalicelib.flows import recordings
from chalicelib.flows.recordings_due import Looked, look
from chalicelib.recording import CarriersOwn, Progress, Recording, ReportStatus, recorded
from tests import builders
from tests.builders import NOW
from tests.fakes import FakeRows
from tests.recordings import REC, SID, Studio, a_report

ATTEMPT_OVER = timedelta(seconds=25 + 3600 + 120)


class Lost(Studio):
    """A studio whose sweep is all that looks for recordings."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.asked: list[tuple[str, str]] = []

    def sweeps(self) -> Looked:
        return look(
            stores=self.stores, now=self.now, ask=lambda *one: self.asked.append(one),
            carrier=lambda: self.carrier,
        )  # fmt: skip

    def minutes(self, count: int) -> list[int]:
        """The minutes from now on in which there was something to look at."""
        busy = []
        for minute in range(count):
            before, looks = len(self.asked), self.carrier.looks
            self.sweeps()
            if (len(self.asked), self.carrier.looks) != (before, looks):
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


def own(started_at: datetime = NOW + timedelta(seconds=9), *, over: bool = True) -> CarriersOwn:
    return CarriersOwn(carrier_id=SID, started_at=started_at, over=over, seconds=90, channels=2)


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
    assert studio.carrier.looks == 0


def test_a_report_that_was_lost_is_had_from_the_carriers_list(studio: Lost) -> None:
    studio.arrives()
    call = studio.call().id
    studio.carrier.own = (own(),)
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
    studio.carrier.own = (own(),)
    studio.later(hours=2)
    studio.sweeps()
    assert not studio.stores.recordings.keep_report(call, a_report())
    assert studio.states(call) == [(1, Progress.AWAITED)]


@pytest.mark.parametrize("over", [ReportStatus.COMPLETED, ReportStatus.ABSENT])
def test_the_carrier_is_not_asked_about_what_it_reported(studio: Lost, over: ReportStatus) -> None:
    studio.takes(a_report(over))
    studio.later(hours=2)
    studio.sweeps()
    assert studio.carrier.looks == 0


def test_a_carrier_that_is_away_or_not_done_is_asked_again(studio: Lost) -> None:
    studio.arrives()
    call = studio.call().id
    studio.later(hours=2)
    studio.carrier.down = True
    studio.sweeps()
    studio.later(hours=2)
    studio.carrier.down, studio.carrier.own = False, (own(over=False),)
    assert studio.sweeps() == Looked(asked=0, found=0)
    studio.later(hours=4)
    studio.carrier.own = (own(),)
    assert studio.sweeps() == Looked(asked=0, found=1)
    assert studio.states(call) == [(1, Progress.AWAITED)]


def test_a_call_that_nobody_recorded_is_looked_at_once(studio: Lost) -> None:
    studio.arrives()
    studio.later(hours=2)
    studio.sweeps()
    studio.later(days=3)
    studio.sweeps()
    assert studio.carrier.looks == 1


def test_where_nothing_is_to_be_recorded_nothing_is_expected() -> None:
    studio = Lost(FakeRows())
    studio.opens()
    studio.arrives()
    studio.later(days=3)
    studio.sweeps()
    assert studio.carrier.looks == 0


@pytest.mark.parametrize(
    ("seconds", "attempt"), [(-5, 1), (0, 1), (29, 1), (30, 2), (31, 2), (90, 2)]
)
def test_a_recording_is_of_the_attempt_that_was_going_on(seconds: int, attempt: int) -> None:
    studio = Lost(FakeRows())
    studio.opens(
        builders.a_target(id="tgt_1", priority=1),
        builders.a_target(id="tgt_2", priority=2),
        campaign=builders.a_campaign(recording=Recording(record=True)),
    )
    studio.arrives()
    studio.later(seconds=30)
    studio.fails()
    studio.carrier.own = (own(NOW + timedelta(seconds=seconds)),)
    studio.later(hours=2)
    studio.sweeps()
    assert studio.states(studio.call().id) == [(attempt, Progress.AWAITED)]
