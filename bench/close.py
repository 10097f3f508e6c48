"""What does it take to close the calls of a large advertiser into its invoice, and to collect them?

Closes, pays and collects booked calls of one advertiser twice. On Amazon's DynamoDB Local, 1,000
and 10,000 of them, for the time and for the request units. And on rows in a file, up to 100,000 of
them, each size in a process of its own, so that the memory told is that of a function which does
this, imports and all, and not of a database. DynamoDB Local takes a JDK and npm. Run it as
`python -m bench.close`.
"""

import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import IO, Any

from bench.grounds import in_a_file, measured_in, on_dynamodb
from bench.meter import Meter, peak_megabytes
from chalicelib import payments
from chalicelib.campaigns import Billing
from chalicelib.flows.closing import Closed, close_advertiser, desk_of
from chalicelib.flows.mailing import PostOffice
from chalicelib.flows.payments import pass_on
from chalicelib.invoices import Charge
from chalicelib.payments import Application, with_application
from chalicelib.payouts import Earning
from chalicelib.store.catalog import thing_puts
from chalicelib.store.charges import charge_put, earning_put
from chalicelib.store.funds import open_funds
from chalicelib.store.invoices import invoices_by_id
from chalicelib.store.payments import record
from chalicelib.store.rows import Put, Rows
from chalicelib.store.stores import Stores
from tests.builders import a_publisher, an_advertiser
from tests.documents import FakeDocuments
from tests.mail import FakeMailer
from tests.races.referee import Absent

ON_DYNAMODB = (1_000, 10_000)
IN_A_FILE = (1_000, 10_000, 100_000)
MILLION = 1_000_000
LAMBDA_MEGABYTES = 1_024
KEY = "bench"
NOVEMBER = datetime(2026, 11, 1, tzinfo=UTC)
DECEMBER = datetime(2026, 12, 1, 6, 10, tzinfo=UTC)
RATES = (1_900, 2_500, 3_100, 4_000, 7_500)
ADVERTISER = an_advertiser(id="adv_large", billing=Billing.NET, credit_limit_cents=10**12)
PUBLISHER = a_publisher(id="pub_large")


def booked(number: int, of: int) -> list[Put]:
    """The two sides of one approved call, somewhere in November, on one of forty campaigns."""
    at = NOVEMBER + timedelta(days=30) * number / of
    # Ids of calls follow from those of the carrier: their order is none.
    call_id = f"call_{number * 7_919 % MILLION:026d}"
    campaign, cents = f"cmp_{number % 40:026d}", RATES[number % len(RATES)]
    charge = Charge(
        call_id=call_id, advertiser_id=ADVERTISER.id, campaign_id=campaign,
        publisher_id=PUBLISHER.id, talk_seconds=130, amount_cents=cents, currency="USD",
        arrived_at=at, booked_at=at, collected=False, caller="+1415555****",
        rule="minimum_talk: at least 60 s",
    )  # fmt: skip
    earning = Earning(
        call_id=call_id, publisher_id=PUBLISHER.id, offer_id=f"off_{0:026d}",
        campaign_id=campaign, amount_cents=cents // 2, currency="USD", booked_at=at,
        release_after=at,
    )  # fmt: skip
    return [charge_put(charge), earning_put(earning, collected=False)]


def laid(calls: int) -> Iterator[Put]:
    """The rows of the parties and of the booked calls."""
    for action in (*thing_puts(ADVERTISER), *thing_puts(PUBLISHER), open_funds(ADVERTISER)):
        if isinstance(action, Put):
            yield action
    for number in range(calls):
        yield from booked(number, calls)


class EmptyBucket(FakeDocuments):
    """Reads what it is to keep, part by part, and keeps what is small alone."""

    size = 0

    def keep_stream(self, key: str, stream: IO[bytes], content_type: str) -> None:
        del key, content_type
        stream.seek(0)
        while part := stream.read(8 * 1024 * 1024):
            self.size += len(part)


def measure(calls: int, rows: Rows, meter: Meter) -> dict[str, Any]:
    """Close, pay and collect what is laid, in this process."""
    bucket, stores = EmptyBucket(), Stores(rows)
    desk = desk_of(
        stores=stores, documents=bucket, post=PostOffice(send=FakeMailer(), key=KEY), now=DECEMBER
    )
    closed = Closed()
    started = time.perf_counter()
    close_advertiser(ADVERTISER, DECEMBER, desk, closed)
    ended = time.perf_counter() - meter.seconds
    (invoice,) = closed.issued
    if invoice.call_count != calls:
        raise SystemExit(f"{invoice.call_count} of {calls} calls are on {invoice.number}")
    found = {
        "calls": calls, "close": ended - started, "peak": peak_megabytes(),
        "units": meter.taken(), "table": bucket.size, "lines": len(invoice.lines),
    }  # fmt: skip
    started, counted = time.perf_counter(), meter.seconds
    received = payments.receive(
        ADVERTISER, reference="wire-1", amount_cents=invoice.total_cents, currency="USD",
        received_at=None, now=DECEMBER,
    )  # fmt: skip
    part = Application(invoice_id=invoice.id, amount_cents=invoice.total_cents)
    record(stores.rows, with_application(received, part), {invoice.id: invoice})
    pass_on(ADVERTISER.id, stores=stores, now=DECEMBER)
    ended = time.perf_counter() - (meter.seconds - counted)
    (paid,) = invoices_by_id(stores.rows, (invoice.id,))
    if paid.spare_cents:
        raise SystemExit(f"{paid.spare_cents} cents of {paid.number} have collected nothing")
    return found | {
        "collect": ended - started, "peak_collecting": peak_megabytes(),
        "units_collecting": meter.taken(),
    }  # fmt: skip


def main(arguments: list[str]) -> None:
    """Print the two tables and what they mean for a million calls."""
    if arguments:
        print(measured_in(arguments, measure))
        return
    print("on DynamoDB Local: closed into an invoice, and collected")
    print("    calls   calls/s  write/call  read/call    calls/s  write/call  read/call")
    try:
        for calls in ON_DYNAMODB:
            print(units_line(on_dynamodb(calls, laid(calls), measure, key=KEY)), flush=True)
    except Absent as lacking:
        print(f"  not here: {lacking}")
    print("on rows in a file: closed into an invoice, and collected")
    print("    calls   calls/s  peak MB    calls/s  peak MB  against a tenth")
    known: list[dict[str, Any]] = []
    for calls in IN_A_FILE:
        known.append(in_a_file(calls, laid(calls), "bench.close"))
        print(memory_line(known), flush=True)
    for text in outlook(known[-2], known[-1]):
        print(text)


def units_line(found: dict[str, Any]) -> str:
    """One line of the first table."""
    calls, closing, collecting = found["calls"], found["units"], found["units_collecting"]
    return (
        f"  {calls:>7,} {calls / found['close']:>9,.0f} {closing['write'] / calls:>11.2f}"
        f" {closing['read'] / calls:>10.2f} {calls / found['collect']:>10,.0f}"
        f" {collecting['write'] / calls:>11.2f} {collecting['read'] / calls:>10.2f}"
    )


def memory_line(known: list[dict[str, Any]]) -> str:
    """One line of the second table: the last of what is known, and how it grew from a tenth."""
    found = known[-1]
    calls = found["calls"]
    text = (
        f"  {calls:>7,} {calls / found['close']:>9,.0f} {found['peak']:>8.0f}"
        f" {calls / found['collect']:>10,.0f} {found['peak_collecting']:>8.0f}"
    )
    return text + "".join(_growth(one, found) for one in known[-2:-1])


def _growth(tenth: dict[str, Any], found: dict[str, Any]) -> str:
    grown = [found[name] / tenth[name] for name in ("close", "collect", "peak")]
    return f"  time x{grown[0]:.1f}, x{grown[1]:.1f}, peak x{grown[2]:.2f}"


def outlook(small: dict[str, Any], large: dict[str, Any]) -> Iterator[str]:
    """What a million calls take, if all goes on as between the two largest sizes."""
    more = MILLION - large["calls"]
    slope = (large["peak_collecting"] - small["peak_collecting"]) / (
        large["calls"] - small["calls"]
    )
    peak = large["peak_collecting"] + slope * more
    yield (
        f"memory: {slope * 1024:.3f} kB a call more from {small['calls']:,} to {large['calls']:,};"
        f" at {MILLION:,} calls {peak:.0f} of {LAMBDA_MEGABYTES} MB"
    )
    # A sorted run holds each row with its key: half as much again.
    disk = large["table"] * 2.5 / large["calls"] * MILLION / 1024**2
    yield f"disk: the table of the calls and its sorted runs take about {disk:.0f} of 512 MB"
    yield f"the invoice has {large['lines']} lines"


if __name__ == "__main__":
    main(sys.argv[1:])
