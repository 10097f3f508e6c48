"""A queue of parts of closings, in memory: what is not done is delivered again."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from chalicelib.closings import Duty, Run
from chalicelib.flows import closing_runs
from chalicelib.flows.pacing import InTime, unhurried
from tests.fakes import Crash
from tests.flows.office import Office

REDELIVERED = timedelta(minutes=30)


@dataclass
class ClosingQueue:
    """Who closes for an office; each delivery finds as much time as the next of `times` says.

    A message whose run failed or died comes again later, five times, and is then `dead`.
    """

    office: Office
    times: Callable[[], InTime] = lambda: unhurried
    waiting: list[tuple[datetime, int, Duty]] = field(default_factory=list)
    dead: list[tuple[Duty, str]] = field(default_factory=list)
    deliveries: int = 0

    def send(self, duty: Duty, delay_seconds: int, /) -> None:
        """Take a message."""
        assert 0 <= delay_seconds <= 900
        due = self.office.now + timedelta(seconds=delay_seconds)
        self.waiting.append((due, 1, duty))

    def asks(self, as_of: datetime | None = None) -> Run:
        """The schedule asks."""
        office = self.office
        return closing_runs.ask(
            as_of or office.now, stores=office.stores, send=self.send, now=office.now
        )

    def delivers(self) -> bool:
        """One message, the earliest; False when there is none."""
        if not self.waiting:
            return False
        self.waiting.sort(key=lambda message: message[0])
        due, time, duty = self.waiting.pop(0)
        self.office.now = max(due, self.office.now)
        self.deliveries += 1
        try:
            closing_runs.work(duty, desk=self.office.desk(self.times()), send=self.send)
        except (Exception, Crash) as fault:
            again = (self.office.now + REDELIVERED, time + 1, duty)
            if time < 5:
                self.waiting.append(again)
            else:
                self.dead.append((duty, str(fault)))
        return True

    def delivers_all(self) -> "ClosingQueue":
        """Every message, those that come on the way too."""
        while self.delivers():
            assert self.deliveries < 2_000, "this closing does not come to an end"
        return self
