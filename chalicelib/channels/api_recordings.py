"""How are recordings played, paused and erased over HTTP?

Owns the routes of a call's recordings, and of each by itself. The operator has all of them; an
advertiser plays those of the attempts that it took; a publisher has none.
"""

from typing import Any

from chalice import Blueprint

from chalicelib import sides
from chalicelib.calls import Call
from chalicelib.channels.api_calls import own_call
from chalicelib.channels.http import Answer, Request, Route, Side, endpoint
from chalicelib.errors import NotFound
from chalicelib.flows import recordings as flow
from chalicelib.keys import PartyKind
from chalicelib.recording import LINK_LASTS, Access, KeptRecording, ReportStatus, recorded
from chalicelib.store.codec import to_plain

blueprint = Blueprint(__name__)

_ADVERTISER = (Side(party=PartyKind.ADVERTISER),)


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/calls/{id}/recordings",
        summary="List the recordings of a call",
        answers="RecordingsView",
        sides=_ADVERTISER,
    ),
)
def list_recordings(request: Request, id: str) -> Answer:
    """Every recording with how far it has come; an advertiser's are those of its own attempt."""
    call = own_call(id, request)
    file = request.stores.recordings.file(id)
    found = recorded(file.reports, file.kept, request.context.clock())
    shown = [one for one in found if _own_attempt(one.attempt, call, request)]
    return Answer(body={"call_id": id, "recordings": to_plain(shown)})


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/calls/{id}/transcripts",
        summary="Tell where a call's carrier put what was said",
        answers="TranscriptsView",
    ),
)
def list_transcripts(request: Request, id: str) -> Answer:
    """The places of what the carrier wrote down; whoever may read there, reads it there."""
    found = flow.transcripts(
        id, stores=request.stores, carrier=request.context.recordings().carrier
    )
    return Answer(body={"call_id": id, "transcripts": to_plain(found)})


@endpoint(
    blueprint,
    Route(
        method="POST",
        path="/recordings/{id}/links",
        summary="Get a link to play a recording for five minutes",
        answers="LinkView",
        status=201,
        sides=_ADVERTISER,
    ),
)
def give_link(request: Request, id: str) -> Answer:
    """An address that plays the recording for whoever has it; that it was given is kept."""
    kept = _own_recording(id, request)
    now = request.context.clock()
    access = Access(
        id=request.context.new_id("acc"),
        recording_id=kept.id,
        party=request.party.kind.value,
        party_id=request.party.id,
        credential=request.credential,
        at=now,
        expires_at=now + LINK_LASTS,
    )
    link = flow.give_link(kept, access, stores=request.stores, places=request.context.recordings())
    shown = {"recording_id": kept.id, "url": link.url, "expires_at": link.access.expires_at}
    return Answer(body=to_plain(shown), status=201)


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/recordings/{id}/accesses",
        summary="Read who was given a link to a recording",
        answers="AccessesView",
    ),
)
def list_accesses(request: Request, id: str) -> Answer:
    """Every link that was given, also to a recording that is erased by now."""
    kept = request.stores.recordings.get(id)
    accesses = request.stores.recordings.accesses(kept.id)
    return Answer(body={"recording_id": kept.id, "accesses": to_plain(accesses)})


@endpoint(
    blueprint,
    Route(
        method="DELETE",
        path="/recordings/{id}",
        summary="Erase a recording",
        answers="ErasedView",
    ),
)
def erase(request: Request, id: str) -> Answer:
    """Remove the media, here and at the carrier; that there was a recording stays known."""
    erased = flow.erase(
        id,
        stores=request.stores,
        places=request.context.recordings(),
        now=request.context.clock(),
    )
    plain: dict[str, Any] = to_plain(erased)
    names = ("id", "call_id", "attempt", "deleted_at")
    return Answer(body={name: plain[name] for name in names})


def _serve_pausing(word: str, summary: str, *, paused: bool) -> None:
    route = Route(
        method="POST", path=f"/calls/{{id}}/recording/{word}", summary=summary, answers="PauseView"
    )

    @endpoint(blueprint, route)
    def turn(request: Request, id: str) -> Answer:
        report = flow.pause(
            id,
            paused=paused,
            stores=request.stores,
            carrier=request.context.recordings().carrier,
            now=request.context.clock(),
        )
        shown = {
            "call_id": id,
            "recording_id": report.recording_id,
            "paused": report.status is ReportStatus.PAUSED,
        }
        return Answer(body=shown)


_serve_pausing("pause", "Pause the recording of a live call", paused=True)
_serve_pausing("resume", "Go on with the recording of a live call", paused=False)


def _own_recording(id: str, request: Request) -> KeptRecording:
    """The recording, when it is on the side of whoever asks; NotFound for any other."""
    kept = request.stores.recordings.get(id)
    call = request.stores.calls.get(kept.call_id)
    if not sides.sees(request.party, call) or not _own_attempt(kept.attempt, call, request):
        raise NotFound(f"there is no recording {id}")
    return kept


def _own_attempt(attempt: int, call: Call, request: Request) -> bool:
    """Whether the attempt is whoever asks's: before a failover the call was another buyer's."""
    if request.party.kind is PartyKind.OPERATOR:
        return True
    return call.attempt is not None and call.attempt.number == attempt
