"""Who takes part in a run over everybody?

Owns walking through all things of a kind, whatever their state: what is owed outlives a pause.
"""

from collections.abc import Iterator, Mapping
from typing import TypeVar

from chalicelib.campaigns import Advertiser, Campaign
from chalicelib.offers import Number, Offer, Publisher
from chalicelib.pools import Pool
from chalicelib.store.stores import Stores

Party = TypeVar("Party", Advertiser, Publisher, Campaign, Offer, Number, Pool)

_A_PAGE = 100


def every(kind: type[Party], stores: Stores) -> Iterator[Party]:
    """All things of the kind, in the order of their ids."""
    mark: Mapping[str, str] | None = None
    while True:
        page = stores.catalog.page(kind, limit=_A_PAGE, after=mark)
        yield from page.items
        mark = page.mark
        if mark is None:
            return
