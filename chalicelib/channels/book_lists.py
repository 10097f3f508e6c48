"""How is a list of the books cut into pages?

Owns walking a shelf with the filters of a request, what is behind a document, and cutting what was
read whole. Cursors belong to `http`.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from chalicelib.channels.http import Answer, Request
from chalicelib.store.books import Shelf

T = TypeVar("T")
View = dict[str, Any]

_MOST_PAGES = 10


def shelf_page(request: Request, shelf: Shelf[T], view: Callable[[T], View]) -> Answer:
    """A page of a shelf; what the filters leave out is passed over, up to a bound."""
    listing = request.listing()
    said = {name: value for name, value in listing.filters.items() if name != "kind"}
    wanted = said | request.party.own
    found: list[View] = []
    after: Mapping[str, str] | None = listing.after
    for _ in range(_MOST_PAGES):
        page = request.stores.books.list(shelf, limit=listing.limit, after=after)
        shown = [view(thing) for thing in page.items]
        fitting = [at for at, one in enumerate(shown) if _fits(one, wanted)]
        room = listing.limit - len(found)
        if len(fitting) > room:
            upto = fitting[room - 1] + 1
            page = request.stores.books.list(shelf, limit=upto, after=after)
        found += [shown[at] for at in fitting[:room]]
        after = page.mark
        if after is None or len(found) == listing.limit:
            break
    return request.page(found, listing, after)


def page_behind(
    request: Request, shelf: Shelf[T], document_id: str, view: Callable[[T], View]
) -> Answer:
    """A page of what is behind a document, in the order of the ids of the calls."""
    listing = request.listing()
    page = request.stores.books.page_of(
        shelf, document_id, limit=listing.limit, after=listing.after
    )
    return request.page([view(one) for one in page.items], listing, page.mark)


def part_of(request: Request, rows: list[View]) -> Answer:
    """A page of what was read whole."""
    listing = request.listing()
    start = int(listing.after["position"]) if listing.after else 0
    end = start + listing.limit
    mark = {"position": str(end)} if end < len(rows) else None
    return request.page(rows[start:end], listing, mark)


def _fits(shown: View, wanted: Mapping[str, str]) -> bool:
    return all(shown[name] == value for name, value in wanted.items())
