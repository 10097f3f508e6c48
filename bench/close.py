"""What does it take to close the calls of a large advertiser into its invoice, and to collect them?

Lays 1,000, 10,000 and 100,000 booked calls of one advertiser into Amazon's DynamoDB Local, which
tells the read units. The units of a transaction it does not tell whole: these are worked out from
the rows as they are afterwards, two for each started kilobyte, and one more for each index that
holds the row or has just lost it. Each size is closed, paid and collected in a process of its own,
so that the memory told (Linux tells it) is that of a function which does this, imports and all, and
not of the database. It takes a JDK and npm. Run it as `python -m bench.close`.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

from chalicelib import runtime
from chalicelib.campaigns import Billing
from chalicelib.flows.closing import Closed, close_advertiser, desk_of
from chalicelib.flows.mailing import PostOffice
from chalicelib.flows.payments import pass_on, record_payment
from chalicelib.invoices import Charge
from chalicelib.payouts import Earning
from chalicelib.store.attributes import plain_item
from chalicelib.store.catalog import thing_puts
from chalicelib.store.charges import charge_put, earning_put
from chalicelib.store.dynamo import DynamoRows
from chalicelib.store.funds import open_funds
from chalicelib.store.invoices import invoices_by_id
from chalicelib.store.rows import Put, chunks
from chalicelib.store.stores import Stores
from chalicelib.store.tables import table_name
from tests.aws import connected_to, create_tables
from tests.builders import a_publisher, an_advertiser
from tests.documents import FakeDocuments
from tests.mail import FakeMailer
from tests.races.referee import Absent, referee

SIZES = (1_000, 10_000, 100_000)
MILLION = 1_000_000
LAMBDA_MEGABYTES = 1_024
KEY = "bench"
NOVEMBER = datetime(2026, 11, 1, tzinfo=UTC)
DECEMBER = datetime(2026, 12, 1, 6, 10, tzinfo=UTC)
RATES = (1_900, 2_500, 3_100, 4_000, 7_500)
ADVERTISER = an_advertiser(id="adv_large", billing=Billing.NET, credit_limit_cents=10**12)
PUBLISHER = a_publisher(id="pub_large")
READING = frozenset({"BatchGetItem", "Query"})


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


def lay(calls: int) -> None:
    """The parties and the booked calls, in tables that are made here."""
    create_tables()
    rows = DynamoRows()
    rows.write([*thing_puts(ADVERTISER), *thing_puts(PUBLISHER), open_funds(ADVERTISER)])
    puts = (put for number in range(calls) for put in booked(number, calls))
    for batch in chunks(puts, 100):
        rows.write(batch)


class EmptyBucket(FakeDocuments):
    """Reads what it is to keep, part by part, and keeps what is small alone."""

    size = 0

    def keep_stream(self, key: str, stream: IO[bytes], content_type: str) -> None:
        del key, content_type
        stream.seek(0)
        while part := stream.read(8 * 1024 * 1024):
            self.size += len(part)


@dataclass
class Meter:
    """The request units of this process, by what they are, and the time that counting took."""

    units: dict[str, float] = field(default_factory=lambda: {"read": 0.0, "write": 0.0})
    seconds: float = 0.0
    _looks: bool = False
    _written: list[dict[str, Any]] = field(default_factory=list)

    def connect(self) -> None:
        """Count at every answer of DynamoDB."""
        events = runtime.client("dynamodb").meta.events
        events.register("provide-client-params.dynamodb", self._ask)
        events.register("after-call.dynamodb", self._count)

    def taken(self) -> dict[str, float]:
        """What was used since this was asked last."""
        units, self.units = self.units, {"read": 0.0, "write": 0.0}
        return units

    def _ask(self, params: dict[str, Any], **_: Any) -> dict[str, Any]:
        if not self._looks:
            actions = params.get("TransactItems", [{"Single": params}])
            self._written = [inner for action in actions for inner in action.values()]
        return params | {"ReturnConsumedCapacity": "TOTAL"}

    def _count(self, parsed: dict[str, Any], model: Any, **_: Any) -> None:
        told = parsed.get("ConsumedCapacity") or []
        if self._looks:
            return
        if model.name in READING:
            answers = told if isinstance(told, list) else [told]
            self.units["read"] += sum(one["CapacityUnits"] for one in answers)
            return
        started, self._looks = time.perf_counter(), True
        together = 2 if model.name == "TransactWriteItems" else 1
        self.units["write"] += sum(_units(one, together) for one in self._written)
        self.seconds, self._looks = self.seconds + time.perf_counter() - started, False


def _units(written: dict[str, Any], together: int) -> int:
    """The write units of one row that was put or changed."""
    row = written.get("Item") or runtime.client("dynamodb").get_item(
        TableName=written["TableName"], Key=written["Key"], ConsistentRead=True
    )["Item"]  # fmt: skip
    kilobytes = -(-len(json.dumps(plain_item(row)).encode()) // 1024)
    indexes = sum(name in row for name in ("kind", "document_id", "open"))
    lost = "open" not in row and "REMOVE" in written.get("UpdateExpression", "")
    return kilobytes * (together + indexes + lost)


def measure(calls: int) -> dict[str, Any]:
    """Close, pay and collect what is laid, in this process."""
    meter, bucket, stores = Meter(), EmptyBucket(), Stores(DynamoRows())
    meter.connect()
    before = _peak()
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
        "calls": calls, "close": ended - started, "before": before, "peak": _peak(),
        "units": meter.taken(), "table": bucket.size, "lines": len(invoice.lines),
    }  # fmt: skip
    started, counted = time.perf_counter(), meter.seconds
    record_payment(
        advertiser_id=ADVERTISER.id, reference="wire-1", amount_cents=invoice.total_cents,
        currency="USD", received_at=None, stores=stores, now=DECEMBER,
    )  # fmt: skip
    pass_on(ADVERTISER.id, stores=stores, now=DECEMBER)
    ended = time.perf_counter() - (meter.seconds - counted)
    (paid,) = invoices_by_id(stores.rows, (invoice.id,))
    if paid.spare_cents:
        raise SystemExit(f"{paid.spare_cents} cents of {paid.number} have collected nothing")
    return found | {
        "collect": ended - started, "peak_collecting": _peak(), "units_collecting": meter.taken(),
    }  # fmt: skip


def _peak() -> float:
    """The most memory that this process has had, in megabytes, as Linux tells it."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def measured(calls: int) -> dict[str, Any]:
    """The same, of so many calls, on an empty database and in a process of its own."""
    with referee() as address, connected_to(address, key=KEY):
        lay(calls)
        program = (
            "import os, tests; "
            f"os.environ['RINGLEDGER_TABLE_PREFIX'] = {table_name('')!r}; "
            f"from bench.close import main; main([{address!r}, {str(calls)!r}])"
        )
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=False
        )
    if done.returncode:
        raise SystemExit(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main(arguments: list[str]) -> None:
    """Print the table and what it means for a million calls."""
    if arguments:
        with connected_to(arguments[0], key=KEY):
            print(json.dumps(measure(int(arguments[1]))))
        return
    known: list[dict[str, Any]] = []
    print("one advertiser's calls, on Amazon's DynamoDB Local")
    print("           closed into an invoice                      collected")
    print("    calls  calls/s  write/call  read/call  peak MB    calls/s  write/call  peak MB")
    try:
        for calls in SIZES:
            known.append(measured(calls))
            print(line(known), flush=True)
    except Absent as lacking:
        raise SystemExit(f"this needs DynamoDB Local: {lacking}") from None
    for text in outlook(known[-2], known[-1]):
        print(text)


def line(known: list[dict[str, Any]]) -> str:
    """One line of the table: the last of what is known, and how it grew from a tenth."""
    found = known[-1]
    calls, units, more = found["calls"], found["units"], found["units_collecting"]
    text = (
        f"  {calls:>7,} {calls / found['close']:>8,.0f} {units['write'] / calls:>11.2f}"
        f" {units['read'] / calls:>10.2f} {found['peak']:>8.0f}"
        f" {calls / found['collect']:>10,.0f} {more['write'] / calls:>11.2f}"
        f" {found['peak_collecting']:>8.0f}"
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
    disk = large["table"] * 2 / large["calls"] * MILLION / 1024**2
    yield f"disk: the table of the calls and its sorted runs take about {disk:.0f} of 512 MB"
    yield f"the invoice has {large['lines']} lines"


if __name__ == "__main__":
    main(sys.argv[1:])
