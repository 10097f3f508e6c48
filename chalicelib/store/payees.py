"""What is remembered of publishers as those who are paid?

Owns the row of each payee, and one row for everything that happened to it. What an event means
belongs to `payees`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from chalicelib import times
from chalicelib.payees import Payee, PayeeEvent
from chalicelib.store import codec
from chalicelib.store.rows import CATALOG, Change, Item, Key, Put, Question, Rows
from chalicelib.store.versions import version_write

_EVENT = "PAYEE_EVENT#"
_UNTOLD = "payee_notice"
_A_READ = 100


@dataclass(frozen=True, slots=True)
class EventsPage:
    """Events of one page, and the mark at which the next begins; None when there is none."""

    items: tuple[PayeeEvent, ...]
    mark: dict[str, str] | None


def payee_key(publisher_id: str) -> Key:
    """Where a payee lies."""
    return Key(CATALOG, _partition(publisher_id), "PAYEE")


def find_payee(rows: Rows, publisher_id: str) -> Payee:
    """The payee as it stands; one that has told nothing where there is none."""
    return find_payees(rows, (publisher_id,)).get(publisher_id, Payee(publisher_id=publisher_id))


def find_payees(rows: Rows, publisher_ids: Iterable[str]) -> dict[str, Payee]:
    """Those of the publishers that have told anything, by their ids."""
    keys = [payee_key(one) for one in dict.fromkeys(publisher_ids)]
    found: dict[Key, Item] = {}
    for first in range(0, len(keys), _A_READ):
        found |= rows.gather(keys[first : first + _A_READ])[0]
    payees = (codec.from_json(Payee, item["doc"]) for item in found.values())
    return {payee.publisher_id: payee for payee in payees}


def payee_write(before: Payee, after: Payee) -> Put | Change:
    """`after` in the place of `before`, while that is still the version stored."""
    return version_write(payee_key(after.publisher_id), before, after)


def event_put(event: PayeeEvent) -> Put:
    """The new row of what happened; while somebody is to be told of it, it can be found by that."""
    key = _event_key(event)
    item = {"pk": key.pk, "sk": key.sk, "id": event.id, "doc": codec.to_json(event)}
    return Put(CATALOG, item | ({"kind": _UNTOLD} if event.untold else {}))


def tell_change(event: PayeeEvent) -> Change:
    """What became of the event's notices."""
    done = [] if event.untold else [("kind",)]
    return Change(key=_event_key(event), set={("doc",): codec.to_json(event)}, remove=done)


def untold_events(rows: Rows) -> tuple[PayeeEvent, ...]:
    """Events of which somebody is still to be told; the index may lag by a moment."""
    question = Question(table=CATALOG, index="by_kind", partition=_UNTOLD)
    _, (items,) = rows.gather([], [question])
    return tuple(_event(item) for item in items)


def page_of_events(
    rows: Rows, publisher_id: str, *, limit: int, after: Mapping[str, str] | None
) -> EventsPage:
    """A page of what happened to the payee, the latest first."""
    question = Question(
        table=CATALOG,
        partition=_partition(publisher_id),
        starts_with=_EVENT,
        descending=True,
        limit=limit,
        after=after,
    )
    page = rows.page(question)
    return EventsPage(tuple(_event(item) for item in page.items), page.mark)


def _event(item: Item) -> PayeeEvent:
    return codec.from_json(PayeeEvent, item["doc"])


def _event_key(event: PayeeEvent) -> Key:
    sk = f"{_EVENT}{times.written(event.at)}#{event.id}"
    return Key(CATALOG, _partition(event.publisher_id), sk)


def _partition(publisher_id: str) -> str:
    return f"PUBLISHER#{publisher_id}"
