"""How is a decision made again over HTTP?

Owns the request for a replay and what is shown of it. A changed thing has the form that it has in
the catalog; making the decision belongs to the flow.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from chalice import Blueprint

from chalicelib import times
from chalicelib.channels.api_calls import decision_view
from chalicelib.channels.api_catalog import NOUNS, changed_thing
from chalicelib.channels.bodies import validated
from chalicelib.channels.http import Answer, Request, Route, endpoint
from chalicelib.consistency import Thing
from chalicelib.replaying import Difference, Standing
from chalicelib.store.codec import to_plain

blueprint = Blueprint(__name__)


@endpoint(
    blueprint,
    Route(
        method="POST",
        path="/routing/replay",
        summary="Make a call's decision again, by the same rules or by changed ones",
        body="ReplayBody",
        answers="ReplayView",
    ),
)
def replay_decision(request: Request) -> Answer:
    """The decision on the facts it had, beside the original; nothing is reserved."""
    from chalicelib.channels.schemas_replay import ReplayBody
    from chalicelib.flows.replay import replay

    asked = validated(ReplayBody, request.document())
    changes = {id: partial(_edited, patch) for id, patch in asked["changes"].items()}
    made = replay(asked["call_id"], asked["attempt"], changes, stores=request.stores)
    shown = {
        "call_id": asked["call_id"],
        "attempt": asked["attempt"],
        "at": times.written(made.at),
        "same": made.same,
        "original": decision_view(made.original),
        "replayed": decision_view(made.replayed),
        "differences": [_difference_view(one) for one in made.differences],
    }
    return Answer(body=shown)


def _edited(patch: Mapping[str, Any], thing: Thing) -> Thing:
    """The thing with the patch merged in, as in the catalog."""
    noun = next(noun for noun in NOUNS if noun.kind is type(thing))
    return changed_thing(noun, thing, patch)


def _difference_view(difference: Difference) -> dict[str, Any]:
    return {
        "target_id": difference.target_id,
        "was": _standing_view(difference.was),
        "becomes": _standing_view(difference.becomes),
    }


def _standing_view(standing: Standing | None) -> dict[str, Any] | None:
    if standing is None:
        return None
    return {"position": standing.position, **to_plain(standing.seen)}
