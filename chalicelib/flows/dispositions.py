"""What happens when an advertiser says of one call what it came to, or by which id it knows it?

Keeps it beside the call under the conditions of what the call shows now. What comes in files or by
postback belongs to `feedback`.
"""

from dataclasses import dataclass
from datetime import datetime

from chalicelib import times
from chalicelib.calls import Call
from chalicelib.dispositions import Disposition, ExternalId, Source
from chalicelib.errors import Busy, Conflict
from chalicelib.ids import derived
from chalicelib.store.dispositions import disposition_put, said_of, shown_changes
from chalicelib.store.feedback import NOBODY, external_change, led_to
from chalicelib.store.rows import NotWritten
from chalicelib.store.stores import Stores

_TRIES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """What is said of a call; `at` None means now."""

    call_id: str
    advertiser_id: str
    value: str
    note: str | None = None
    at: datetime | None = None


def dispose(saying: Saying, *, stores: Stores, now: datetime) -> Disposition:
    """The disposition as it is kept; saying the same again keeps nothing new.

    One that was so before the call's present disposition joins the history, and changes no more. A
    moment that lies in the future is taken for now.
    """
    wanted = _drafted(saying, now)
    for _ in range(_TRIES):
        call = stores.calls.get(saying.call_id)
        stood = call.disposition
        if stood is not None and _is_said(saying, wanted, stood):
            return stood
        try:
            stores.rows.write([disposition_put(wanted), *shown_changes(call, wanted)])
        except NotWritten as refused:
            if 0 not in refused.images:
                continue
            kept = said_of(stores.rows, saying.call_id).dispositions
            return next(one for one in kept if one.id == wanted.id)
        return wanted
    raise Busy(f"{saying.call_id} keeps changing; send it again")


def name_call(call_id: str, external_id: ExternalId, *, stores: Stores) -> Call:
    """The call with the advertiser's own id, in the place of the one that it had.

    Conflict when the id stands for another call.
    """
    for _ in range(_TRIES):
        call = stores.calls.get(call_id)
        before = call.external_id
        if before == external_id:
            return call
        leads = led_to(stores.rows, [external_id]).get(external_id)
        if leads not in (None, NOBODY):
            reason = f"{external_id.value} stands for {leads}"
            raise Conflict(reason, code="external_id_taken")
        freed = [external_change(before, call_id, None)] if before else []
        changes = shown_changes(call, None, external_id)
        stores.catalog.write([external_change(external_id, leads, call_id), *freed, *changes])
    raise Busy(f"{call_id} keeps changing; send it again")


def _drafted(saying: Saying, now: datetime) -> Disposition:
    said_at = times.written(saying.at or now)
    facts = (saying.call_id, saying.advertiser_id, saying.value, saying.note or "", said_at)
    return Disposition(
        id=derived("dsp", "api", *facts),
        call_id=saying.call_id,
        advertiser_id=saying.advertiser_id,
        value=saying.value,
        note=saying.note,
        at=min(saying.at or now, now),
        received_at=now,
        source=Source.API,
    )


def _is_said(saying: Saying, wanted: Disposition, stood: Disposition) -> bool:
    """Whether the call's disposition says the same already."""
    if saying.at is not None:
        return stood.id == wanted.id
    said = (stood.advertiser_id, stood.value, stood.note)
    return said == (wanted.advertiser_id, wanted.value, wanted.note)
