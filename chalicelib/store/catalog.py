"""What is remembered of the catalog?

Owns the rows of advertisers, campaigns, targets, offers, publishers, partnerships, placements,
tracking numbers, pools and sites, and the questions asked of them one at a time. What may be
written belongs to `consistency` and the flow; the read of a whole market for a call, to `markets`;
which question finds the things of a list, to `listing`.

Some rows help to find others without an index, which may lag behind: `WHERE#id` says where a target
or a number lies, `OFFER#id` holds one `NUMBER#e164` row for every number that ever led to the
offer, `POOL#id` one `SITE#id` row for every site that ever showed the pool.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from chalicelib.campaigns import Advertiser, Campaign, Target
from chalicelib.consistency import Kind, Reference, Thing
from chalicelib.offers import Number, Offer, Partnership, Placement, Publisher
from chalicelib.pools import Pool, Site, Swap
from chalicelib.store import codec
from chalicelib.store.listing import listing
from chalicelib.store.requests import RequestClaim
from chalicelib.store.rows import (
    CATALOG,
    Action,
    Change,
    Check,
    Equals,
    Item,
    Key,
    NotWritten,
    Put,
    Question,
    Rows,
)
from chalicelib.store.terms import first_terms, new_terms

T = TypeVar("T", bound=Thing)

PREFIXES: Mapping[Kind, str] = {
    Advertiser: "adv",
    Campaign: "cmp",
    Target: "tgt",
    Offer: "off",
    Publisher: "pub",
    Partnership: "par",
    Placement: "plc",
    Number: "num",
    Pool: "pool",
    Site: "site",
}
_FOUND_BY_POINTER: frozenset[Kind] = frozenset({Target, Number})
_CHUNK = 100
_MOST_EXAMINED = 1000


@dataclass(frozen=True, slots=True)
class ThingsPage(Generic[T]):
    """Things of one page, and the mark at which the next begins; None when there is none.

    A page that had to pass over many may hold fewer than were asked for.
    """

    items: tuple[T, ...]
    mark: dict[str, str] | None


def thing_key(thing: Thing) -> Key:
    """Where a thing lies."""
    if isinstance(thing, Target):
        return Key(CATALOG, f"CAMPAIGN#{thing.campaign_id}", f"TARGET#{thing.id}")
    if isinstance(thing, Number):
        return number_key(thing.e164)
    return _own_key(type(thing), thing.id)


def number_key(e164: str) -> Key:
    """Where the tracking number lies, whoever has it."""
    return Key(CATALOG, f"NUMBER#{e164}")


def thing_item(thing: Thing) -> Item:
    """The row of a new thing; `leases`, `used` and `spent` begin empty, ready for calls."""
    key = thing_key(thing)
    item: Item = {
        "pk": key.pk,
        "sk": key.sk,
        "kind": _word(type(thing)),
        "id": thing.id,
        "offer_id": getattr(thing, "offer_id", None),
        "version": thing.version,
        "doc": codec.to_json(thing),
    }
    if isinstance(thing, Campaign):
        item["spent"] = {}
    if isinstance(thing, Target):
        item |= {"leases": {}, "used": {}}
    if isinstance(thing, Partnership):
        item["used"] = {}
    return {name: value for name, value in item.items() if value is not None}


def thing_puts(thing: Thing) -> list[Action]:
    """The new rows of a thing, its own first; refused when it, or what it must be alone in, is
    taken."""
    puts: list[Action] = [Put(CATALOG, thing_item(thing))]
    if type(thing) in _FOUND_BY_POINTER:
        key = thing_key(thing)
        where = json.dumps({"pk": key.pk, "sk": key.sk})
        puts.append(Put(CATALOG, {"pk": f"WHERE#{thing.id}", "sk": "META", "doc": where}))
    if isinstance(thing, Number):
        puts.append(_member(thing))
    if isinstance(thing, Site):
        puts += _shown_pools(thing, ())
    if isinstance(thing, Partnership):
        guard = _guard_key(thing.offer_id, thing.publisher_id)
        doc = json.dumps({"id": thing.id})
        puts.append(Put(CATALOG, {"pk": guard.pk, "sk": guard.sk, "doc": doc}))
    return [*puts, *first_terms(thing)]


def thing_changes(before: Thing, after: Thing) -> list[Action]:
    """`after` in the place of `before`, while that is still the version stored.

    What calls move in the same row (`leases`, `used`, `spent`) stays as it is.
    """
    sets: dict[tuple[str, ...], Any] = {("doc",): codec.to_json(after), ("version",): after.version}
    changes: list[Action] = [*new_terms(before, after)]
    if isinstance(after, Number) and after.offer_id != getattr(before, "offer_id", None):
        sets[("offer_id",)] = after.offer_id
        changes.append(_member(after))
    if isinstance(before, Site) and isinstance(after, Site):
        changes += _shown_pools(after, before.swaps)
    own = Change(key=thing_key(before), set=sets, when=[Equals(("version",), before.version)])
    return [own, *changes]


def unchanged(thing: Thing) -> Check:
    """Holds while the thing is still at the version that was read."""
    return Check(thing_key(thing), [Equals(("version",), thing.version)])


class Catalog:
    """The things of the catalog, as they stand."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def find(self, kind: type[T], id: str) -> T | None:
        """The thing with this id; None when there is none."""
        key: Key | None = _own_key(kind, id)
        if kind in _FOUND_BY_POINTER:
            key = self._pointed(id)
        return self._read(kind, key) if key else None

    def number(self, e164: str) -> Number | None:
        """The tracking number, in whatever state; None when nobody ever had it."""
        return self._read(Number, number_key(e164))

    def numbers(self, e164s: Iterable[str]) -> dict[str, Number]:
        """Those of the tracking numbers that anybody ever had, by their digits."""
        keys = [number_key(e164) for e164 in e164s]
        found = self._rows.gather(keys)[0] if keys else {}
        numbers = (_thing(Number, found[key]) for key in keys if key in found)
        return {number.e164: number for number in numbers}

    def partnership(self, offer_id: str, publisher_id: str) -> Partnership | None:
        """The one partnership of a publisher on an offer; None when there never was one."""
        return self.partnerships([offer_id], publisher_id).get(offer_id)

    def partnerships(self, offer_ids: Sequence[str], publisher_id: str) -> dict[str, Partnership]:
        """The publisher's partnerships on these offers, by offer, in two round trips."""
        guards = [_guard_key(offer_id, publisher_id) for offer_id in offer_ids]
        found = self._rows.gather(guards)[0] if guards else {}
        ids = [json.loads(item["doc"])["id"] for item in found.values()]
        keys = [_own_key(Partnership, id) for id in ids]
        items = self._rows.gather(keys)[0] if keys else {}
        ours = (_thing(Partnership, item) for item in items.values())
        return {partnership.offer_id: partnership for partnership in ours}

    def named(self, references: Iterable[Reference]) -> dict[str, Thing]:
        """Those of the things that exist, by id, in one round trip (never targets or numbers)."""
        keys = {_own_key(reference.kind, reference.id): reference for reference in references}
        found = self._rows.gather(list(keys))[0] if keys else {}
        return {keys[key].id: _thing(keys[key].kind, item) for key, item in found.items()}

    def numbers_of(self, offer_id: str) -> tuple[Number, ...]:
        """Every number that leads to the offer, without the delay of an index."""
        question = Question(table=CATALOG, partition=f"OFFER#{offer_id}", starts_with="NUMBER#")
        _, (members,) = self._rows.gather([], [question])
        numbers = self.numbers(item["sk"].removeprefix("NUMBER#") for item in members)
        return tuple(number for number in numbers.values() if number.offer_id == offer_id)

    def sites_of(self, pool_id: str) -> tuple[Site, ...]:
        """Every site that shows the pool, without the delay of an index."""
        question = Question(table=CATALOG, partition=f"POOL#{pool_id}", starts_with="SITE#")
        _, (members,) = self._rows.gather([], [question])
        ids = [item["sk"].removeprefix("SITE#") for item in members]
        sites = self.named(Reference(field="", kind=Site, id=id) for id in ids).values()
        return tuple(
            site
            for site in sites
            if isinstance(site, Site) and any(swap.pool_id == pool_id for swap in site.swaps)
        )

    def claimed(self, claim: RequestClaim) -> str | None:
        """The id of what an earlier request with this key made; None when there was none."""
        found, _ = self._rows.gather([claim.key])
        return claim.made(found.get(claim.key))

    def write(self, actions: Sequence[Action]) -> bool:
        """All actions or none; False when a condition did not hold."""
        try:
            self._rows.write(actions)
        except NotWritten:
            return False
        return True

    def page(
        self,
        kind: type[T],
        *,
        where: Mapping[str, Any] | None = None,
        limit: int,
        after: Mapping[str, str] | None = None,
    ) -> ThingsPage[T]:
        """Things of a kind whose fields equal those of `where`, in the order of their ids.

        Targets are found best by `campaign_id`, numbers by `e164`, what belongs to an offer by
        `offer_id`. Other fields are compared after reading, about a thousand rows a page at most.
        """
        question, order, rest = listing(kind, PREFIXES[kind], dict(where or {}))
        items: list[T] = []
        mark, examined = after, 0
        while True:
            size = _CHUNK if rest else limit
            page = self._rows.page(replace(question, limit=size, after=mark))
            for item in page.items:
                thing = _thing(kind, item)
                if all(getattr(thing, name) == value for name, value in rest.items()):
                    items.append(thing)
                if len(items) == limit and item is not page.items[-1]:
                    return ThingsPage(tuple(items), {name: item[name] for name in order})
            examined += len(page.items)
            mark = page.mark
            if mark is None or len(items) == limit or examined >= _MOST_EXAMINED:
                return ThingsPage(tuple(items), page.mark)

    def _pointed(self, id: str) -> Key | None:
        key = Key(CATALOG, f"WHERE#{id}")
        found, _ = self._rows.gather([key])
        if key not in found:
            return None
        where = json.loads(found[key]["doc"])
        return Key(CATALOG, where["pk"], where["sk"])

    def _read(self, kind: type[T], key: Key) -> T | None:
        found, _ = self._rows.gather([key])
        return _thing(kind, found[key]) if key in found else None


def _own_key(kind: Kind, id: str) -> Key:
    return Key(CATALOG, f"{_word(kind).upper()}#{id}")


def _guard_key(offer_id: str, publisher_id: str) -> Key:
    return Key(CATALOG, f"PARTNER#{offer_id}#{publisher_id}")


def _member(number: Number) -> Change:
    """Says that the number leads to its offer; a number that comes back finds the row there."""
    key = Key(CATALOG, f"OFFER#{number.offer_id}", f"NUMBER#{number.e164}")
    return Change(key=key, set={("doc",): json.dumps({"id": number.id})})


def _shown_pools(site: Site, before: Sequence[Swap]) -> list[Change]:
    """Says of each pool that the site shows anew where its numbers are shown."""
    known = {swap.pool_id for swap in before}
    named = dict.fromkeys(swap.pool_id for swap in site.swaps if swap.pool_id)
    return [
        Change(
            key=Key(CATALOG, f"POOL#{pool_id}", f"SITE#{site.id}"),
            set={("doc",): json.dumps({"id": site.id})},
        )
        for pool_id in named
        if pool_id not in known
    ]


def _word(kind: Kind) -> str:
    return kind.__name__.lower()


def _thing(kind: type[T], item: Item) -> T:
    return codec.from_json(kind, item["doc"])
