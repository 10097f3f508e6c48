"""How is the platform itself run over HTTP?

Owns what lies parked, the sign of life, and the description of the API.
"""

import json
from importlib import resources

from chalice import Blueprint

from chalicelib import parked
from chalicelib.channels.bodies import validated
from chalicelib.channels.http import Answer, Request, Route, endpoint
from chalicelib.store.codec import to_plain

blueprint = Blueprint(__name__)


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/operations/replay",
        summary="Tell what lies parked because it kept failing",
        answers="ParkedView",
    ),
)
def tell_parked(request: Request) -> Answer:
    """What lies at every place; nothing is touched."""
    from chalicelib.flows.taking_up import look

    lying = look(request.context.yard())
    places = [{**to_plain(one), "meaning": parked.MEANING[one.place]} for one in lying]
    return Answer(body={"places": places, "next": parked.outlook(lying)})


@endpoint(
    blueprint,
    Route(
        method="POST",
        path="/operations/replay",
        summary="Take up again what lies parked because it kept failing",
        body="TakeUpBody",
        answers="TakenUpView",
    ),
)
def take_up_parked(request: Request) -> Answer:
    """What this run took up, and what it left."""
    from chalicelib.channels.schemas_operations import TakeUpBody
    from chalicelib.flows.taking_up import look, take_up

    limit = validated(TakeUpBody, request.document())["limit"]
    yard = request.context.yard()
    taken = take_up(yard, limit=limit, tell=lambda _: None)
    left = look(yard)
    places = [
        {**to_plain(one), "waiting": now.waiting, "in_hand": now.in_hand}
        for one, now in zip(taken, left, strict=True)
    ]
    return Answer(body={"places": places, "next": parked.next_step(taken, left)})


@endpoint(
    blueprint,
    Route(
        method="GET", path="/health", summary="Tell that the API answers", answers="HealthView",
        public=True,
    ),
)  # fmt: skip
def tell_health(request: Request) -> Answer:
    """The API answers; nothing behind it is asked."""
    del request
    return Answer(body={"status": "ok"})


@endpoint(
    blueprint,
    Route(
        method="GET", path="/openapi.json", summary="Read this description of the API", public=True
    ),
)
def tell_description(request: Request) -> Answer:
    """The API in OpenAPI 3.1."""
    del request
    document = resources.files("chalicelib").joinpath("assets", "openapi.json").read_text()
    return Answer(body=json.loads(document))
