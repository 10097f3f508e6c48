"""What is remembered of a call?

Owns the rows of calls, decisions, signals and verdicts, and the questions asked of them. How a
reservation or a settlement changes other rows belongs to `reservations` and `settlements`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from chalicelib import times
from chalicelib.answering import Message
from chalicelib.calls import Attempt, Call, CallStatus, LegStatus, Signal, SignalKind
from chalicelib.endings import Ending
from chalicelib.errors import NotFound
from chalicelib.routing import Decision
from chalicelib.store import codec
from chalicelib.store.dispositions import with_said
from chalicelib.store.hangups import end_sets, with_hang_up
from chalicelib.store.rows import (
    CALLS,
    Absent,
    Action,
    Change,
    Equals,
    Item,
    Key,
    NotWritten,
    Present,
    Put,
    Question,
    Rows,
)

FIRST_LOOK = timedelta(seconds=60)
DUE = "open"
_SIGNALS_KEPT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class CallsPage:
    """Calls of one page, newest first, and the mark at which the next page begins."""

    items: tuple[Call, ...]
    mark: dict[str, str] | None


@dataclass(frozen=True, slots=True)
class CallFile:
    """A call and every signal that has come for it; `given_up` once nobody is left to try.

    `beside` are all rows of the call as they lie, with what was judged and what its advertiser
    said."""

    call: Call
    signals: tuple[Signal, ...]
    given_up: bool
    beside: tuple[Item, ...] = ()


def call_key(call_id: str, part: str = "META") -> Key:
    """Where a call, or a part of it, lies."""
    return Key(CALLS, f"CALL#{call_id}", part)


def decision_part(number: int) -> str:
    """The sort key of decision number `number`; the first is 1."""
    return f"DECISION#{number}"


def call_item(call: Call) -> Item:
    """The row of a call; one that is not judged yet is due for a look."""
    arrived = times.written(call.arrived_at)
    judged = call.status not in (CallStatus.LIVE, CallStatus.PENDING)
    together = call.attempt.together if call.attempt else None
    return {
        "pk": f"CALL#{call.id}",
        "sk": "META",
        "doc": codec.to_json(call),
        "status": call.status.value,
        "attempt": call.attempt.number if call.attempt else 0,
        "freed_for": together.freed_for if together else None,
        "month": arrived[:7],
        "started_key": f"{arrived}#{call.id}",
        "campaign_id": call.attempt.hold.campaign_id if call.attempt else None,
        "publisher_id": call.publisher_id,
        "due": None if judged else DUE,
        "due_at": None if judged else times.written(call.arrived_at + FIRST_LOOK),
    }


def call_change(before: Call, after: Call, *, due_at: datetime | None = None) -> Change:
    """`after` in the place of `before`, while the call stands as it was when `before` was read; its
    next look is `due_at`, where one is given."""
    item, freed_for = call_item(after), call_item(before)["freed_for"]
    del item["pk"], item["sk"]
    if item["due"]:
        del item["due"], item["due_at"]
    if due_at is not None:
        item |= {"due": DUE, "due_at": times.written(due_at)}
    return Change(
        key=call_key(before.id),
        set={(name,): value for name, value in item.items() if value is not None},
        remove=[(name,) for name, value in item.items() if value is None],
        when=[
            Equals(("status",), before.status.value),
            Equals(("attempt",), before.attempt.number if before.attempt else 0),
            Equals(("freed_for",), freed_for) if freed_for else Absent(("freed_for",)),
        ],
    )


def decision_put(call_id: str, number: int, decision: Decision, answer: Attempt | None) -> Put:
    """The trace of decision `number`; written once."""
    doc = json.dumps(decision_trace(number, decision, answer), separators=(",", ":"))
    return Put(CALLS, {"pk": f"CALL#{call_id}", "sk": decision_part(number), "doc": doc})


def decision_trace(number: int, decision: Decision, answer: Attempt | None) -> dict[str, Any]:
    """What is kept of decision `number`, with the attempt it led to."""
    doc = {
        "number": number,
        "strategy": decision.strategy,
        "considered": decision.considered,
        "refusal": decision.refusal,
        "gate": decision.gate,
        "voicemail": decision.voicemail,
        "answer": answer,
    }
    plain: dict[str, Any] = codec.to_plain(doc)
    return plain


def signals_question(call_id: str) -> Question:
    """Asks for every report of a call."""
    return Question(table=CALLS, partition=f"CALL#{call_id}", starts_with="SIGNAL#")


def whisper_keys(call_id: str, attempt: int) -> list[Key]:
    """Where the reports lie of what the attempt's target heard before the caller."""
    kinds, status = (SignalKind.WHISPER, SignalKind.BRIDGE), LegStatus.IN_PROGRESS
    return [call_key(call_id, f"SIGNAL#{kind}#{attempt}#{status}") for kind in kinds]


def signal_put(call_id: str, signal: Signal) -> Put:
    """One report as it came; a repetition of it is refused."""
    return Put(
        CALLS,
        {
            "pk": f"CALL#{call_id}",
            "sk": f"SIGNAL#{signal.key}",
            "doc": codec.to_json(signal),
            "expires_at": int((signal.received_at + _SIGNALS_KEPT).timestamp()),
        },
    )


class Calls:
    """The calls that this deployment has seen."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def get(self, call_id: str) -> Call:
        """The call; NotFound when there is none."""
        found, _ = self._rows.gather([call_key(call_id)])
        if not found:
            raise NotFound(f"there is no call {call_id}")
        return read_call(found[call_key(call_id)])

    def file(self, call_id: str) -> CallFile | None:
        """The call with its signals, in one round trip; None when the call is not known."""
        question = Question(table=CALLS, partition=f"CALL#{call_id}")
        _, (items,) = self._rows.gather([], [question])
        heads = [item for item in items if item["sk"] == "META"]
        if not heads:
            return None
        signals = [i["doc"] for i in items if i["sk"].startswith("SIGNAL#")]
        decisions = [json.loads(i["doc"]) for i in items if i["sk"].startswith("DECISION#")]
        return CallFile(
            call=read_call(heads[0]),
            signals=tuple(codec.from_json(Signal, doc) for doc in signals),
            given_up=any(decision["answer"] is None for decision in decisions),
            beside=items,
        )

    def keep_signal(self, call_id: str, signal: Signal) -> bool:
        """Keep a report, in one round trip; False when it was kept before. That of an end is kept
        with its call as well, whatever has become of that, as soon as there is one."""
        ends = end_sets(signal)
        beside = [Change(key=call_key(call_id), set=ends, when=[Present(("pk",))])] if ends else []
        put = signal_put(call_id, signal)
        try:
            self._rows.write([put, *beside])
        except NotWritten as refused:
            return 0 not in refused.images and self._keep([put])
        return True

    def _keep(self, actions: list[Action]) -> bool:
        try:
            self._rows.write(actions)
        except NotWritten:
            return False
        return True

    def keep_message(self, call_id: str, message: Message, signal: Signal) -> bool:
        """Keep a message on voicemail with its report, in one round trip; False when it was kept
        before, or there is no such call."""
        beside = Change(
            key=call_key(call_id),
            set={("voicemail",): codec.to_json(message)},
            when=[Present(("pk",))],
        )
        return self._keep([beside, signal_put(call_id, signal)])

    def decisions(self, call_id: str) -> tuple[dict[str, Any], ...]:
        """The traces of the call's decisions, in the order of its attempts."""
        return self._parts(call_id, "DECISION#")

    def verdict(self, call_id: str) -> dict[str, Any] | None:
        """Every rule with what it saw; None while the call is not judged."""
        return next(iter(self._parts(call_id, "VERDICT")), None)

    def signals(self, call_id: str) -> tuple[dict[str, Any], ...]:
        """Every report that is still kept, as it came."""
        return self._parts(call_id, "SIGNAL#")

    def page(
        self,
        *,
        by: str,
        partition: str,
        status: str | None = None,
        limit: int,
        after: Mapping[str, str] | None = None,
    ) -> CallsPage:
        """Calls, newest first: `by` is "month" (2026-11), "campaign" or "publisher" (an id).

        With a status the page is filled from as many rows as it takes.
        """
        items: list[Call] = []
        mark = after
        while True:
            question = Question(
                table=CALLS, index=f"by_{by}", partition=partition, descending=True,
                limit=limit - len(items), after=mark,
            )  # fmt: skip
            page = self._rows.page(question)
            found = (read_call(item) for item in page.items)
            items += [call for call in found if status is None or call.status == status]
            mark = page.mark
            if mark is None or len(items) >= limit:
                return CallsPage(items=tuple(items), mark=page.mark)

    def due(self, now: datetime, *, limit: int) -> tuple[Call, ...]:
        """Calls that are not judged and whose next look is due, the longest overdue first."""
        question = Question(
            table=CALLS, index="by_due", partition=DUE, below=times.written(now), limit=limit
        )
        return tuple(read_call(item) for item in self._rows.page(question).items)

    def mark_pending(self, call: Call, ending: Ending) -> None:
        """Show that a call is over and waits for its verdict; NotWritten when it has moved on."""
        if call.status is CallStatus.PENDING:
            return
        over = replace(call, status=CallStatus.PENDING, ended_at=ending.ended_at)
        self._rows.write([call_change(call, over)])

    def look_again(self, call: Call, at: datetime) -> None:
        """Put off the next look at a call that is not judged; a judged one is left alone."""
        try:
            self._rows.write(
                [
                    Change(
                        key=call_key(call.id),
                        set={("due_at",): times.written(at)},
                        when=[Equals(("due",), DUE)],
                    )
                ]
            )
        except NotWritten:
            return

    def _parts(self, call_id: str, prefix: str) -> tuple[dict[str, Any], ...]:
        question = Question(table=CALLS, partition=f"CALL#{call_id}", starts_with=prefix)
        _, (items,) = self._rows.gather([], [question])
        return tuple(codec.from_json(dict[str, Any], item["doc"]) for item in items)


def read_call(item: Item) -> Call:
    """The call that a row holds; a message on voicemail, the reports of ends, and what advertisers
    say lie beside it, because they may come when the call is judged already."""
    call = with_said(with_hang_up(codec.from_json(Call, item["doc"]), item), item)
    left = item.get("voicemail")
    return replace(call, voicemail=codec.from_json(Message, left)) if left else call
