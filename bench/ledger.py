"""How much does the ledger take: to book, to seal and to audit?

Books approved calls, ledger rows and all, on the database of `make up`, and counts the write units
that DynamoDB would ask for them. Then lays 1,000, 10,000 and 100,000 booked calls into a file, and
seals and audits each in a process of its own, so that the memory told (Linux tells it) is that of
the audit alone and not of a database. Run it as `python -m bench.ledger`.
"""

import json
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

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
    BOOKS,
    CALLS,
    CATALOG,
    LEDGER,
    Action,
    Item,
    Key,
    NotWritten,
    Page,
    Put,
    Question,
)
from chalicelib.store.stores import Stores
from infra.local import LocalStack
from tests.aws import connected_to, create_tables
from tests.builders import a_call, a_publisher, an_advertiser
from tests.e2e.deployment import free_ports
from tests.fakes import _order

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
_PAGE_BYTES = 1_000_000
_MARK = ("sort", "pk", "sk")
_ASKED = ((LEDGER, "by_month"), (CALLS, "by_month"), (BOOKS, "by_kind"), (CATALOG, "by_kind"))


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


class DiskRows:
    """Rows in a file: new rows, and the questions of the audit with the pages of DynamoDB."""

    def __init__(self, path: str) -> None:
        self._file = sqlite3.connect(path)
        self._file.execute("pragma synchronous = off")
        self._file.execute(
            "create table if not exists places (place text, part text, sort text, pk text,"
            " sk text, item text, primary key (place, part, sort, pk, sk)) without rowid"
        )

    def lay(self, puts: Iterable[Put]) -> None:
        """Many new rows at once."""
        rows = (row for put in puts for row in _places(put))
        with self._file:
            self._file.executemany("insert into places values (?, ?, ?, ?, ?, ?)", rows)

    def write(self, actions: Sequence[Action]) -> None:
        """New rows alone."""
        (put,) = actions
        if not isinstance(put, Put):
            raise TypeError("these rows do not change")
        try:
            self.lay([put])
        except sqlite3.IntegrityError as taken:
            raise NotWritten({0: put.item}) from taken

    def gather(
        self, keys: Sequence[Key], questions: Sequence[Question] = ()
    ) -> tuple[dict[Key, Item], tuple[tuple[Item, ...], ...]]:
        """All rows at once."""
        sql = "select item from places where place = ? and part = ? and sort = ?"
        found: dict[Key, Item] = {}
        for key in keys:
            for (item,) in self._file.execute(sql, (key.table, key.pk, key.sk)):
                found[key] = json.loads(item)
        return found, tuple(tuple(_everything(self, one)) for one in questions)

    def page(self, question: Question) -> Page:
        """One page: up to its limit, or a megabyte."""
        place = f"{question.table}.{question.index}" if question.index else question.table
        where, said = ["place = ?", "part = ?"], [place, question.partition]
        past, direction = ("<", "desc") if question.descending else (">", "asc")
        for test, bound in ((">=", question.at_least), ("<", question.below)):
            if bound is not None:
                where.append(f"sort {test} ?")
                said.append(bound)
        if question.after:
            where.append(f"(sort, pk, sk) {past} (?, ?, ?)")
            said += [question.after[name] for name in _MARK]
        order = f"sort {direction}, pk {direction}, sk {direction}"
        sql = f"select sort, pk, sk, item from places where {' and '.join(where)} order by {order}"  # noqa: S608
        items: list[Item] = []
        size, last = 0, ("", "", "")
        for sort, pk, sk, item in self._file.execute(sql, said):
            if size > _PAGE_BYTES or len(items) == question.limit:
                return Page(tuple(items), dict(zip(_MARK, last, strict=True)))
            items.append(json.loads(item))
            size, last = size + len(item), (sort, pk, sk)
        return Page(tuple(items), None)


def _everything(rows: DiskRows, question: Question) -> Iterator[Item]:
    page = rows.page(question)
    yield from page.items
    while page.mark is not None:
        page = rows.page(replace(question, after=page.mark))
        yield from page.items


def _places(put: Put) -> Iterator[tuple[str, ...]]:
    """The row in its table, and in the indexes that the audit asks."""
    item = {name: value for name, value in put.item.items() if value is not None}
    text = json.dumps(item)
    yield (put.table, item["pk"], item["sk"], item["pk"], item["sk"], text)
    for table, index in _ASKED:
        part, sort = _order(Question(table=table, partition="", index=index))
        if table == put.table and part in item and sort in item:
            yield (f"{table}.{index}", item[part], item[sort], item["pk"], item["sk"], text)


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
