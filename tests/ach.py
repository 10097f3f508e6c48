"""An originator, credits of its payees, and the bank that answers its files."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from chalicelib.ach_credits import AchAccount, Credit, EntryClass
from chalicelib.ach_files import Issue
from chalicelib.ach_originators import Originator
from chalicelib.bank_details import AccountKind

BANK = "121042882"
ROUTING_NUMBERS = ("021000021", "011401533", "231380104", "322271627", "026009593")

ORIGINATOR = Originator(
    destination_routing="231380104",
    destination_name="Citadel Clearing",
    origin=BANK,
    origin_name="First Bank of Rings",
    odfi_routing=BANK,
    company_name="RingLedger Inc",
    company_id="1234567890",
)
OFFSET = AchAccount(routing=BANK, number="000555000", kind=AccountKind.CHECKING)
ISSUE = Issue(
    written_at=datetime(2026, 11, 23, 15, 4, tzinfo=UTC),
    modifier="A",
    effective_on=date(2026, 11, 24),
    first_trace=1,
)


def an_account(number: str = "12345678", **more: object) -> AchAccount:
    """A checking account at a bank in New York, but for what is said otherwise."""
    account = AchAccount(routing="021000021", number=number, kind=AccountKind.CHECKING)
    return replace(account, **more)  # type: ignore[arg-type]


def a_credit(id: str = "po_1", **more: object) -> Credit:
    """A business is sent $15.00, but for what is said otherwise."""
    credit = Credit(
        id=id, entry_class=EntryClass.CCD, account=an_account(), name="Acme Media", cents=1500
    )
    return replace(credit, **more)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What the bank says of one entry: a code of a return or of a change."""

    code: str
    trace: str
    cents: int = 1500
    said: str = ""
    company_id: str = "1234567890"


def bank_file(answers: Sequence[Answered]) -> str:
    """The bank's file with a batch for each answer, as receivers' banks send them.

    Written with its own columns, so that it cannot share a mistake with the reader.
    """
    lines = ["101 1210428821234567890" + "2611251130A094101" + "RINGLEDGER".ljust(23)
             + "FIRST BANK OF RINGS".ljust(23) + " " * 8]  # fmt: skip
    for place, one in enumerate(answers, 1):
        lines += _batch(place, one)
    count, credits = 2 * len(answers), sum(one.cents for one in answers if one.code[0] == "R")
    total = len(lines) + 1
    blocks = (total + 9) // 10
    hash = 2100002 * len(answers) % 10**10
    lines.append(
        f"9{len(answers):06d}{blocks:06d}{count:08d}{hash:010d}{0:012d}{credits:012d}{'':39}"
    )
    lines += ["9" * 94] * (blocks * 10 - total)
    return "\n".join(lines) + "\n"


def _batch(place: int, one: Answered) -> list[str]:
    returned = one.code.startswith("R")
    cents = one.cents if returned else 0
    bank, trace = "02100002", f"02100002{place:07d}"
    entry_class = "CCD" if returned else "COR"
    text = f"{'':6}{bank}{one.said:44}" if returned else f"{'':6}{bank}{one.said:29}{'':15}"
    return [
        f"5220{'RINGLEDGER INC':16}{'':20}{one.company_id:10}{entry_class}{'PAYOUT':10}{'':6}"
        f"{'261125':6}3291{bank}{place:07d}",
        f"621{bank}1{'12345678':17}{cents:010d}{'PO_1':15}{'ACME MEDIA':22}{'':2}1{trace}",
        f"7{'99' if returned else '98'}{one.code}{one.trace}{text}{trace}",
        f"8220{2:06d}{2100002:010d}{0:012d}{cents:012d}{one.company_id:10}{'':25}{bank}{place:07d}",
    ]
