"""Valid things of the domain, one call each; a test overrides only what it is about."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib import payout_statements
from chalicelib.call_facts import CallFacts
from chalicelib.calls import Attempt, Call, Hold, LegStatus, Signal, SignalKind
from chalicelib.campaigns import Advertiser, Billing, Campaign, Target
from chalicelib.credit_notes import CreditNote
from chalicelib.credits import Credit, CreditReason, EarningChoice
from chalicelib.dispositions import Disposition, Postback, Source
from chalicelib.endings import Evidence
from chalicelib.gate import BlockFacts, BlockKind, BlockScope
from chalicelib.invoices import Charge, Invoice, InvoiceKind, InvoiceState, Line
from chalicelib.issuer import Address, BillTo, Issuer
from chalicelib.issuing import Reckoning, Terms
from chalicelib.ledger import AdvertiserAccount, PublisherAccount
from chalicelib.lines import CallLookup, KnownLine, LookupState
from chalicelib.market import CampaignFacts, Market, TargetFacts
from chalicelib.offers import Buyer, Number, Offer, Partnership, Placement, Publisher
from chalicelib.payout_statements import PayoutStatement
from chalicelib.payouts import Adjustment, Earning, Payout, PayoutState
from chalicelib.places import Area
from chalicelib.reviews import Review, ReviewDecision
from chalicelib.sides import PublisherCall, publisher_call
from chalicelib.terms import ChargeTerms, Clock, EarningTerms, Pay, Step, StepTest
from chalicelib.times import Period

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
CALLER = "+14155550100"
TRACKING_NUMBER = "+18005550100"


def an_advertiser(**overrides: Any) -> Advertiser:
    """Active and prepaid."""
    values: dict[str, Any] = {
        "id": "adv_1",
        "name": "Acme Roofing",
        "billing": Billing.PREPAID,
        "created_at": NOW,
    }
    return Advertiser(**(values | overrides))


def invoice_terms(**overrides: Any) -> Terms:
    """An issuer of whom nothing is said, 30 days net."""
    values: dict[str, Any] = {
        "issuer": Issuer(),
        "bill_to": BillTo(legal_name="Acme Roofing"),
        "net_days": 30,
        "campaigns": {},
    }
    return Terms(**(values | overrides))


def reckoned(charges: Iterable[Charge]) -> Reckoning:
    """What the charges come to."""
    reckoning = Reckoning()
    for charge in charges:
        reckoning.add(charge)
    return reckoning


AN_ISSUER = Issuer(
    legal_name="Ring & Röder Lead Exchange LLC",
    address=Address(
        street=("1200 Market Street", "Suite 400"), city="Denver", region="CO", postal_code="80202"
    ),
    tax_id="84-1234567",
    remit_to=("First National Bank of Denver", "ABA 021000021, account 000123456789"),
    dispute_contact="billing@example.com",
    version=1,
)
A_BUYER = BillTo(
    legal_name="Łódź Şirketi & Кровля <b>GmbH</b>",
    address=Address(street=("77 Elm St",), city="Boulder", region="CO", postal_code="80301"),
    purchase_order="PO-2026-11",
    email="ap@example.com",
)


def an_invoice(rates: Sequence[tuple[int, int]] = ((2500, 3),), **overrides: Any) -> Invoice:
    """INV-000042 of November, open: a line for each rate, with how many calls it has."""
    lines = tuple(
        Line(
            campaign_id=f"cmp_{n}", campaign=f"Roof repair {n}", unit_cents=unit,
            quantity=quantity, amount_cents=unit * quantity,
        )
        for n, (unit, quantity) in enumerate(rates, start=1)
    )  # fmt: skip
    values: dict[str, Any] = {
        "id": "inv_1",
        "kind": InvoiceKind.INVOICE,
        "advertiser_id": "adv_1",
        "currency": "USD",
        "period": Period(
            start=datetime(2026, 11, 1, tzinfo=UTC), end=datetime(2026, 12, 1, tzinfo=UTC)
        ),
        "state": InvoiceState.OPEN,
        "number": "INV-000042",
        "issued_at": datetime(2026, 12, 1, 6, 10, tzinfo=UTC),
        "due_at": datetime(2026, 12, 31, tzinfo=UTC),
        "lines": lines,
        "call_count": sum(line.quantity for line in lines),
        "total_cents": sum(line.amount_cents for line in lines) + overrides.get("tax_cents", 0),
        "net_days": 30,
        "issuer": AN_ISSUER,
        "bill_to": A_BUYER,
    }
    return Invoice(**(values | overrides))


def a_note(invoice: Invoice | None = None, **overrides: Any) -> CreditNote:
    """CN-000007 on INV-000042: 10 dollars of a call that cost 25, of which 4 wait as money."""
    values: dict[str, Any] = {
        "id": "crd_1", "call_id": "call_1", "advertiser_id": "adv_1", "publisher_id": "pub_secret",
        "campaign_id": "cmp_1", "reason": CreditReason.POOR_CONNECTION, "note": "only ours to see",
        "earning": EarningChoice.CLAW_BACK, "part": True, "currency": "USD", "amount_cents": 1000,
        "tax_cents": 0, "relieved": AdvertiserAccount.RECEIVABLE, "returned_cents": 400,
        "returned_to": AdvertiserAccount.UNAPPLIED, "clawed_back_cents": 617,
        "clawed_from": PublisherAccount.APPROVED, "after_payout": False, "document_id": "inv_1",
        "document_number": "INV-000042", "number": "CN-000007",
        "booked_at": datetime(2026, 12, 9, 15, 30, tzinfo=UTC),
    }  # fmt: skip
    return CreditNote(
        credit=Credit(**(values | overrides)),
        invoice=invoice or an_invoice(),
        arrived_at=datetime(2026, 11, 10, 14, 55, tzinfo=UTC),
        charged_cents=2500,
    )


def a_publisher(**overrides: Any) -> Publisher:
    """Active, paid monthly on net 15."""
    values: dict[str, Any] = {"id": "pub_1", "name": "Bright Media", "created_at": NOW}
    return Publisher(**(values | overrides))


def charge_terms(**overrides: Any) -> ChargeTerms:
    """25 dollars from 60 seconds on, from anywhere, repetitions welcome."""
    values: dict[str, Any] = {"charge_cents": 2500, "minimum_talk_seconds": 60}
    return ChargeTerms(**(values | overrides))


FROM_THE_DIAL = charge_terms(
    minimum_talk_seconds=0,
    steps=(
        Step(name="talk", test=StepTest.TALK, clock=Clock.DIAL, seconds=60, pays=Pay(cents=2500)),
    ),
)
"""25 dollars for 60 seconds from the dial on, which every carrier can tell."""


def a_campaign(**overrides: Any) -> Campaign:
    """Active, without budgets."""
    values: dict[str, Any] = {
        "id": "cmp_1",
        "advertiser_id": "adv_1",
        "name": "Roof repair",
        "vertical": "roofing",
        "terms": charge_terms(),
        "created_at": NOW,
    }
    return Campaign(**(values | overrides))


def a_target(**overrides: Any) -> Target:
    """Active, always open, without caps."""
    values: dict[str, Any] = {
        "id": "tgt_1",
        "campaign_id": "cmp_1",
        "name": "Front desk",
        "destination": "+12125550100",
        "created_at": NOW,
    }
    return Target(**(values | overrides))


def an_offer(**overrides: Any) -> Offer:
    """Active, with the one campaign, earning 15 dollars."""
    values: dict[str, Any] = {
        "id": "off_1",
        "name": "Roofing calls",
        "vertical": "roofing",
        "campaign_ids": ("cmp_1",),
        "earning": EarningTerms(earning_cents=1500),
        "created_at": NOW,
    }
    return Offer(**(values | overrides))


def a_partnership(**overrides: Any) -> Partnership:
    """Approved, on the offer's terms."""
    values: dict[str, Any] = {
        "id": "par_1",
        "offer_id": "off_1",
        "publisher_id": "pub_1",
        "created_at": NOW,
    }
    return Partnership(**(values | overrides))


def a_placement(**overrides: Any) -> Placement:
    """Active, on the web."""
    values: dict[str, Any] = {
        "id": "plc_1",
        "offer_id": "off_1",
        "publisher_id": "pub_1",
        "name": "Search ad",
        "created_at": NOW,
    }
    return Placement(**(values | overrides))


def a_number(**overrides: Any) -> Number:
    """Active, leading to the offer with its one buyer."""
    values: dict[str, Any] = {
        "id": "num_1",
        "e164": TRACKING_NUMBER,
        "offer_id": "off_1",
        "publisher_id": "pub_1",
        "partnership_id": "par_1",
        "placement_id": "plc_1",
        "roster": (Buyer(campaign_id="cmp_1", advertiser_id="adv_1"),),
        "created_at": NOW,
    }
    return Number(**(values | overrides))


def target_facts(**overrides: Any) -> TargetFacts:
    """A target that nobody uses; overrides may be facts, or fields of the target itself."""
    facts: dict[str, Any] = {"leases": {}, "used": {}, "taken_at": None, "trials": {}}
    facts |= {name: overrides.pop(name) for name in (*facts, "target") if name in overrides}
    return TargetFacts(**({"target": a_target(**overrides)} | facts))


def campaign_facts(**overrides: Any) -> CampaignFacts:
    """A campaign with 1000 dollars to spend and one idle target."""
    campaign = overrides.get("campaign", a_campaign())
    values: dict[str, Any] = {
        "campaign": campaign,
        "advertiser": an_advertiser(id=campaign.advertiser_id),
        "available_cents": 100_000,
        "spent": {},
        "targets": (target_facts(campaign_id=campaign.id),),
    }
    return CampaignFacts(**(values | overrides))


def a_block_fact(**overrides: Any) -> BlockFacts:
    """An advertiser's entry about the caller's own number, for ever."""
    values: dict[str, Any] = {
        "id": "blk_1",
        "kind": BlockKind.EXACT,
        "scope": BlockScope.ADVERTISER,
        "expires_at": None,
    }
    return BlockFacts(**(values | overrides))


def a_market(*targets: TargetFacts, **overrides: Any) -> Market:
    """An offer with one campaign and the given targets; with none given, one idle target."""
    facts = campaign_facts(targets=targets) if targets else campaign_facts()
    values: dict[str, Any] = {
        "offer": an_offer(),
        "publisher": a_publisher(),
        "partnership": a_partnership(),
        "campaigns": (facts,),
    }
    return Market(**(values | overrides))


def a_line(**overrides: Any) -> KnownLine:
    """A mobile line of Jane Doe's, looked up just now."""
    values: dict[str, Any] = {
        "line_type": "mobile",
        "line_carrier": "Example Wireless",
        "caller_name": "DOE JANE",
        "country": "US",
        "with_name": True,
        "looked_up_at": NOW,
    }
    return KnownLine(**(values | overrides))


def a_lookup(**overrides: Any) -> CallLookup:
    """What a call knows of that line, having asked."""
    values: dict[str, Any] = {"state": LookupState.ASKED, "line": a_line(), "cost_micros": 18_000}
    return CallLookup(**(values | overrides))


def a_hold(**overrides: Any) -> Hold:
    """What an attempt on the one target keeps reserved."""
    values: dict[str, Any] = {
        "target_id": "tgt_1",
        "campaign_id": "cmp_1",
        "advertiser_id": "adv_1",
        "amount_cents": 2500,
        "target_windows": ("hour#2026-11-23T15+0000", "day#2026-11-23", "total"),
        "campaign_windows": ("day#2026-11-23", "total"),
        "lease_until": NOW + timedelta(hours=1),
    }
    return Hold(**(values | overrides))


def an_attempt(**overrides: Any) -> Attempt:
    """The first attempt, at the one target."""
    values: dict[str, Any] = {
        "number": 1,
        "destination": "+12125550100",
        "ring_seconds": 25,
        "max_call_seconds": 3600,
        "reserved_at": NOW,
        "charge": charge_terms(),
        "earning": EarningTerms(earning_cents=1500),
        "hold": a_hold(),
    }
    return Attempt(**(values | overrides))


def a_call(**overrides: Any) -> Call:
    """Live, on its first attempt, from California."""
    values: dict[str, Any] = {
        "id": "call_1",
        "carrier": "twilio",
        "carrier_call_id": "CA" + "1" * 32,
        "e164": TRACKING_NUMBER,
        "caller": CALLER,
        "caller_hash": "caller-hash",
        "area": Area(state="CA", zip="94103", area_code="415", source="carrier"),
        "arrived_at": NOW,
        "number_id": "num_1",
        "offer_id": "off_1",
        "publisher_id": "pub_1",
        "partnership_id": "par_1",
        "placement_id": "plc_1",
        "attempt": an_attempt(),
    }
    return Call(**(values | overrides))


def call_facts(**overrides: Any) -> CallFacts:
    """What the rules see of a call from California that talked for 90 seconds and has just
    ended."""
    values: dict[str, Any] = {
        "offered": True,
        "arrived_at": NOW,
        "ended_at": NOW,
        "talk_seconds": 90,
        "evidence": Evidence.LEG,
        "area": Area(state="CA", area_code="415", source="carrier"),
        "advertiser_id": "adv_1",
    }
    return CallFacts(**(values | overrides))


def a_disposition(value: str = "sold", **overrides: Any) -> Disposition:
    """What the advertiser says of the one call, now."""
    values: dict[str, Any] = {
        "id": f"dsp_{value}",
        "call_id": "call_1",
        "advertiser_id": "adv_1",
        "value": value,
        "at": NOW,
        "received_at": NOW,
        "source": Source.API,
    }
    return Disposition(**(values | overrides))


def a_review(decision: str = "approve", **overrides: Any) -> Review:
    """What the operator decides of the one call, now."""
    values: dict[str, Any] = {
        "id": "rvw_1",
        "call_id": "call_1",
        "decision": ReviewDecision(decision),
        "reason": "listened",
        "decided_at": NOW,
        "number": 1,
    }
    return Review(**(values | overrides))


def a_postback(amount_cents: int = 10_000, **overrides: Any) -> Postback:
    """A conversion of a hundred dollars, now."""
    values: dict[str, Any] = {
        "id": f"pbk_{amount_cents}",
        "call_id": "call_1",
        "advertiser_id": "adv_1",
        "amount_cents": amount_cents,
        "currency": "USD",
        "converted": True,
        "at": NOW,
        "received_at": NOW,
        "source": Source.POSTBACK,
    }
    return Postback(**(values | overrides))


def a_step(test: StepTest = StepTest.TALK, cents: int = 2000, **overrides: Any) -> Step:
    """A step of a ladder that pays a fixed amount."""
    values: dict[str, Any] = {"name": test.value, "test": test, "pays": Pay(cents=cents)}
    return Step(**(values | overrides))


def a_signal(**overrides: Any) -> Signal:
    """The target's leg reporting 90 seconds of talk."""
    values: dict[str, Any] = {
        "kind": SignalKind.LEG,
        "attempt": 1,
        "status": LegStatus.COMPLETED,
        "seconds": 90,
        "received_at": NOW,
        "raw": {"CallStatus": "completed"},
    }
    return Signal(**(values | overrides))


def an_earning(call_id: str, **overrides: Any) -> Earning:
    """15 dollars that pub_1 earned on November 10."""
    booked_at = datetime(2026, 11, 10, 15, tzinfo=UTC)
    values: dict[str, Any] = {
        "call_id": call_id, "publisher_id": "pub_1", "offer_id": "off_1", "campaign_id": "cmp_1",
        "amount_cents": 1500, "currency": "USD", "booked_at": booked_at,
        "release_after": booked_at,
    }  # fmt: skip
    return Earning(**(values | overrides))


def a_statement(earnings: Sequence[Earning], **overrides: Any) -> PayoutStatement:
    """Of a payout of November that was paid by check on December 3; each call came five minutes
    before it was booked."""
    reserve = [one.amount_cents for one in earnings if one.adjustment is Adjustment.RESERVE]
    values: dict[str, Any] = {
        "id": "po_1", "publisher_id": "pub_1", "currency": "USD",
        "period_start": datetime(2026, 11, 1, tzinfo=UTC),
        "cutoff": datetime(2026, 12, 1, tzinfo=UTC),
        "state": PayoutState.SETTLED,
        "amount_cents": sum(one.due_cents for one in earnings),
        "call_count": len(earnings),
        "reserve_kept_cents": -sum(cents for cents in reserve if cents < 0),
        "reserve_back_cents": sum(cents for cents in reserve if cents > 0),
        "reference": "check-1041",
        "created_at": datetime(2026, 12, 1, 6, 10, tzinfo=UTC),
        "submitted_at": datetime(2026, 12, 2, 15, tzinfo=UTC),
        "settled_at": datetime(2026, 12, 3, 15, tzinfo=UTC),
    }  # fmt: skip
    payout = Payout(**(values | overrides))
    return PayoutStatement(
        payout=payout,
        publisher="Łódź Média <b>",
        issuer=AN_ISSUER,
        lines=tuple(
            payout_statements.line(payout, one, _seen(one) if one.call_id else None)
            for one in payout_statements.in_order(earnings)
        ),
    )


def _seen(earning: Earning) -> PublisherCall:
    came = earning.booked_at - timedelta(minutes=5)
    return publisher_call(
        a_call(id=earning.call_id, talk_seconds=130, charge_cents=98_765, arrived_at=came)
    )
