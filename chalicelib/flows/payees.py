"""What happens when a publisher, or the operator, says how it is paid?

Joins the words with the key that hides their numbers, writes them with the event of the change, and
tells the publisher and the operator of it. A notice that a process died over is sent by the next
closing.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chalicelib import payees, times
from chalicelib.errors import Busy, Conflict, NotFound
from chalicelib.flows.mailing import PostOffice
from chalicelib.hidden import Hidden, Secret, bound_to, shown_part
from chalicelib.ids import derived
from chalicelib.mailing import Letter
from chalicelib.offers import Publisher
from chalicelib.payee_notices import letter
from chalicelib.payees import Detail, Notice, NoticeState, Payee, PayeeEvent
from chalicelib.providers.ciphers import Cipher
from chalicelib.providers.mail import NotSent, Unsure
from chalicelib.store.issuer import find_issuer
from chalicelib.store.payees import (
    event_put,
    find_payee,
    payee_write,
    tell_change,
    untold_events,
)
from chalicelib.store.settings import find_operator
from chalicelib.store.stores import Stores

_TRIES = 8
_LEFT_BEHIND = timedelta(minutes=10)
"""Whoever wrote an event that long ago sends its notices no more."""
Edit = Callable[[Payee], Payee]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Who changes a payee, `by` which key, and with what."""

    stores: Stores
    post: PostOffice
    by: str
    now: datetime


def known_payee(publisher_id: str, *, stores: Stores) -> Payee:
    """The payee; NotFound when there is no such publisher."""
    _publisher(publisher_id, stores)
    return find_payee(stores.rows, publisher_id)


def hide(number: str, publisher_id: str, secret: Secret, cipher: Cipher) -> Hidden:
    """The number as it may be kept of this publisher."""
    kept = cipher.encrypt(number, bound_to(publisher_id, secret))
    return Hidden(ciphertext=kept, last=shown_part(number))


def change_payee(
    publisher_id: str,
    what: Detail,
    edit: Edit,
    *,
    desk: Desk,
    version: int | None = None,
    reason: str | None = None,
) -> Payee:
    """Put `edit(payee)` in the payee's place, as its next version, and tell of it; the `reason` is
    kept.

    An edit that changes nothing tells nobody. With a `version`, Conflict when the payee has moved
    on; NotFound when there is no such publisher.
    """
    publisher, rows = _publisher(publisher_id, desk.stores), desk.stores.rows
    mail = find_issuer(rows).mail
    for _ in range(_TRIES):
        before = find_payee(rows, publisher_id)
        if version is not None and before.version != version:
            detail = f"the payee is at version {before.version}"
            raise Conflict(detail, code="version_mismatch")
        wanted = edit(before)
        if wanted == before:
            return before
        after = replace(wanted, version=before.version + 1)
        event = payees.changed(before, after, what, at=desk.now, by=desk.by)
        event = replace(event, reason=reason)
        if mail:
            event = replace(event, notices=payees.addressees(before, after, mail.sender))
        if desk.stores.catalog.write([payee_write(before, after), event_put(event)]):
            _tell(event, publisher, desk.stores, desk.post)
            return after
    raise Busy(f"the payee {publisher_id} keeps changing; send it again")


def tell_left_behind(*, stores: Stores, post: PostOffice, now: datetime) -> int:
    """Send the notices over which somebody died; how many events are told of now."""
    told = 0
    for event in untold_events(stores.rows):
        if event.at + _LEFT_BEHIND <= now:
            _tell(event, _publisher(event.publisher_id, stores), stores, post)
            told += 1
    return told


def disclosed(
    publisher_id: str, secret: Secret, *, cipher: Cipher, stores: Stores, by: str, now: datetime
) -> str | None:
    """The number in full, for the one thing that needs it; None where there is none. That it was
    read, and `by` what, is kept before anybody has it."""
    hidden = find_payee(stores.rows, publisher_id).hidden(secret)
    if hidden is None:
        return None
    event = PayeeEvent(
        id=derived("pye", publisher_id, secret.value, by, times.written(now)),
        publisher_id=publisher_id,
        what=payees.READ_AS[secret],
        at=now,
        by=by,
        after=f"…{hidden.last}",
    )
    stores.catalog.write([event_put(event)])
    return cipher.decrypt(hidden.ciphertext, bound_to(publisher_id, secret))


def _publisher(publisher_id: str, stores: Stores) -> Publisher:
    found = stores.catalog.find(Publisher, publisher_id)
    if found is None:
        raise NotFound(f"there is no publisher {publisher_id}")
    return found


def _tell(event: PayeeEvent, publisher: Publisher, stores: Stores, post: PostOffice) -> None:
    """Send every notice that waits, and keep what became of each."""
    if not event.untold:
        return
    issuer = find_issuer(stores.rows)
    days = find_operator(stores.rows).payee_cooldown_days
    held = payees.held_until(event, days)
    notices = tuple(
        _sent(one, letter(event, one.to, name=publisher.name, issuer=issuer, held=held), post)
        for one in event.notices
    )
    stores.rows.write([tell_change(replace(event, notices=notices))])


def _sent(notice: Notice, said: Letter | None, post: PostOffice) -> Notice:
    """The notice with what became of it; one that was dealt with before stays as it is."""
    if notice.state is not NoticeState.WAITING:
        return notice
    if said is None:
        return replace(notice, state=NoticeState.FAILED, error="mail is switched off")
    try:
        post.send(said)
    except NotSent as refused:
        return replace(notice, state=NoticeState.FAILED, error=str(refused))
    except Unsure as lost:
        return replace(notice, error=str(lost))
    return replace(notice, state=NoticeState.SENT, error=None)
