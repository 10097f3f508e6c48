"""What does a payday take: releasing what thousands of publishers have earned, and paying them?

Releases collected earnings, twenty to a publisher, makes each publisher's payout, and pays them all
by one ACH file that is drafted, let go, written, fetched and settled. On Amazon's DynamoDB Local,
1,000 and 10,000 earnings, for the time and for the request units. And on rows in a file, 100,000
earnings of 5,000 publishers too, each size in a process of its own, so that the memory told is that
of a function which does this, imports and all, and not of a database. DynamoDB Local takes a JDK
and npm. Run it as `python -m bench.payday`.
"""

import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.grounds import in_a_file, measured_in, on_dynamodb
from bench.meter import Meter, peak_megabytes
from chalicelib.ach_settings import AchSettings
from chalicelib.flows import ach_files
from chalicelib.flows.ach_drafting import draft_file
from chalicelib.flows.ach_run import run
from chalicelib.flows.ach_settings import set_ach
from chalicelib.flows.ach_writing import Scribe
from chalicelib.flows.closing import PaidOut, close_publisher, desk_of
from chalicelib.flows.mailing import PostOffice
from chalicelib.flows.screening import Lookout
from chalicelib.flows.signing import signature
from chalicelib.hidden import Hidden, Secret, bound_to
from chalicelib.keys import OPERATOR, ApiKey
from chalicelib.offers import PayoutMethod, PayoutTerms, Publisher
from chalicelib.payees import Payee
from chalicelib.payouts import Earning, PayoutState
from chalicelib.store.books import PAYOUTS
from chalicelib.store.catalog import thing_puts
from chalicelib.store.charges import earning_put
from chalicelib.store.keys import key_put
from chalicelib.store.payees import payee_write
from chalicelib.store.rows import Action, Put, Rows
from chalicelib.store.stores import Stores
from tests.ach import BANK
from tests.builders import a_publisher
from tests.ciphers import FakeCipher
from tests.documents import FakeDocuments
from tests.mail import FakeMailer
from tests.payees import a_payee
from tests.races.referee import Absent

ON_DYNAMODB = (1_000, 10_000)
IN_A_FILE = (1_000, 10_000, 100_000)
A_PUBLISHER = 20
MILLION = 1_000_000
KEY = "bench"
NOVEMBER = datetime(2026, 11, 2, tzinfo=UTC)
PAYDAY = datetime(2026, 12, 7, 6, 10, tzinfo=UTC)
SETTLED = PAYDAY + timedelta(days=14)
ACCOUNT = "00123400567890"
CIPHER = FakeCipher()
SETTINGS = AchSettings(
    destination_routing="231380104", destination_name="Citadel Clearing", origin=BANK,
    origin_name="First Bank of Rings", odfi_routing=BANK, company_name="RingLedger Inc",
    company_id="1234567890",
)  # fmt: skip
SIGNERS = tuple(
    ApiKey(id=f"key_{name}", holder=OPERATOR, name=name, secret_hash=name, created_at=NOVEMBER)
    for name in ("ann", "ben")
)


def publisher_of(number: int) -> Publisher:
    """One that is paid by ACH, every week, at once."""
    return a_publisher(
        id=f"pub_{number:026d}",
        name=f"Publisher {number}",
        payout_method=PayoutMethod.ACH,
        payout_terms=PayoutTerms(net_days=0, minimum_cents=0),
    )


def party(publisher: Publisher) -> Iterator[Action]:
    """The publisher, and where it is paid."""
    hidden = Hidden(
        ciphertext=CIPHER.encrypt(ACCOUNT, bound_to(publisher.id, Secret.ACCOUNT_NUMBER)),
        last=ACCOUNT[-4:],
    )
    payee = a_payee(publisher.id)
    yield from thing_puts(publisher)
    if payee.bank:
        said = replace(payee, bank=replace(payee.bank, account=hidden))
        yield payee_write(Payee(publisher_id=publisher.id), said)


def earned(publisher: Publisher, number: int) -> Put:
    """What one collected call has earned."""
    at = NOVEMBER + timedelta(seconds=number)
    # Ids of calls follow from those of the carrier: their order is none.
    return earning_put(
        Earning(
            call_id=f"call_{number * 7_919 % MILLION:026d}", publisher_id=publisher.id,
            offer_id=f"off_{0:026d}", campaign_id=f"cmp_{number % 40:026d}",
            amount_cents=1_000 + number % 900, currency="USD", booked_at=at, release_after=at,
        ),
        collected=True,
    )  # fmt: skip


def laid(earnings: int) -> Iterator[Put]:
    """The rows of the operator's people, of the publishers, and of what they have earned."""
    actions: list[Action] = [key_put(one) for one in SIGNERS]
    for first in range(0, earnings, A_PUBLISHER):
        publisher = publisher_of(first // A_PUBLISHER)
        actions += party(publisher)
        actions += (earned(publisher, number) for number in range(first, first + A_PUBLISHER))
        yield from (one for one in actions if isinstance(one, Put))
        actions.clear()


class Day:
    """The operator's payday, over what is laid in `rows`."""

    def __init__(self, rows: Rows) -> None:
        self.stores, self.bucket = Stores(rows), FakeDocuments({})

    def pays_out(self, earnings: int) -> None:
        """Release what is due and make every payout; each publisher by itself, as the queue has
        it."""
        post = PostOffice(send=FakeMailer(), key=KEY)
        desk = desk_of(stores=self.stores, documents=self.bucket, post=post, now=PAYDAY)
        done = PaidOut()
        for number in range(earnings // A_PUBLISHER):
            close_publisher(publisher_of(number), PAYDAY, desk, done)
        if done.released != earnings or len(done.payouts) * A_PUBLISHER != earnings:
            raise SystemExit(f"{done.released} of {earnings} released, {len(done.payouts)} made")

    def pays(self, payouts: int) -> None:
        """Draft a file of every payout, let it go, write it, and have it settle."""
        set_ach(SETTINGS, None, cipher=CIPHER, stores=self.stores, version=None)
        drafted = draft_file(id="ach_bench", by=SIGNERS[0].id, lookout=self._lookout(PAYDAY))
        if drafted.file is None or drafted.waiting:
            raise SystemExit(f"{len(drafted.waiting)} payouts wait: {drafted.waiting[:1]}")
        for step, key in ((ach_files.approve, SIGNERS[0]), (ach_files.release, SIGNERS[1])):
            by = signature(key.id, stores=self.stores, now=PAYDAY)
            step(drafted.file.id, by=by, stores=self.stores)
        self._runs(PAYDAY)
        ach_files.fetch(drafted.file.id, by=by, stores=self.stores, documents=self.bucket)
        self._runs(SETTLED)
        settled = sum(one.state is PayoutState.SETTLED for one in self.stores.books.every(PAYOUTS))
        if settled != payouts:
            raise SystemExit(f"{settled} of {payouts} payouts have settled")

    def _runs(self, now: datetime) -> None:
        run(Scribe(lookout=self._lookout(now), cipher=CIPHER), lambda: "ach_none")

    def _lookout(self, now: datetime) -> Lookout:
        return Lookout(stores=self.stores, documents=self.bucket, now=now)


def measure(earnings: int, rows: Rows, meter: Meter) -> dict[str, Any]:
    """Pay what is laid, in this process."""
    day, found = Day(rows), dict[str, Any](earnings=earnings)
    for name, act, of in (
        ("making", day.pays_out, earnings),
        ("paying", day.pays, earnings // A_PUBLISHER),
    ):
        started, counted = time.perf_counter(), meter.seconds
        act(of)
        seconds = time.perf_counter() - started - (meter.seconds - counted)
        found[name] = {"seconds": seconds, "peak": peak_megabytes(), "units": meter.taken()}
    return found


def main(arguments: list[str]) -> None:
    """Print the two tables."""
    if arguments:
        print(measured_in(arguments, measure))
        return
    print("on DynamoDB Local: earnings released into payouts, and payouts paid by file")
    print("  earnings   made/s  write each  read each    payouts   paid/s  write each  read each")
    try:
        for earnings in ON_DYNAMODB:
            print(units_line(on_dynamodb(earnings, laid(earnings), measure, key=KEY)), flush=True)
    except Absent as lacking:
        print(f"  not here: {lacking}")
    print("on rows in a file: the same")
    print("  earnings   made/s  peak MB    payouts   paid/s  peak MB  against a tenth")
    tenth: dict[str, Any] | None = None
    for earnings in IN_A_FILE:
        found = in_a_file(earnings, laid(earnings), "bench.payday")
        print(memory_line(found, tenth), flush=True)
        tenth = found


def units_line(found: dict[str, Any]) -> str:
    """One line of the first table."""
    making, paying = (
        f"{number:>8,} {number / part['seconds']:>8,.0f} {part['units']['write'] / number:>11.2f}"
        f" {part['units']['read'] / number:>10.2f}"
        for number, part in _parts(found)
    )
    return f"  {making}   {paying}"


def memory_line(found: dict[str, Any], tenth: dict[str, Any] | None) -> str:
    """One line of the second table, and how it grew from a tenth."""
    making, paying = (
        f"{number:>8,} {number / part['seconds']:>8,.0f} {part['peak']:>8.0f}"
        for number, part in _parts(found)
    )
    return f"  {making}   {paying}" + (_growth(tenth, found) if tenth else "")


def _parts(found: dict[str, Any]) -> tuple[tuple[int, dict[str, Any]], ...]:
    earnings = found["earnings"]
    return ((earnings, found["making"]), (earnings // A_PUBLISHER, found["paying"]))


def _growth(tenth: dict[str, Any], found: dict[str, Any]) -> str:
    time_made, time_paid = (
        found[name]["seconds"] / tenth[name]["seconds"] for name in ("making", "paying")
    )
    peak = found["paying"]["peak"] / tenth["paying"]["peak"]
    return f"  time x{time_made:.1f}, x{time_paid:.1f}, peak x{peak:.2f}"


if __name__ == "__main__":
    main(sys.argv[1:])
