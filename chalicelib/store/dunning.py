"""What is remembered of steps against invoices that nobody pays?

Owns the plan's row, one row per invoice and step, and one per campaign that was paused for an
invoice: with the version that it then had, so that only what nobody has touched since goes on by
itself. Which step is due belongs to `chalicelib.dunning`.
"""

from dataclasses import dataclass, replace

from chalicelib.campaigns import Campaign, State
from chalicelib.dunning import DunningPlan, Step, Taken
from chalicelib.mailing import Mail
from chalicelib.store import codec
from chalicelib.store.catalog import thing_changes
from chalicelib.store.claims import waiting_items
from chalicelib.store.mails import mail_put
from chalicelib.store.rows import (
    BOOKS,
    CATALOG,
    Action,
    Change,
    Equals,
    Key,
    NotWritten,
    Put,
    Rows,
)
from chalicelib.store.versions import version_write

PLAN_KEY = Key(CATALOG, "OPERATOR", "DUNNING")


@dataclass(frozen=True, slots=True, kw_only=True)
class Paused:
    """A campaign that was paused for an invoice, and the version that it had afterwards."""

    campaign_id: str
    invoice_id: str
    version: int


def find_plan(rows: Rows) -> DunningPlan:
    """The plan as it stands; the usual one, switched off, where none was said."""
    found, _ = rows.gather([PLAN_KEY])
    return codec.from_json(DunningPlan, found[PLAN_KEY]["doc"]) if found else DunningPlan()


def plan_write(before: DunningPlan, after: DunningPlan) -> Put | Change:
    """`after` in the place of `before`, while that is still the version stored."""
    return version_write(PLAN_KEY, before, after)


def steps_taken(rows: Rows, invoice_id: str) -> tuple[Taken, ...]:
    """The steps that were taken against the invoice, the mildest first."""
    keys = [_step_key(invoice_id, step) for step in Step]
    found, _ = rows.gather(keys)
    return tuple(codec.from_json(Taken, found[key]["doc"]) for key in keys if key in found)


def take_step(rows: Rows, taken: Taken, mail: Mail | None) -> bool:
    """Keep that a step is taken, with its letter that is about to be sent; False when another has
    taken it, or has sent a letter of the same number."""
    key = _step_key(taken.invoice_id, taken.step)
    step = Put(BOOKS, {"pk": key.pk, "sk": key.sk, "doc": codec.to_json(taken)})
    return _written(rows, [step, *([mail_put(mail)] if mail else [])])


def pause_campaign(rows: Rows, campaign: Campaign, invoice_id: str) -> bool:
    """Pause an active campaign for an invoice; False when it has moved on since it was read."""
    after = replace(campaign, state=State.PAUSED, version=campaign.version + 1)
    paused = Paused(campaign_id=campaign.id, invoice_id=invoice_id, version=after.version)
    kept = Change(
        key=_paused_key(campaign.id),
        set={
            ("doc",): codec.to_json(paused),
            ("open",): paused_for(campaign.advertiser_id),
            ("open_key",): campaign.id,
        },
    )
    return _written(rows, [*thing_changes(campaign, after), kept])


def paused_campaigns(rows: Rows, advertiser_id: str) -> tuple[Paused, ...]:
    """The advertiser's campaigns that wait for money to go on."""
    items = waiting_items(rows, paused_for(advertiser_id))
    return tuple(codec.from_json(Paused, item["doc"]) for item in items)


def resume_campaign(rows: Rows, campaign: Campaign | None, paused: Paused) -> bool:
    """Let a campaign go on that nobody has touched since it was paused; one that somebody has
    touched stays as it is. Either way it waits no more. False when it moved on meanwhile."""
    done = Change(
        key=_paused_key(paused.campaign_id),
        remove=[("open",), ("open_key",)],
        when=[Equals(("doc",), codec.to_json(paused))],
    )
    if campaign is None or campaign.version != paused.version:
        return _written(rows, [done])
    after = replace(campaign, state=State.ACTIVE, version=campaign.version + 1)
    return _written(rows, [*thing_changes(campaign, after), done])


def paused_for(advertiser_id: str) -> str:
    """The partition of `by_open` with the campaigns that wait for their advertiser's money."""
    return f"PAUSED#{advertiser_id}"


def _step_key(invoice_id: str, step: Step) -> Key:
    return Key(BOOKS, f"DUNNED#{invoice_id}#{step}")


def _paused_key(campaign_id: str) -> Key:
    return Key(BOOKS, f"PAUSED#{campaign_id}")


def _written(rows: Rows, actions: list[Action]) -> bool:
    try:
        rows.write(actions)
    except NotWritten:
        return False
    return True
