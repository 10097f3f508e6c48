"""Publishers are looked for on a list: when it changes, when they do, and before they are paid."""

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.errors import Conflict, NotFound
from chalicelib.flows.screening import Lookout, decide, look, put_list, subject_of
from chalicelib.issuer import Address
from chalicelib.payees import Detail, Payee
from chalicelib.screening import Decision, Screening, ScreeningState
from chalicelib.store.catalog import thing_puts
from chalicelib.store.payees import page_of_events, payee_write
from chalicelib.store.screening import find_list, find_screenings, page_of_screenings
from chalicelib.store.stores import Stores
from chalicelib.tax_forms import FormKind, TaxForm
from tests.builders import a_publisher
from tests.documents import FakeDocuments
from tests.fakes import Crash, FakeRows

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
EVIL = a_publisher(id="pub_1", name="Evil Media LLC")
CALM = a_publisher(id="pub_2", name="Calm Leads")
LIST = b"name,aliases,countries\nMedia Evil,,RU\n"


class Hall:
    """Two publishers, and a list to be put up."""

    def __init__(self) -> None:
        self.rows, self.documents, self.now = FakeRows(), FakeDocuments(), NOW
        for publisher in (EVIL, CALM):
            self.rows.write(thing_puts(publisher))

    @property
    def lookout(self) -> Lookout:
        return Lookout(stores=Stores(self.rows), documents=self.documents, now=self.now)

    def puts(self, raw: bytes = LIST) -> tuple[int, int]:
        made = put_list(raw, by="operator", lookout=self.lookout)
        return made.screened, made.found

    def states(self) -> dict[str, str]:
        return {id: one.state.value for id, one in find_screenings(
            self.rows, ("pub_1", "pub_2")).items()}  # fmt: skip

    def decides(self, decision: Decision, id: str = "pub_1", reason: str = "seen") -> Screening:
        return decide(id, decision, reason, by="operator", lookout=self.lookout)

    def stopped(self) -> list[str]:
        page = page_of_screenings(self.rows, limit=10, after=None)
        return [one.publisher_id for one in page.items]


def test_without_a_list_nobody_is_looked_for() -> None:
    hall = Hall()
    assert look([EVIL, CALM], lookout=hall.lookout) == {}
    with pytest.raises(Conflict, match="nothing is found"):
        hall.decides(Decision.CLEARED)
    with pytest.raises(NotFound):
        hall.decides(Decision.CLEARED, "pub_9")


def test_a_new_list_looks_for_everybody_at_once() -> None:
    hall = Hall()
    assert hall.puts() == (2, 1)
    assert hall.states() == {"pub_1": "open", "pub_2": "clear"}
    assert hall.stopped() == ["pub_1"]
    assert hall.puts(b"name\nCalm Leads\n") == (2, 1)
    assert hall.states() == {"pub_1": "clear", "pub_2": "open"}
    assert hall.stopped() == ["pub_2"]
    assert hall.puts(b"name\n") == (2, 0)
    assert hall.stopped() == []


def test_the_same_list_again_is_the_same_list() -> None:
    hall = Hall()
    hall.puts()
    hall.now += timedelta(days=1)
    hall.puts()
    assert (find_list(hall.rows).version, find_list(hall.rows).uploaded_at) == (1, NOW)


def test_a_publisher_that_is_called_otherwise_is_looked_for_again() -> None:
    hall = Hall()
    hall.puts()
    assert look([CALM], lookout=hall.lookout)["pub_2"].state is ScreeningState.CLEAR
    form = TaxForm(
        kind=FormKind.W8, legal_name="Evil, Media Holding", signed_by="X",
        address=Address(street=("1",), city="Y", country="RU"), received_on="2026-11-02",
    )  # fmt: skip
    payee = Payee(publisher_id="pub_2", tax_form=form, version=1)
    hall.rows.write([payee_write(Payee(publisher_id="pub_2"), payee)])
    assert subject_of(CALM, payee).country == "RU"
    found = look([CALM], lookout=hall.lookout)["pub_2"]
    assert (found.state, found.hits[0].ours) == (ScreeningState.OPEN, "Evil, Media Holding")
    trips = hall.rows.trips
    look([CALM], lookout=hall.lookout)
    assert hall.rows.trips == trips + 3


def test_a_decision_is_kept_with_its_reason_and_once() -> None:
    hall = Hall()
    hall.puts()
    cleared = hall.decides(Decision.CLEARED, reason="another town")
    assert (cleared.state, cleared.reason, hall.stopped()) == (
        ScreeningState.CLEARED, "another town", []
    )  # fmt: skip
    assert hall.decides(Decision.CLEARED, reason="another town") == cleared
    hall.now += timedelta(minutes=1)
    assert hall.decides(Decision.CONFIRMED, reason="the same owner").stops
    latest, first = page_of_events(hall.rows, "pub_1", limit=9, after=None).items
    assert [(one.what, one.before, one.after, one.reason) for one in (first, latest)] == [
        (Detail.SCREENING, "open: Media Evil", "cleared: Media Evil", "another town"),
        (Detail.SCREENING, "cleared: Media Evil", "confirmed: Media Evil", "the same owner"),
    ]
    with pytest.raises(Conflict):
        hall.decides(Decision.CLEARED, "pub_2")


def test_whoever_dies_over_a_list_leaves_publishers_that_are_looked_for_later() -> None:
    hall = Hall()
    hall.rows.crash_after_write(1)
    with pytest.raises(Crash):
        hall.puts()
    assert hall.states() == {}
    assert look([EVIL], lookout=hall.lookout)["pub_1"].stops
    assert hall.puts() == (2, 1)


def test_a_crash_before_the_row_of_a_list_leaves_the_one_before() -> None:
    hall = Hall()
    hall.puts()
    hall.rows.crash_before_write(1)
    with pytest.raises(Crash):
        hall.puts(b"name\n")
    assert hall.states()["pub_1"] == "open"
    assert look([EVIL], lookout=hall.lookout)["pub_1"].stops


def test_a_decision_that_meets_a_new_list_is_made_of_what_is_found_then() -> None:
    hall = Hall()
    hall.puts()
    hall.rows.before_write(lambda: hall.puts(LIST + b"Evil Media Group,,\n"))
    after = hall.decides(Decision.CLEARED)
    assert [hit.listed for hit in after.passed] == ["Media Evil", "Evil Media Group"]
    assert hall.stopped() == []


def test_two_lists_at_once_leave_one_and_tell_the_other() -> None:
    hall = Hall()
    hall.puts()
    hall.rows.before_write(lambda: hall.puts(b"name\nCalm Leads\n"))
    with pytest.raises(Conflict, match="screening list"):
        hall.puts(b"name\nNobody At All\n")
    assert hall.states() == {"pub_1": "clear", "pub_2": "open"}
