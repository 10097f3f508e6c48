"""Which calls may feedback mean, as things stand?

Gathers what the rule of `matching` looks at, for one feedback or for a whole stretch of a file, in
a few round trips whatever their number.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from chalicelib import matching
from chalicelib.calls import Call
from chalicelib.campaigns import Campaign
from chalicelib.dispositions import ExternalId
from chalicelib.feedback import Feedback
from chalicelib.keys import Party, PartyKind
from chalicelib.matching import Candidate, Found, Match
from chalicelib.sides import sees
from chalicelib.store.feedback import calls_around, calls_named, led_to
from chalicelib.store.stores import Stores

_A_PAGE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """Feedback with the call it means, as that stood, or the reason why there is none.

    `led_to` is where the feedback's external id led until now, as its row says it.
    """

    feedback: Feedback
    match: Match
    call: Call | None
    led_to: str | None


def match_all(feedback: Sequence[Feedback], *, stores: Stores) -> tuple[Matched, ...]:
    """Each of the feedback of one advertiser with its call, in their order."""
    advertiser_id = feedback[0].advertiser_id
    pointers = led_to(stores.rows, filter(None, map(external_id_of, feedback)))
    ids = {one.named.call_id for one in feedback if one.named.call_id} | set(pointers.values())
    named = calls_named(stores.rows, sorted(ids))
    around = _around(feedback, advertiser_id, stores)
    calls = {id: call for id, call in (named | around).items() if has(advertiser_id, call)}
    near = tuple(_candidate(calls[id]) for id in around if id in calls)
    matched = []
    for one in feedback:
        external_id = external_id_of(one)
        pointer = pointers.get(external_id) if external_id else None
        found = Found(
            by_call_id=_known(one.named.call_id, calls),
            by_external_id=_known(pointer, calls),
            around=near,
        )
        said = matching.match(one, found)
        call = calls[said.call_id] if said.call_id else None
        matched.append(Matched(feedback=one, match=said, call=call, led_to=pointer))
    return tuple(matched)


def has(advertiser_id: str, call: Call) -> bool:
    """Whether the call is the advertiser's."""
    return sees(Party(kind=PartyKind.ADVERTISER, id=advertiser_id), call)


def external_id_of(feedback: Feedback) -> ExternalId | None:
    """The advertiser's own id that the feedback says."""
    value = feedback.named.external_id
    return ExternalId(feedback.advertiser_id, value) if value else None


def _around(feedback: Iterable[Feedback], advertiser_id: str, stores: Stores) -> dict[str, Call]:
    """The calls of the advertiser's campaigns near the times that the feedback names."""
    moments = [one.named.time for one in feedback
               if one.named.time and matching.asks_by_caller(one)]  # fmt: skip
    if not moments:
        return {}
    calls = calls_around(stores.rows, _campaign_ids(advertiser_id, stores), moments)
    return {call.id: call for call in calls}


def _campaign_ids(advertiser_id: str, stores: Stores) -> list[str]:
    """The advertiser's campaigns, in whatever state."""
    found: list[str] = []
    mark: Mapping[str, str] | None = None
    where = {"advertiser_id": advertiser_id}
    while True:
        page = stores.catalog.page(Campaign, where=where, limit=_A_PAGE, after=mark)
        found += [campaign.id for campaign in page.items]
        mark = page.mark
        if mark is None:
            return found


def _known(call_id: str | None, calls: Mapping[str, Call]) -> Candidate | None:
    call = calls.get(call_id) if call_id else None
    return _candidate(call) if call else None


def _candidate(call: Call) -> Candidate:
    """What is compared of a call; one that somebody has was dialled."""
    dialled_at = call.attempt.reserved_at if call.attempt else call.arrived_at
    return Candidate(
        call_id=call.id, caller=call.caller, arrived_at=call.arrived_at, dialled_at=dialled_at
    )
