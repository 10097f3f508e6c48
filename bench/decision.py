"""How much of a caller's wait is the decision itself?

Times the pure decision among 1 and 200 targets with every kind of rule set, reading those targets
from their stored documents, and packing the facts of the decision, which are kept with it; beside
them the processor time of one bare DynamoDB request (built, signed and parsed by botocore, answered
from memory). Run it as `python -m bench.decision`.
"""

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from datetime import time as clock_time
from typing import Any

import botocore.session
from botocore.awsrequest import AWSResponse

from chalicelib.calls import Call
from chalicelib.campaigns import Advertiser, Billing, Campaign, Target
from chalicelib.criteria import Filter, FilterTest, Geography, RouteByArea
from chalicelib.gate import Caller
from chalicelib.ids import derived
from chalicelib.market import CampaignFacts, Market, TargetFacts
from chalicelib.offers import Number, Offer, Partnership, Publisher, Strategy
from chalicelib.places import Area
from chalicelib.routing import Decision, choose
from chalicelib.store import codec
from chalicelib.store.facts import Facts, Material, facts_puts
from chalicelib.store.rows import Item, Put
from chalicelib.terms import ChargeTerms, EarningTerms
from chalicelib.times import Hours, OpenBlock
from chalicelib.trials import named, names_of_a_trial

ROUNDS = 60
NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
CALLER = Area(state="CA", zip="94105", area_code="415")
WEEK = tuple(OpenBlock(weekday=day, opens=clock_time(6), closes=clock_time(22)) for day in range(7))
HOURS = Hours(zone="America/Chicago", blocks=WEEK)
FILTERS = (
    Filter(attribute="state", test=FilterTest.IN, values=("CA", "TX")),
    Filter(attribute="caller", test=FilterTest.PREFIX, values=("+1900",), negated=True),
    Filter(attribute="tag.source", test=FilterTest.MATCHES, values=("(?i)^(radio|tv)-[a-z]+$",)),
)


def a_target(number: int) -> Target:
    """A target on which every kind of rule has something to say."""
    return Target(
        id=f"tgt_{number:03d}",
        campaign_id="cmp_1",
        name=f"Target {number}",
        destination=f"+1212555{number:04d}",
        priority=1 + number % 5,
        weight=10,
        hours=HOURS,
        filters=FILTERS,
        concurrency_cap=10,
        hourly_cap=100,
        daily_cap=500,
        monthly_cap=5_000,
        daily_cap_cents=1_000_000,
        created_at=NOW,
    )


def a_market(targets: int) -> Market:
    """One campaign with this many targets, all of them eligible, ordered by expected revenue."""
    trials = dict.fromkeys(names_of_a_trial(approved=True, now=NOW), 30)
    terms = ChargeTerms(charge_cents=2_500, geography=Geography(states=("CA", "TX")))
    campaign = Campaign(
        id="cmp_1",
        advertiser_id="adv_1",
        name="Roof repair",
        vertical="roofing",
        terms=terms,
        route_by_area=RouteByArea.INSIDE_ONLY,
        daily_budget_cents=1_000_000,
        created_at=NOW,
    )
    facts = CampaignFacts(
        campaign=campaign,
        advertiser=Advertiser(id="adv_1", name="A", billing=Billing.PREPAID, created_at=NOW),
        available_cents=10_000_000,
        spent={},
        targets=tuple(
            TargetFacts(target=a_target(number), leases={}, used={}, trials=trials)
            for number in range(targets)
        ),
        trials={
            named(a_target(number).id, name): count
            for number in range(targets)
            for name, count in trials.items()
        },
    )
    offer = Offer(
        id="off_1",
        name="O",
        vertical="roofing",
        earning=EarningTerms(earning_cents=1_500),
        strategy=Strategy.EXPECTED_REVENUE,
        created_at=NOW,
    )
    return Market(
        offer=offer,
        publisher=Publisher(id="pub_1", name="P", created_at=NOW),
        partnership=Partnership(id="par_1", offer_id="off_1", publisher_id="pub_1", created_at=NOW),
        campaigns=(facts,),
    )


class _Answer:
    """A body that is read as urllib3's is."""

    def stream(self, **_: Any) -> list[bytes]:
        """The whole answer at once."""
        return [b"{}"]


def a_request() -> Callable[[], Any]:
    """One GetItem through botocore, with nothing on the wire."""
    client = botocore.session.get_session().create_client(
        "dynamodb",
        region_name="us-east-1",
        aws_access_key_id="bench",
        aws_secret_access_key="bench",  # noqa: S106 - signs a request that is never sent
    )
    client.meta.events.register(
        "before-send.dynamodb",
        lambda request, **_: AWSResponse(request.url, 200, {}, _Answer()),
    )
    key = {"pk": {"S": "CALL#1"}, "sk": {"S": "META"}}
    return lambda: client.get_item(TableName="calls", Key=key, ConsistentRead=True)


def measure(work: Callable[[], Any]) -> float:
    """The median of processor milliseconds that one run takes."""
    times = []
    for _ in range(ROUNDS):
        begun = time.process_time_ns()
        work()
        times.append((time.process_time_ns() - begun) / 1e6)
    return statistics.median(times)


def decision(targets: int) -> Callable[[], Any]:
    """A decision of a call that is new each time, so that nothing of the one before helps."""
    market, count = a_market(targets), iter(range(10**6))
    attributes = {"state": "CA", "caller": "+14155550100", "tag.source": "radio-west"}
    return lambda: choose(
        market, call_id=f"call_{next(count)}", now=NOW, area=CALLER, attributes=attributes
    )


def a_row(number: int) -> Item:
    """The row of a target that is in use."""
    return {
        "pk": "CAMPAIGN#cmp_1",
        "sk": f"TARGET#tgt_{number:03d}",
        "kind": "target",
        "id": f"tgt_{number:03d}",
        "version": 3,
        "doc": codec.to_json(a_target(number)),
        "leases": {derived("call", str(number), str(n)): 1_795_532_400 + n for n in range(3)},
        "used": {"hour#2026-11-23T09-0600": number, "day#2026-11-23": 40 + number, "total": 900},
    }


def kept_facts(targets: int) -> Callable[[], list[Put]]:
    """The facts of a decision among this many targets, made ready to be kept."""
    facts = Facts(
        material=Material(
            number=Number(
                id="num_1", e164="+18005550100", offer_id="off_1", publisher_id="pub_1",
                partnership_id="par_1", placement_id="plc_1", created_at=NOW,
            ),
            found={},
            partitions=(tuple(a_row(number) for number in range(targets)),),
        ),
        call=Call(
            id="call_1", carrier="twilio", carrier_call_id="CA1", e164="+18005550100",
            caller=None, caller_hash=None, area=CALLER, arrived_at=NOW,
        ),
        caller=Caller(number=None),
        now=NOW,
    )  # fmt: skip
    return lambda: facts_puts(facts, Decision(), 1)


def main() -> None:
    """Print each cost beside that of one request."""
    documents = [codec.to_json(a_target(number)) for number in range(200)]
    floor = measure(a_request())
    rows = {
        "one DynamoDB request, bare": floor,
        "decision among 1 target": measure(decision(1)),
        "decision among 200 targets": measure(decision(200)),
        "reading 200 targets' documents": measure(
            lambda: [codec.from_json(Target, document) for document in documents]
        ),
        "keeping the facts of 200 targets": measure(kept_facts(200)),
    }
    print(f"{'median of ' + str(ROUNDS) + ', processor time':<36} {'ms':>8} {'x request':>10}")
    for name, milliseconds in rows.items():
        print(f"{name:<36} {milliseconds:>8.2f} {milliseconds / floor:>10.2f}")
    for targets in (1, 10, 200):
        (put,) = kept_facts(targets)()
        print(f"the facts of {targets} target(s) take {len(put.item['facts']) / 1024:.1f} KB")


if __name__ == "__main__":
    main()
