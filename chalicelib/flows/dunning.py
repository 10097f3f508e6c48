"""What happens to whoever does not pay, and once the money is there?

Joins the plan with open invoices: each step is taken once, with its letter; campaigns that were
paused for an invoice go on when that is paid, and only then.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from chalicelib import dunning, mailing
from chalicelib.aging import days_late
from chalicelib.campaigns import Advertiser, Campaign, State
from chalicelib.dunning import Due, DunningPlan, Step, Taken
from chalicelib.flows.mailing import PostOffice, send_kept
from chalicelib.flows.parties import every
from chalicelib.flows.versions import replaced
from chalicelib.invoices import Invoice, InvoiceState
from chalicelib.mailing import Mail
from chalicelib.store import dunning as store
from chalicelib.store.invoices import invoices_by_id, open_invoices
from chalicelib.store.issuer import find_issuer
from chalicelib.store.mails import mails_about
from chalicelib.store.stores import Stores


@dataclass(frozen=True, slots=True, kw_only=True)
class Dunned:
    """An open invoice with the steps that were taken, and those that are due now."""

    invoice: Invoice
    days_late: int
    taken: tuple[Taken, ...]
    due: tuple[Due, ...]


def set_plan(wanted: DunningPlan, *, stores: Stores, version: int | None) -> DunningPlan:
    """Put the plan in the place of what stands, as its next version; with a `version`, Conflict
    when it has moved on."""
    return replaced(
        wanted,
        "the dunning plan",
        find=lambda: store.find_plan(stores.rows),
        write=store.plan_write,
        version=version,
        stores=stores,
    )


def look(*, stores: Stores, now: datetime) -> tuple[Dunned, ...]:
    """Every open invoice against which a step was taken or is due, be the plan on or off."""
    plan = store.find_plan(stores.rows)
    return tuple(
        one
        for advertiser in every(Advertiser, stores)
        for one in _open(advertiser.id, plan, stores, now)
        if one.taken or one.due
    )


def take_due(
    advertiser_id: str, *, stores: Stores, post: PostOffice, now: datetime
) -> tuple[Taken, ...]:
    """Let the advertiser's campaigns go on whose invoice is paid, then take every step that is due
    against it, if the plan is on; returns the steps taken here."""
    resume(advertiser_id, stores=stores)
    plan = store.find_plan(stores.rows)
    if not plan.on:
        return ()
    taken = [
        _take(due, one.invoice, stores=stores, post=post, now=now)
        for one in _open(advertiser_id, plan, stores, now)
        for due in one.due
    ]
    return tuple(one for one in taken if one)


def resume(advertiser_id: str, *, stores: Stores) -> None:
    """Let the advertiser's campaigns go on that were paused for an invoice that is paid, once no
    other invoice keeps them paused; one that somebody has touched since stays as it is."""
    waiting = store.paused_campaigns(stores.rows, advertiser_id)
    if not waiting or _still_pausing(advertiser_id, stores):
        return
    invoices = invoices_by_id(stores.rows, tuple({one.invoice_id for one in waiting}))
    paid = {one.id for one in invoices if one.state is InvoiceState.PAID}
    for one in waiting:
        if one.invoice_id in paid:
            campaign = stores.catalog.find(Campaign, one.campaign_id)
            store.resume_campaign(stores.rows, campaign, one)


def _open(advertiser_id: str, plan: DunningPlan, stores: Stores, now: datetime) -> Iterator[Dunned]:
    for invoice in open_invoices(stores.rows, advertiser_id):
        taken = store.steps_taken(stores.rows, invoice.id)
        due = dunning.due(invoice, plan, {one.step for one in taken}, now)
        late = days_late(invoice, now)
        yield Dunned(invoice=invoice, days_late=late, taken=taken, due=due)


def _take(
    due: Due, invoice: Invoice, *, stores: Stores, post: PostOffice, now: datetime
) -> Taken | None:
    """Take a step; None when another run does. What it does comes before the row that ends it, so
    that a run which died is completed; its letter comes after, so that none goes out twice."""
    if due.step is Step.PAUSE:
        _pause(invoice, stores)
    mail = _letter(invoice, due, stores, now) if due.letter else None
    taken = Taken(invoice_id=invoice.id, step=due.step, at=now, mail=mail.n if mail else None)
    if not store.take_step(stores.rows, taken, mail):
        return None
    if mail:
        send_kept(mail, invoice, stores=stores, post=post)
    return taken


def _letter(invoice: Invoice, due: Due, stores: Stores, now: datetime) -> Mail | None:
    """The letter of the step, to whom the invoice is made out; None where nobody is mailed."""
    to = invoice.bill_to.email if invoice.bill_to else None
    known = len(mails_about(stores.rows, invoice.id))
    if to is None or known >= mailing.MOST_MAILS or find_issuer(stores.rows).mail is None:
        return None
    return Mail(invoice_id=invoice.id, n=known + 1, to=to, at=now, about=due.step.value)


def _pause(invoice: Invoice, stores: Stores) -> None:
    """Pause every active campaign of the advertiser; one that moves meanwhile is for the next."""
    for campaign in every(Campaign, stores):
        own = campaign.advertiser_id == invoice.advertiser_id
        if own and campaign.state is State.ACTIVE:
            store.pause_campaign(stores.rows, campaign, invoice.id)


def _still_pausing(advertiser_id: str, stores: Stores) -> bool:
    """Whether an open invoice has come as far as pausing."""
    return any(
        taken.step is Step.PAUSE
        for invoice in open_invoices(stores.rows, advertiser_id)
        if invoice.owed_cents > 0
        for taken in store.steps_taken(stores.rows, invoice.id)
    )
