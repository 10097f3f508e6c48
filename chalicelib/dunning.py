"""Which step is due against an invoice that nobody pays?

Owns the steps, the days on which they come, and which of them is to be taken. Taking one, once,
belongs to the flow.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib import times
from chalicelib.invoices import Invoice, InvoiceState


class Step(StrEnum):
    """What is done about an unpaid invoice, the mildest first."""

    REMINDER = "reminder"
    LATE = "late"
    SECOND = "second"
    PAUSE = "pause"
    FINAL = "final"
    WRITE_OFF = "write_off"


@dataclass(frozen=True, slots=True, kw_only=True)
class DunningPlan:
    """How many days after the due date each step comes, before it when negative; version 0 was
    never said. Nothing is done by itself unless the plan is `on`.

    All steps but the last send a letter where mail is on. `pause` pauses the advertiser's campaigns
    as well, `write_off` only proposes it.
    """

    on: bool = False
    reminder: int = -3
    late: int = 1
    second: int = 7
    pause: int = 15
    final: int = 30
    write_off: int = 60
    version: int = 0

    def days(self, step: Step) -> int:
        """When the step comes."""
        return int(getattr(self, step.value))


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A step that was taken against an invoice; `mail` is the number of its letter, if one went."""

    invoice_id: str
    step: Step
    at: datetime
    mail: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A step that is to be taken now; one that was missed is taken without its letter."""

    step: Step
    letter: bool


_LETTERS = (Step.REMINDER, Step.LATE, Step.SECOND, Step.PAUSE, Step.FINAL)
_ACTS = (Step.PAUSE, Step.WRITE_OFF)


def due(
    invoice: Invoice, plan: DunningPlan, taken: Collection[Step], now: datetime
) -> tuple[Due, ...]:
    """The steps against the invoice that are due on the day of `now` (UTC), the mildest first.

    Of all letters that nobody sent, only the last goes out: whoever begins late does not send five
    at once. What acts is done however late.
    """
    come = [step for step in Step if _has_come(invoice, plan, step, now)]
    letters = [step for step in come if step in _LETTERS]
    last = letters[-1] if letters else None
    wanted = [step for step in come if step is last or step in _ACTS]
    return tuple(Due(step=step, letter=step is last) for step in wanted if step not in taken)


def _has_come(invoice: Invoice, plan: DunningPlan, step: Step, now: datetime) -> bool:
    if invoice.state is not InvoiceState.OPEN or invoice.due_at is None or invoice.owed_cents <= 0:
        return False
    day = times.utc(invoice.due_at).date() + timedelta(days=plan.days(step))
    return times.utc(now).date() >= day
