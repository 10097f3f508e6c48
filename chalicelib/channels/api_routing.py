"""How is a decision tried out, or made again, over HTTP?

Owns the requests for a dry run and for a replay, and what is shown of them. A changed thing has the
form that it has in the catalog; making the decision belongs to the flows.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from chalice import Blueprint

from chalicelib import times
from chalicelib.calls import Attestation
from chalicelib.channels.api_calls import decision_view
from chalicelib.channels.api_catalog import NOUNS, changed_thing
from chalicelib.channels.bodies import validated
from chalicelib.channels.http import Answer, Request, Route, endpoint
from chalicelib.consistency import Thing
from chalicelib.gate import caller_of
from chalicelib.places import visit_evidence
from chalicelib.reasons import Reason
from chalicelib.replaying import Difference, Standing
from chalicelib.store.codec import to_plain

blueprint = Blueprint(__name__)


@endpoint(
    blueprint,
    Route(
        method="POST",
        path="/routing/dry-run",
        summary="Ask who would get a call on this number",
        body="DryRunBody",
        answers="DryRunView",
    ),
)
def try_routing(request: Request) -> Answer:
    """Every target in the order considered, with its reason; nothing is reserved."""
    from chalicelib.channels.schemas_calls import DryRunBody
    from chalicelib.flows.dry_run import Supposed, dry_run

    asked = validated(DryRunBody, request.document())
    now = request.context.clock()
    supposed = Supposed(
        call_id=request.context.new_id("call"),
        e164=asked["number"],
        caller=caller_of(
            asked["caller"],
            Attestation(asked["attestation"]),
            hash_key=request.context.secrets().caller_hash_key,
        ),
        at=times.read(asked["at"]) if asked["at"] else now,
        tags=asked["tags"],
        declared=visit_evidence(asked["state"], asked["zip"]),
    )
    decision = dry_run(supposed, stores=request.stores, now=now)
    chosen = (seen.target_id for seen in decision.considered if seen.reason is Reason.CHOSEN)
    shown = {
        "number": supposed.e164,
        "at": times.written(supposed.at),
        "target_id": next(chosen, None),
        "refusal": decision.refusal,
        "gate": to_plain(decision.gate),
        "strategy": decision.strategy,
        "considered": to_plain(decision.considered),
    }
    return Answer(body=shown)


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
