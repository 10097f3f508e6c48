"""How does the operator pay by ACH?

Owns what the operator says once: as whom its bank knows it, and how files are made. What is wrong
with it belongs to `ach_originators`, encrypting the offset account's number to the providers.
"""

from dataclasses import dataclass

from chalicelib.ach_credits import AchAccount
from chalicelib.ach_originators import Originator
from chalicelib.bank_details import AccountKind
from chalicelib.hidden import Hidden

OWNER = "operator"
"""What the number of the operator's own account is encrypted for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OffsetAccount:
    """The operator's account that balances every batch, where its bank wants that."""

    routing_number: str
    account: Hidden
    kind: AccountKind


@dataclass(frozen=True, slots=True, kw_only=True)
class AchSettings:
    """What the operator's bank has agreed with it; version 0 was never said.

    With `prenotes` an account gets a prenote first, and money three banking days later. Files take
    effect on the next banking day, with `same_day` on the same where that is possible. With
    `automatic_drafts` a file is drafted by itself as soon as payouts wait.
    """

    destination_routing: str = ""
    destination_name: str = ""
    origin: str = ""
    origin_name: str = ""
    odfi_routing: str = ""
    company_name: str = ""
    company_id: str = ""
    description: str = "PAYOUT"
    ppd_says_payroll: bool = True
    offset: OffsetAccount | None = None
    prenotes: bool = False
    same_day: bool = False
    automatic_drafts: bool = False
    version: int = 0


def originator(settings: AchSettings, offset_number: str | None = None) -> Originator:
    """The operator as its bank knows it; the offset account only with its number in full."""
    offset = settings.offset
    balancing = (
        AchAccount(routing=offset.routing_number, number=offset_number, kind=offset.kind)
        if offset and offset_number
        else None
    )
    return Originator(
        destination_routing=settings.destination_routing,
        destination_name=settings.destination_name,
        origin=settings.origin,
        origin_name=settings.origin_name,
        odfi_routing=settings.odfi_routing,
        company_name=settings.company_name,
        company_id=settings.company_id,
        description=settings.description,
        ppd_says_payroll=settings.ppd_says_payroll,
        offset=balancing,
    )
