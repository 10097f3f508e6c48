"""How many past calls are judged again in a second?

Times the pure part (judging and adding up), and the whole of a back-test over rows in memory, which
reads them as DynamoDB answers them, slice after slice; for 1,000 to 100,000 calls, on one core. A
tenth of the calls repeat the one before. Beside each the processor time of decoding the same rows
from JSON, and nothing else. Run it as `python -m bench.backtest`.
"""

import json
import resource
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib import times
from chalicelib.backtesting import PastCall, TriedTerms, judge_again
from chalicelib.call_facts import CallFacts, EarlierCall
from chalicelib.calls import Attempt, Call, CallStatus, Hold
from chalicelib.campaigns import Campaign, Target
from chalicelib.comparing import Ladder, compare
from chalicelib.endings import Ending, Evidence
from chalicelib.flows.backtest import MOST_CALLS, Asked, backtest
from chalicelib.places import Area
from chalicelib.store import codec
from chalicelib.store.attributes import plain_item
from chalicelib.store.past_calls import page_of_past_calls
from chalicelib.store.rows import Item, Key, Page, Question
from chalicelib.store.stores import Stores
from chalicelib.store.verdicts import Judgement
from chalicelib.terms import ChargeTerms, EarningTerms, RepeatScope, Since
from chalicelib.times import Period
from chalicelib.validation import judge

SIZES = (1_000, 10_000, 100_000)
BEGUN = datetime(2026, 11, 1, tzinfo=UTC)
EARNING = EarningTerms(earning_cents=1_500)
CHARGE = ChargeTerms(charge_cents=2_500, minimum_talk_seconds=60, repeat_days=30)
CAMPAIGN = Campaign(
    id="cmp_1",
    advertiser_id="adv_1",
    name="Roof repair",
    vertical="roofing",
    terms=replace(CHARGE, minimum_talk_seconds=120),
    created_at=BEGUN,
)
PERIOD = Period(start=BEGUN, end=BEGUN + timedelta(days=60))
TARGET = Target(
    id="tgt_1",
    campaign_id="cmp_1",
    name="Desk",
    destination="+12125550100",
    created_at=BEGUN,
)
_TARGET = codec.to_json(TARGET)
HOLD = Hold(
    target_id="tgt_1",
    campaign_id="cmp_1",
    advertiser_id="adv_1",
    amount_cents=2_500,
    target_windows=("hour#2026-11-23T15+0000", "day#2026-11-23", "total"),
    campaign_windows=("day#2026-11-23", "total"),
    lease_until=PERIOD.end,
)


def a_call(number: int, at: datetime) -> Call:
    """A call as it lies once it is judged."""
    return Call(
        id=_id(number),
        carrier="twilio",
        carrier_call_id=f"CA{number:032}",
        e164="+18005550100",
        caller="+14155550100",
        caller_hash="0" * 64,
        area=Area(state="CA", zip="94105", area_code="415", source="carrier"),
        arrived_at=at,
        offer_id="off_1",
        publisher_id=f"pub_{number % 7}",
        partnership_id=f"par_{number % 7}",
        status=CallStatus.APPROVED,
        attempt=Attempt(
            number=1,
            destination="+12125550100",
            ring_seconds=25,
            max_call_seconds=3_600,
            reserved_at=at,
            charge=CHARGE,
            earning=EARNING,
            hold=HOLD,
        ),
    )


def a_judgement(number: int, at: datetime, before: Sequence[EarlierCall]) -> Judgement:
    """The verdict on a call of 30 to 209 seconds, with its facts."""
    facts = CallFacts(
        offered=True,
        arrived_at=at,
        dialled_at=at,
        answered_at=at,
        ended_at=at + timedelta(minutes=4),
        talk_seconds=30 + number * 37 % 180,
        evidence=Evidence.LEG,
        area=Area(state="CA", zip="94105", area_code="415", source="carrier"),
        earlier=tuple(before),
        advertiser_id="adv_1",
    )
    ending = Ending(
        ended=True,
        certain=True,
        talk_seconds=facts.talk_seconds,
        evidence=facts.evidence,
        failed_attempt=False,
        ended_at=facts.ended_at,
    )
    verdict = judge(facts, CHARGE, EARNING, now=facts.ended_at)
    return Judgement(
        verdict=verdict,
        ending=ending,
        facts=facts,
        judged_at=facts.ended_at,
        approved=verdict.approved,
    )


class Shelf:
    """The rows of so many calls as DynamoDB would answer them, in the order of arrival."""

    def __init__(self, calls: int) -> None:
        self.heads: list[tuple[str, str]] = []
        self.verdicts: dict[str, str] = {}
        last: tuple[EarlierCall, ...] = ()
        for number in range(calls):
            at = BEGUN + timedelta(seconds=number * 50)
            judgement = a_judgement(number, at, last if number % 10 == 9 else ())
            self.heads.append((f"{times.written(at)}#{_id(number)}",
                               codec.to_json(a_call(number, at))))  # fmt: skip
            self.verdicts[f"CALL#{_id(number)}"] = codec.to_json(judgement)
            named = (Since.CONNECTED, *((Since.APPROVED,) if judgement.approved else ()))
            last = tuple(
                EarlierCall(
                    scope=RepeatScope.CAMPAIGN, since=since, call_id=_id(number), arrived_at=at
                )
                for since in named
            )

    def gather(
        self, keys: Sequence[Key], questions: Sequence[Question] = ()
    ) -> tuple[dict[Key, Item], tuple[tuple[Item, ...], ...]]:
        """Rows by their keys: verdicts, calls that slices lead back to, and the one target."""
        found = {}
        for key in keys:
            if key.sk == "VERDICT":
                doc = self.verdicts[key.pk]
            elif key.pk.startswith("CALL#"):
                doc = self.heads[int(key.pk.removeprefix("CALL#call_"))][1]
            else:
                doc = _TARGET
            found[key] = _read({"pk": key.pk, "sk": key.sk, "doc": doc})
        return found, ()

    def page(self, question: Question) -> Page:
        """The calls after the mark."""
        first = int(question.after["at"]) if question.after else 0
        last = first + (question.limit or 0)
        items = [
            _read({"pk": f"CALL#{started.partition('#')[2]}", "sk": "META", "doc": doc,
                   "started_key": started, "campaign_id": "cmp_1", "status": "approved"})
            for started, doc in self.heads[first:last]
        ]  # fmt: skip
        return Page(tuple(items), {"at": str(last)} if last < len(self.heads) else None)

    def write(self, actions: Sequence[Any]) -> None:
        """Nothing is written."""
        raise AssertionError(actions)

    def documents(self) -> Iterator[str]:
        """What is kept of the calls and their verdicts, as it lies."""
        yield from (doc for _, doc in self.heads)
        yield from self.verdicts.values()


def _id(number: int) -> str:
    return f"call_{number:026}"


def _read(values: Mapping[str, str]) -> Item:
    """A row out of what DynamoDB answers."""
    return plain_item({name: {"S": value} for name, value in values.items()})


def pure(calls: list[PastCall]) -> float:
    """The processor seconds of judging the calls and adding up."""
    begun = time.process_time()
    tried = TriedTerms(charge={"tgt_1": CAMPAIGN.terms})
    ids = {call.id for call in calls}
    compare(judge_again(calls, tried, tested=ids, now=PERIOD.end), tuple(Ladder))
    return time.process_time() - begun


def whole(shelf: Shelf) -> float:
    """The processor seconds of the back-test, slice after slice."""
    begun = time.process_time()
    mark: Mapping[str, str] | None = None
    while True:
        asked = Asked(campaign_id="cmp_1", period=PERIOD, campaign=CAMPAIGN, after=mark)
        found = backtest(asked, stores=Stores(shelf), now=PERIOD.end)
        mark = found.mark
        if mark is None:
            return time.process_time() - begun


def decoding(shelf: Shelf) -> float:
    """The processor seconds of reading the same documents as JSON."""
    begun = time.process_time()
    for document in shelf.documents():
        json.loads(document)
    return time.process_time() - begun


def main() -> None:
    """Print calls per second, and each cost beside that of decoding."""
    print(f"processor time on one core; slices of {MOST_CALLS:,} calls")
    print(f"{'calls':>8} {'decode s':>9} {'pure s':>8} {'calls/s':>9} {'x decode':>9}"
          f" {'whole s':>8} {'calls/s':>9} {'x decode':>9}")  # fmt: skip
    for size in SIZES:
        shelf = Shelf(size)
        past = page_of_past_calls(shelf, "cmp_1", PERIOD, limit=size, after=None)
        floor, judged = decoding(shelf), pure(list(past.calls))
        del past
        all_of_it = whole(shelf)
        print(
            f"{size:>8,} {floor:>9.2f}"
            f" {judged:>8.2f} {size / judged:>9,.0f} {judged / floor:>9.1f}"
            f" {all_of_it:>8.2f} {size / all_of_it:>9,.0f} {all_of_it / floor:>9.1f}"
        )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"at most {peak:,.0f} MB, the rows themselves among them")


if __name__ == "__main__":
    main()
