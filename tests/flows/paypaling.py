"""A back office whose publishers are paid by PayPal, and the PayPal that pays them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

from chalicelib.flows import paypal_batches as flow
from chalicelib.flows import paypal_reports
from chalicelib.flows.paypal_run import PayPalRun, run
from chalicelib.offers import PayoutMethod, Publisher
from chalicelib.payees import PayPalReceiver
from chalicelib.payouts import Payout
from chalicelib.paypal_batches import Batch, BatchState
from chalicelib.paypal_items import BatchItem
from chalicelib.providers.paypal import PayPal
from chalicelib.providers.paypal_rest import Account, Rest
from chalicelib.store import paypal_batches as store
from chalicelib.store.books import PAYPAL_BATCHES
from chalicelib.store.payees import find_payee, payee_write
from tests.flows.office import IN_NOVEMBER, PREPAID, WEEKLY, Office
from tests.flows.people import PEOPLE, hire, signs
from tests.paypal.server import CLIENT_ID, CLIENT_SECRET, PayPalServer
from tests.paypal.till import Till
from tests.providers.timing import Instant

ADA = replace(WEEKLY, id="pub_ada", name="Ada", payout_method=PayoutMethod.PAYPAL)
BOB = replace(WEEKLY, id="pub_bob", name="Bob", payout_method=PayoutMethod.PAYPAL)
CY = replace(WEEKLY, id="pub_cy", name="Cy", payout_method=PayoutMethod.PAYPAL)
A_MONTH = timedelta(days=31)


def receiver(publisher: Publisher) -> str:
    """To which address the publisher is paid."""
    return f"{publisher.id.removeprefix('pub_')}@pub.example"


class PayDesk:
    """An office, and PayPal behind HTTP; both live by the office's clock."""

    def __init__(self, office: Office, publishers: tuple[Publisher, ...] = (ADA, BOB, CY)) -> None:
        self.office = office
        self.publishers = publishers
        self.till = Till(clock=lambda: self.office.now)
        self.server = PayPalServer(self.till)
        self.instant = Instant()
        account = Account(api_url=self.server.url, client_id=CLIENT_ID, client_secret=CLIENT_SECRET)
        self.paypal = PayPal(Rest(account, clock=self.instant.clock, sleep=self.instant.sleep))
        self._calls = 0

    def opens(self) -> "PayDesk":
        """Lay the parties with the addresses that they are paid to, and the operator's people."""
        self.office.opens(advertisers=(PREPAID,), publishers=self.publishers)
        self.office.receives("topup-1", 5_000_000, PREPAID)
        for one in self.publishers:
            self.pays_to(one, receiver(one))
        hire(self.office)
        return self

    def pays_to(self, publisher: Publisher, email: str | None) -> None:
        """The publisher's address is this, and was for long."""
        before = find_payee(self.office.rows, publisher.id)
        said = (
            PayPalReceiver(email=email, since=IN_NOVEMBER - timedelta(days=60)) if email else None
        )
        after = replace(before, paypal=said, version=before.version + 1)
        self.office.rows.write([payee_write(before, after)])

    def earns(self, *publishers: Publisher, cents: int = 1500) -> None:
        """A call of each is approved, and its money is in."""
        for one in publishers:
            self._calls += 1
            self.office.later(minutes=1).approves(
                f"call_{self._calls:04d}", PREPAID, one, charge=2500, earning=cents
            )

    def payday(self) -> None:
        """A month later: what was earned becomes payouts."""
        self.office.now += A_MONTH
        self.office.closes()

    def runs(self, **later: float) -> PayPalRun:
        """The clock's run, so much later."""
        self.office.later(**(later or {"hours": 1}))
        return run(self.errand)

    def approves(self, batch: Batch | None = None, name: str = "ann") -> Batch:
        """One of the operator's people looks at a batch."""
        by = signs(self.office, name)
        return flow.approve((batch or self.batch).id, by=by, stores=self.office.stores)

    def releases(self, batch: Batch | None = None, name: str = "ben") -> Batch:
        """Another lets it go."""
        by = signs(self.office, name)
        return flow.release((batch or self.batch).id, by=by, stores=self.office.stores)

    def withdraws(self, batch: Batch | None = None, *, not_at_paypal: bool = False) -> Batch:
        """One of them has nobody paid by a batch."""
        return flow.withdraw(
            (batch or self.batch).id, by=signs(self.office, "ann"), not_at_paypal=not_at_paypal,
            stores=self.office.stores,
        )  # fmt: skip

    def lets_go(self, batch: Batch | None = None) -> Batch:
        """A batch is approved, unless it was, and released by whoever has not approved it."""
        looked = batch or self.batch
        if looked.state is BatchState.READY:
            looked = self.approves(looked)
        first = looked.approved
        other = next(one for one in PEOPLE if first and first.key_id != f"key_{one}")
        return self.releases(looked, other)

    def lets_go_what_is_ready(self) -> None:
        """So is every batch that waits for it."""
        for batch in self.batches:
            if batch.state in (BatchState.READY, BatchState.APPROVED):
                self.lets_go(batch)

    def hears(self, event: Mapping[str, Any]) -> str | None:
        """A webhook comes."""
        return paypal_reports.take_hint(event, self.errand)

    @property
    def errand(self) -> flow.Errand:
        """With what PayPal is asked now."""
        return flow.Errand(
            paypal=self.paypal,
            stores=self.office.stores,
            documents=self.office.bucket(),
            now=self.office.now,
        )

    @property
    def batches(self) -> tuple[Batch, ...]:
        """Every batch."""
        return self.office.all(PAYPAL_BATCHES)

    @property
    def batch(self) -> Batch:
        """The only batch."""
        (found,) = self.batches
        return found

    def items(self, batch: Batch | None = None) -> dict[str, BatchItem]:
        """The items of a batch, by publisher."""
        found = store.items_of(self.office.rows, (batch or self.batch).id)
        return {one.publisher_id: one for one in found}

    def payout_of(self, publisher: Publisher) -> Payout:
        """The publisher's latest payout."""
        return [one for one in self.office.payouts if one.publisher_id == publisher.id][-1]


@contextmanager
def paydesk(office: Office | None = None) -> Iterator[PayDesk]:
    """A desk whose PayPal answers for as long as the block lasts."""
    desk = PayDesk(office or Office())
    with desk.server.running():
        yield desk.opens()
