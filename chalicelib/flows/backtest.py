"""What would a campaign's calls of a period have come to under other terms?

Joins the calls with what is kept of their verdicts, with the calls of the same callers that rules
lead back to, and with what advertisers have said of them; has each judged again, and adds up.
Nothing is written. How a request describes terms belongs to the channel.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from chalicelib.backtesting import (
    PastCall,
    TriedTerms,
    asks_what_is_said,
    followed,
    judge_again,
)
from chalicelib.campaigns import Campaign, terms_of
from chalicelib.comparing import Comparison, Ladder, compare
from chalicelib.consistency import Reference
from chalicelib.offers import Partnership
from chalicelib.store.past_calls import (
    page_of_past_calls,
    past_calls,
    targets_of,
    with_all_said,
)
from chalicelib.store.stores import Stores
from chalicelib.terms import ChargeTerms, EarningTerms, RepeatScope, Terms
from chalicelib.times import Period

MOST_CALLS = 4000
"""Calls of one slice; reading and judging them takes a third of the time that a request has."""
MOST_CALLS_ASKED_FOR = 800
"""Calls of one slice where each takes questions of its own, for what its advertiser said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is to be tried: the `campaign` as it would be (None where its calls keep their terms),
    and what `earning` an offer or a partnership would say, by its id. Of the period only up to
    `limit` calls after the mark."""

    campaign_id: str
    period: Period
    campaign: Campaign | None = None
    earning: Mapping[str, EarningTerms] = field(default_factory=dict)
    ladders: tuple[Ladder, ...] = tuple(Ladder)
    limit: int = MOST_CALLS
    after: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BackTest:
    """What came of one slice. `through` is the arrival of its last call that was judged again;
    `not_followed` are calls of repeated callers, arrived in the period, that were too many to look
    at: they stand as they do."""

    comparison: Comparison
    not_judged: int
    facts_not_kept: int
    not_followed: int
    through: datetime | None
    mark: Mapping[str, str] | None


def backtest(asked: Asked, *, stores: Stores, now: datetime) -> BackTest:
    """Judge one slice of the period's calls again, and compare; nothing is written."""
    asks = _asks_what_is_said(asked)
    page = page_of_past_calls(
        stores.rows,
        asked.campaign_id,
        asked.period,
        limit=min(asked.limit, MOST_CALLS_ASKED_FOR if asks else MOST_CALLS),
        after=asked.after,
    )
    earlier, not_followed = _earlier(page.calls, asked, stores)
    calls = [*page.calls, *earlier]
    tested = {call.id for call in calls if _is_tested(call, asked)}
    if asks:
        said = with_all_said(stores.rows, (call for call in calls if call.id in tested))
        calls = [*said, *(call for call in calls if call.id not in tested)]
    again = judge_again(calls, _tried(asked, calls, stores), tested=tested, now=now)
    ours = {call.id for call in page.calls}
    return BackTest(
        comparison=compare((one for one in again if one.call.id in ours), asked.ladders),
        not_judged=page.not_judged,
        facts_not_kept=page.facts_not_kept,
        not_followed=not_followed,
        through=max((call.facts.arrived_at for call in page.calls), default=None),
        mark=page.mark,
    )


def _earlier(calls: Sequence[PastCall], asked: Asked, stores: Stores) -> tuple[list[PastCall], int]:
    """The calls before these slice's that repeat rules lead back to, within the period, and how
    many more of them there are than are looked at."""
    scopes = _followed(calls, asked)
    known, frontier = {call.id for call in calls}, calls
    found: list[PastCall] = []
    left_out: set[str] = set()
    while True:
        wanted = [
            id for id in dict.fromkeys(_named(frontier, scopes, asked.period)) if id not in known
        ]
        taken = wanted[: MOST_CALLS - len(found)]
        left_out |= set(wanted[len(taken) :])
        if not taken:
            return found, len(left_out)
        known |= set(taken)
        frontier = tuple(past_calls(stores.rows, taken))
        found += frontier


def _followed(calls: Iterable[PastCall], asked: Asked) -> frozenset[RepeatScope]:
    terms: list[Terms] = [*asked.earning.values(), *(call.earning for call in calls)]
    terms += [asked.campaign.terms] if asked.campaign else [call.charge for call in calls]
    return followed(terms)


def _named(
    calls: Iterable[PastCall], scopes: frozenset[RepeatScope], period: Period
) -> Iterator[str]:
    for call in calls:
        for one in call.facts.earlier:
            if one.scope in scopes and one.arrived_at in period:
                yield one.call_id


def _is_tested(call: PastCall, asked: Asked) -> bool:
    """Whether its verdict may become another: a call of the campaign, of the period."""
    return call.campaign_id == asked.campaign_id and call.facts.arrived_at in asked.period


def _asks_what_is_said(asked: Asked) -> bool:
    """Whether a rule that is tried looks at what an advertiser says. Terms that calls keep have
    been judged on what they needed."""
    terms: list[Terms] = [*asked.earning.values()]
    terms += [asked.campaign.terms] if asked.campaign else []
    return any(asks_what_is_said(one) for one in terms)


def _tried(asked: Asked, calls: Sequence[PastCall], stores: Stores) -> TriedTerms:
    """What each target of these calls would charge, and each partnership earn: the own terms of a
    target or a partnership go before what its campaign or its offer says."""
    charge: dict[str, ChargeTerms] = {}
    if asked.campaign is not None:
        ids = {call.target_id for call in calls if call.campaign_id == asked.campaign_id}
        targets = targets_of(stores.rows, asked.campaign_id, sorted(ids))
        charge = {target.id: terms_of(asked.campaign, target) for target in targets}
    earning = _earning_by_partnership(asked.earning, calls, stores) if asked.earning else {}
    return TriedTerms(charge=charge, earning=earning)


def _earning_by_partnership(
    earning: Mapping[str, EarningTerms], calls: Iterable[PastCall], stores: Stores
) -> dict[str, EarningTerms]:
    """Offers whose terms are tried reach the partnerships that say none of their own."""
    ids = sorted({call.partnership_id for call in calls if call.partnership_id})
    named = (Reference(field="", kind=Partnership, id=id) for id in ids)
    found: dict[str, EarningTerms] = {}
    for id, thing in stores.catalog.named(named).items():
        own = earning.get(id)
        if own is None and isinstance(thing, Partnership) and thing.earning is None:
            own = earning.get(thing.offer_id)
        if own is not None:
            found[id] = own
    return found
