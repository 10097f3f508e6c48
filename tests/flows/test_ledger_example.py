"""The worked example of the reference is what the platform does."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from chalicelib import auditing, ledger
from chalicelib.campaigns import Advertiser
from chalicelib.invoices import InvoiceState
from chalicelib.offers import PayoutTerms
from chalicelib.store.journal import kept_entries
from tests.flows.office import CLOSING, NET, PREPAID, WEEKLY, Office

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "ledger.md").read_text()


def rows_under(heading: str) -> list[list[str]]:
    """The cells of the table that follows a line, without its head."""
    lines = PAGE.partition(heading)[2].strip().splitlines()
    table = [line for line in lines[: lines.index("") if "" in lines else None] if line[:1] == "|"]
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in table[2:]]


def legs_of(cell: str) -> frozenset[tuple[str, int]]:
    """What a cell such as "`cash:bank` +500, `unapplied:adv_net` −500" says."""
    sides = (side.replace("`", "").split(" ") for side in cell.split(", "))
    return frozenset((account, int(cents.replace("−", "-"))) for account, cents in sides)


def booked(office: Office) -> Counter[tuple[str, str, frozenset[tuple[str, int]]]]:
    """Every entry as the day, the template and the legs."""
    return Counter(
        (
            f"{kept.entry.booked_at:%b} {kept.entry.booked_at.day}",
            kept.entry.template,
            frozenset((leg.account, leg.amount_cents) for leg in kept.entry.legs),
        )
        for kept in kept_entries(office.rows, "2026-11", "2027")
        if kept.entry
    )


def open_invoice(office: Office, advertiser: Advertiser) -> str:
    """The id of the invoice that waits for the advertiser's money."""
    (found,) = (
        one.id
        for one in office.invoices
        if one.advertiser_id == advertiser.id and one.state is InvoiceState.OPEN
    )
    return found


def test_the_worked_month_is_true_to_the_cent() -> None:
    acme = replace(NET, credit_limit_cents=100_000)
    cord = replace(NET, id="adv_cord", name="Cord Heating")
    terms = PayoutTerms(net_days=0, reserve_percent=10, reserve_days=7)
    bright = replace(WEEKLY, payout_terms=terms)
    calm = replace(WEEKLY, id="pub_b", name="Calm Media")
    office = Office().opens(advertisers=(acme, PREPAID, cord), publishers=(bright, calm))
    top_up = office.receives("best-1", 10_000, PREPAID)
    office.approves("call_1", PREPAID, WEEKLY)
    office.approves("call_2", acme, WEEKLY)
    office.approves("call_3", acme, WEEKLY)
    office.approves("call_4", cord, WEEKLY)
    office.approves("call_5", PREPAID, calm)
    office.now = datetime(2026, 11, 12, tzinfo=UTC)
    office.receives("acme-0", 500, acme)
    office.now = CLOSING
    office.closes()
    office.voids(open_invoice(office, cord))
    office.later(days=1).closes()
    office.now = datetime(2026, 12, 3, tzinfo=UTC)
    first, calms = sorted(office.payouts, key=lambda one: one.publisher_id)
    office.settles(first.id)
    office.settles(calms.id)
    office.now = datetime(2026, 12, 5, tzinfo=UTC)
    office.receives("acme-1", 4_000, acme)
    office.now = datetime(2026, 12, 7, tzinfo=UTC)
    office.comes_back(first.id, fee=200)
    office.now = datetime(2026, 12, 8, tzinfo=UTC)
    office.releases(first.id)
    office.transfers(1_000)
    office.now = datetime(2026, 12, 9, tzinfo=UTC)
    last = office.receives("acme-2", 3_000, acme)
    office.now = datetime(2026, 12, 10, tzinfo=UTC)
    office.credits("call_3")
    office.now = datetime(2026, 12, 11, 6, 10, tzinfo=UTC)
    (second,) = office.closes().payouts
    office.fails(second.id)
    office.now = datetime(2026, 12, 12, tzinfo=UTC)
    hold = office.holds_call("call_1")
    office.now = datetime(2026, 12, 14, tzinfo=UTC)
    office.lifts(hold.id)
    office.now = datetime(2026, 12, 20, tzinfo=UTC)
    office.writes_off(open_invoice(office, cord))
    office.now = datetime(2026, 12, 21, tzinfo=UTC)
    office.credits("call_5")
    office.now = datetime(2026, 12, 22, tzinfo=UTC)
    office.gives_up(calm)
    office.now = datetime(2026, 12, 23, tzinfo=UTC)
    office.refunds(top_up.id, 2_000)
    office.now = datetime(2026, 12, 24, tzinfo=UTC)
    office.is_charged_back(last.id)
    office.now = datetime(2026, 12, 28, 6, 10, tzinfo=UTC)
    office.withholds().closes()
    office.now = datetime(2026, 12, 29, tzinfo=UTC)
    office.deposits(648)

    said = Counter[tuple[str, str, frozenset[tuple[str, int]]]]()
    month = rows_under("Amounts are in cents.")
    for day, what, template, legs in month:
        said[day, template, legs_of(legs)] += 2 if what.startswith("two ") else 1
    assert said == booked(office)
    templates = {cells[0] for cells in rows_under("## Templates")}
    assert {template for _, _, template, _ in month} == templates

    report = office.audits()
    assert report.clean
    told = rows_under("The trial balance after that:")
    assert {account: int(cents) for account, cents in told} == report.accounts
    assert office.funds(acme) == (102_000, 0)
    assert office.funds(PREPAID) == (5_500, 0)


def test_the_reference_names_every_template_and_every_law() -> None:
    templates = {cells[0] for cells in rows_under("## Templates")}
    assert templates == {
        template.__name__
        for template in (
            ledger.top_up, ledger.approval, ledger.invoice_issued, ledger.payment, ledger.applied,
            ledger.credit, ledger.release,
        )
    } | {
        "payout_create", "payout_settled", "payout_failed", "payout_returned", "payout_released",
        "payout_fee", "transfer", "invoice_voided", "write_off", "hold", "hold_lifted", "reserve",
        "reserve_released", "publisher_write_off", "refund", "chargeback", "tax_deposit",
    }  # fmt: skip
    laws = {cells[0] for cells in rows_under("recomputes every balance, and compares:")}
    assert laws == set(auditing.Law)
