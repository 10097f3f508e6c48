"""A back office whose publishers are paid by files, and the bank that gets them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count

from chalicelib.ach_reading import AchEntry, read_ach
from chalicelib.ach_settings import AchSettings
from chalicelib.bank_details import AccountKind, HolderKind
from chalicelib.flows import ach_files as flow
from chalicelib.flows.ach_drafting import Drafted, draft_file
from chalicelib.flows.ach_run import AchRun, run
from chalicelib.flows.ach_settings import set_ach
from chalicelib.flows.ach_writing import Scribe
from chalicelib.flows.payee_details import SaidAccount, say_bank_details
from chalicelib.flows.payees import Desk
from chalicelib.flows.screening import Lookout
from chalicelib.offers import PayoutMethod, Publisher
from chalicelib.payees import Payee
from chalicelib.payout_files import FileEntry, PayoutFile
from chalicelib.payouts import Payout
from chalicelib.signatures import Signature
from chalicelib.store import payout_files as store
from chalicelib.store.books import ACH_FILES
from chalicelib.store.payees import find_payee
from tests.ach import BANK, OFFSET
from tests.ciphers import FakeCipher
from tests.flows.office import PREPAID, WEEKLY, Office, every_crash
from tests.flows.people import hire, signs

ADA = replace(WEEKLY, id="pub_ada", name="Ada", payout_method=PayoutMethod.ACH)
BOB = replace(WEEKLY, id="pub_bob", name="Bob", payout_method=PayoutMethod.ACH)
CY = replace(WEEKLY, id="pub_cy", name="Cy", payout_method=PayoutMethod.ACH)
PUBLISHERS = (ADA, BOB, CY)
A_MONTH = timedelta(days=31)
SETTINGS = AchSettings(
    destination_routing="231380104",
    destination_name="Citadel Clearing",
    origin=BANK,
    origin_name="First Bank of Rings",
    odfi_routing=BANK,
    company_name="RingLedger Inc",
    company_id="1234567890",
)


def number_of(publisher: Publisher) -> str:
    """The number of the publisher's account."""
    return f"00{sum(publisher.id.encode()):06d}"


def holder_of(publisher: Publisher) -> HolderKind:
    """Ada is a person; the others are businesses."""
    return HolderKind.PERSON if publisher.id == ADA.id else HolderKind.BUSINESS


@dataclass
class AchDesk:
    """An office, its people, and the bank's side of the bucket."""

    office: Office = field(default_factory=Office)
    publishers: tuple[Publisher, ...] = PUBLISHERS
    settings: AchSettings = SETTINGS
    cipher: FakeCipher = field(default_factory=FakeCipher)
    calls: int = 0
    ids: Iterator[int] = field(default_factory=lambda: count(1))

    def opens(self) -> "AchDesk":
        """Lay the parties with their accounts, the operator's people and what the bank agreed."""
        self.office.opens(advertisers=(PREPAID,), publishers=self.publishers)
        self.office.receives("topup-1", 5_000_000, PREPAID)
        for one in self.publishers:
            self.says_account(one, number_of(one))
        hire(self.office)
        self.agrees(self.settings)
        return self

    def agrees(self, settings: AchSettings, *, balanced: bool = False) -> AchSettings:
        """What the bank agrees to from now on."""
        return set_ach(
            settings, OFFSET if balanced else None, cipher=self.cipher,
            stores=self.office.stores, version=None,
        )  # fmt: skip

    def says_account(
        self, publisher: Publisher, number: str, routing: str = "021000021", name: str | None = None
    ) -> Payee:
        """The publisher's account is this one now."""
        said = SaidAccount(
            routing_number=routing, account_number=number, kind=AccountKind.CHECKING,
            holder_name=name or f"{publisher.name} Média", holder_kind=holder_of(publisher),
        )  # fmt: skip
        return say_bank_details(
            publisher.id, said, cipher=self.cipher, desk=self.desk, version=None
        )

    def earns(self, *publishers: Publisher, cents: int = 1500) -> "AchDesk":
        """A call of each is approved, and its money is in."""
        for one in publishers:
            self.calls += 1
            self.office.later(minutes=1).approves(
                f"call_{self.calls:05d}", PREPAID, one, charge=2500, earning=cents
            )
        return self

    def payday(self) -> "AchDesk":
        """A month later: what was earned becomes payouts."""
        self.office.now += A_MONTH
        self.office.closes()
        return self

    def drafts(self) -> Drafted:
        """Somebody has the next file drafted."""
        return draft_file(id=self.new_id(), by="key_ann", lookout=self.lookout)

    def signs(self, name: str) -> Signature:
        """One of the operator's people, now."""
        return signs(self.office, name)

    def approves(self, file: PayoutFile, name: str = "ann") -> PayoutFile:
        """One looks at the file."""
        return flow.approve(file.id, by=self.signs(name), stores=self.office.stores)

    def releases(self, file: PayoutFile, name: str = "ben") -> PayoutFile:
        """Another lets it go."""
        return flow.release(file.id, by=self.signs(name), stores=self.office.stores)

    def lets_go(self) -> PayoutFile:
        """A file is drafted, approved and released."""
        file = self.drafts().file
        assert file is not None
        self.approves(file)
        return self.releases(file)

    def runs(self, **later: float) -> AchRun:
        """The clock's run, so much later."""
        self.office.later(**(later or {"minutes": 15}))
        return run(self.scribe, self.new_id)

    def writes(self) -> PayoutFile:
        """A file of what waits lies in the bucket."""
        file = self.lets_go()
        assert self.runs().failed == 0
        return self.file(file.id)

    def sends(self) -> PayoutFile:
        """A file of what waits lies at the bank."""
        return self.fetches(self.writes())

    def fetches(self, file: PayoutFile) -> PayoutFile:
        """Somebody brings the file to the bank."""
        link = flow.fetch(
            file.id, by=self.signs("ben"), stores=self.office.stores,
            documents=self.office.bucket(),
        )  # fmt: skip
        return link.file

    def settles(self) -> AchRun:
        """A week later everything has settled."""
        return self.runs(days=7)

    def new_id(self) -> str:
        """An id that was not given before."""
        return f"ach_{next(self.ids):04d}"

    def file(self, id: str) -> PayoutFile:
        """The file as it stands."""
        return flow.known_file(id, stores=self.office.stores)

    def entries(self, file: PayoutFile) -> dict[str, FileEntry]:
        """The entries of a file that pay somebody, by publisher."""
        found = store.entries_of(self.office.rows, file)
        return {one.publisher_id: one for one in found if one.payout_id}

    def text(self, file: PayoutFile) -> str:
        """What lies in the bucket."""
        assert file.place is not None
        return self.office.documents[file.place].decode("ascii")

    @property
    def texts(self) -> dict[str, bytes]:
        """Every text in the bucket."""
        kept = self.office.documents.items()
        return {name: body for name, body in kept if name.startswith("ach/")}

    def told(self, file: PayoutFile) -> dict[str, AchEntry]:
        """What the bank is told, by trace."""
        batches = read_ach(self.text(file)).batches
        return {e.detail.fields["trace"]: e for one in batches for e in one.entries}

    def payout_of(self, publisher: Publisher) -> Payout:
        """The publisher's latest payout."""
        return [one for one in self.office.payouts if one.publisher_id == publisher.id][-1]

    def payee(self, publisher: Publisher) -> Payee:
        """What is known of the publisher as a payee."""
        return find_payee(self.office.rows, publisher.id)

    @property
    def files(self) -> tuple[PayoutFile, ...]:
        """Every file."""
        return self.office.all(ACH_FILES)

    @property
    def lookout(self) -> Lookout:
        """With what a file is made now."""
        return Lookout(
            stores=self.office.stores, documents=self.office.bucket(), now=self.office.now
        )

    @property
    def scribe(self) -> Scribe:
        """Who makes its text now."""
        return Scribe(lookout=self.lookout, cipher=self.cipher)

    @property
    def desk(self) -> Desk:
        """Who changes a payee now."""
        return Desk(
            stores=self.office.stores, post=self.office.post, by="operator", now=self.office.now
        )


def ready(*publishers: Publisher, settings: AchSettings = SETTINGS) -> AchDesk:
    """A desk at which a payout of each waits; of all three unless some are named."""
    return AchDesk(settings=settings).opens().earns(*(publishers or PUBLISHERS)).payday()


def every_death(prepare: Callable[[], AchDesk], act: Callable[[AchDesk], object]) -> list[AchDesk]:
    """Desks as they lie after the process died before, or after, each of the writes of `act`."""
    desk = prepare()
    died = every_crash(lambda: desk.office, lambda _: act(desk))
    return [replace(desk, office=office, ids=count(1000)) for office in died]
