"""What happens when the secret of an advertiser's postbacks is made or revoked?

Joins the secret with its advertiser, and writes it under a condition. What a secret signs belongs
to `postback_signatures`.
"""

from dataclasses import dataclass
from datetime import datetime

from chalicelib.campaigns import State
from chalicelib.errors import Busy, Conflict, NotFound
from chalicelib.flows.keys import account
from chalicelib.keys import Party
from chalicelib.postback_signatures import (
    PostbackSecret,
    PostbackSecrets,
    with_secret,
    without_secret,
)
from chalicelib.store.postback_secrets import find_secrets, secrets_change
from chalicelib.store.requests import RequestClaim
from chalicelib.store.rows import Action
from chalicelib.store.stores import Stores

_TRIES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """The secret that a request made; `repeated` when an earlier delivery of it had."""

    secret: PostbackSecret
    repeated: bool = False


def secrets_of(holder: Party, *, stores: Stores) -> PostbackSecrets:
    """The advertiser's secrets; NotFound without the advertiser."""
    account(holder, stores=stores)
    return find_secrets(stores.rows, holder.id)


def make_secret(
    draft: PostbackSecret, holder: Party, *, stores: Stores, claim: RequestClaim | None
) -> Made:
    """Keep a new secret; with a claim, the same request makes one, and a repetition finds it.

    NotFound without the advertiser, Conflict when it is archived or has two in force.
    """
    for _ in range(_TRIES):
        before = find_secrets(stores.rows, holder.id)
        made = stores.catalog.claimed(claim) if claim else None
        earlier = next((one for one in before.secrets if one.id == made), None)
        if earlier is not None:
            return Made(secret=earlier, repeated=True)
        if account(holder, stores=stores).state is State.ARCHIVED:
            raise Conflict(f"{holder.id} is archived", code="account_archived")
        after = with_secret(before, draft)
        claims: list[Action] = [claim.put(draft.id)] if claim else []
        if stores.catalog.write([secrets_change(before, after), *claims]):
            return Made(secret=draft)
    raise Busy("the secret could not be kept; send it again")


def revoke_secret(id: str, holder: Party, *, stores: Stores, now: datetime) -> PostbackSecret:
    """Take a secret out of use for good; once is enough. NotFound when the advertiser has none
    with this id."""
    for _ in range(_TRIES):
        before = find_secrets(stores.rows, holder.id)
        after = without_secret(before, id, now)
        found = next((one for one in after.secrets if one.id == id), None)
        if found is None:
            raise NotFound(f"there is no secret {id}")
        if after is before or stores.catalog.write([secrets_change(before, after)]):
            return found
    raise Busy(f"{id} keeps changing; send it again")
