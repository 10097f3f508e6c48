"""How are verdicts made again over HTTP: many under other terms, or one as it was?

Owns the requests for a back-test and for a verdict's replay, and what each side is shown of them.
Terms have the form that they have in the catalog; judging belongs to the flows. Nothing here
changes a call.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from chalice import Blueprint

from chalicelib import times
from chalicelib.backtesting import JudgedAgain
from chalicelib.campaigns import Campaign
from chalicelib.channels import queries
from chalicelib.channels.api_calls import own_call
from chalicelib.channels.api_catalog import CAMPAIGNS, OFFERS, PARTNERSHIPS, changed_thing
from chalicelib.channels.api_verdicts import judgement_view, shown_verdict
from chalicelib.channels.bodies import Document, validated
from chalicelib.channels.http import Answer, Request, Route, Side, endpoint
from chalicelib.channels.queries import Listing
from chalicelib.comparing import Ladder, side_of
from chalicelib.differing import changed_members
from chalicelib.errors import Fault, Invalid, NotFound
from chalicelib.keys import PartyKind
from chalicelib.offers import Partnership
from chalicelib.sides import publisher_alias
from chalicelib.store.codec import to_plain
from chalicelib.times import Period

if TYPE_CHECKING:
    from chalicelib.flows.backtest import BackTest
    from chalicelib.flows.tried_terms import Tried

blueprint = Blueprint(__name__)
Named = Callable[[str], dict[str, str]]
_ADVERTISERS = (Ladder.CHARGE,)


@endpoint(
    blueprint,
    Route(
        method="POST",
        path="/campaigns/{id}/backtest",
        summary="Ask what calls of a period would have come to under other terms",
        body="BacktestBody",
        answers="BacktestView",
        sides=(Side(party=PartyKind.ADVERTISER, answers="AdvertiserBacktestView"),),
    ),
)
def try_terms(request: Request, id: str) -> Answer:
    """Each judged call of the campaign is judged again on the facts stored with its verdict; the
    answer holds one slice of the period. Nothing is written."""
    from chalicelib.channels.schemas_backtest import BacktestBody
    from chalicelib.flows.backtest import Asked, backtest

    campaign = _own_campaign(id, request)
    said = validated(BacktestBody, request.document())
    period = Period(
        start=times.read(said["period"]["start"]), end=times.read(said["period"]["end"])
    )
    wanted = _wanted(said, period, campaign, request)
    terms = to_plain(wanted.campaign.terms) if wanted.campaign else None
    listing = _listing(said, [terms, to_plain(wanted.earning)], request)
    made = backtest(
        Asked(
            campaign_id=id,
            period=period,
            campaign=wanted.campaign,
            earning=wanted.earning,
            ladders=tuple(Ladder) if request.party.kind is PartyKind.OPERATOR else _ADVERTISERS,
            limit=said["limit"],
            after=listing.after,
        ),
        stores=request.stores,
        now=request.context.clock(),
    )
    shown = {
        "campaign_id": id,
        "period": said["period"],
        "terms": terms,
        **_slice_view(made, partial(_publisher, campaign=campaign, request=request)),
        "next_cursor": queries.cursor(made.mark, listing, *_signing(request)),
    }
    return Answer(body=to_plain(shown))


@endpoint(
    blueprint,
    Route(
        method="POST",
        path="/calls/{id}/verdict/replay",
        summary="Judge a call again, on the facts and by the terms that it was judged by",
        answers="VerdictReplayView",
        sides=(
            Side(party=PartyKind.PUBLISHER, answers="PublisherVerdictReplayView"),
            Side(party=PartyKind.ADVERTISER, answers="AdvertiserVerdictReplayView"),
        ),
    ),
)
def replay_verdict(request: Request, id: str) -> Answer:
    """The verdict as it stands, beside what its facts lead to now; nothing is written."""
    from chalicelib.flows.judging_again import judge_call_again

    call = own_call(id, request)
    original, replayed = (
        shown_verdict(judgement_view(one), request.party.kind)
        for one in judge_call_again(call, stores=request.stores)
    )
    differences = changed_members(original, replayed)
    shown = {
        "call_id": id,
        "same": not differences,
        "original": original,
        "replayed": replayed,
        "differences": differences,
    }
    return Answer(body=to_plain(shown))


def _own_campaign(id: str, request: Request) -> Campaign:
    campaign = request.stores.catalog.find(Campaign, id)
    if campaign is None or not request.party.owns(campaign):
        raise NotFound(f"there is no campaign {id}")
    return campaign


def _wanted(said: Document, period: Period, campaign: Campaign, request: Request) -> "Tried":
    """The terms to be tried; Invalid names everything that is wrong with them, or with the
    period."""
    from chalicelib.flows.tried_terms import tried

    operator = request.party.kind is PartyKind.OPERATOR
    earning = said["earning"] if operator else {}
    wrong = list(_faults(said, period, operator=operator))
    edit = None if said["terms"] is None else partial(_with_terms, said["terms"])
    edits = {of: partial(_with_earning, patch) for of, patch in earning.items()}
    try:
        wanted = tried(campaign, edit, edits, stores=request.stores)
    except Invalid as invalid:
        raise Invalid((*wrong, *invalid.faults)) from None
    if wrong:
        raise Invalid(tuple(wrong))
    return wanted


def _faults(said: Document, period: Period, *, operator: bool) -> Iterator[Fault]:
    if period.end <= period.start:
        reason = "must be later than period.start"
        yield Fault(field="period.end", rule="range", reason=reason)
    if said["earning"] and not operator:
        reason = "what publishers earn is for the operator to try"
        yield Fault(field="earning", rule="operator_only", reason=reason)


def _with_terms(patch: Mapping[str, Any], campaign: Campaign) -> Campaign:
    return cast(Campaign, changed_thing(CAMPAIGNS, campaign, {"terms": patch}))


def _with_earning(patch: Mapping[str, Any], earner: Any) -> Any:
    noun = PARTNERSHIPS if isinstance(earner, Partnership) else OFFERS
    return changed_thing(noun, earner, {"earning": patch})


def _listing(said: Document, terms: Any, request: Request) -> Listing:
    """Which slice is wanted; a cursor holds for the period and the terms that it was made for."""
    asked = {"asked": json.dumps([said["period"], terms], sort_keys=True)}
    cursor = {"cursor": said["cursor"]} if said["cursor"] else {}
    return queries.read_listing({**asked, **cursor}, *_signing(request))


def _signing(request: Request) -> tuple[str, str]:
    """The list that a cursor is made for, of each party apart, and the key that signs it."""
    name = f"POST /campaigns/{request.ids['id']}/backtest of {request.party.id}"
    return name, request.context.secrets().caller_hash_key


def _publisher(publisher_id: str, *, campaign: Campaign, request: Request) -> dict[str, str]:
    """The publisher, as whoever asks may know it."""
    if request.party.kind is PartyKind.OPERATOR:
        return {"publisher_id": publisher_id}
    key = request.context.secrets().caller_hash_key
    return {"publisher": publisher_alias(publisher_id, campaign.advertiser_id, key)}


def _slice_view(made: "BackTest", named: Named) -> dict[str, Any]:
    """What came of one slice, on the sides that were compared."""
    found = made.comparison
    return {
        "calls": found.calls,
        "through": made.through,
        "left_out": {
            "not_judged": made.not_judged,
            "facts_not_kept": made.facts_not_kept,
            "earlier_calls": made.not_followed,
            "blocks_unknown": found.blocks_unknown,
        },
        **_by_name(found.sums),
        "rules": found.rules,
        "changed": found.changed,
        "publishers": [{**named(of), **_by_name(sums)} for of, sums in found.publishers.items()],
        "changes": [_change_view(one, found.sums, named) for one in found.changes],
    }


def _change_view(one: JudgedAgain, ladders: Iterable[Ladder], named: Named) -> dict[str, Any]:
    sides = {
        ladder: {"before": side_of(one.call.before, ladder), "after": side_of(one.after, ladder)}
        for ladder in ladders
    }
    return {
        "call_id": one.call.id,
        "arrived_at": one.call.facts.arrived_at,
        "target_id": one.call.target_id,
        **named(one.call.publisher_id),
        **_by_name(sides),
    }


def _by_name(sides: Mapping[Ladder, Any]) -> dict[str, Any]:
    return {ladder.value: side for ladder, side in sides.items()}
