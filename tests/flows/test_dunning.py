"""Whoever does not pay is reminded, paused, and goes on once the money is there."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from chalicelib.campaigns import Campaign, State
from chalicelib.dunning import DunningPlan, Step
from chalicelib.flows import catalog, dunning
from chalicelib.flows.issuer import set_issuer
from chalicelib.store.catalog import thing_puts
from chalicelib.store.dunning import steps_taken
from tests.builders import A_BUYER, a_campaign
from tests.core.test_mailing import MAILS
from tests.flows.office import CLOSING, NET, PREPAID, Office, every_crash

DUE = datetime(2026, 12, 31, 6, 10, tzinfo=UTC)
CAMPAIGNS = ("cmp_1", "cmp_2")


def owing(*, on: bool = True) -> Office:
    """An invoice of one call that is due on December 31, of an advertiser with two campaigns."""
    office = Office().opens(advertisers=(replace(NET, bill_to=A_BUYER), PREPAID))
    for id in CAMPAIGNS:
        office.rows.write(thing_puts(a_campaign(id=id, advertiser_id=NET.id)))
    office.rows.write(thing_puts(a_campaign(id="cmp_3", advertiser_id=PREPAID.id)))
    set_issuer(MAILS, stores=office.stores, version=None)
    dunning.set_plan(DunningPlan(on=on), stores=office.stores, version=None)
    office.approves("call_1")
    office.now = CLOSING
    office.closes()
    office.mailer.sent.clear()
    return office


def dunned(office: Office, days: int) -> None:
    """The daily run, so many days after the invoice was due."""
    office.now = DUE + timedelta(days=days)
    for advertiser in (NET, PREPAID):
        dunning.take_due(advertiser.id, stores=office.stores, post=office.post, now=office.now)


def steps(office: Office) -> list[Step]:
    return [one.step for one in steps_taken(office.rows, office.invoices[0].id)]


def states(office: Office) -> list[State]:
    return [campaign(office, id).state for id in (*CAMPAIGNS, "cmp_3")]


def campaign(office: Office, id: str) -> Campaign:
    found = office.stores.catalog.find(Campaign, id)
    assert found is not None
    return found


def test_each_step_is_taken_once_however_often_the_run_comes() -> None:
    office = owing()
    for days in range(-5, 70):
        dunned(office, days)
        dunned(office, days)
    assert steps(office) == list(Step)
    assert len(office.mailer.sent) == 5
    openings = [letter.text.splitlines()[0] for letter in office.mailer.sent]
    assert openings[0] == "A reminder: this invoice is due soon."
    assert "campaigns are paused" in openings[3]
    assert office.invoices[0].state == "open", "to write off is only proposed"


def test_nothing_happens_by_itself_unless_the_plan_is_on() -> None:
    office = owing(on=False)
    dunned(office, 90)
    assert (steps(office), office.mailer.sent) == ([], [])
    assert set(states(office)) == {State.ACTIVE}
    (one,) = dunning.look(stores=office.stores, now=office.now)
    assert [due.step for due in one.due] == [Step.PAUSE, Step.FINAL, Step.WRITE_OFF]
    assert one.days_late == 90


def test_the_daily_closing_takes_the_steps() -> None:
    office = owing()
    office.now = DUE + timedelta(days=1)
    assert [one.step for one in office.closes().dunned] == [Step.LATE]
    assert office.closes().dunned == ()


def test_campaigns_are_paused_and_go_on_when_the_invoice_is_paid() -> None:
    office = owing()
    dunned(office, 15)
    assert states(office) == [State.PAUSED, State.PAUSED, State.ACTIVE]
    office.receives("part", 1_000)
    assert states(office)[:2] == [State.PAUSED, State.PAUSED]
    office.receives("rest", 1_500)
    assert set(states(office)) == {State.ACTIVE}
    dunned(office, 40)
    assert set(states(office)) == {State.ACTIVE}


def test_what_the_operator_paused_or_touched_stays_as_it_is() -> None:
    office = owing()

    def pause(thing: Campaign) -> Campaign:
        return replace(thing, state=State.PAUSED)

    catalog.change(Campaign, "cmp_1", pause, stores=office.stores)
    dunned(office, 15)

    def rename(thing: Campaign) -> Campaign:
        return replace(thing, name="Roofs")

    catalog.change(Campaign, "cmp_2", rename, stores=office.stores)
    office.receives("all", 2_500)
    assert states(office) == [State.PAUSED, State.PAUSED, State.ACTIVE]


def test_campaigns_stay_paused_for_an_invoice_that_is_void_or_written_off() -> None:
    for end in (Office.voids, Office.writes_off):
        office = owing()
        dunned(office, 15)
        end(office, office.invoices[0].id)
        dunned(office, 16)
        assert states(office) == [State.PAUSED, State.PAUSED, State.ACTIVE]


def test_campaigns_stay_paused_while_another_invoice_keeps_them_so() -> None:
    office = owing()
    office.now = datetime(2026, 12, 20, tzinfo=UTC)
    office.approves("call_2")
    office.now = datetime(2027, 1, 1, 6, 10, tzinfo=UTC)
    office.closes()
    dunned(office, 60)
    office.receives("first", 2_500)
    assert states(office)[:2] == [State.PAUSED, State.PAUSED]
    office.receives("second", 2_500)
    assert set(states(office)) == {State.ACTIVE}


def test_wherever_a_run_dies_the_next_completes_it_and_no_letter_goes_out_twice() -> None:
    died = every_crash(owing, lambda office: dunned(office, 15))
    assert len(died) >= 6
    for office in died:
        dunned(office, 15)
        assert steps(office) == [Step.PAUSE]
        assert states(office) == [State.PAUSED, State.PAUSED, State.ACTIVE]
        assert len(office.mailer.sent) <= 1
        office.receives("all", 2_500)
        dunned(office, 16)
        assert set(states(office)) == {State.ACTIVE}


def test_without_an_address_a_step_is_taken_without_a_letter() -> None:
    office = owing()
    set_issuer(replace(MAILS, mail=None), stores=office.stores, version=None)
    dunned(office, 7)
    (taken,) = steps_taken(office.rows, office.invoices[0].id)
    assert (taken.step, taken.mail) == (Step.SECOND, None)
