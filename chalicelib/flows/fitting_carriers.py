"""Do carriers' numbers lead to what these carriers cannot do, or do not tell?

Owns looking it up in both directions: which numbers lead to a thing that asks for more than before,
and what a number that leads somewhere new would have to be able to. What is beyond a carrier
belongs to the core's `beyond`; a decision passes over what slips through, under another's change in
the same moment.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice

from chalicelib.beyond import beyond, on_offer
from chalicelib.calls import Attestation
from chalicelib.campaigns import Advertiser, Campaign, State, Target
from chalicelib.consistency import Thing
from chalicelib.errors import Fault, Invalid
from chalicelib.flows.parties import every
from chalicelib.gate import GateSettings
from chalicelib.offers import CONNECT, Number, Offer, Partnership
from chalicelib.pools import Pool
from chalicelib.powers import Powers, powers_of
from chalicelib.settings import OperatorSettings, Settings, in_force
from chalicelib.store.carriers import connect_in_use
from chalicelib.store.catalog import Catalog
from chalicelib.store.gate import find_settings
from chalicelib.store.settings import find_operator
from chalicelib.store.stores import Stores

Said = Thing | OperatorSettings

_POWERS = powers_of(CONNECT)
# So many are named at once; whoever mends them is told of the others.
_MOST_NAMED = 10
_UNATTESTED = "Amazon Connect does not tell how callers are attested (STIR/SHAKEN)"


def carrier_faults(thing: Said, before: Said | None, stores: Stores) -> list[Fault]:
    """What is wrong with what is said anew; what stood before may stay."""
    if isinstance(thing, Number | Pool):
        stood = before if isinstance(before, Number | Pool) else None
        return list(islice(_of_number(thing, stood, stores), _MOST_NAMED))
    joining = _joining(thing, before)
    asks = _anew(thing, before, _POWERS) or joining or _leaves_open(thing, before)
    if not asks or not connect_in_use(stores.rows):
        return []
    whole, stood_whole = _whole(thing, stores), before and _whole(before, stores)
    for offer in _offers_of(thing, stores):
        found = stores.catalog.numbers_of(offer.id)
        numbers = [number for number in found if _lent(number) and _concerns(number, thing)]
        if numbers:
            powers = on_offer(_POWERS, offer)
            wrong = _anew(whole, stood_whole, powers)
            wrong += _of_campaigns(joining, stores, "campaign_ids", powers)
            wrong += _of_partnerships(thing, before, numbers, stores)
            if wrong:
                return wrong[:_MOST_NAMED]
    return []


def refuse_settings(wanted: OperatorSettings, before: OperatorSettings, stores: Stores) -> None:
    """Invalid where the operator is to ask anew, for campaigns that say nothing themselves, what
    their numbers' carrier cannot do."""
    wrong = carrier_faults(wanted, before, stores)
    if wrong:
        raise Invalid(tuple(wrong))


def refuse_floor(wanted: GateSettings, stores: Stores) -> None:
    """Invalid where an offer is to ask for an attestation that its numbers' carrier never tells."""
    if wanted.minimum_attestation is Attestation.NONE or not connect_in_use(stores.rows):
        return
    numbers = stores.catalog.numbers_of(wanted.offer_id)
    if any(_lent(number) for number in numbers):
        fault = Fault(field="minimum_attestation", rule="carrier", reason=_UNATTESTED)
        raise Invalid((fault,))


def _anew(thing: Said, before: Said | None, powers: Powers) -> list[Fault]:
    """What is beyond the powers in the thing, and was not before."""
    stood = beyond(before, powers)
    return [fault for fault in beyond(thing, powers) if fault not in stood]


def _leaves_open(thing: Said, before: Said | None) -> bool:
    """Whether an advertiser or a campaign now leaves to the wider what it said itself."""
    return (
        isinstance(thing, Advertiser | Campaign)
        and isinstance(before, Advertiser | Campaign)
        and thing.machine_detection is None
        and before.machine_detection is not None
    )


def _whole(thing: Said, stores: Stores) -> Said:
    """An advertiser or a campaign with what the wider say where it says nothing itself; any other
    thing as it is."""
    if not isinstance(thing, Advertiser | Campaign) or thing.machine_detection is not None:
        return thing
    levels: list[Settings] = [find_operator(stores.rows)]
    if isinstance(thing, Campaign):
        advertiser = stores.catalog.find(Advertiser, thing.advertiser_id)
        levels += [advertiser] if advertiser else []
    return replace(thing, machine_detection=in_force(*levels).machine_detection)


def _joining(thing: Said, before: Said | None) -> tuple[str, ...]:
    """The campaigns that an offer takes in anew; all of them where it asks for no ZIP any more."""
    if not isinstance(thing, Offer):
        return ()
    if not isinstance(before, Offer) or on_offer(_POWERS, before) != on_offer(_POWERS, thing):
        return thing.campaign_ids
    return tuple(id for id in thing.campaign_ids if id not in before.campaign_ids)


def _offers_of(thing: Said, stores: Stores) -> Iterator[Offer]:
    """The offers by whose numbers callers reach the thing, as they stand."""
    if isinstance(thing, Offer):
        yield thing
    elif isinstance(thing, Partnership):
        offer = stores.catalog.find(Offer, thing.offer_id)
        yield from [offer] if offer else ()
    elif isinstance(thing, Campaign | Target):
        id = thing.id if isinstance(thing, Campaign) else thing.campaign_id
        yield from (offer for offer in every(Offer, stores) if id in offer.campaign_ids)
    elif isinstance(thing, Advertiser | OperatorSettings):
        under = _campaigns_under(thing, stores)
        offers = every(Offer, stores) if under else ()
        yield from (offer for offer in offers if under.intersection(offer.campaign_ids))


def _campaigns_under(said: Advertiser | OperatorSettings, stores: Stores) -> set[str]:
    """The campaigns for which the word counts, because nobody narrower says another."""
    silent = [
        campaign
        for campaign in every(Campaign, stores)
        if campaign.machine_detection is None and campaign.state is not State.ARCHIVED
    ]
    if isinstance(said, Advertiser):
        return {campaign.id for campaign in silent if campaign.advertiser_id == said.id}
    speaking = {one.id for one in every(Advertiser, stores) if one.machine_detection is not None}
    return {campaign.id for campaign in silent if campaign.advertiser_id not in speaking}


def _concerns(number: Number, thing: Said) -> bool:
    """Whether the number of an offer leads to the thing: a partnership is one publisher's."""
    return not isinstance(thing, Partnership) or number.publisher_id == thing.publisher_id


def _lent(number: Number) -> bool:
    return number.carrier == CONNECT and number.state is not State.ARCHIVED


def _of_number(
    number: Number | Pool, before: Number | Pool | None, stores: Stores
) -> Iterator[Fault]:
    """What a number, or those of a pool, cannot take of where they are to lead; nothing where they
    have led already."""
    led = (before.offer_id, before.publisher_id, before.state) if before else None
    leads = (number.offer_id, number.publisher_id, number.state)
    if number.carrier != CONNECT or number.state is State.ARCHIVED or led == leads:
        return
    offer = stores.catalog.find(Offer, number.offer_id)
    if offer is None:
        return
    powers = on_offer(_POWERS, offer)
    partnership = stores.catalog.partnership(offer.id, number.publisher_id)
    yield from _named("offer_id", offer.id, beyond(offer, powers))
    if partnership is not None:
        yield from _named("publisher_id", partnership.id, beyond(partnership, powers))
    yield from _of_campaigns(offer.campaign_ids, stores, "offer_id", powers)
    floor = find_settings(stores.rows, offer.id).minimum_attestation
    if floor is not Attestation.NONE:
        reason = f"the gate of {offer.id} asks for attestation {floor}. {_UNATTESTED}"
        yield Fault(field="offer_id", rule="carrier", reason=reason)


def _of_campaigns(
    ids: Iterable[str], stores: Stores, field: str, powers: Powers
) -> Iterator[Fault]:
    """What is beyond the powers in these campaigns and their targets."""
    for id in ids:
        campaign = stores.catalog.find(Campaign, id)
        if campaign is None or campaign.state is State.ARCHIVED:
            continue
        yield from _named(field, id, beyond(_whole(campaign, stores), powers))
        for target in _targets(id, stores.catalog):
            if target.state is not State.ARCHIVED:
                yield from _named(field, target.id, beyond(target, powers))


def _of_partnerships(
    thing: Said, before: Said | None, numbers: Iterable[Number], stores: Stores
) -> Iterator[Fault]:
    """What publishers' own earnings need of an offer that asks its callers for less than before."""
    if not isinstance(thing, Offer) or not isinstance(before, Offer):
        return
    powers, stood = on_offer(_POWERS, thing), on_offer(_POWERS, before)
    publishers = {number.publisher_id for number in numbers} if powers != stood else set()
    for publisher_id in sorted(publishers):
        partnership = stores.catalog.partnership(thing.id, publisher_id)
        if partnership is not None:
            known = beyond(partnership, stood)
            wrong = [fault for fault in beyond(partnership, powers) if fault not in known]
            yield from _named("answering", partnership.id, wrong)


def _targets(campaign_id: str, catalog: Catalog) -> Iterator[Target]:
    mark = None
    while True:
        where = {"campaign_id": campaign_id}
        page = catalog.page(Target, where=where, limit=100, after=mark)
        yield from page.items
        mark = page.mark
        if mark is None:
            return


def _named(field: str, id: str, faults: Iterable[Fault]) -> Iterator[Fault]:
    """The faults of another thing, told of the field that leads there."""
    for fault in faults:
        yield replace(fault, field=field, reason=f"{fault.field} of {id}: {fault.reason}")
