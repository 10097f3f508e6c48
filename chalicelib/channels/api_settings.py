"""How are settings read and changed over HTTP?

Owns the routes of the operator's settings, and of what holds for a target. The settings of
advertisers, campaigns and targets are part of these things themselves.
"""

from typing import Any

from chalice import Blueprint

from chalicelib.channels.bodies import validated
from chalicelib.channels.http import Answer, Request, Route, endpoint
from chalicelib.flows import settings as flow
from chalicelib.settings import OperatorSettings
from chalicelib.store.codec import from_plain, to_plain
from chalicelib.store.settings import find_operator

blueprint = Blueprint(__name__)


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/settings",
        summary="Read the operator's settings",
        answers="OperatorSettingsView",
    ),
)
def read_settings(request: Request) -> Answer:
    """What holds in the whole deployment; null where nothing is said."""
    return _shown(find_operator(request.stores.rows))


@endpoint(
    blueprint,
    Route(
        method="PUT",
        path="/settings",
        summary="Say the operator's settings",
        body="OperatorSettingsBody",
        answers="OperatorSettingsView",
        versioned=True,
    ),
)
def put_settings(request: Request) -> Answer:
    """Replace the operator's settings whole; what is not said goes back to its default."""
    from chalicelib.channels.schemas_settings import OperatorSettingsBody

    said: dict[str, Any] = validated(OperatorSettingsBody, request.document())
    wanted = from_plain(OperatorSettings, said)
    version = request.expected_version()
    return _shown(flow.set_operator(wanted, stores=request.stores, version=version))


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/targets/{id}/settings",
        summary="Read which settings hold for a target, and by whose word",
        answers="TargetSettingsView",
    ),
)
def read_target_settings(request: Request, id: str) -> Answer:
    """The target's own settings where it says them, else those of the next wider that does."""
    return Answer(body=to_plain(flow.target_settings(id, stores=request.stores)))


def _shown(settings: OperatorSettings) -> Answer:
    return Answer(body=to_plain(settings), headers={"ETag": f'"{settings.version}"'})
