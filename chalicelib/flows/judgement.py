"""On which facts is an ended call judged, and what follows at once?

Joins the call's own rows with its caller's other calls, the block list and the parties, has the
rules judge, and answers the actions of the outcome. When that is tried belongs to `settlement`,
which rows change to the store.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.call_facts import CallFacts, EarlierCall, facts_of
from chalicelib.calls import Attempt, Call
from chalicelib.campaigns import Advertiser
from chalicelib.endings import Ending
from chalicelib.fitting_terms import Said
from chalicelib.gate import BlockScope, Caller, callers_like
from chalicelib.offers import Publisher
from chalicelib.store import codec
from chalicelib.store.calls import CallFile
from chalicelib.store.dispositions import read_said
from chalicelib.store.gate import block_facts, blocked_key, read_blockers
from chalicelib.store.marks import caller_key, earlier_calls, former_key
from chalicelib.store.reviews import read_reviews
from chalicelib.store.rows import CATALOG, Action, Item, Key
from chalicelib.store.settlements import (
    Judged,
    Parties,
    approval_actions,
    denial_actions,
    pending_actions,
)
from chalicelib.store.stores import Stores
from chalicelib.store.terms import terms_at
from chalicelib.store.trials import read_trials, trials_key
from chalicelib.store.verdicts import Judgement
from chalicelib.terms import Since, TermsVersion
from chalicelib.validation import Standing, Verdict, judge


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What was judged, and the actions that keep it; none where it stands as it stood."""

    verdict: Verdict
    actions: list[Action]


def judged(
    file: CallFile, ending: Ending, before: Judgement | None, *, stores: Stores, now: datetime
) -> Outcome:
    """Judge the call on its facts as they stand. `before` is the judgement that waited, if one
    did: what was known of the call then is not looked up again."""
    if before is None:
        file = replace(file, call=_on_arrival(file.call, stores))
    call = file.call
    found = _gathered(call, before, stores)
    facts = _facts(file, ending, before, found, now=now)
    attempt = call.attempt
    verdict = judge(
        facts,
        attempt.charge if attempt else None,
        attempt.earning if attempt else None,
        now=now,
    )
    if before is not None and verdict == before.verdict:
        return Outcome(verdict=verdict, actions=[])
    case = Judged(
        call=call,
        judgement=Judgement(
            verdict=verdict,
            ending=ending,
            facts=facts,
            terms=attempt.terms if attempt else (),
            judged_at=now,
            approved=verdict.approved,
        ),
        before=before,
        marked=found.get("caller"),
    )
    return Outcome(verdict=verdict, actions=_actions(case, found, now))


def by_versions(attempt: Attempt, said: Mapping[TermsVersion, Said]) -> Attempt:
    """The attempt with the terms that these versions come to; never for more than it holds.

    They are of everybody who may say terms, in the order in which attempts name them.
    """
    charge = next(one.charge for one in said.values() if one.charge)
    own = next((one.target for one in said.values() if one.target), None)
    earnings = [one.earning for one in said.values() if one.earning]
    charge = own.in_place_of(charge) if own else charge
    # A partnership's own earning goes before the offer's, which is named first.
    earning = attempt.earning if attempt.earning_stopped else earnings[-1]
    held = attempt.charge.charge_cents, attempt.earning.earning_cents
    return replace(
        attempt,
        charge=replace(charge, charge_cents=min(charge.charge_cents, held[0])),
        earning=replace(earning, earning_cents=min(earning.earning_cents, held[1])),
        terms=tuple(said),
    )


def _actions(case: Judged, found: Mapping[str, Item], now: datetime) -> list[Action]:
    standing = case.judgement.verdict.standing
    if standing is Standing.PENDING:
        return pending_actions(case)
    counted = read_trials(found.get("trials", {}))
    if standing is Standing.DENIED:
        return denial_actions(case, counted=counted, now=now)
    parties = Parties(
        advertiser=codec.from_json(Advertiser, found["advertiser"]["doc"]),
        publisher=codec.from_json(Publisher, found["publisher"]["doc"]),
    )
    return approval_actions(case, parties=parties, counted=counted, now=now)


def _facts(
    file: CallFile,
    ending: Ending,
    before: Judgement | None,
    found: Mapping[str, Item],
    *,
    now: datetime,
) -> CallFacts:
    """The facts as they stand; what the first judgement knew of the call itself stays as it was.

    So do the connected calls: this one is among them since then, and later ones repeat it.
    """
    call = file.call
    said = read_said(file.beside)
    marked = earlier_calls(call, found.get("caller"), found.get("former"))
    first = before.facts if before else facts_of(call, ending, file.signals, now=now)
    return replace(
        first,
        blocked_by=first.blocked_by if before else _blocked_by(call, found, now),
        earlier=_standing(marked, before),
        dispositions=tuple(replace(one, note=None) for one in said.dispositions),
        postbacks=said.postbacks,
        reviews=tuple(replace(one, note=None) for one in read_reviews(file.beside)),
    )


def _standing(marked: tuple[EarlierCall, ...], before: Judgement | None) -> tuple[EarlierCall, ...]:
    if before is None:
        return marked
    connected = [one for one in before.facts.earlier if one.since is Since.CONNECTED]
    return (*connected, *(one for one in marked if one.since is Since.APPROVED))


def _on_arrival(call: Call, stores: Stores) -> Call:
    """The call with the terms that were in force when it arrived, where they have changed before
    its present attempt; never for more than that attempt holds.

    Terms of which a version was not kept stay those of the attempt.
    """
    attempt = call.attempt
    said = terms_at(stores.rows, attempt.terms, call.arrived_at) if attempt else None
    if attempt is None or not said:
        return call
    return replace(call, attempt=by_versions(attempt, said))


def _gathered(call: Call, before: Judgement | None, stores: Stores) -> dict[str, Item]:
    """The parties of a call, the partnership's trials, its caller's other calls and who blocks the
    caller, in one round trip; nothing without an attempt."""
    if call.attempt is None:
        return {}
    hold = call.attempt.hold
    keys = {
        "advertiser": Key(CATALOG, f"ADVERTISER#{hold.advertiser_id}"),
        "publisher": Key(CATALOG, f"PUBLISHER#{call.publisher_id}"),
    }
    if call.partnership_id:
        keys["trials"] = trials_key(call.partnership_id, hold.campaign_id)
    if call.caller_hash:
        keys["caller"] = caller_key(call.caller_hash)
        keys["former"] = former_key(hold.campaign_id, call.caller_hash)
    if before is None and _asks_for_blocks(call):
        keys |= {key.pk: key for key in map(blocked_key, callers_like(call.caller))}
    found, _ = stores.rows.gather(list(keys.values()))
    return {name: found[key] for name, key in keys.items() if key in found}


def _asks_for_blocks(call: Call) -> bool:
    attempt = call.attempt
    terms = (attempt.charge, attempt.earning) if attempt else ()
    return any(one.disqualifiers.blocked_caller for one in terms)


def _blocked_by(call: Call, found: Mapping[str, Item], now: datetime) -> str | None:
    """Whose entry about the caller is in force, the widest first."""
    hold = call.attempt.hold if call.attempt else None
    if hold is None or not _asks_for_blocks(call):
        return None
    rows = {key: found[key.pk] for key in map(blocked_key, callers_like(call.caller))
            if key.pk in found}  # fmt: skip
    owners = (
        (BlockScope.DEPLOYMENT, None),
        (BlockScope.OFFER, call.offer_id or ""),
        (BlockScope.PUBLISHER, call.publisher_id or ""),
        (BlockScope.ADVERTISER, hold.advertiser_id),
    )
    blockers = read_blockers(Caller(number=call.caller), rows)
    entries = block_facts(blockers, owners)
    return next((one.scope.value for one in entries if one.in_force(now)), None)
