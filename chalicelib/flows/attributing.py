"""What does a call take over from the visit that it belongs to, and what is remembered of that?

Joins the place of a pool as it was read with the rule which visit the call belongs to. The rule is
`attribution`; the reading and writing of the rows, `attributions` of the store.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from chalicelib.attribution import Attribution, NoVisit, attribute, kept_until
from chalicelib.calls import Call
from chalicelib.store.attributions import Lent, call_of_visit, kept_change
from chalicelib.store.rows import Action
from chalicelib.store.tallies import call_tally
from chalicelib.visits import Visit, declared_place

LIKELY_PERCENT = 50
"""From which confidence on a visitor's word on the own place counts for the caller."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedBack:
    """The call with what its visit tells, and what its transaction remembers of that."""

    call: Call
    changes: Sequence[Action] = ()


def lead_back(call: Call, lent: Lent | None) -> LedBack:
    """The arriving call with the visit that it belongs to, whose attributes become its tags; `lent`
    is None for a number that is not of a pool."""
    if lent is None:
        return LedBack(call=call)
    if lent.windows is None:
        nowhere = Attribution(why_none=NoVisit.LEFT_POOL)
        return LedBack(call=replace(call, attribution=nowhere))
    found = attribute(lent.leases, lent.windows, call.e164, call.arrived_at)
    if found.visit_id is None:
        return LedBack(call=replace(call, attribution=found))
    kept = kept_until(lent.leases, lent.windows, call.arrived_at)
    visit = lent.visit(found.visit_id)
    return LedBack(
        call=_told_by(visit, call, found) if visit else replace(call, attribution=found),
        changes=(
            kept_change(lent.slot, kept),
            call_of_visit(found.visit_id, call.id, call.arrived_at),
            call_tally(lent.slot.pool_id, call.id, call.arrived_at),
        ),
    )


def _told_by(visit: Visit, call: Call, found: Attribution) -> Call:
    """The call with what its visit tells: tags, and the place where that is likely the caller's."""
    evidence = declared_place(visit)
    likely = (found.confidence_percent or 0) >= LIKELY_PERCENT
    return replace(
        call,
        attribution=found,
        tags={**visit.attributes, **call.tags},
        area=call.area.declared(evidence) if evidence and likely else call.area,
    )
