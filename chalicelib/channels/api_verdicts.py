"""How is a verdict read over HTTP?

Owns the one route of it, and what the operator is shown of it; what a publisher or an advertiser is
shown of the same belongs to `verdict_sides`. Nothing here judges a call.
"""

from collections.abc import Mapping
from typing import Any

from chalice import Blueprint

from chalicelib import verdict_sides
from chalicelib.channels.api_calls import own_call
from chalicelib.channels.http import Answer, Request, Route, Side, endpoint
from chalicelib.findings import Outcome
from chalicelib.keys import PartyKind
from chalicelib.validation import Standing

blueprint = Blueprint(__name__)

_OF_A_FINDING = (
    "rule", "step", "saw", "source", "asked", "outcome", "denial", "cents", "until",
)  # fmt: skip
_UNFOUND: Mapping[str, Any] = {"source": "", "step": None, "cents": None, "until": None}


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/calls/{id}/verdict",
        summary="Read why a call counts or does not",
        answers="VerdictView",
        sides=(
            Side(party=PartyKind.PUBLISHER, answers="PublisherVerdictView"),
            Side(party=PartyKind.ADVERTISER, answers="AdvertiserVerdictView"),
        ),
    ),
)
def read_verdict(request: Request, id: str) -> Answer:
    """Every rule and what it saw; the verdict is null while the call is not judged."""
    call = own_call(id, request)
    stored = request.stores.calls.verdict(id)
    shown = shown_verdict(judgement_view(stored), request.party.kind) if stored else None
    return Answer(body={"call_id": call.id, "status": call.status.value, "verdict": shown})


def shown_verdict(whole: Mapping[str, Any], kind: PartyKind) -> Any:
    """The same verdict, less what whoever asks may not see."""
    if kind is PartyKind.PUBLISHER:
        return verdict_sides.publisher_verdict(whole)
    if kind is PartyKind.ADVERTISER:
        return verdict_sides.advertiser_verdict(whole)
    return whole


def judgement_view(document: Mapping[str, Any]) -> dict[str, Any]:
    """A verdict as the operator is shown it: both sides, and what it rests on.

    One stored by an earlier release was final, had no steps, and named no versions.
    """
    ending, verdict = document["ending"], document["verdict"]
    view = {
        "approved": document["approved"],
        "judged_at": document["judged_at"],
        "talk_seconds": ending["talk_seconds"],
        "evidence": ending["evidence"],
        "terms": document.get("terms", []),
        "stages": document.get("stages", []),
        "waits_until": verdict.get("waits_until"),
    }
    for side in ("charge", "earning"):
        told = [_finding_view(one) for one in verdict[side]]
        denied = any(one["denial"] for one in told)
        cents = verdict[f"{side}_cents"]
        view[side] = told
        view[f"{side}_standing"] = verdict.get(
            f"{side}_standing", Standing.DENIED if denied else Standing.APPROVED
        )
        view[f"{side}_step"] = verdict.get(f"{side}_step") or None
        view[f"{side}_cents"] = cents
        view[f"{side}_most_cents"] = verdict.get(f"{side}_most_cents", cents)
    return view


def _finding_view(one: Mapping[str, Any]) -> dict[str, Any]:
    failed = Outcome.FAIL if one["denial"] else Outcome.PASS
    told = {**_UNFOUND, "outcome": failed, **one}
    return {name: told[name] for name in _OF_A_FINDING}
