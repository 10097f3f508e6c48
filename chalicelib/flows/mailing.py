"""What happens when an invoice or a credit note is mailed?

Joins the words with the service that sends them. Each mail is kept before it is sent, and what
became of it afterwards; one that a process died over is shown as it stands and never sent again by
itself.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain

from chalicelib import mailing
from chalicelib.credit_notes import CreditNote, Printed
from chalicelib.errors import Busy, Conflict, NotFound
from chalicelib.invoices import Invoice, InvoiceState
from chalicelib.mailing import Letter, Mail, MailState
from chalicelib.providers.mail import NotSent, SendMail, Unsure
from chalicelib.store.credits import find_credit, find_note, note_of
from chalicelib.store.invoices import invoices_by_id
from chalicelib.store.issuer import find_issuer
from chalicelib.store.mails import add_mail, mails_about, settle_mail
from chalicelib.store.papers import (
    mails_waiting,
    mails_waiting_of,
    mark_mailed,
    note_mails_waiting,
)
from chalicelib.store.stores import Stores


@dataclass(frozen=True, slots=True, kw_only=True)
class PostOffice:
    """Who sends mails, and the key that signs their links."""

    send: SendMail
    key: str


def send_waiting(*, stores: Stores, post: PostOffice, now: datetime) -> tuple[Mail, ...]:
    """Mail every invoice that was issued to be mailed, and then every credit note, once; returns
    what became of each."""
    invoices = _invoices(mails_waiting(stores.rows), stores)
    notes = (find_note(stores.rows, one) for one in note_mails_waiting(stores.rows))
    return _send_all(chain[Printed](invoices, notes), stores, post, now)


def send_for(
    ids: Iterable[str], *, stores: Stores, post: PostOffice, now: datetime
) -> tuple[Mail, ...]:
    """Mail those of these invoices that were issued to be mailed, once."""
    return _send_all(_invoices(mails_waiting_of(stores.rows, ids), stores), stores, post, now)


def _invoices(ids: Iterable[str], stores: Stores) -> Iterator[Invoice]:
    """The issued invoices, one after the other."""
    for invoice_id in ids:
        yield from invoices_by_id(stores.rows, (invoice_id,))


def _send_all(
    waiting: Iterable[Printed], stores: Stores, post: PostOffice, now: datetime
) -> tuple[Mail, ...]:
    sent: list[Mail] = []
    for printed in waiting:
        first = mailing.first(printed, mailing.addressee(_invoice(printed)) or "", now)
        if _wanted(printed, stores) and add_mail(stores.rows, first):
            sent.append(send_kept(first, printed, stores=stores, post=post))
        mark_mailed(stores.rows, printed.id)
    return tuple(sent)


def send_again(
    printed: Printed, to: str | None, *, stores: Stores, post: PostOffice, now: datetime
) -> Mail:
    """Mail an invoice or a credit note because somebody asks for it, to its own address or another.

    Conflict for a void one, without an address, with mail switched off, or after too many mails.
    """
    invoice = _invoice(printed)
    address = to or (invoice.bill_to.email if invoice.bill_to else None)
    if invoice.state is InvoiceState.VOID or address is None:
        reason = "is void" if address else "is made out to nobody with an e-mail address"
        raise Conflict(f"{printed.number} {reason}", code="not_to_be_mailed")
    number = next_number(printed.id, str(printed.number), stores)
    mail = replace(mailing.first(printed, address, now), n=number)
    if not add_mail(stores.rows, mail):
        raise Busy(f"{printed.number} is being mailed at this moment")
    return send_kept(mail, printed, stores=stores, post=post)


def next_number(document_id: str, called: str, stores: Stores) -> int:
    """Of the next mail about a document; Conflict with mail switched off, or after too many."""
    if find_issuer(stores.rows).mail is None:
        raise Conflict("the issuer has no sender for its mails", code="mail_is_off")
    known = mails_about(stores.rows, document_id)
    if len(known) >= mailing.MOST_MAILS:
        raise Conflict(f"{called} has been mailed {len(known)} times", code="mailed_too_often")
    return len(known) + 1


def opened(word: str, *, stores: Stores, key: str, now: datetime) -> Printed:
    """The invoice or credit note that the link of a mail leads to; NotFound for a forged or an
    expired one."""
    document_id = mailing.opened(word, now, key)
    if document_id:
        for invoice in invoices_by_id(stores.rows, (document_id,)):
            return invoice
        credit = find_credit(stores.rows, document_id)
        if credit:
            return note_of(stores.rows, credit)
    raise NotFound("this link leads nowhere, or no longer")


def _invoice(printed: Printed) -> Invoice:
    """The invoice, or the one that the note is on."""
    return printed.invoice if isinstance(printed, CreditNote) else printed


def _wanted(printed: Printed, stores: Stores) -> bool:
    """Whether it still stands, and mail has not been switched off since it was issued."""
    void = _invoice(printed).state is InvoiceState.VOID
    return not void and find_issuer(stores.rows).mail is not None


def send_kept(mail: Mail, printed: Printed, *, stores: Stores, post: PostOffice) -> Mail:
    """Send a mail that is kept, and keep what became of it."""
    issuer = find_issuer(stores.rows)
    word = mailing.signed(printed.id, mail.at + mailing.LINK_LASTS, post.key)
    letter = mailing.letter(printed, issuer, mail=mail, link=mailing.link(issuer, word))
    return delivered(mail, letter, stores=stores, post=post)


def delivered(mail: Mail, letter: Letter, *, stores: Stores, post: PostOffice) -> Mail:
    """Send the letter of a mail that is kept, and keep what became of it."""
    try:
        told = replace(mail, state=MailState.SENT, message_id=post.send(letter))
    except NotSent as refused:
        told = replace(mail, state=MailState.FAILED, error=str(refused))
    except Unsure as lost:
        told = replace(mail, state=MailState.UNSURE, error=str(lost))
    settle_mail(stores.rows, told)
    return told
