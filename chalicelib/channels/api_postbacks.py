"""How do buyers' own systems post back over HTTP?

Owns the routes of signed postbacks, by POST or by a plain URL, and of the secrets that sign them.
Of a postback nothing but the advertiser's secrets is read before its signature holds.
"""

import hashlib
import json
from typing import Any

from chalice import Blueprint

from chalicelib import times
from chalicelib.campaigns import Advertiser, State
from chalicelib.channels import bodies
from chalicelib.channels.bodies import validated
from chalicelib.channels.feedback_views import match_view
from chalicelib.channels.http import Answer, Request, Route, Side, endpoint
from chalicelib.dispositions import Source
from chalicelib.errors import Fault, Invalid, NotFound, Unauthenticated
from chalicelib.feedback import Feedback, Named, event_feedback_id, lacks, read_amount
from chalicelib.flows import feedback as flow
from chalicelib.flows import postback_secrets as secrets_flow
from chalicelib.keys import Party, PartyKind
from chalicelib.postback_signatures import (
    PostbackSecret,
    Signed,
    confirm_fresh,
    confirm_genuine,
    query_content,
    secret_text,
)
from chalicelib.store.codec import to_plain
from chalicelib.store.postback_secrets import find_secrets

blueprint = Blueprint(__name__)

_ADVERTISER = (Side(party=PartyKind.ADVERTISER),)
_SIGNING = ("advertiser_id", "timestamp", "signature")
_FIELDS = (
    "event_id", "call_id", "external_id", "caller", "time", "amount", "currency", "converted",
    "disposition", "note", "at",
)  # fmt: skip
_TEXT = (r"[^\x00-\x1f\x7f]{1,500}", "as in the body of a POST")
_FORMS = {
    **dict.fromkeys(_FIELDS, _TEXT),
    "converted": ("true|false", "true or false"),
    "timestamp": (r"[!-~]{1,100}", "when it was signed, in seconds since 1970"),
    "signature": (r"[!-~]{1,100}", "HMAC-SHA256 with the advertiser's secret, in hex"),
}


@endpoint(
    blueprint,
    Route(
        method="POST",
        path="/postbacks",
        summary="Tell what a call brought, signed",
        body="PostbackBody",
        answers="TakenPostbackView",
        query=("advertiser_id",),
        public=True,
        signed=True,
    ),
)
def post_back(request: Request) -> Answer:
    """Take a postback whose body is signed."""
    signed = Signed(
        method="POST",
        advertiser_id=request.query.get("advertiser_id", ""),
        timestamp=request.headers.get("ringledger-timestamp", ""),
        signature=request.headers.get("ringledger-signature", ""),
        content=request.raw,
    )
    _confirm(signed, request)
    return _taken(request.document(), signed.advertiser_id, request)


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/postbacks",
        summary="Tell what a call brought, by a signed URL",
        answers="TakenPostbackView",
        query=(*_SIGNING, *_FIELDS),
        forms=_FORMS,
        public=True,
    ),
)
def get_back(request: Request) -> Answer:
    """Take a postback of a system that can only call a URL: what it tells is in the query."""
    said = {name: request.query[name] for name in request.query if name not in _SIGNING}
    signing = {name: request.query.get(name, "") for name in _SIGNING}
    signed = Signed(method="GET", content=query_content(said), **signing)
    _confirm(signed, request)
    document: bodies.Document = dict(said)
    if "converted" in said:
        document["converted"] = said["converted"] == "true"
    return _taken(document, signed.advertiser_id, request)


@endpoint(
    blueprint,
    Route(
        method="POST",
        path="/advertisers/{id}/postback-secrets",
        summary="Make a secret that signs postbacks",
        answers="MadePostbackSecretView",
        status=201,
        keyed=True,
        sides=_ADVERTISER,
    ),
)
def make_secret(request: Request, id: str) -> Answer:
    """A secret beside the one in use, which stays until it is revoked."""
    holder = _holder(id, request)
    draft = PostbackSecret(id=request.context.new_id("psk"), created_at=request.context.clock())
    claim = request.claim("")
    made = secrets_flow.make_secret(draft, holder, stores=request.stores, claim=claim)
    key = request.context.secrets().caller_hash_key
    secret = None if made.repeated else secret_text(made.secret.id, key)
    hit = {"Idempotency-Hit": "true"} if made.repeated else {}
    return Answer(body=to_plain(made.secret) | {"secret": secret}, status=201, headers=hit)


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/advertisers/{id}/postback-secrets",
        summary="List the secrets that sign an advertiser's postbacks",
        answers="PostbackSecretsView",
        sides=_ADVERTISER,
    ),
)
def list_secrets(request: Request, id: str) -> Answer:
    """Their ids, without the secrets."""
    known = secrets_flow.secrets_of(_holder(id, request), stores=request.stores)
    return Answer(body={"advertiser_id": id, "secrets": to_plain(known.secrets)})


@endpoint(
    blueprint,
    Route(
        method="DELETE",
        path="/advertisers/{id}/postback-secrets/{secret_id}",
        summary="Revoke a secret that signs postbacks",
        answers="PostbackSecretView",
        sides=_ADVERTISER,
    ),
)
def revoke_secret(request: Request, id: str, secret_id: str) -> Answer:
    """Take a secret out of use for good."""
    holder = _holder(id, request)
    now = request.context.clock()
    gone = secrets_flow.revoke_secret(secret_id, holder, stores=request.stores, now=now)
    return Answer(body=to_plain(gone))


def _holder(id: str, request: Request) -> Party:
    """The advertiser; NotFound for another than the one who asks."""
    holder = Party(kind=PartyKind.ADVERTISER, id=id)
    if request.party.kind is PartyKind.ADVERTISER and request.party != holder:
        raise NotFound(f"there is no advertiser {id}")
    return holder


def _confirm(signed: Signed, request: Request) -> None:
    """Unauthenticated unless the advertiser signed this, just now."""
    confirm_fresh(signed, request.context.clock())
    known = find_secrets(request.stores.rows, signed.advertiser_id)
    confirm_genuine(signed, known.in_force, request.context.secrets().caller_hash_key)


def _taken(document: bodies.Document, advertiser_id: str, request: Request) -> Answer:
    """Take what a genuine postback tells."""
    from chalicelib.channels.schemas_dispositions import PostbackBody

    said = validated(PostbackBody, document)
    advertiser = request.stores.catalog.find(Advertiser, advertiser_id)
    if advertiser is None or advertiser.state is State.ARCHIVED:
        raise Unauthenticated("the account is archived")
    _refuse_faults(said, advertiser)
    feedback = _feedback(said, advertiser, request)
    # `25` and `25.00` are the same amount.
    content = json.dumps(said | {"amount": feedback.amount_cents}, sort_keys=True)
    content_hash = hashlib.sha256(content.encode()).hexdigest()
    taken = flow.take_event(feedback, content_hash=content_hash, stores=request.stores)
    hit = {"Idempotency-Hit": "true"} if taken.repeated else {}
    shown: dict[str, Any] = {"id": feedback.id, "event_id": feedback.event_id}
    return Answer(body=shown | match_view(taken.match), headers=hit)


def _refuse_faults(said: bodies.Document, advertiser: Advertiser) -> None:
    """Invalid with every fault that a schema does not see."""
    told = {name for name, value in said.items() if value is not None}
    wrong = [Fault(field=field, rule="required", reason=reason) for field, reason in lacks(told)]
    if said["currency"] not in (None, advertiser.currency):
        reason = f"must be {advertiser.currency}, the advertiser's currency"
        wrong.append(Fault(field="currency", rule="currency_of_advertiser", reason=reason))
    if wrong:
        raise Invalid(tuple(wrong))


def _feedback(said: bodies.Document, advertiser: Advertiser, request: Request) -> Feedback:
    now = request.context.clock()
    return Feedback(
        id=event_feedback_id(advertiser.id, said["event_id"]),
        advertiser_id=advertiser.id,
        source=Source.POSTBACK,
        named=Named(
            call_id=said["call_id"],
            external_id=said["external_id"],
            caller=said["caller"],
            time=times.read(said["time"]) if said["time"] else None,
        ),
        disposition=said["disposition"],
        note=said["note"],
        amount_cents=read_amount(said["amount"]) if said["amount"] else None,
        currency=advertiser.currency,
        converted=said["converted"],
        event_id=said["event_id"],
        at=min(times.read(said["at"]), now) if said["at"] else now,
        received_at=now,
    )
