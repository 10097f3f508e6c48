"""Where does a dialled number lead, and how does everything there stand right now?

Owns the two reads of a voice decision: the number (kept for a minute by a warm process, because it
hardly ever changes) and, in one round trip, all that a decision looks at, the gate's facts among
it. Configuration and use are always read fresh; the decision belongs to `gate` and `routing`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from chalicelib.answering import Answering, Voicemail
from chalicelib.calls import Attempt, Call, Signal
from chalicelib.campaigns import Advertiser, Campaign, Target
from chalicelib.gate import BlockScope, Caller, GateFacts, GateReason
from chalicelib.lines import KnownLine
from chalicelib.market import CampaignFacts, Market, TargetFacts
from chalicelib.offers import Buyer, Number, Offer, Partnership, Publisher, Slot
from chalicelib.questions import Step
from chalicelib.reasons import Reason
from chalicelib.store import codec
from chalicelib.store.answers import asked_key, keyed_question, read_keyed
from chalicelib.store.attributions import Lent, lent_keys, read_lent
from chalicelib.store.calls import (
    call_key,
    decision_part,
    read_call,
    signals_question,
    whisper_keys,
)
from chalicelib.store.facts import Material
from chalicelib.store.gate import Blockers, block_facts, gate_keys, read_blockers, read_gate
from chalicelib.store.holds import funds_key, partnership_key
from chalicelib.store.lines import line_key, read_line
from chalicelib.store.rows import CATALOG, Item, Key, Question, Rows
from chalicelib.store.settings import OPERATOR_KEY, read_operator
from chalicelib.store.talks import read_talks, talks_key
from chalicelib.store.target_holds import read_taken_at
from chalicelib.store.trials import read_trials, trials_key

_NUMBER_KEPT = timedelta(seconds=60)
_GATE_REASONS = frozenset(GateReason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What an earlier delivery of the same request was answered with."""

    attempt: Attempt | None
    refusal: StrEnum | None
    voicemail: Voicemail | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """All that one decision looks at; `call` and `answered` are None on a first delivery.

    `material` are the rows that all else was read out of. `gate` holds nothing, and `market` no
    entries of the block list, where no caller was named. `talked_before` maps targets of the market
    to when the caller last talked with them. `asked` is what the call's caller is asked, None for a
    caller who is not; `keyed` what was keyed, where it was looked for; `reported` the reports of
    what the target of the attempt before heard first, and where a group rang all that came. `line`
    is what is remembered of the caller's line, and `lent` who has the dialled number, where that
    was asked; both are no part of the material, because a call keeps what it knows of them.
    """

    material: Material
    market: Market | None
    gate: GateFacts
    talked_before: Mapping[str, datetime] = field(default_factory=dict)
    call: Call | None = None
    answered: Answered | None = None
    asked: Answering | None = None
    keyed: Mapping[Step, str] = field(default_factory=dict)
    line: KnownLine | None = None
    lent: Lent | None = None
    reported: tuple[Signal, ...] = ()


class Markets:
    """Where numbers lead. One object serves one process and remembers numbers for it."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._numbers: dict[str, tuple[Number, datetime]] = {}

    def number(self, e164: str, now: datetime) -> Number | None:
        """The tracking number, at most a minute old; None when nobody has it."""
        kept = self._numbers.get(e164)
        if kept is not None and now - kept[1] < _NUMBER_KEPT:
            return kept[0]
        key = Key(CATALOG, f"NUMBER#{e164}")
        found, _ = self._rows.gather([key])
        if key not in found:
            return None
        number = codec.from_json(Number, found[key]["doc"])
        self._numbers[e164] = (number, now)
        return number

    def situation(
        self,
        number: Number,
        *,
        call_id: str,
        decision: int,
        caller: Caller | None = None,
        slot: Slot | None = None,
        with_keys: bool = False,
        with_signals: bool = False,
    ) -> Situation:
        """How everything behind `number` stands, and what decision number `decision` of the call
        was if it has been taken; with a `caller`, also what the gate looks at, which advertisers
        block the caller, whom the caller talked with, and what is known of the caller's line;
        with a `slot`, which visits have and had the number in it; `with_keys` also what the caller
        has keyed, `with_signals` every report. One round trip for any number of targets and
        advertisers."""
        places = lent_keys(slot) if slot else []
        keys = [*_keys(number), *places]
        if caller is not None:
            keys += [*gate_keys(number.offer_id, caller), *_callers_keys(caller)]
        decided = call_key(call_id, decision_part(decision))
        whispers = decision > 1 and not with_signals
        before = whisper_keys(call_id, decision - 1) if whispers else []
        found, partitions = self._rows.gather(
            [*keys, call_key(call_id), asked_key(call_id), decided, *before],
            [
                *(
                    Question(table=CATALOG, partition=f"CAMPAIGN#{buyer.campaign_id}")
                    for buyer in number.roster
                ),
                *([keyed_question(call_id)] if with_keys else []),
                *([signals_question(call_id)] if with_signals else []),
            ],
        )
        call, answer = found.pop(call_key(call_id), None), found.pop(decided, None)
        asked = found.pop(asked_key(call_id), None)
        lines = [found.pop(key) for key in _line_keys(caller) if key in found]
        lent = {key: found.pop(key) for key in places if key in found}
        buyers = len(number.roster)
        own = [item for items in partitions[buyers:] for item in items]
        reported = [found.pop(key) for key in before if key in found]
        reported += own if with_signals else ()
        material = Material(number=number, found=found, partitions=partitions[:buyers])
        return replace(
            situation_in(material, caller),
            call=read_call(call) if call else None,
            answered=_answered(answer) if answer else None,
            asked=codec.from_json(Answering, asked["doc"]) if asked else None,
            keyed=read_keyed(own if with_keys else ()),
            line=read_line(lines[0]) if lines else None,
            lent=read_lent(slot, lent) if slot else None,
            reported=tuple(codec.from_json(Signal, item["doc"]) for item in reported),
        )

    def situation_again(
        self,
        number: Number,
        *,
        call_id: str,
        decision: int,
        caller: str | None,
        with_keys: bool = False,
        with_signals: bool = False,
    ) -> Situation:
        """How everything stands for a call that is known, of `caller`; read once more for the
        caller whom the call knows, should the carrier have named another."""

        def read(caller: str | None) -> Situation:
            return self.situation(
                number,
                call_id=call_id,
                decision=decision,
                caller=Caller(number=caller),
                with_keys=with_keys,
                with_signals=with_signals,
            )

        situation = read(caller)
        call = situation.call
        return situation if call is None or call.caller == caller else read(call.caller)


def situation_in(material: Material, caller: Caller | None) -> Situation:
    """How everything stood when the rows were read, without the call that asked for them."""
    number, found = material.number, material.found
    blockers = read_blockers(caller, found)
    market = _market(number, found, material.partitions, blockers)
    talks = [found[key] for key in _talks_keys(caller) if key in found]
    return Situation(
        material=material,
        market=market,
        gate=read_gate(number, caller, blockers, found),
        talked_before=read_talks(talks[0], market) if talks and market else {},
    )


def _keys(number: Number) -> list[Key]:
    advertisers = {buyer.advertiser_id for buyer in number.roster}
    return [
        Key(CATALOG, f"OFFER#{number.offer_id}"),
        OPERATOR_KEY,
        partnership_key(number.partnership_id),
        Key(CATALOG, f"PUBLISHER#{number.publisher_id}"),
        *(Key(CATALOG, f"ADVERTISER#{advertiser}") for advertiser in sorted(advertisers)),
        *(funds_key(advertiser) for advertiser in sorted(advertisers)),
        *(trials_key(number.partnership_id, buyer.campaign_id) for buyer in number.roster),
    ]


def _talks_keys(caller: Caller | None) -> list[Key]:
    """Where it lies whom the caller talked with; nowhere for an anonymous one."""
    return [talks_key(caller.number_hash)] if caller and caller.number_hash else []


def _line_keys(caller: Caller | None) -> list[Key]:
    """Where it lies what is known of the caller's line; nowhere for an anonymous one."""
    return [line_key(caller.number_hash)] if caller and caller.number_hash else []


def _callers_keys(caller: Caller) -> list[Key]:
    return [*_talks_keys(caller), *_line_keys(caller)]


def _market(
    number: Number,
    found: Mapping[Key, Item],
    partitions: tuple[tuple[Item, ...], ...],
    blockers: Blockers,
) -> Market | None:
    """The market behind a number; None when a part of it is missing."""
    offer = found.get(Key(CATALOG, f"OFFER#{number.offer_id}"))
    partnership = found.get(partnership_key(number.partnership_id))
    publisher = found.get(Key(CATALOG, f"PUBLISHER#{number.publisher_id}"))
    if offer is None or partnership is None or publisher is None:
        return None
    known = codec.from_json(Offer, offer["doc"])
    # A number whose roster is about to be rewritten may still name a campaign that has left.
    campaigns = (
        _campaign(buyer, found, items, partnership_id=number.partnership_id, blockers=blockers)
        for buyer, items in zip(number.roster, partitions, strict=True)
        if buyer.campaign_id in known.campaign_ids
    )
    return Market(
        offer=known,
        partnership=codec.from_json(Partnership, partnership["doc"]),
        publisher=codec.from_json(Publisher, publisher["doc"]),
        campaigns=tuple(campaign for campaign in campaigns if campaign),
        earned=partnership.get("used", {}),
        operator=read_operator(found.get(OPERATOR_KEY)),
    )


def _campaign(
    buyer: Buyer,
    found: Mapping[Key, Item],
    items: tuple[Item, ...],
    *,
    partnership_id: str,
    blockers: Blockers,
) -> CampaignFacts | None:
    head = next((item for item in items if item["sk"] == "META"), None)
    advertiser = found.get(Key(CATALOG, f"ADVERTISER#{buyer.advertiser_id}"))
    if head is None or advertiser is None:
        return None
    trials = found.get(trials_key(partnership_id, buyer.campaign_id), {})
    return CampaignFacts(
        campaign=codec.from_json(Campaign, head["doc"]),
        advertiser=codec.from_json(Advertiser, advertiser["doc"]),
        available_cents=found.get(funds_key(buyer.advertiser_id), {}).get("available_cents", 0),
        spent=head.get("spent", {}),
        targets=tuple(read_target(item) for item in items if item["sk"].startswith("TARGET#")),
        trials=read_trials(trials),
        blocks=block_facts(blockers, ((BlockScope.ADVERTISER, buyer.advertiser_id),)),
    )


def read_target(item: Item) -> TargetFacts:
    """The target with its use that a row holds."""
    leases = item.get("leases", {})
    return TargetFacts(
        target=codec.from_json(Target, item["doc"]),
        leases={call: datetime.fromtimestamp(until, UTC) for call, until in leases.items()},
        used=item.get("used", {}),
        taken_at=read_taken_at(item),
        trials=read_trials(item),
    )


def _answered(item: Item) -> Answered:
    doc = json.loads(item["doc"])
    return Answered(
        attempt=codec.from_plain(Attempt, doc["answer"]) if doc["answer"] else None,
        refusal=reason_named(doc["refusal"]) if doc["refusal"] else None,
        voicemail=codec.from_plain(Voicemail, left) if (left := doc.get("voicemail")) else None,
    )


def reason_named(code: str) -> StrEnum:
    """The reason of that code, of the gate or of routing; ValueError for none."""
    return GateReason(code) if code in _GATE_REASONS else Reason(code)
