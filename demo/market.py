"""What is bought and sold in the demo?

The market as data: who buys, which calls, on which terms, and who brings them. Every company is
invented, and every telephone number is one that is set aside for fiction (555-0100 to 555-0199).
Making the market is `seed`'s business.

The first target of each campaign is open day and night and takes any number of calls that a demo
can bring, so that whoever meets the campaign's terms is charged.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

Body = Mapping[str, Any]


class Named(str):
    """Stands for the id of the thing that the market calls by this name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """Something to be made: its name in the market, where it is posted, and what is said of it.

    `under` names the thing whose id goes into the path.
    """

    name: str
    path: str
    body: Body
    under: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A tracking number: whom it leads to, who shows it, and where."""

    e164: str
    offer: str
    publisher: str
    placement: str
    medium: str


def _every_day(opens: str, closes: str, zone: str, days: Sequence[int] = range(7)) -> Body:
    blocks = [{"weekday": day, "opens": opens, "closes": closes} for day in days]
    return {"zone": zone, "blocks": blocks}


ADVERTISERS: Mapping[str, Body] = {
    "northgate": {"name": "Northgate Home Services", "billing": "prepaid"},
    "beacon": {
        "name": "Beacon Lead Partners",
        "billing": "net",
        "net_days": 30,
        "credit_limit_cents": 25_000_000,
    },
}

TOP_UPS: Mapping[str, int] = {"northgate": 10_000_000}
"""What the prepaid advertisers have paid in, in cents."""

PUBLISHERS: Mapping[str, Body] = {
    "ridgeline": {
        "name": "Ridgeline Media",
        "payout_terms": {"cycle": "weekly", "net_days": 0},
    },
    "clearwater": {
        "name": "Clearwater Search",
        "payout_terms": {"cycle": "monthly", "net_days": 15},
    },
    "open-road": {
        "name": "Open Road Radio",
        "payout_terms": {"cycle": "weekly", "net_days": 7, "minimum_cents": 25_000},
    },
}

CAMPAIGNS: Mapping[str, Body] = {
    "roof-repair": {
        "advertiser_id": Named("northgate"),
        "name": "Roof repair",
        "vertical": "roofing",
        "zone": "America/Chicago",
        "terms": {"charge_cents": 4_200, "minimum_talk_seconds": 60, "repeat_days": 30},
    },
    "storm-damage": {
        "advertiser_id": Named("northgate"),
        "name": "Storm damage",
        "vertical": "roofing",
        "zone": "America/Chicago",
        "terms": {"charge_cents": 3_000, "minimum_talk_seconds": 45, "repeat_days": 7},
    },
    "medicare": {
        "advertiser_id": Named("beacon"),
        "name": "Medicare Advantage",
        "vertical": "medicare",
        "zone": "America/New_York",
        "terms": {"charge_cents": 5_500, "minimum_talk_seconds": 90, "repeat_days": 90},
    },
    "accident": {
        "advertiser_id": Named("beacon"),
        "name": "Accident intake",
        "vertical": "legal",
        "zone": "America/Los_Angeles",
        "daily_budget_cents": 10_000_000,
        "max_attempts": 2,
        "terms": {
            "charge_cents": 14_000,
            "minimum_talk_seconds": 120,
            "repeat_days": 180,
            # Where the firm is admitted to the bar.
            "geography": {
                "states": (
                    *("AL", "AZ", "CA", "CO", "CT", "FL", "GA", "IL", "IN", "LA", "MA", "MD"),
                    *("MI", "MN", "MO", "NC", "NE", "NJ", "NV", "NY", "OH", "OK", "PA", "SC"),
                    *("TN", "TX", "VA", "WA", "WI"),
                )
            },
        },
    },
}

TARGETS: Mapping[str, Mapping[str, Body]] = {
    "roof-repair": {
        "dallas": {
            "name": "Dallas dispatch",
            "destination": "+12145550170",
            "concurrency_cap": 100,
        },
        "austin": {
            "name": "Austin crew",
            "destination": "+15125550171",
            "priority": 2,
            "weight": 3,
            "hourly_cap": 40,
            "hours": _every_day("07:00", "19:00", "America/Chicago", range(6)),
        },
        "houston": {
            "name": "Houston crew",
            "destination": "+17135550172",
            "priority": 2,
            "weight": 1,
        },
    },
    "storm-damage": {
        "storm-desk": {
            "name": "Storm desk",
            "destination": "+14055550173",
            "daily_cap": 500,
        },
    },
    "medicare": {
        "orlando": {"name": "Orlando agents", "destination": "+14075550174"},
        "agents-sip": {
            "name": "Remote agents",
            "destination": "sip:overflow@agents.beacon.example",
            "priority": 2,
            "ring_seconds": 20,
        },
        "night-desk": {
            "name": "Night desk",
            "destination": "+18445550175",
            "priority": 2,
            "hours": _every_day("20:00", "08:00", "America/New_York"),
        },
    },
    "accident": {
        "intake": {"name": "Intake desk", "destination": "+13105550176", "daily_cap": 1_000},
        "overflow": {
            "name": "Intake overflow",
            "destination": "+18555550177",
            "priority": 2,
            "hourly_cap": 60,
        },
    },
}

OFFERS: Mapping[str, Body] = {
    "roofing": {
        "name": "Roofing calls",
        "vertical": "roofing",
        "campaign_ids": (Named("roof-repair"),),
        "earning": {"earning_cents": 2_800},
        "strategy": "weight",
    },
    "storm": {
        "name": "Storm season",
        "vertical": "roofing",
        "campaign_ids": (Named("roof-repair"), Named("storm-damage")),
        "earning": {"earning_cents": 2_000},
        # Dallas pays more than the storm desk, which gets what Dallas does not answer.
        "strategy": "highest_charge",
    },
    "medicare": {
        "name": "Medicare enrolment",
        "vertical": "medicare",
        "campaign_ids": (Named("medicare"),),
        "earning": {"earning_cents": 3_600},
        # Of those who help Orlando out, the one whose calls were approved more often comes first.
        "strategy": "expected_revenue",
        "explore_percent": 10,
    },
    "accident": {
        "name": "Accident cases",
        "vertical": "legal",
        "campaign_ids": (Named("accident"),),
        "earning": {"earning_cents": 9_500},
    },
}

OWN_EARNINGS: Mapping[tuple[str, str], Body] = {
    ("medicare", "clearwater"): {"earning_cents": 4_000},
    ("storm", "open-road"): {"earning_cents": 2_250, "minimum_talk_seconds": 45},
}
"""Terms of a partnership that are not its offer's."""

LINES: Sequence[Line] = tuple(
    Line(e164=e164, offer=offer, publisher=publisher, placement=placement, medium=medium)
    for e164, offer, publisher, placement, medium in (
        ("+18335550101", "roofing", "ridgeline", "Roof leak landing page", "web"),
        ("+18445550102", "medicare", "ridgeline", "Turning 65 newsletter", "email"),
        ("+18555550103", "roofing", "clearwater", "Roofer near me", "search"),
        ("+18665550104", "medicare", "clearwater", "Medicare plans 2027", "search"),
        ("+18775550105", "medicare", "open-road", "AM 1190, morning show", "radio"),
        ("+18885550106", "storm", "open-road", "Billboard on Interstate 35", "outdoor"),
        ("+18065550107", "storm", "ridgeline", "Hail map", "web"),
        ("+18335550108", "accident", "clearwater", "Car accident lawyer", "search"),
        ("+18445550109", "accident", "open-road", "Late night show", "radio"),
    )
)

TAX_FORM: Body = {
    "kind": "w9",
    "signed_by": "The owner",
    "tin": "12-3456789",
    "tin_type": "ein",
    "address": {"street": ["1 Main Street"], "city": "Austin", "region": "TX"},
}
"""What each publisher has on file, but for its name."""
POOL, SITE = "pool", "site"
SWAPPED = LINES[0].e164
"""The number on the demo's page; each visitor sees one of the pool's in its place."""
POOLED: Sequence[str] = tuple(f"+1415555018{n}" for n in range(8))
_SHOWN = LINES[0]


def things() -> tuple[Thing, ...]:
    """Everything to be made, each after what it names."""
    pairs = dict.fromkeys((line.offer, line.publisher) for line in LINES)
    return (
        *(Thing(name=n, path="/advertisers", body=b) for n, b in ADVERTISERS.items()),
        *(_top_up(name, cents) for name, cents in TOP_UPS.items()),
        *(Thing(name=n, path="/publishers", body=b) for n, b in PUBLISHERS.items()),
        *(Thing(name=n, path="/campaigns", body=b) for n, b in CAMPAIGNS.items()),
        *(
            Thing(name=name, path="/campaigns/{}/targets", body=body, under=campaign)
            for campaign, targets in TARGETS.items()
            for name, body in targets.items()
        ),
        *(Thing(name=f"offer {n}", path="/offers", body=b) for n, b in OFFERS.items()),
        *(_partnership(offer, publisher) for offer, publisher in pairs),
        *(_placement(line) for line in LINES),
        *(_number(line) for line in LINES),
        *(_number(replace(_SHOWN, e164=e164), _SHOWN) for e164 in POOLED),
        _pool(),
        _site(),
    )


def _top_up(advertiser: str, cents: int) -> Thing:
    body = {
        "advertiser_id": Named(advertiser),
        "reference": f"demo-top-up-{advertiser}",
        "amount_cents": cents,
        "currency": "USD",
    }
    return Thing(name=f"top-up {advertiser}", path="/payments", body=body)


def _partnership(offer: str, publisher: str) -> Thing:
    body = {"offer_id": Named(f"offer {offer}"), "publisher_id": Named(publisher)}
    own = OWN_EARNINGS.get((offer, publisher))
    return Thing(
        name=f"partnership {offer} {publisher}",
        path="/partnerships",
        body={**body, "earning": own} if own else body,
    )


def _placement(line: Line) -> Thing:
    body = {
        "offer_id": Named(f"offer {line.offer}"),
        "publisher_id": Named(line.publisher),
        "name": line.placement,
        "medium": line.medium,
    }
    return Thing(name=f"placement {line.e164}", path="/placements", body=body)


def _number(line: Line, placed: Line | None = None) -> Thing:
    """A number where its own line is shown, or another one that is `placed`."""
    body = {
        "e164": line.e164,
        "offer_id": Named(f"offer {line.offer}"),
        "publisher_id": Named(line.publisher),
        "placement_id": Named(f"placement {(placed or line).e164}"),
    }
    return Thing(name=f"number {line.e164}", path="/numbers", body=body)


def _pool() -> Thing:
    body = {"placement_id": Named(f"placement {_SHOWN.e164}"), "name": "Visitors of the guide"}
    return Thing(name=POOL, path="/pools", body=body)


def _site() -> Thing:
    body = {
        "publisher_id": Named(_SHOWN.publisher),
        "name": "Ridgeline Roofing Guide",
        "domains": ("localhost",),
        "swaps": ({"find": SWAPPED, "pool_id": Named(POOL)},),
    }
    return Thing(name=SITE, path="/sites", body=body)
