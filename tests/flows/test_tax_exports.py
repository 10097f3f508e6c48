"""A year's forms: written once by whoever may read numbers, fetched by people who are kept."""

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from chalicelib.errors import Busy, Conflict
from chalicelib.flows.payees import hide
from chalicelib.flows.tax_exports import Writer, ask_export, fetch_file, write_exports
from chalicelib.flows.tax_years import set_threshold
from chalicelib.hidden import Secret
from chalicelib.issuer import Address, Issuer
from chalicelib.offers import PayoutTerms, Publisher
from chalicelib.payees import Detail, PayeeEvent
from chalicelib.store.books import TAX_EXPORTS
from chalicelib.store.issuer import issuer_write
from chalicelib.store.payees import find_payee, page_of_events
from chalicelib.tax_exports import ExportFile, ExportState, TaxExport
from chalicelib.tax_forms import FormKind
from tests.builders import a_publisher
from tests.ciphers import FakeCipher
from tests.fakes import FakeRows
from tests.flows.office import PREPAID, Office, every_crash

TERMS = PayoutTerms(net_days=0, hold_days=0)
TINS = {f"pub_{n}": f"47118629{n}" for n in range(1, 6)}
PUBLISHERS = tuple(a_publisher(id=id, name=f"Media {id}", payout_terms=TERMS) for id in TINS)
FORMED, UNREADABLE, ABROAD, MISSING, SMALL = PUBLISHERS
CIPHER = FakeCipher()
IN_JANUARY = datetime(2027, 1, 11, 12, 0, tzinfo=UTC)
ISSUER = Issuer(
    legal_name="Ring Operations, Inc.", tax_id="84-1234567", version=1,
    address=Address(street=("9 Oak St",), city="Denver", region="CO", postal_code="80202"),
)  # fmt: skip


def a_season() -> Office:
    """January: five publishers were paid, one of them little, and 2026 is told of from 15
    dollars."""
    office = Office().opens(publishers=PUBLISHERS)
    office.rows.write([issuer_write(Issuer(), ISSUER)])
    office.receives("wire-1", 100_000, PREPAID)
    for publisher in PUBLISHERS:
        tells_form(office, publisher)
        cents = 1_000 if publisher is SMALL else 1_500
        office.approves(f"call_{publisher.id}", PREPAID, publisher, earning=cents)
    office.later(days=40).closes()
    for payout in office.payouts:
        office.settles(payout.id)
    # Who was paid and has told nothing since; and the number of one, hidden for another.
    office.tells(replace(find_payee(office.rows, MISSING.id), tax_form=None))
    set_threshold(2026, 1_500, stores=office.stores, version=None)
    office.now = IN_JANUARY
    return office


def tells_form(office: Office, publisher: Publisher) -> None:
    payee = find_payee(office.rows, publisher.id)
    assert payee.tax_form is not None
    bound = FORMED.id if publisher is UNREADABLE else publisher.id
    form = replace(payee.tax_form, tin=hide(TINS[publisher.id], bound, Secret.TIN, CIPHER))
    if publisher is ABROAD:
        form = replace(form, kind=FormKind.W8, tin=None, tin_type=None)
    office.tells(replace(payee, tax_form=form))


def asks(office: Office, id: str = "txe_1") -> TaxExport:
    return ask_export(2026, id=id, by="key_ada", stores=office.stores, now=office.now)


def writes(office: Office, cipher: FakeCipher = CIPHER) -> int:
    writer = Writer(
        stores=office.stores, documents=office.bucket(), cipher=cipher, now=office.now
    )  # fmt: skip
    return write_exports(writer)


def fetches(office: Office, file: ExportFile = ExportFile.FORMS, by: str = "key_bob") -> str:
    fetched = fetch_file(
        "txe_1", file, by=by, documents=office.bucket(), stores=office.stores, now=office.now
    )
    return fetched.url


def the_export(office: Office) -> TaxExport:
    (export,) = office.all(TAX_EXPORTS)
    assert isinstance(export, TaxExport)
    return export


def table(office: Office, file: ExportFile) -> list[dict[str, str]]:
    text = office.documents[the_export(office).place_of(file)].decode()
    return list(csv.DictReader(io.StringIO(text)))


def reads(office: Office, publisher: Publisher) -> list[PayeeEvent]:
    page = page_of_events(office.rows, publisher.id, limit=50, after=None)
    return [one for one in page.items if one.what is Detail.TIN_READ]


def test_who_reaches_the_threshold_has_a_form_and_all_others_are_told_with_why() -> None:
    office = a_season()
    asks(office)
    assert writes(office) == 1
    (form,) = table(office, ExportFile.FORMS)
    assert (form["recipient_account"], form["recipient_tin"]) == ("pub_1", "47-1186291")
    assert form["box_1_nonemployee_compensation"] == "15.00"
    left = {
        one["publisher_id"]: (one["why"], one["paid"]) for one in table(office, ExportFile.LEFT_OUT)
    }
    assert left == {
        UNREADABLE.id: ("tin_unreadable", "15.00"), ABROAD.id: ("w8", "15.00"),
        MISSING.id: ("tax_form_missing", "15.00"), SMALL.id: ("below_threshold", "10.00"),
    }  # fmt: skip
    export = the_export(office)
    assert (export.state, export.form_count, export.left_out_count) == (ExportState.DONE, 1, 4)


def test_a_number_is_read_for_its_form_alone_and_its_publisher_can_see_that() -> None:
    office = a_season()
    asks(office)
    writes(office)
    (event,) = reads(office, FORMED)
    assert (event.by, event.after) == ("txe_1", "…6291")
    assert [reads(office, one) for one in (ABROAD, MISSING, SMALL)] == [[], [], []]


def test_no_row_and_no_log_holds_a_number(caplog: pytest.LogCaptureFixture) -> None:
    office = a_season()
    asks(office)
    writes(office)
    url = fetches(office)
    assert isinstance(office.rows, FakeRows)
    stored = repr([office.rows.rows_of(one) for one in ("catalog", "calls", "books", "ledger")])
    left_out = office.documents[the_export(office).place_of(ExportFile.LEFT_OUT)].decode()
    for tin in TINS.values():
        for written in (tin, f"{tin[:2]}-{tin[2:]}", f"{tin[:3]}-{tin[3:5]}-{tin[5:]}"):
            assert written not in stored + left_out + caplog.text + url + repr(office.mailer.sent)


def test_an_export_that_is_written_is_not_written_again() -> None:
    office = a_season()
    asks(office)
    assert [writes(office), writes(office)] == [1, 0]
    assert len(reads(office, FORMED)) == 1


def test_an_export_over_which_a_process_died_is_written_by_the_next_run() -> None:
    def prepare() -> Office:
        office = a_season()
        asks(office)
        return office

    undisturbed = prepare()
    writes(undisturbed)
    died = every_crash(prepare, writes)
    assert len(died) >= 4
    for office in died:
        office.later(minutes=5)
        writes(office)
        for file in ExportFile:
            assert table(office, file) == table(undisturbed, file)
        assert the_export(office).state is ExportState.DONE
        assert office.audits().clean


def test_both_files_of_an_export_are_of_one_run_whoever_died_before() -> None:
    office = a_season()
    asks(office)
    documents = office.bucket()

    def dies() -> None:
        raise ConnectionError("the process ends")

    documents.meanwhile += [dies, lambda: None]
    late = Writer(stores=office.stores, documents=documents, cipher=CIPHER, now=office.now)
    with pytest.raises(ConnectionError):
        write_exports(late)
    known = find_payee(office.rows, FORMED.id).tax_form
    assert known is not None
    form = replace(known, tin=hide(TINS[MISSING.id], MISSING.id, Secret.TIN, CIPHER))
    office.tells(replace(find_payee(office.rows, MISSING.id), tax_form=form))
    writes(office.later(minutes=5))
    named = [
        {row.get("recipient_account") or row["publisher_id"] for row in table(office, file)}
        for file in ExportFile
    ]
    assert named[0] | named[1] == {one.id for one in PUBLISHERS}
    assert MISSING.id in named[0]
    assert the_export(office).form_count == len(named[0])


def test_two_runs_at_once_finish_an_export_once() -> None:
    office = a_season()
    asks(office)
    bucket = office.bucket()
    bucket.meanwhile.append(lambda: writes(office))
    writer = Writer(stores=office.stores, documents=bucket, cipher=CIPHER, now=office.now)
    assert write_exports(writer) == 0
    assert the_export(office).form_count == 1


def test_while_the_key_does_not_answer_the_export_waits() -> None:
    office = a_season()
    asks(office)
    away = FakeCipher(away=True)
    with pytest.raises(Busy):
        writes(office, away)
    assert not [place for place in office.documents if place.startswith("tax-exports/")]
    assert the_export(office).state is ExportState.ASKED
    assert writes(office) == 1


def test_every_link_is_kept_before_anybody_has_it() -> None:
    office = a_season()
    asks(office)
    with pytest.raises(Conflict, match="being written"):
        fetches(office)
    writes(office)
    assert "1099-nec-2026.csv&seconds=300" in fetches(office)
    office.later(minutes=1)
    fetches(office, ExportFile.LEFT_OUT, by="operator")
    assert [(one.by, one.file) for one in the_export(office).fetches] == [
        ("key_bob", ExportFile.FORMS), ("operator", ExportFile.LEFT_OUT),
    ]  # fmt: skip
    office.later(days=1)
    with pytest.raises(Conflict, match="are gone"):
        fetches(office)
    assert len(the_export(office).fetches) == 2


def test_links_that_are_given_at_once_are_all_kept() -> None:
    office = a_season()
    asks(office)
    writes(office)
    assert isinstance(office.rows, FakeRows)
    office.rows.before_write(lambda: fetches(office, by="key_ada"))
    fetches(office)
    assert [one.by for one in the_export(office).fetches] == ["key_ada", "key_bob"]


def test_what_comes_back_in_the_new_year_corrects_the_form_of_the_old() -> None:
    office = a_season()
    asks(office)
    writes(office)
    (payout,) = (one for one in office.payouts if one.publisher_id == FORMED.id)
    office.comes_back(payout.id)
    asks(office, "txe_2")
    writes(office)
    second = office.stores.books.get(TAX_EXPORTS, "txe_2")
    text = office.documents[second.place_of(ExportFile.FORMS)].decode()
    (form,) = csv.DictReader(io.StringIO(text))
    assert (form["box_1_nonemployee_compensation"], form["at_end_of_year"]) == ("0.00", "15.00")
    assert form["returned_after_year"] == "15.00"
