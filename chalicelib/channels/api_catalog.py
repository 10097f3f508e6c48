"""How is the catalog read and changed over HTTP?

Owns one table of nouns; each is served the same five ways: create, read, list, change, archive. A
publisher reads its own partnerships, pools and sites and ends the first, an advertiser reads its
own campaigns. The carrier takes part when a number begins or ends: these two ways are served by
`api_numbers`; former versions of terms by `api_terms`. The form of a noun belongs to `schemas` and
`schemas_pools`, what may be written to the flow.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from chalice import Blueprint

from chalicelib import times
from chalicelib.campaigns import Advertiser, Campaign, Target
from chalicelib.channels.bodies import Document, merged, validated
from chalicelib.channels.http import Answer, Request, Route, Side, endpoint
from chalicelib.consistency import Kind, Thing
from chalicelib.errors import Fault, Invalid, NotFound
from chalicelib.fitting_terms import dated
from chalicelib.flows import catalog
from chalicelib.ids import derived
from chalicelib.keys import PartyKind
from chalicelib.offers import Number, Offer, Partnership, Placement, Publisher
from chalicelib.pools import Pool, Site
from chalicelib.store.catalog import PREFIXES
from chalicelib.store.codec import from_plain, to_plain

blueprint = Blueprint(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Noun:
    """A kind of thing as the API names it, and the filters of its list.

    A `party` other than the operator reads those that are its own, of which it is shown `sees`
    where that is not all.
    """

    kind: Kind
    path: str
    article: str = "a"
    filters: tuple[str, ...] = ("state",)
    party: PartyKind | None = None
    sees: str | None = None

    @property
    def word(self) -> str:
        """What one of them is called."""
        return self.kind.__name__.lower()

    @property
    def body(self) -> str:
        """The schema of what the operator may say."""
        return f"{self.kind.__name__}Body"

    @property
    def view(self) -> str:
        """The schema of what is shown."""
        return f"{self.kind.__name__}View"

    def sides(self, *filters: str) -> tuple[Side, ...]:
        """Who has a route beside the operator, and by which of the filters: whose a thing is needs
        no asking."""
        if self.party is None:
            return ()
        query = tuple(name for name in filters if name != f"{self.party}_id")
        return (Side(party=self.party, answers=self.sees, query=query),)

    def answer(
        self, thing: Thing, request: Request, *, status: int = 200, repeated: bool = False
    ) -> Answer:
        """A thing as it stands, as whoever asks may see it; see `shown`."""
        return shown(thing, self.shown(thing, request), status=status, repeated=repeated)

    def shown(self, thing: Thing, request: Request) -> Document:
        """The thing as whoever asks may see it: the operator all that has a name in the API."""
        schema = self.sees if self.sees and request.party.kind is self.party else self.view
        plain = to_plain(thing)
        return {name: plain[name] for name in _schema(schema).model_fields}


_OF_AN_OFFER = ("offer_id", "publisher_id", "state")
ADVERTISERS = Noun(kind=Advertiser, path="/advertisers", article="an")
PUBLISHERS = Noun(kind=Publisher, path="/publishers")
CAMPAIGNS = Noun(
    kind=Campaign,
    path="/campaigns",
    filters=("advertiser_id", "state"),
    party=PartyKind.ADVERTISER,
)
TARGETS = Noun(kind=Target, path="/targets", filters=("campaign_id", "state"))
OFFERS = Noun(kind=Offer, path="/offers", article="an")
PARTNERSHIPS = Noun(
    kind=Partnership, path="/partnerships", filters=_OF_AN_OFFER, party=PartyKind.PUBLISHER
)
PLACEMENTS = Noun(kind=Placement, path="/placements", filters=_OF_AN_OFFER)
NUMBERS = Noun(kind=Number, path="/numbers", filters=("e164", *_OF_AN_OFFER))
POOLS = Noun(
    kind=Pool,
    path="/pools",
    filters=("placement_id", *_OF_AN_OFFER),
    party=PartyKind.PUBLISHER,
    sees="PublisherPoolView",
)
SITES = Noun(kind=Site, path="/sites", filters=("publisher_id", "state"), party=PartyKind.PUBLISHER)
NOUNS = (
    ADVERTISERS, CAMPAIGNS, TARGETS, OFFERS, PUBLISHERS, PARTNERSHIPS, PLACEMENTS, NUMBERS, POOLS,
    SITES,
)  # fmt: skip

_FIRST = {"offer_id": "", "publisher_id": "", "partnership_id": "", "roster": []}
"""What the flow fills in for a number or a pool."""

_CARRIER = "carrier"


def _serve_creation(noun: Noun, path: str) -> None:
    route = Route(
        method="POST",
        path=path,
        summary=f"Create {noun.article} {noun.word}",
        body=noun.body,
        answers=noun.view,
        status=201,
        keyed=True,
    )

    @endpoint(blueprint, route)
    def create(request: Request, id: str | None = None) -> Answer:
        said = validated(_schema(noun.body), request.document())
        if id is not None:
            said["campaign_id"] = id
        draft = drafted(noun, said, request)
        content = json.dumps(said, sort_keys=True)
        if id is not None and request.stores.catalog.find(Campaign, id) is None:
            raise NotFound(f"there is no campaign {id}")
        made = catalog.create(draft, stores=request.stores, claim=request.claim(content))
        return noun.answer(made.thing, request, status=201, repeated=made.repeated)


def _serve_reading(noun: Noun) -> None:
    route = Route(
        method="GET",
        path=f"{noun.path}/{{id}}",
        summary=f"Read {noun.article} {noun.word}",
        answers=noun.view,
        sides=noun.sides(),
    )

    @endpoint(blueprint, route)
    def read(request: Request, id: str) -> Answer:
        return noun.answer(own_thing(noun, id, request), request)


def _serve_list(noun: Noun, path: str, filters: tuple[str, ...]) -> None:
    route = Route(
        method="GET",
        path=path,
        summary=f"List {noun.path.lstrip('/')}",
        answers=noun.view,
        query=filters,
        paged=True,
        sides=noun.sides(*filters),
    )

    @endpoint(blueprint, route)
    def show_list(request: Request, id: str | None = None) -> Answer:
        listing = request.listing()
        where = {**listing.filters, **request.party.own}
        if id is not None:
            where["campaign_id"] = id
        page = request.stores.catalog.page(
            noun.kind, where=where, limit=listing.limit, after=listing.after
        )
        return request.page(
            [noun.shown(thing, request) for thing in page.items], listing, page.mark
        )


def _serve_change(noun: Noun) -> None:
    route = Route(
        method="PATCH",
        path=f"{noun.path}/{{id}}",
        summary=f"Change {noun.article} {noun.word}",
        body=noun.body,
        answers=noun.view,
        versioned=True,
    )

    @endpoint(blueprint, route)
    def change(request: Request, id: str) -> Answer:
        patch, now = request.document(), request.context.clock()
        version = said_version(patch, request)
        after = catalog.change(
            noun.kind,
            id,
            lambda thing: dated(thing, changed_thing(noun, thing, patch), now),
            stores=request.stores,
            version=version,
        )
        return noun.answer(after, request)


def _serve_archiving(noun: Noun) -> None:
    ends = noun.kind is Partnership
    route = Route(
        method="DELETE",
        path=f"{noun.path}/{{id}}",
        summary=f"{'End' if ends else 'Archive'} {noun.article} {noun.word}",
        answers=noun.view,
        sides=noun.sides() if ends else (),
    )

    @endpoint(blueprint, route)
    def archive(request: Request, id: str) -> Answer:
        own_thing(noun, id, request)
        return noun.answer(catalog.archive(noun.kind, id, stores=request.stores), request)


def own_thing(noun: Noun, id: str, request: Request) -> Thing:
    """The thing, when it is on the side of whoever asks; NotFound for any other."""
    thing = request.stores.catalog.find(noun.kind, id)
    if thing is None or not request.party.owns(thing):
        raise NotFound(f"there is no {noun.word} {id}")
    return cast(Thing, thing)


def _schema(name: str) -> Any:
    from chalicelib.channels import schemas, schemas_pools

    return getattr(schemas, name, None) or getattr(schemas_pools, name)


def drafted(noun: Noun, said: Document, request: Request) -> Thing:
    """The thing that the operator describes, new; a number's id follows from its digits, and its
    carrier is the usual one unless another is named."""
    prefix = PREFIXES[noun.kind]
    by_number = noun.kind is Number
    born = {
        "id": derived(prefix, said["e164"]) if by_number else request.context.new_id(prefix),
        "created_at": times.written(request.context.clock()),
    }
    if _CARRIER in said and said[_CARRIER] is None:
        born[_CARRIER] = request.context.usual_carrier()
    return cast(Thing, from_plain(noun.kind, {**_FIRST, **said, **born}))


def changed_thing(noun: Noun, thing: Thing, patch: Mapping[str, Any]) -> Thing:
    """The thing with the patch merged in; Invalid names what may not be said, or does not change.

    What only the platform says (id, version, created_at …) may be repeated as it stands.
    """
    schema = _schema(noun.body)
    stands = to_plain(thing)
    ours = [name for name in stands if name not in schema.model_fields]
    wrong = [_fixed(name) for name in ours if name in patch and patch[name] != stands[name]]
    sayable = {name: stands[name] for name in schema.model_fields}
    wanted = {name: value for name, value in patch.items() if name not in ours}
    try:
        said = validated(schema, merged(sayable, wanted), stands)
    except Invalid as invalid:
        raise Invalid((*wrong, *invalid.faults)) from None
    if wrong:
        raise Invalid(tuple(wrong))
    if _CARRIER in said and said[_CARRIER] is None:
        said[_CARRIER] = stands[_CARRIER]
    return cast(Thing, from_plain(noun.kind, {**stands, **said}))


def _fixed(name: str) -> Fault:
    return Fault(field=name, rule="fixed", reason=f"{name} does not change once it is said")


def said_version(patch: Document, request: Request) -> int | None:
    """The version that the change rests on: of If-Match, or of the document itself."""
    said = patch.pop("version", None)
    if said is not None and type(said) is not int:
        raise Invalid((Fault(field="version", rule="type", reason="must be a whole number"),))
    expected = request.expected_version()
    return expected if expected is not None else said


def shown(
    thing: Thing, body: Document | None = None, *, status: int = 200, repeated: bool = False
) -> Answer:
    """A thing as it stands; `repeated` when an earlier delivery of the request had made it."""
    hit = {"Idempotency-Hit": "true"} if repeated else {}
    return Answer(
        body=body or to_plain(thing), status=status, headers={"ETag": f'"{thing.version}"', **hit}
    )


_OF_A_CAMPAIGN = "/campaigns/{id}/targets"

for _noun in NOUNS:
    _serve_reading(_noun)
    _serve_list(_noun, _noun.path, _noun.filters)
    _serve_change(_noun)
    if _noun is not NUMBERS:
        _serve_creation(_noun, _OF_A_CAMPAIGN if _noun is TARGETS else _noun.path)
        _serve_archiving(_noun)
_serve_list(TARGETS, _OF_A_CAMPAIGN, ("state",))
