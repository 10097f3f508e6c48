"""Which terms are to be tried, and do they hold together?

Joins what is said of a campaign, of offers and of partnerships with how they stand. Nothing is
written; how a request says it belongs to the channel.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from chalicelib.campaigns import Advertiser, Campaign
from chalicelib.errors import Fault, Invalid
from chalicelib.fitting_terms import faults_of_terms
from chalicelib.offers import Offer, Partnership
from chalicelib.store.stores import Stores
from chalicelib.terms import EarningTerms

Earner = Offer | Partnership


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """The campaign as it would be, None where its terms stay; and what offers and partnerships
    would say of earning, by id."""

    campaign: Campaign | None = None
    earning: Mapping[str, EarningTerms] = field(default_factory=dict)


def tried(
    campaign: Campaign,
    edit: Callable[[Campaign], Campaign] | None,
    earning: Mapping[str, Callable[[Earner], Earner]],
    *,
    stores: Stores,
) -> Tried:
    """What the edits make of the campaign's terms and of earnings, by the id of an offer or a
    partnership; a partnership that says none of its own begins with its offer's. Invalid names
    every fault of every one of them."""
    wrong: list[Fault] = []
    changed = None
    if edit is not None:
        try:
            changed = edit(campaign)
            advertiser = stores.catalog.find(Advertiser, campaign.advertiser_id)
            wrong += faults_of_terms(changed, {campaign.advertiser_id: advertiser}, None)
        except Invalid as invalid:
            wrong += invalid.faults
    found: dict[str, EarningTerms] = {}
    for id, change in earning.items():
        try:
            found[id] = _earning(id, change, stores)
        except Invalid as invalid:
            wrong += _below(id, invalid.faults)
    if wrong:
        raise Invalid(tuple(wrong))
    return Tried(campaign=changed, earning=found)


def _earning(id: str, edit: Callable[[Earner], Earner], stores: Stores) -> EarningTerms:
    """What the offer or the partnership would say; Invalid names what is wrong with it."""
    partnership = stores.catalog.find(Partnership, id) if id.startswith("par_") else None
    offer = stores.catalog.find(Offer, partnership.offer_id if partnership else id)
    if offer is None:
        reason = f"there is no offer or partnership {id}"
        raise Invalid((Fault(field="earning", rule="unknown_reference", reason=reason),))
    if partnership is None:
        changed = edit(offer)
    else:
        changed = edit(replace(partnership, earning=partnership.earning or offer.earning))
    wrong = faults_of_terms(changed, {offer.id: offer}, None)
    if wrong or changed.earning is None:
        raise Invalid(tuple(wrong))
    return changed.earning


def _below(id: str, faults: Iterable[Fault]) -> Iterable[Fault]:
    """The faults of `earning`, as those of the one with this id."""
    for fault in faults:
        yield replace(fault, field=f"earning.{id}{fault.field.removeprefix('earning')}")
