"""Which stores does a flow get?

Owns the bundle of stores over one set of rows. Each store is made when it is first asked for, so
that the voice function never imports what only the books need.
"""

from functools import cache, cached_property
from typing import TYPE_CHECKING

from chalicelib.store.calls import Calls
from chalicelib.store.markets import Markets
from chalicelib.store.reservations import Reservations
from chalicelib.store.rows import Rows

if TYPE_CHECKING:
    from chalicelib.store.books import Books
    from chalicelib.store.catalog import Catalog
    from chalicelib.store.leases import Leases
    from chalicelib.store.recordings import Recordings


class Stores:
    """All that is remembered, over `rows`."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.calls = Calls(rows)
        self.markets = Markets(rows)
        self.reservations = Reservations(rows)

    @cached_property
    def catalog(self) -> "Catalog":
        """The things of the catalog."""
        from chalicelib.store.catalog import Catalog

        return Catalog(self.rows)

    @cached_property
    def books(self) -> "Books":
        """Money and its documents."""
        from chalicelib.store.books import Books

        return Books(self.rows)

    @cached_property
    def leases(self) -> "Leases":
        """The lending of numbers to visits."""
        from chalicelib.store.leases import Leases

        return Leases(self.rows)

    @cached_property
    def recordings(self) -> "Recordings":
        """Recordings of calls."""
        from chalicelib.store.recordings import Recordings

        return Recordings(self.rows)


@cache
def stores() -> Stores:
    """The deployment's stores, made once per process."""
    from chalicelib.store.dynamo import DynamoRows

    return Stores(DynamoRows())
