"""What does the API show of the numbers at the carrier?

Owns the documents of available numbers and of the comparison with the carrier. Import it inside
handlers only: no other function shall pay for it.
"""

from typing import Annotated

from pydantic import Field

from chalicelib import numbers
from chalicelib.channels.fields import E164, Carrier, Document, MicroDollars, Moment


class AvailableNumber(Document):
    """A number that could be bought now; its place is the carrier's word."""

    e164: E164
    kind: Annotated[numbers.SearchKind, Field(strict=False)]
    city: str | None
    state: str | None
    zip: str | None
    monthly_cost_micros: MicroDollars | None


class AvailableNumbersView(Document):
    """Numbers of the carrier that could be bought and used now."""

    carrier: Carrier
    data: list[AvailableNumber]


class Webhooks(Document):
    """Where a number sends its calls, and the reports of their end."""

    voice_url: str
    fallback_url: str
    status_url: str


class Repair(Document):
    """A number that was set right, and where it led before."""

    e164: E164
    was: Webhooks


class Unrepaired(Document):
    """A number that could not be set right, and why."""

    e164: E164
    reason: str


class Resting(Document):
    """A released number, and when it may be used again."""

    e164: E164
    until: Moment


class Counted(Document):
    """How many numbers there are of each kind."""

    at_carrier: int
    in_order: int
    repaired: int
    unrepaired: int
    strangers: int
    orphans: int
    unused: int
    resting: int
    foreign_caller_ids: int = 0


class ForeignCallerId(Document):
    """A campaign that shows its targets a number which the carrier does not let it show."""

    campaign_id: str
    e164: E164


class ReconciliationView(Document):
    """What a comparison of one carrier's numbers with the platform's found. `repaired` lead here
    again; `strangers` are at the carrier and unknown here; `orphans` are in business here and not
    at the carrier; `unused` are archived here and still cost money; with `foreign_caller_ids` the
    carrier refuses every dial. Each list names the first 500."""

    at: Moment
    carrier: Carrier
    counted: Counted
    monthly_cost_micros: MicroDollars
    repaired: list[Repair]
    unrepaired: list[Unrepaired]
    strangers: list[E164]
    orphans: list[E164]
    unused: list[E164]
    resting: list[Resting]
    foreign_caller_ids: list[ForeignCallerId]
