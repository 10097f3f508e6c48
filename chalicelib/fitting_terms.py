"""Do terms fit the thing that says them, and what does a thing say of terms at all?

Owns what terms must satisfy because of what is around them: the longest call of a campaign, the
price of a target, the questions of an offer. What they must satisfy by themselves belongs to
`terms_faults`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar, cast

from chalicelib.campaigns import Advertiser, Campaign, Target, own_terms, terms_of
from chalicelib.errors import Fault
from chalicelib.offers import Offer, Partnership
from chalicelib.settings import InForce, in_force
from chalicelib.terms import ChargeTerms, EarningTerms, OwnTerms, Terms
from chalicelib.terms_faults import ladder_faults, rule_faults

_LONGEST = InForce().max_call_seconds
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one version says: `charge` of a campaign, `target` what a target says in its place,
    `earning` of an offer or a partnership; None for what is not its to say, or was not said.
    `since` is None for the first."""

    charge: ChargeTerms | None = None
    target: OwnTerms | None = None
    earning: EarningTerms | None = None
    since: datetime | None = None


Owner = Campaign | Target | Offer | Partnership


def faults_of_terms(
    thing: object, found: Mapping[str, object], before: object | None
) -> list[Fault]:
    """What is wrong with the terms that a thing says, where `found` are the things it names; what
    stood before may stay, so that no wider change keeps it from being paused."""
    if not isinstance(thing, Owner):
        return []
    if isinstance(before, Owner) and _rests_on(before) == _rests_on(thing):
        return []
    if isinstance(thing, Campaign):
        return _campaign_faults(thing, found.get(thing.advertiser_id))
    if isinstance(thing, Target):
        return _target_faults(thing, found.get(thing.campaign_id))
    if isinstance(thing, Offer):
        return _offer_faults(thing, found.values())
    return _partnership_faults(thing, found.get(thing.offer_id))


def _rests_on(owner: Owner) -> tuple[object, ...]:
    """What of the thing itself its terms are held against."""
    around = ("max_call_seconds", "answering")
    return (terms_said(owner), *(getattr(owner, name, None) for name in around))


def _campaign_faults(campaign: Campaign, advertiser: object) -> list[Fault]:
    """Which offers it will be on, and what these ask their callers, is not known."""
    levels = [advertiser] if isinstance(advertiser, Advertiser) else []
    longest = in_force(*levels, campaign).max_call_seconds
    wrong = [*ladder_faults(campaign.terms, longest), *rule_faults(campaign.terms)]
    return list(_under("terms", wrong))


def _target_faults(target: Target, campaign: object) -> list[Fault]:
    """What the target and its campaign come to together."""
    if not isinstance(campaign, Campaign):
        return []
    longest = in_force(campaign, target).max_call_seconds
    composed = terms_of(campaign, target)
    if target.steps is not None:
        return ladder_faults(replace(composed, minimum_talk_seconds=0), longest)
    wrong = ladder_faults(composed, longest) if target.charge_cents is not None else []
    return [one for one in wrong if one.field == "charge_cents"]


def _offer_faults(offer: Offer, named: Iterable[object]) -> list[Fault]:
    campaigns = [one for one in named if isinstance(one, Campaign)]
    longest = max((in_force(one).max_call_seconds for one in campaigns), default=_LONGEST)
    return list(_of_earning(offer.earning, offer, longest))


def _partnership_faults(partnership: Partnership, offer: object) -> list[Fault]:
    if partnership.earning is None:
        return []
    known = offer if isinstance(offer, Offer) else None
    return list(_of_earning(partnership.earning, known, _LONGEST))


def terms_said(owner: Owner) -> Said:
    """What the thing says of terms; a change of it is a new version."""
    if isinstance(owner, Campaign):
        return Said(charge=owner.terms)
    if isinstance(owner, Target):
        return Said(target=own_terms(owner))
    return Said(earning=owner.earning)


def dated(before: object, after: T, now: datetime) -> T:
    """The thing with the moment since which it says what it says of terms."""
    if not isinstance(before, Owner) or not isinstance(after, Owner):
        return after
    if terms_said(before) == terms_said(after):
        return after
    return cast(T, replace(after, terms_since=now))


def _of_earning(earning: EarningTerms, offer: Offer | None, longest: int) -> Iterator[Fault]:
    questions = None
    if offer is not None:
        asked = offer.answering.questions if offer.answering else ()
        questions = [question.name for question in asked]
    terms: Terms = earning
    yield from _under("earning", [*ladder_faults(terms, longest), *rule_faults(terms, questions)])


def _under(name: str, faults: Iterable[Fault]) -> Iterator[Fault]:
    for fault in faults:
        yield replace(fault, field=f"{name}.{fault.field}")
