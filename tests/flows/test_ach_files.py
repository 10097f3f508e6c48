"""Publishers are paid by files that two let go, and everybody once."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from chalicelib.ach_checks import faults
from chalicelib.errors import Conflict, Forbidden, Invalid, NotFound
from chalicelib.flows import ach_files as flow
from chalicelib.flows.payee_details import forget_bank_details, refuse_bank_details
from chalicelib.flows.payouts import fail_payout, return_payout, settle_payout
from chalicelib.flows.signing import signature
from chalicelib.keys import OWN_KEY
from chalicelib.offers import PayoutMethod
from chalicelib.payees import Detail
from chalicelib.payout_files import FileState, PayoutFile
from chalicelib.payouts import PayoutState
from chalicelib.signatures import Signature
from chalicelib.store import payout_files as store
from chalicelib.store.books import HOLDS
from chalicelib.store.payees import page_of_events
from tests.fakes import FakeRows
from tests.flows.aching import ADA, BOB, CY, SETTINGS, AchDesk, every_death, number_of, ready

# --- a draft -------------------------------------------------------------------------------------


def test_a_file_is_drafted_of_every_payout_that_waits() -> None:
    desk = ready()
    drafted = desk.drafts()
    assert drafted.file is not None
    assert (drafted.file.count, drafted.file.amount_cents) == (3, 4500)
    assert drafted.waiting == ()
    entries = desk.entries(drafted.file)
    assert {one.trace for one in entries.values()} == {f"12104288{n:07d}" for n in (1, 2, 3)}
    assert entries[ADA.id].entry_class.value == "PPD"
    assert entries[BOB.id].entry_class.value == "CCD"


def test_nothing_is_drafted_before_the_operator_has_said_how_it_pays() -> None:
    desk = AchDesk()
    desk.office.opens()
    with pytest.raises(Conflict) as refused:
        desk.drafts()
    assert refused.value.code == "ach_not_set_up"


def test_one_file_is_made_at_a_time() -> None:
    desk = ready()
    first = desk.drafts().file
    assert first is not None
    with pytest.raises(Conflict) as refused:
        desk.drafts()
    assert refused.value.code == "file_open"
    flow.discard(first.id, stores=desk.office.stores)
    second = desk.drafts().file
    assert second is not None
    assert second.first_trace == first.first_trace + first.traces


def test_two_drafts_at_once_make_one_file() -> None:
    desk = ready()
    assert isinstance(desk.office.rows, FakeRows)
    desk.office.rows.before_write(desk.drafts, 1)
    with pytest.raises(Exception, match="another file is being drafted"):
        desk.drafts()
    assert len(desk.files) == 1


def test_what_may_not_be_paid_waits_with_the_reason() -> None:
    desk = ready()
    desk.office.holds(ADA, reason="A dispute is open.")
    forget_bank_details(BOB.id, desk=desk.desk)
    refuse_bank_details(CY.id, "R03", desk=desk.desk)
    drafted = desk.drafts()
    assert drafted.file is None
    assert {one.publisher_id: one.code for one in drafted.waiting} == {
        ADA.id: "held", BOB.id: "details_missing", CY.id: "details_refused",
    }  # fmt: skip


def test_more_than_goes_out_on_one_day_waits_where_files_are_of_the_same_day() -> None:
    desk = ready(ADA, settings=replace(SETTINGS, same_day=True))
    desk.earns(BOB, cents=100_000_001).payday()
    drafted = desk.drafts()
    assert drafted.file is not None
    assert set(desk.entries(drafted.file)) == {ADA.id}
    assert [(one.publisher_id, one.code) for one in drafted.waiting] == [(BOB.id, "range")]


def test_settings_that_no_bank_takes_are_refused_with_every_fault() -> None:
    desk = ready()
    with pytest.raises(Invalid) as wrong:
        desk.agrees(replace(SETTINGS, odfi_routing="121042883", company_id="so long an id"))
    assert {one.field for one in wrong.value.faults} == {"odfi_routing", "company_id"}


# --- two people ----------------------------------------------------------------------------------


def test_whoever_approved_a_file_may_not_release_it() -> None:
    desk = ready()
    file = desk.drafts().file
    assert file is not None
    approved = desk.approves(file)
    assert approved.approved is not None
    assert (approved.approved.name, approved.approved.at) == ("Ann", desk.office.now)
    with pytest.raises(Forbidden) as refused:
        desk.releases(file, "ann")
    assert refused.value.code == "second_operator"
    assert desk.file(file.id).state is FileState.APPROVED
    assert desk.releases(file, "ben").state is FileState.RELEASED


def test_another_key_of_the_same_person_is_refused_too() -> None:
    desk = ready()
    file = desk.drafts().file
    assert file is not None
    desk.approves(file)
    again = Signature(key_id="key_other", name=" ANN", at=desk.office.now)
    with pytest.raises(Forbidden, match="another operator"):
        flow.release(file.id, by=again, stores=desk.office.stores)


@pytest.mark.parametrize("step", [flow.approve, flow.release])
def test_the_key_of_the_deployment_is_nobody(step: object) -> None:
    desk = ready()
    file = desk.drafts().file
    assert file is not None
    if step is flow.release:
        desk.approves(file)
    nobody = signature(OWN_KEY, stores=desk.office.stores, now=desk.office.now)
    with pytest.raises(Forbidden) as refused:
        step(file.id, by=nobody, stores=desk.office.stores)  # type: ignore[operator]
    assert refused.value.code == "personal_key_needed"


def test_a_file_that_nobody_approved_is_not_released() -> None:
    desk = ready()
    file = desk.drafts().file
    assert file is not None
    with pytest.raises(Conflict) as refused:
        desk.releases(file)
    assert refused.value.code == "file_state"


def test_a_step_taken_twice_is_taken_once() -> None:
    desk = ready()
    file = desk.drafts().file
    assert file is not None
    assert desk.approves(file) == desk.approves(file)
    assert desk.releases(file) == desk.releases(file)


def test_what_nobody_let_go_is_never_written() -> None:
    desk = ready()
    file = desk.drafts().file
    assert file is not None
    desk.approves(file)
    assert desk.runs().written == []
    assert desk.texts == {}
    assert desk.payout_of(ADA).state is PayoutState.CREATED


# --- the text ------------------------------------------------------------------------------------


def test_a_released_file_is_written_and_its_payouts_are_the_banks() -> None:
    desk = ready()
    file = desk.sends()
    assert file.state is FileState.WRITTEN
    assert (file.modifier, file.effective_on, file.settles_on) == ("A", "2026-12-14", "2026-12-17")
    assert faults(desk.text(file)) == ()
    told, entries = desk.told(file), desk.entries(file)
    for publisher in (ADA, BOB, CY):
        entry, payout = entries[publisher.id], desk.payout_of(publisher)
        assert (payout.state, payout.method) == (PayoutState.SUBMITTED, PayoutMethod.ACH)
        assert payout.reference == entry.trace
        fields = told[entry.trace].detail.fields
        assert fields["account"].strip() == number_of(publisher)
        assert int(fields["cents"]) == payout.sent_cents
        assert fields["name"].strip() == f"{publisher.name} Media".upper()
    assert desk.office.audits().clean


def test_people_see_payroll_where_the_bank_wants_it() -> None:
    desk = ready()
    text = desk.text(desk.sends())
    headers = [line for line in text.splitlines() if line.startswith("5")]
    assert [(line[50:53], line[53:63].strip()) for line in headers] == [
        ("CCD", "PAYOUT"), ("PPD", "PAYROLL"),
    ]  # fmt: skip


def test_a_bank_that_wants_it_gets_balanced_batches() -> None:
    desk = ready()
    desk.agrees(SETTINGS, balanced=True)
    text = desk.text(desk.sends())
    assert faults(text) == ()
    debits = [line for line in text.splitlines() if line.startswith("627")]
    assert [(line[12:29].strip(), int(line[29:39])) for line in debits] == [
        ("000555000", 3000), ("000555000", 1500),
    ]  # fmt: skip


def test_files_of_one_day_are_told_apart() -> None:
    desk = ready(ADA, BOB)
    desk.office.holds(BOB)
    first = desk.sends()
    for hold in desk.office.stores.books.list(HOLDS).items:
        desk.office.lifts(hold.id)
    second = desk.sends()
    assert (first.modifier, second.modifier) == ("A", "B")
    assert second.first_trace == first.first_trace + first.traces
    assert (first.name, second.name) == ("payouts-2026-12-14-A.ach", "payouts-2026-12-14-B.ach")


def test_every_reading_of_a_number_is_kept() -> None:
    desk = ready()
    file = desk.sends()
    page = page_of_events(desk.office.rows, ADA.id, limit=50, after=None)
    read = [one for one in page.items if one.what is Detail.ACCOUNT_NUMBER_READ]
    assert [(one.by, one.after) for one in read] == [(file.id, f"…{number_of(ADA)[-4:]}")]


def test_a_number_stays_out_of_everything_that_is_kept_but_the_text() -> None:
    desk = ready()
    desk.sends()
    rows = {name: row for name, row in desk.office.picture().items() if not name.startswith("ach/")}
    assert number_of(ADA) not in repr(rows)


def test_a_key_that_does_not_answer_leaves_the_file_for_the_next_run() -> None:
    desk = ready()
    file = desk.lets_go()
    desk.cipher.away = True
    assert desk.runs().failed == 1
    assert desk.file(file.id).state is FileState.RELEASED
    assert desk.payout_of(ADA).state is PayoutState.CREATED
    desk.cipher.away = False
    assert desk.runs().written == [file.id]


def test_entries_that_are_not_those_that_were_approved_are_never_written() -> None:
    desk = ready()
    file = desk.lets_go()
    entry = desk.entries(file)[ADA.id]
    store.keep_entries(desk.office.rows, [replace(entry, cents=999_999)])
    assert desk.runs().failed == 1
    assert desk.texts == {}
    assert desk.payout_of(ADA).state is PayoutState.CREATED


def test_an_account_that_was_changed_since_is_left_out() -> None:
    desk = ready()
    file = desk.lets_go()
    desk.says_account(ADA, "99999999")
    desk.office.holds(BOB)
    assert desk.runs().failed == 0
    written = desk.file(file.id)
    traces = {one.trace: id for id, one in desk.entries(file).items()}
    assert {traces[one.trace]: one.reason for one in written.left_out} == {
        ADA.id: "details_changed", BOB.id: "held",
    }  # fmt: skip
    assert set(desk.told(written)) == {desk.entries(file)[CY.id].trace}
    assert faults(desk.text(written)) == ()
    assert desk.payout_of(ADA).state is PayoutState.CREATED
    assert desk.office.audits().clean


def test_a_payout_that_was_paid_by_hand_since_is_left_out() -> None:
    desk = ready()
    file = desk.lets_go()
    desk.office.settles(desk.payout_of(ADA).id)
    written = desk.file(desk.runs().written[0])
    assert [one.reason for one in written.left_out] == ["payout_ended"]
    assert desk.entries(file)[ADA.id].trace not in desk.told(written)
    assert desk.office.audits().clean


def test_a_file_of_which_nothing_is_left_is_none() -> None:
    desk = ready(ADA)
    file = desk.lets_go()
    desk.office.settles(desk.payout_of(ADA).id)
    assert desk.runs().written == []
    assert desk.file(file.id).state is FileState.DISCARDED
    assert desk.texts == {}
    desk.earns(BOB).payday()
    assert desk.drafts().file is not None


def test_a_sealed_file_is_not_discarded() -> None:
    desk = ready()
    file = desk.sends()
    with pytest.raises(Conflict) as refused:
        flow.discard(file.id, stores=desk.office.stores)
    assert refused.value.code == "file_state"


def test_a_file_discarded_while_it_is_being_made_is_not_written() -> None:
    desk = ready()
    file = desk.lets_go()
    assert isinstance(desk.office.rows, FakeRows)
    # Three numbers are read, and then the file is sealed.
    desk.office.rows.before_write(lambda: flow.discard(file.id, stores=desk.office.stores), 4)
    desk.runs()
    assert desk.file(file.id).state is FileState.DISCARDED
    assert desk.texts == {}
    assert desk.payout_of(ADA).state is PayoutState.CREATED


def test_an_unknown_file_is_not_found() -> None:
    desk = ready()
    with pytest.raises(NotFound):
        flow.approve("ach_none", by=desk.signs("ann"), stores=desk.office.stores)


# --- twice, and interrupted ----------------------------------------------------------------------


def test_a_run_that_is_repeated_changes_nothing() -> None:
    desk = ready()
    desk.sends()
    once = desk.office.picture()
    assert desk.runs(minutes=0) == desk.runs(minutes=0)
    assert desk.office.picture() == once


def test_two_runs_at_once_make_one_file() -> None:
    desk = ready()
    file = desk.lets_go()
    assert isinstance(desk.office.rows, FakeRows)
    desk.office.rows.before_write(lambda: desk.runs(minutes=0), 6)
    assert desk.runs(minutes=0).failed == 0
    written = desk.file(file.id)
    assert written.state is FileState.WRITTEN
    assert len(desk.told(written)) == 3
    assert desk.office.audits().clean


@pytest.mark.parametrize("prenotes", [False, True])
def test_a_run_that_died_anywhere_makes_the_same_file(prenotes: bool) -> None:
    def prepared() -> AchDesk:
        desk = ready(settings=replace(SETTINGS, prenotes=prenotes))
        desk.lets_go()
        return desk

    whole = prepared()
    whole.runs(minutes=0)
    died = every_death(prepared, lambda desk: desk.runs(minutes=0))
    assert len(died) > 8
    for desk in died:
        assert desk.runs(minutes=0).failed == 0
        assert [desk.text(one) for one in desk.files] == [whole.text(one) for one in whole.files]
        assert desk.office.audits().clean
        desk.fetches(desk.files[0])
        assert desk.settles().failed == 0
        assert desk.office.audits().clean


def test_a_draft_that_died_anywhere_keeps_nobody_from_being_paid() -> None:
    died = every_death(ready, lambda desk: desk.drafts())
    assert len(died) > 5
    for desk in died:
        for one in desk.files:
            flow.discard(one.id, stores=desk.office.stores)
        file = desk.sends()
        assert len(desk.told(file)) == 3


# --- what becomes of it --------------------------------------------------------------------------


def test_what_does_not_come_back_settles_three_banking_days_later() -> None:
    desk = ready()
    file = desk.sends()
    desk.office.now = datetime(2026, 12, 17, 4, 59, tzinfo=UTC)
    assert desk.runs(minutes=0).settled == []
    assert desk.runs(minutes=1).settled == [file.id]
    assert desk.payout_of(ADA).state is PayoutState.SETTLED
    assert desk.file(file.id).state is FileState.SETTLED
    assert desk.office.audits().accounts["cash:bank"] == 5_000_000 - 4500


def test_a_settlement_that_died_anywhere_is_completed_by_the_next_run() -> None:
    def prepared() -> AchDesk:
        desk = ready()
        desk.sends()
        desk.office.later(days=7)
        return desk

    for desk in every_death(prepared, lambda desk: desk.runs(minutes=0)):
        desk.runs(minutes=0)
        assert desk.files[0].state is FileState.SETTLED
        assert {one.state for one in desk.office.payouts} == {PayoutState.SETTLED}
        assert desk.office.audits().clean


@pytest.mark.parametrize("act", ["fails", "settles", "comes back"])
def test_what_the_bank_carries_is_not_ended_by_hand(act: str) -> None:
    desk = ready()
    desk.sends()
    payout = desk.payout_of(ADA)
    hand = {"by_hand": True, "stores": desk.office.stores, "now": desk.office.now}
    with pytest.raises(Conflict) as refused:
        if act == "fails":
            fail_payout(payout.id, reason="no_account", **hand)  # type: ignore[arg-type]
        elif act == "settles":
            settle_payout(payout.id, **hand)  # type: ignore[arg-type]
        else:
            return_payout(payout.id, reason="R03", **hand)  # type: ignore[arg-type]
    assert refused.value.code == "payout_in_file"


def test_what_has_settled_may_be_reported_by_hand_as_come_back() -> None:
    desk = ready()
    desk.sends()
    desk.settles()
    back = return_payout(
        desk.payout_of(ADA).id, reason="R06", by_hand=True, stores=desk.office.stores,
        now=desk.office.now,
    )  # fmt: skip
    assert back.state is PayoutState.RETURNED


def test_a_payout_failed_by_hand_while_its_file_is_made_is_not_in_the_file() -> None:
    desk = ready()
    file = desk.lets_go()
    payout = desk.payout_of(ADA)
    assert isinstance(desk.office.rows, FakeRows)

    def the_file_is_made() -> None:
        desk.runs(minutes=0)

    desk.office.rows.before_write(the_file_is_made, 1)
    with pytest.raises(Conflict) as refused:
        fail_payout(
            payout.id, reason="oops", by_hand=True, stores=desk.office.stores, now=desk.office.now
        )
    assert refused.value.code == "payout_in_file"
    assert desk.payout_of(ADA).state is PayoutState.SUBMITTED
    assert desk.entries(file)[ADA.id].trace in desk.told(desk.file(file.id))


def test_what_nobody_has_brought_to_the_bank_does_not_settle() -> None:
    desk = ready()
    file = desk.writes()
    assert desk.settles().failed == 1
    assert desk.payout_of(ADA).state is PayoutState.SUBMITTED
    assert refuse(desk, file).state is FileState.REFUSED


def test_what_is_brought_late_settles_later() -> None:
    desk = ready(ADA, settings=replace(SETTINGS, prenotes=True))
    file = desk.writes()
    desk.office.now = datetime(2026, 12, 23, 15, tzinfo=UTC)
    assert desk.fetches(file).settles_on == "2026-12-30"
    assert desk.fetches(desk.file(file.id)).settles_on == "2026-12-30"
    desk.office.now = datetime(2026, 12, 29, 15, tzinfo=UTC)
    assert desk.runs(minutes=0).settled == []
    assert [one.code for one in desk.drafts().waiting] == ["prenote_pending"]
    desk.office.later(days=1)
    assert desk.runs(minutes=0).settled == [file.id]
    assert desk.drafts().waiting == ()


def refuse(desk: AchDesk, file: PayoutFile) -> PayoutFile:
    return flow.refuse(
        file.id, by=desk.signs("ann"), note="Wrong origin", stores=desk.office.stores
    )


def test_of_a_file_that_the_bank_refused_everybody_is_paid_by_the_next() -> None:
    desk = ready(settings=replace(SETTINGS, prenotes=False))
    file = desk.sends()
    refused = refuse(desk, file)
    assert (refused.state, refused.note) == (FileState.REFUSED, "Wrong origin")
    assert desk.runs().undone == [file.id]
    first = desk.payout_of(ADA)
    assert (first.state, first.reason) == (PayoutState.FAILED, "ach_file_refused")
    desk.payday()
    again = desk.sends()
    assert again.amount_cents == 4500
    assert desk.payout_of(ADA).id != first.id
    desk.settles()
    assert desk.office.audits().accounts["cash:bank"] == 5_000_000 - 4500
    assert desk.office.audits().clean


def test_a_file_that_has_settled_was_not_refused() -> None:
    desk = ready()
    file = desk.sends()
    desk.office.later(days=7)
    with pytest.raises(Conflict, match="count as settled"):
        refuse(desk, file)


def test_a_refusal_that_died_anywhere_is_completed_by_the_next_run() -> None:
    def prepared() -> AchDesk:
        desk = ready()
        refuse(desk, desk.sends())
        return desk

    for desk in every_death(prepared, lambda desk: desk.runs(minutes=0)):
        desk.runs(minutes=0)
        assert desk.files[0].ended_at is not None
        assert {one.state for one in desk.office.payouts} == {PayoutState.FAILED}
        assert desk.office.audits().clean


def test_a_link_is_given_to_a_written_file_and_kept() -> None:
    desk = ready()
    file = desk.lets_go()
    hand = {"by": desk.signs("ben"), "stores": desk.office.stores}
    with pytest.raises(Conflict):
        flow.fetch(file.id, documents=desk.office.bucket(), **hand)  # type: ignore[arg-type]
    desk.runs()
    link = flow.fetch(file.id, documents=desk.office.bucket(), **hand)  # type: ignore[arg-type]
    assert link.file.name == "payouts-2026-12-14-A.ach"
    assert file.id in link.url
    assert [one.name for one in desk.file(file.id).fetched] == ["Ben"]


# --- prenotes and the clock ----------------------------------------------------------------------


def test_an_account_gets_a_prenote_first_and_money_three_banking_days_later() -> None:
    desk = ready(ADA, BOB, settings=replace(SETTINGS, prenotes=True))
    drafted = desk.drafts()
    assert drafted.file is not None
    assert (drafted.file.count, drafted.file.prenotes, drafted.file.amount_cents) == (2, 2, 0)
    assert {one.code for one in drafted.waiting} == {"prenote_needed"}
    desk.approves(drafted.file)
    desk.releases(drafted.file)
    file = desk.fetches(desk.file(desk.runs().written[0]))
    codes = {one.detail.fields["code"] for one in desk.told(file).values()}
    assert codes == {"23"}
    assert faults(desk.text(file)) == ()
    assert {one.code for one in desk.drafts().waiting} == {"prenote_pending"}
    desk.office.now = datetime(2026, 12, 17, 15, tzinfo=UTC)
    second = desk.sends()
    assert (second.count, second.prenotes, second.amount_cents) == (2, 0, 3000)


def test_another_account_gets_a_prenote_of_its_own() -> None:
    desk = ready(ADA, settings=replace(SETTINGS, prenotes=True))
    desk.sends()
    desk.says_account(ADA, "77777777")
    desk.office.later(days=10)
    assert [one.code for one in desk.drafts().waiting] == ["prenote_needed"]


def test_the_prenotes_of_a_file_that_the_bank_refused_are_sent_again() -> None:
    desk = ready(ADA, settings=replace(SETTINGS, prenotes=True))
    refuse(desk, desk.sends())
    desk.runs()
    desk.office.later(days=10)
    assert [one.code for one in desk.drafts().waiting] == ["prenote_needed"]


def test_the_clock_drafts_by_itself_where_it_is_to() -> None:
    desk = ready()
    assert desk.runs().drafted == []
    desk.agrees(replace(SETTINGS, automatic_drafts=True))
    (id,) = desk.runs().drafted
    assert desk.file(id).drafted_by == "clock"
    assert desk.runs().drafted == []
