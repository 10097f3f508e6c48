"""Which other calls has this caller made, as far as repetition counts?

Owns one row for each caller, under a stand-in for the number, with the latest connected and the
latest approved call on every target, campaign, advertiser and offer. What a rule makes of them
belongs to `disqualifying`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from chalicelib import times
from chalicelib.call_facts import EarlierCall
from chalicelib.calls import Call
from chalicelib.store import codec
from chalicelib.store.rows import CALLS, Absent, Change, Condition, Equals, Item, Key, Path
from chalicelib.terms import RepeatScope, Since


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerMark:
    """A call that is remembered of a caller."""

    call_id: str
    arrived_at: datetime


def caller_key(caller_hash: str) -> Key:
    """Where a caller's calls are marked, without the number itself."""
    return Key(CALLS, f"CALLER#{caller_hash}")


def former_key(campaign_id: str, caller_hash: str) -> Key:
    """Where a caller's last approved call on a campaign was marked before the other scopes were."""
    return Key(CALLS, f"CALLER#{campaign_id}#{caller_hash}")


def scopes_of(call: Call) -> Mapping[RepeatScope, str]:
    """The thing that each scope means for the call's present attempt."""
    if call.attempt is None:
        return {}
    hold = call.attempt.hold
    offer = {RepeatScope.OFFER: call.offer_id} if call.offer_id else {}
    return {
        RepeatScope.TARGET: hold.target_id,
        RepeatScope.CAMPAIGN: hold.campaign_id,
        RepeatScope.ADVERTISER: hold.advertiser_id,
        **offer,
    }


def earlier_calls(call: Call, item: Item | None, former: Item | None) -> tuple[EarlierCall, ...]:
    """The caller's other calls as the rows mark them, one at most for each scope and since what."""
    return tuple(_earlier(call, item or {}, former))


def _earlier(call: Call, item: Item, former: Item | None) -> Iterator[EarlierCall]:
    for scope, id in scopes_of(call).items():
        for since in Since:
            mark = _read(item.get(_name(since, id)))
            if mark is None and former and (scope, since) == _FORMER:
                mark = codec.from_json(CallerMark, former["doc"])
            if mark is not None and mark.call_id != call.id:
                yield EarlierCall(
                    scope=scope, since=since, call_id=mark.call_id, arrived_at=mark.arrived_at
                )


def mark_changes(call: Call, seen: Item | None, *since: Since) -> list[Change]:
    """Mark the call in all its scopes; the later of it and the marked one stays.

    Refused when another call of the caller was marked since the row was `seen`. Nothing for an
    anonymous caller.
    """
    if call.caller_hash is None or not since:
        return []
    sets: dict[Path, str] = {}
    when: list[Condition] = []
    for id in scopes_of(call).values():
        for one in since:
            name = _name(one, id)
            stands = (seen or {}).get(name)
            sets[(name,)] = max(_written(call), stands or "")
            when.append(Absent((name,)) if stands is None else Equals((name,), stands))
    return [Change(key=caller_key(call.caller_hash), set=sets, when=when)] if sets else []


_FORMER = (RepeatScope.CAMPAIGN, Since.APPROVED)


def _name(since: Since, id: str) -> str:
    return f"{since}#{id}"


def _written(call: Call) -> str:
    """Sorts in the order of arrival."""
    return f"{times.written(call.arrived_at)}#{call.id}"


def _read(text: str | None) -> CallerMark | None:
    if text is None:
        return None
    arrived, _, call_id = text.partition("#")
    return CallerMark(call_id=call_id, arrived_at=times.read(arrived))
