"""What does the API take and show of look-ups of callers' lines?

Owns the documents of what an offer wants to know, and of what a call came to know. Import it inside
handlers only: no other function shall pay for it.
"""

from typing import Annotated

from pydantic import Field

from chalicelib import lines
from chalicelib.channels.fields import Cents, Document, Moment

Micros = Annotated[
    int, Field(ge=0, le=10_000_000, description="millionths of a US dollar, a look-up")
]


class Lookup(Document):
    """What the carrier is asked about callers' lines: the line type and its carrier always, the
    caller's name if it is wanted. Only calls that could cost a buyer `from_charge_cents` or more
    are worth asking, and a caller not again for `keep_days`. Null `cost_micros` is the list price:
    8,000, and 10,000 more with the name."""

    caller_name: bool = False
    from_charge_cents: Cents = 0
    keep_days: Annotated[int, Field(ge=1, le=365, description="whole days")] = 30
    cost_micros: Micros | None = None


class KnownLineView(Document):
    """What the carrier said of the caller's line; null for what it does not know. `with_name` is
    whether it was asked for the caller's name."""

    line_type: str | None
    line_carrier: str | None
    caller_name: str | None
    country: Annotated[str | None, Field(description="ISO 3166")]
    with_name: bool
    looked_up_at: Moment


class CallLookupView(Document):
    """How the call came by what it knows of the line: `kept` from an earlier call, `asked` for this
    one, `late` or `failed`, so that nothing is known, or `not_wanted` for this call."""

    state: Annotated[lines.LookupState, Field(strict=False)]
    line: KnownLineView | None
    cost_micros: Annotated[int, Field(description="what asking cost, in millionths of a US dollar")]
