"""How much does the ledger take: to book, to seal and to audit?

Books approved calls, ledger rows and all, on the database of `make up`, and counts the write units
that DynamoDB would ask for them. Then lays 1,000, 10,000 and 100,000 booked calls into a file, and
seals and audits each in a process of its own, so that the memory told (Linux tells it) is that of
the audit alone and not of a database. Run it as `python -m bench.ledger`.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.disk_rows import DiskRows
from chalicelib import ledger
from chalicelib.calls import CallStatus
from chalicelib.campaigns import Billing
from chalicelib.flows.audit import audit
from chalicelib.flows.sealing import seal
from chalicelib.invoices import Charge
from chalicelib.payouts import Earning
from chalicelib.store.calls import call_item
from chalicelib.store.catalog import thing_puts
from chalicelib.store.charges import charge_put, earning_put
from chalicelib.store.dynamo import DynamoRows
from chalicelib.store.entries import book, entry_puts
from chalicelib.store.funds import open_funds
from chalicelib.store.rows import (
    CALLS,
    LEDGER,
    Action,
    Put,
)
from chalicelib.store.stores import Stores
from infra.local import LocalStack
from tests.aws import connected_to, create_tables
from tests.builders import a_call, a_publisher, an_advertiser
from tests.e2e.deployment import free_ports

SIZES = (1_000, 10_000, 100_000)
BOOKED, SIDE_BY_SIDE = 400, 8
NOVEMBER = datetime(2026, 11, 1, tzinfo=UTC)
AUDITED_AT = datetime(2026, 12, 2, 12, tzinfo=UTC)
LIMIT = 10**12
ADVERTISERS = [
    an_advertiser(id=f"adv_{n:02d}", billing=Billing.NET, credit_limit_cents=LIMIT)
    for n in range(20)
]
PUBLISHERS = [a_publisher(id=f"pub_{n:02d}") for n in range(20)]


def approved(number: int, of: int) -> list[Put]:
    """The rows of one approved call, somewhere in November."""
    now = NOVEMBER + timedelta(days=30) * number / of
    call_id, advertiser = f"call_{number:07d}", ADVERTISERS[number % len(ADVERTISERS)].id
    publisher = PUBLISHERS[number * 7 % len(PUBLISHERS)].id
    call = a_call(
        id=call_id, arrived_at=now, status=CallStatus.APPROVED, charge_cents=2500,
        earning_cents=1500, judged_at=now,
    )  # fmt: skip
    charge = Charge(
        call_id=call_id, advertiser_id=advertiser, campaign_id="cmp_1", publisher_id=publisher,
        talk_seconds=130, amount_cents=2500, currency="USD", arrived_at=now, booked_at=now,
        collected=False,
    )  # fmt: skip
    earning = Earning(
        call_id=call_id, publisher_id=publisher, offer_id="off_1", campaign_id="cmp_1",
        amount_cents=1500, currency="USD", booked_at=now, release_after=now,
    )  # fmt: skip
    entry = ledger.approval(
        call_id=call_id, advertiser_id=advertiser, billing=Billing.NET, publisher_id=publisher,
        charge_cents=2500, earning_cents=1500, currency="USD", now=now,
    )  # fmt: skip
    sides = [charge_put(charge), earning_put(earning, collected=False)]
    return [Put(CALLS, call_item(call)), *sides, *entry_puts(entry)]


def parties(calls: int) -> Iterator[Put]:
    """Everybody, each advertiser with the funds that its calls have left."""
    actions: list[Action] = []
    for publisher in PUBLISHERS:
        actions += thing_puts(publisher)
    for place, advertiser in enumerate(ADVERTISERS):
        spent = 2500 * len(range(place, calls, len(ADVERTISERS)))
        left = replace(advertiser, credit_limit_cents=LIMIT - spent)
        actions += [*thing_puts(advertiser), open_funds(left)]
    return (action for action in actions if isinstance(action, Put))


def written_units(puts: Iterable[Put]) -> int:
    """The write units of new rows in a transaction: two for each started kilobyte, and one for each
    of an index."""
    units = 0
    for put in puts:
        kilobytes = -(-len(json.dumps(put.item).encode()) // 1024)
        indexes = "month" in put.item if put.table == LEDGER else 0
        units += kilobytes * (2 + indexes)
    return units


def bookings() -> dict[str, float]:
    """Entries a second on the database of `make up`, one after the other and side by side, and the
    write units of one."""
    with tempfile.TemporaryDirectory() as folder:
        stack = LocalStack(Path(folder), free_ports())
        stack.start()
        try:
            with connected_to(stack.url, key="test"):
                create_tables()
                rows, all = DynamoRows(), [approved(n, BOOKED) for n in range(BOOKED)]
                half = BOOKED // 2
                started = time.perf_counter()
                for puts in all[:half]:
                    book(rows, puts)
                between = time.perf_counter()
                with ThreadPoolExecutor(SIDE_BY_SIDE) as threads:
                    list(threads.map(lambda puts: book(rows, puts), all[half:]))
                ended = time.perf_counter()
        finally:
            stack.kill()
    of_ledger = [put for put in all[0] if put.table == LEDGER]
    return {
        "alone": half / (between - started),
        "together": half / (ended - between),
        "units": written_units(of_ledger),
        "rows": len(of_ledger),
    }


def measure(path: str) -> dict[str, Any]:
    """Seal and audit what lies in the file, in this process."""
    stores = Stores(DiskRows(path))
    before = _peak()
    started = time.perf_counter()
    seal(stores=stores, now=AUDITED_AT)
    sealed = time.perf_counter()
    report = audit(stores, AUDITED_AT)
    ended = time.perf_counter()
    if not report.clean:
        raise SystemExit(f"these books are not clean: {report.differences[:3]}")
    return {
        "entries": report.counted["entries"],
        "seal": sealed - started,
        "audit": ended - sealed,
        "before": before,
        "peak": _peak(),
    }


def _peak() -> float:
    """The most memory that this process has had, in megabytes, as Linux tells it."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def measured(calls: int) -> dict[str, Any]:
    """The same, of so many calls, in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/rows"
        rows = DiskRows(path)
        rows.lay(parties(calls))
        rows.lay(put for number in range(calls) for put in approved(number, calls))
        command = [sys.executable, "-m", "bench.ledger", path]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main(arguments: list[str]) -> None:
    """Print the two tables."""
    if arguments:
        print(json.dumps(measure(arguments[0])))
        return
    booked = bookings()
    print("booking approved calls on the database of make up")
    print(f"  one after the other  {booked['alone']:8.0f} entries a second")
    print(f"  {SIDE_BY_SIDE} side by side       {booked['together']:8.0f} entries a second")
    print(
        f"  of the ledger        {booked['rows']:8.0f} rows,"
        f" {booked['units']:.0f} write units an entry"
    )
    print("sealing and auditing, per size")
    print("  entries   seal/s   audit/s  peak MB  over the start  against a tenth")
    last: dict[str, Any] = {}
    for calls in SIZES:
        found = measured(calls)
        print(line(found, last))
        last = found


def line(found: dict[str, Any], last: dict[str, Any]) -> str:
    """One line of the second table; `last` is what a tenth of the entries took."""
    grown = ""
    if last:
        times, memory = found["audit"] / last["audit"], found["peak"] / last["peak"]
        grown = f"time x{times:.1f}, peak x{memory:.2f}"
    return (
        f"  {found['entries']:>7,} {found['entries'] / found['seal']:>8,.0f}"
        f" {found['entries'] / found['audit']:>9,.0f} {found['peak']:>8.0f}"
        f" {found['peak'] - found['before']:>15.0f}  {grown}"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
