"""Where does an advertiser whose balance is low top up?

Owns the route that shows it, to the operator and to the advertiser, and the one that the link of a
mail opens.
"""

from typing import Any

from chalice import Blueprint

from chalicelib.campaigns import Advertiser
from chalicelib.channels.http import Answer, Request, Route, Side, endpoint
from chalicelib.errors import NotFound
from chalicelib.flows import shortfalls
from chalicelib.keys import PartyKind
from chalicelib.payments import top_up_due
from chalicelib.store.codec import to_plain
from chalicelib.store.shortfalls import find_shortfall
from chalicelib.store.top_ups import find_link
from chalicelib.top_ups import LinkState, TopUpLink, state_at

blueprint = Blueprint(__name__)

View = dict[str, Any]


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/advertisers/{id}/top-up",
        summary="Read what an advertiser is to top up, and where",
        answers="TopUpView",
        sides=(Side(party=PartyKind.ADVERTISER),),
    ),
)
def read_top_up(request: Request, id: str) -> Answer:
    """What is due now, the last page that the advertiser was given to pay it on, and the mail that
    led there."""
    advertiser = request.stores.catalog.find(Advertiser, id)
    if advertiser is None or (request.party.own and request.party.id != id):
        raise NotFound(f"there is no advertiser {id}")
    due = top_up_due(advertiser, request.stores.books.funds(id))
    link = find_link(request.stores.rows, id)
    shown = _link_view(link, request) if link else None
    last = find_shortfall(request.stores.rows, id)
    notice = last.notice if last and last.over_at is None else None
    body = {"advertiser_id": id, "due_cents": due, "link": shown, "notice": to_plain(notice)}
    return Answer(body=body)


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/top-ups/{word}",
        summary="Open the page to top up on that the link of a mail leads to",
        status=302,
        public=True,
    ),
)
def open_top_up(request: Request, word: str) -> Answer:
    """Leads on to the page that can be paid on now; the word itself lasts for 90 days."""
    now = request.context.clock()
    url = shortfalls.opened(word, stores=request.stores, key=request.post.key, now=now)
    return Answer(body={"url": url}, status=302, headers={"Location": url})


def _link_view(link: TopUpLink, request: Request) -> View:
    """A link; its page is shown only while it can be paid on."""
    state = state_at(link, request.context.clock())
    plain: View = to_plain(link)
    names = ("id", "amount_cents", "currency", "asked_at", "expires_at", "cause")
    url = link.url if state is LinkState.OPEN else None
    return {name: plain[name] for name in names} | {"state": state.value, "url": url}
