"""What happens when a key is issued, revoked, or shown at the door?

Joins the key with the account that holds it, and writes it under a condition. How a key comes with
a request belongs to the channel.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.campaigns import Advertiser, State
from chalicelib.errors import Busy, Conflict, NotFound
from chalicelib.keys import OPERATOR, ApiKey, Party, PartyKind, key_id, secret_hash
from chalicelib.offers import Publisher
from chalicelib.store.keys import find_key, key_change, key_put
from chalicelib.store.requests import RequestClaim
from chalicelib.store.rows import Action
from chalicelib.store.stores import Stores

_TRIES = 8
_ACCOUNTS: Mapping[PartyKind, type[Publisher] | type[Advertiser]] = {
    PartyKind.PUBLISHER: Publisher,
    PartyKind.ADVERTISER: Advertiser,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """The key that a request made; `repeated` when an earlier delivery of it had."""

    key: ApiKey
    repeated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """Who stands at the door, by which `credential`: the id of a key, or `operator`. One whose
    account is `paused` may read alone."""

    party: Party
    credential: str
    paused: bool = False


def account(holder: Party, *, stores: Stores) -> Publisher | Advertiser:
    """The account of a publisher or an advertiser, in whatever state; NotFound when there is
    none."""
    found = stores.catalog.find(_ACCOUNTS[holder.kind], holder.id)
    if found is None:
        raise NotFound(f"there is no {holder.kind} {holder.id}")
    return found


def issue_key(draft: ApiKey, *, stores: Stores, claim: RequestClaim | None = None) -> Issued:
    """Keep a new key; with a claim, the same request makes one, and a repetition finds that one.

    NotFound without the account, Conflict when it is archived: its keys would open nothing.
    """
    for _ in range(_TRIES):
        made = stores.catalog.claimed(claim) if claim else None
        earlier = find_key(stores.rows, made) if made else None
        if earlier is not None:
            return Issued(key=earlier, repeated=True)
        if _state(draft.holder, stores) is State.ARCHIVED:
            raise Conflict(f"{draft.holder.id} is archived", code="account_archived")
        claims: list[Action] = [claim.put(draft.id)] if claim else []
        if stores.catalog.write([key_put(draft), *claims]):
            return Issued(key=draft)
    raise Busy("the key could not be kept; send it again")


def known_key(id: str, *, stores: Stores) -> ApiKey:
    """The key, revoked or not; NotFound when there is none."""
    found = find_key(stores.rows, id)
    if found is None:
        raise NotFound(f"there is no key {id}")
    return found


def revoke_key(id: str, *, stores: Stores, now: datetime) -> ApiKey:
    """Take a key out of use for good. Once is enough."""
    for _ in range(_TRIES):
        before = known_key(id, stores=stores)
        if before.revoked_at is not None:
            return before
        after = replace(before, revoked_at=now, version=before.version + 1)
        if stores.catalog.write([key_change(before, after)]):
            return after
    raise Busy(f"{id} keeps changing; send it again")


def admit(secret: str, *, stores: Stores) -> Admitted | None:
    """Who holds the key with this secret: one read for an unknown one, and one more for the
    account of a publisher or an advertiser.

    None when there is no such key, it is revoked, or its holder is archived.
    """
    hash = secret_hash(secret)
    key = find_key(stores.rows, key_id(hash))
    if key is None or not key.opened_by(hash):
        return None
    state = _state(key.holder, stores)
    if state is State.ARCHIVED:
        return None
    return Admitted(party=key.holder, credential=key.id, paused=state is State.PAUSED)


def _state(holder: Party, stores: Stores) -> State:
    """The state of the holder's account; the operator's people are always active."""
    return State.ACTIVE if holder == OPERATOR else account(holder, stores=stores).state
