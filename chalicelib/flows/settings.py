"""What happens when the operator's settings are changed, and which hold for a target?

Joins what each level says with the rule of which is in force. What a setting does to a call belongs
to the core.
"""

from dataclasses import dataclass
from typing import TypeVar

from chalicelib.campaigns import Advertiser, Campaign, Target
from chalicelib.errors import NotFound
from chalicelib.flows.fitting_carriers import refuse_settings
from chalicelib.flows.versions import replaced
from chalicelib.settings import InForce, OperatorSettings, in_force, origins
from chalicelib.store.settings import find_operator, operator_write
from chalicelib.store.stores import Stores

T = TypeVar("T", Advertiser, Campaign, Target)


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetSettings:
    """What holds for a target, and by the word of which level."""

    target_id: str
    in_force: InForce
    said_by: dict[str, str]


def set_operator(
    wanted: OperatorSettings, *, stores: Stores, version: int | None
) -> OperatorSettings:
    """Put the settings in the place of those that stand, as their next version.

    Saying the same again changes nothing. With a `version`, Conflict when they have moved on.
    Invalid where they ask anew what is beyond the carrier of a number that leads to campaigns.
    """
    refuse_settings(wanted, find_operator(stores.rows), stores)
    return replaced(
        wanted,
        "the operator's settings",
        find=lambda: find_operator(stores.rows),
        write=operator_write,
        version=version,
        stores=stores,
    )


def target_settings(target_id: str, *, stores: Stores) -> TargetSettings:
    """What holds for the target; NotFound when there is none."""
    target = _found(Target, target_id, stores)
    campaign = _found(Campaign, target.campaign_id, stores)
    advertiser = _found(Advertiser, campaign.advertiser_id, stores)
    operator = find_operator(stores.rows)
    return TargetSettings(
        target_id=target.id,
        in_force=in_force(operator, advertiser, campaign, target),
        said_by=origins(operator=operator, advertiser=advertiser, campaign=campaign, target=target),
    )


def _found(kind: type[T], id: str, stores: Stores) -> T:
    thing = stores.catalog.find(kind, id)
    if thing is None:
        raise NotFound(f"there is no {kind.__name__.lower()} {id}")
    return thing
