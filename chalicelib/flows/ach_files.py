"""What happens to an ACH file in the hands of the operator's people?

One approves it, another releases it, and either gives it up before it is sealed; somebody fetches
it, or says that the bank took none of it. Drafting belongs to `ach_drafting`, making its text to
`ach_writing`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chalicelib import payout_file_steps as steps
from chalicelib.banking_days import local_day
from chalicelib.errors import Busy, NotFound
from chalicelib.payout_files import PayoutFile, Prenote, closed
from chalicelib.providers.documents import Documents
from chalicelib.signatures import Signature
from chalicelib.store import payout_files as store
from chalicelib.store.rows import Action
from chalicelib.store.stores import Stores

LINK_LASTS = timedelta(minutes=5)

_TRIES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An address of a file's text, for whoever has it, until it expires."""

    url: str
    expires_at: datetime
    file: PayoutFile


def approve(file_id: str, *, by: Signature, stores: Stores) -> PayoutFile:
    """Keep who has looked at the file. Every step: NotFound when there is no such file, Conflict
    when it is not for this step; Forbidden for the deployment's own key, which is nobody's."""
    return change(file_id, lambda file: steps.approved(file, by), stores)


def release(file_id: str, *, by: Signature, stores: Stores) -> PayoutFile:
    """Let the file go to the bank: the next run writes it. Forbidden for whoever approved it."""
    return change(file_id, lambda file: steps.released(file, by), stores)


def discard(file_id: str, *, stores: Stores) -> PayoutFile:
    """Have nobody paid by the file; its payouts wait for another."""
    return change(file_id, steps.discarded, stores, closing=True)


def refuse(file_id: str, *, by: Signature, note: str, stores: Stores) -> PayoutFile:
    """Keep that the bank took none of the file: the next run fails its payouts, and what they were
    made of is paid by later ones."""
    today = local_day(by.at)
    return change(file_id, lambda file: steps.refused(file, by, note, today), stores)


def fetch(file_id: str, *, by: Signature, stores: Stores, documents: Documents) -> Link:
    """A link to the file's text; that it was given is kept before anybody has it."""
    found = known_file(file_id, stores=stores)
    later = steps.settles_on(found, by.at)
    if later and later != found.settles_on:
        # Accounts whose prenotes come late to the bank get their money later.
        late = [replace(one, ready_on=later) for one in prenotes_of(found, stores)]
        store.keep_prenotes(stores.rows, late)
    file = change(file_id, lambda file: steps.fetched(file, by), stores)
    url = documents.link(file.place or "", file.name, LINK_LASTS)
    return Link(url=url, expires_at=by.at + LINK_LASTS, file=file)


def prenotes_of(file: PayoutFile, stores: Stores) -> list[Prenote]:
    """The prenotes of the file that are the latest of their accounts."""
    if not file.prenotes:
        return []
    asked = {one.publisher_id: one.trace for one in store.entries_of(stores.rows, file)}
    known = store.find_prenotes(stores.rows, asked)
    return [one for id, one in known.items() if one.trace == asked[id]]


def known_file(file_id: str, *, stores: Stores) -> PayoutFile:
    """The file; NotFound when there is none."""
    found = store.find_file(stores.rows, file_id)
    if found is None:
        raise NotFound(f"there is no ACH file {file_id}")
    return found


def change(
    file_id: str,
    step: Callable[[PayoutFile], PayoutFile],
    stores: Stores,
    *,
    closing: bool = False,
) -> PayoutFile:
    """The file after the step, taken now or before; with `closing`, another may be made then."""
    for _ in range(_TRIES):
        before = known_file(file_id, stores=stores)
        after = step(before)
        if after is before:
            return before
        also = closing_write(before, stores) if closing else []
        if store.taken(stores.rows, [store.file_change(before, after), *also]):
            return after
    raise Busy(f"{file_id} is being changed by others")


def closing_write(file: PayoutFile, stores: Stores) -> list[Action]:
    """What lets another file be made after this one."""
    counter = store.find_counter(stores.rows)
    if counter.open_id != file.id:
        return []
    return [store.counter_write(counter, closed(counter))]
