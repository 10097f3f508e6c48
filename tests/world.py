"""A deployment in memory: a small market laid into rows, and calls played against it."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from chalicelib.calls import Call, CallStatus, LegStatus, Signal, SignalKind, call_id
from chalicelib.campaigns import Advertiser, Campaign, Target
from chalicelib.flows.following import next_attempt
from chalicelib.flows.inbound import Answer, Arrival, answer
from chalicelib.flows.looking_up import Inquiry
from chalicelib.flows.settlement import Progress, settle
from chalicelib.offers import TWILIO, Buyer, Number, Offer, Partnership, Publisher
from chalicelib.places import Area
from chalicelib.store import codec
from chalicelib.store.rows import BOOKS, CATALOG, Change, Item, Key, Put, Rows
from chalicelib.store.stores import Stores
from tests import builders
from tests.builders import CALLER, NOW, TRACKING_NUMBER
from tests.carriers import FakeCarrier


def head(kind: str, thing: Any, **more: Any) -> Put:
    """The row of a thing of the catalog."""
    item: Item = {
        "pk": f"{kind.upper()}#{thing.id}",
        "sk": "META",
        "kind": kind,
        "id": thing.id,
        "version": 1,
        "doc": codec.to_json(thing),
    }
    return Put(CATALOG, item | more)


@dataclass
class World:
    """A market over rows, with a clock that stands still until it is moved."""

    rows: Rows
    now: datetime = NOW
    stores: Stores = field(init=False)
    lines: FakeCarrier = field(init=False)
    inquiry: Inquiry = field(init=False)

    def __post_init__(self) -> None:
        self.stores = Stores(self.rows)
        self.lines = FakeCarrier()
        self.inquiry = Inquiry(ask=self.lines.look_up, seconds=10)

    def clock(self) -> datetime:
        """The world's present."""
        return self.now

    def later(self, **span: float) -> None:
        """Let time pass."""
        self.now += timedelta(**span)

    def opens(
        self,
        *targets: Target,
        campaign: Campaign | None = None,
        advertiser: Advertiser | None = None,
        funds: int = 100_000,
        offer: Offer | None = None,
        publisher: Publisher | None = None,
        partnership: Partnership | None = None,
        carrier: str = TWILIO,
    ) -> None:
        """Lay one campaign with its targets, offer, publisher and number."""
        campaign = campaign or builders.a_campaign()
        advertiser = advertiser or builders.an_advertiser(id=campaign.advertiser_id)
        for target in targets or (builders.a_target(),):
            self.rows.write([self._target(target, campaign)])
        self.rows.write(
            [
                head("campaign", campaign, spent={}),
                head("advertiser", advertiser),
                Put(BOOKS, {"pk": f"FUNDS#{advertiser.id}", "sk": "META",
                            "available_cents": funds, "held_cents": 0}),
                head("offer", offer or builders.an_offer()),
                head("publisher", publisher or builders.a_publisher()),
                head("partnership", partnership or builders.a_partnership(), used={}),
                self._number(builders.a_number(
                    roster=(Buyer(campaign_id=campaign.id, advertiser_id=advertiser.id),),
                    carrier=carrier,
                )),
            ]
        )  # fmt: skip

    def rewrites(self, thing: Target | Partnership) -> None:
        """The thing is changed while calls go on; what calls move beside it stays."""
        key = (
            Key(CATALOG, f"CAMPAIGN#{thing.campaign_id}", f"TARGET#{thing.id}")
            if isinstance(thing, Target)
            else Key(CATALOG, f"PARTNERSHIP#{thing.id}")
        )
        self.rows.write([Change(key=key, set={("doc",): codec.to_json(thing)})])

    def joins(
        self, campaign: Campaign, target: Target, advertiser: Advertiser, *, funds: int = 100_000
    ) -> None:
        """A second campaign competes for the offer's calls."""
        roster = tuple(
            Buyer(campaign_id=one, advertiser_id=other)
            for one, other in (("cmp_1", "adv_1"), (campaign.id, advertiser.id))
        )
        offer = builders.an_offer(campaign_ids=("cmp_1", campaign.id))
        number = self._number(builders.a_number(roster=roster))
        self.rows.write(
            [
                head("campaign", campaign, spent={}),
                head("advertiser", advertiser),
                self._target(target, campaign),
                Put(BOOKS, {"pk": f"FUNDS#{advertiser.id}", "sk": "META",
                            "available_cents": funds, "held_cents": 0}),
                *(Change(key=Key(CATALOG, row.item["pk"]), set={("doc",): row.item["doc"]})
                  for row in (head("offer", offer), number)),
            ]
        )  # fmt: skip

    def _target(self, target: Target, campaign: Campaign) -> Put:
        row = head("target", target, leases={}, used={})
        row.item["pk"] = f"CAMPAIGN#{campaign.id}"
        row.item["sk"] = f"TARGET#{target.id}"
        return row

    def _number(self, number: Number) -> Put:
        row = head("number", number)
        row.item["pk"] = f"NUMBER#{number.e164}"
        return row

    def arrives(self, sid: str = "CA1", *, caller: str | None = CALLER, **more: Any) -> Answer:
        """A call comes in on the tracking number."""
        arrival = Arrival(
            carrier="twilio",
            carrier_call_id=sid,
            e164=TRACKING_NUMBER,
            caller=caller,
            caller_hash=f"hash-of-{caller}" if caller else None,
            area=Area(state="CA", area_code="415", source="carrier"),
        )
        return answer(
            replace(arrival, **more), stores=self.stores, clock=self.clock, inquiry=self.inquiry
        )

    def fails(
        self,
        sid: str = "CA1",
        *,
        attempt: int = 1,
        status: str = "busy",
        caller: str | None = CALLER,
    ) -> Answer | None:
        """The dial of an attempt ends without an answer."""
        signal = self.signal(SignalKind.DIAL, attempt, status)
        return next_attempt(
            call_id("twilio", sid), signal, e164=TRACKING_NUMBER, caller=caller,
            stores=self.stores, clock=self.clock,
        )  # fmt: skip

    def signal(
        self,
        kind: SignalKind,
        attempt: int,
        status: str,
        seconds: int | None = None,
        bridged: bool | None = None,
    ) -> Signal:
        """A report, received now."""
        return Signal(
            kind=kind, attempt=attempt, status=LegStatus(status), seconds=seconds,
            bridged=bridged, received_at=self.now, raw={},
        )  # fmt: skip

    def reports(self, sid: str, *signals: Signal) -> None:
        """The carrier's reports are kept."""
        for signal in signals:
            self.stores.calls.keep_signal(call_id("twilio", sid), signal)

    def settles(self, sid: str = "CA1") -> Progress:
        """The stream brings the call to its settlement."""
        return settle(call_id("twilio", sid), stores=self.stores, now=self.now)

    def talks(self, sid: str = "CA1", seconds: int = 130, **more: Any) -> Call:
        """A whole call: it comes in, is connected, talks, ends and is settled."""
        self.arrives(sid, **more)
        call = self.call(sid)
        number = call.attempt.number if call.attempt else 1
        self.reports(sid, self.signal(SignalKind.LEG, number, "completed", seconds))
        self.settles(sid)
        return self.call(sid)

    def call(self, sid: str = "CA1") -> Call:
        """The call as it is remembered."""
        return self.stores.calls.get(call_id("twilio", sid))

    def row(self, table: str, pk: str, sk: str = "META") -> Item:
        """A row as it lies; empty when there is none."""
        key = Key(table, pk, sk)
        return self.rows.gather([key])[0].get(key, {})

    def funds(self, advertiser_id: str = "adv_1") -> tuple[int, int]:
        """What the advertiser may still spend, and what is held."""
        row = self.row(BOOKS, f"FUNDS#{advertiser_id}")
        return row["available_cents"], row["held_cents"]

    def target(self, target_id: str = "tgt_1", campaign_id: str = "cmp_1") -> Item:
        """A target's row, with its leases and use."""
        return self.row(CATALOG, f"CAMPAIGN#{campaign_id}", f"TARGET#{target_id}")

    def status(self, sid: str = "CA1") -> CallStatus:
        """How the call stands."""
        return self.call(sid).status
