"""What happens when an invoice is mailed?

Joins the words with the service that sends them. Each mail is kept before it is sent, and what
became of it afterwards; one that a process died over is shown as it stands and never sent again by
itself.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib import mailing
from chalicelib.errors import Busy, Conflict, NotFound
from chalicelib.invoices import Invoice, InvoiceState
from chalicelib.mailing import Mail, MailState
from chalicelib.providers.mail import NotSent, SendMail, Unsure
from chalicelib.store.invoices import invoices_by_id
from chalicelib.store.issuer import find_issuer
from chalicelib.store.mails import add_mail, mails_about, settle_mail
from chalicelib.store.papers import mails_waiting, mails_waiting_of, mark_mailed
from chalicelib.store.stores import Stores


@dataclass(frozen=True, slots=True, kw_only=True)
class PostOffice:
    """Who sends mails, and the key that signs their links."""

    send: SendMail
    key: str


def send_waiting(*, stores: Stores, post: PostOffice, now: datetime) -> tuple[Mail, ...]:
    """Mail every invoice that was issued to be mailed, once; returns what became of each."""
    return _send_all(mails_waiting(stores.rows), stores, post, now)


def send_for(
    ids: Iterable[str], *, stores: Stores, post: PostOffice, now: datetime
) -> tuple[Mail, ...]:
    """Mail those of these invoices that were issued to be mailed, once."""
    return _send_all(mails_waiting_of(stores.rows, ids), stores, post, now)


def _send_all(
    ids: tuple[str, ...], stores: Stores, post: PostOffice, now: datetime
) -> tuple[Mail, ...]:
    sent: list[Mail] = []
    for invoice_id in ids:
        (invoice,) = invoices_by_id(stores.rows, (invoice_id,))
        first = Mail(invoice_id=invoice_id, n=1, to=mailing.addressee(invoice) or "", at=now)
        if _wanted(invoice, stores) and add_mail(stores.rows, first):
            sent.append(send_kept(first, invoice, stores=stores, post=post))
        mark_mailed(stores.rows, invoice_id)
    return tuple(sent)


def send_again(
    invoice: Invoice, to: str | None, *, stores: Stores, post: PostOffice, now: datetime
) -> Mail:
    """Mail an invoice because somebody asks for it, to its own address or another.

    Conflict for a void one, without an address, with mail switched off, or after too many mails.
    """
    address = to or (invoice.bill_to.email if invoice.bill_to else None)
    if invoice.state is InvoiceState.VOID or address is None:
        reason = "is void" if address else "is made out to nobody with an e-mail address"
        raise Conflict(f"{invoice.number} {reason}", code="not_to_be_mailed")
    if find_issuer(stores.rows).mail is None:
        raise Conflict("the issuer has no sender for its mails", code="mail_is_off")
    known = mails_about(stores.rows, invoice.id)
    if len(known) >= mailing.MOST_MAILS:
        detail = f"{invoice.number} has been mailed {len(known)} times"
        raise Conflict(detail, code="mailed_too_often")
    mail = Mail(invoice_id=invoice.id, n=len(known) + 1, to=address, at=now)
    if not add_mail(stores.rows, mail):
        raise Busy(f"{invoice.number} is being mailed at this moment")
    return send_kept(mail, invoice, stores=stores, post=post)


def opened(word: str, *, stores: Stores, key: str, now: datetime) -> Invoice:
    """The invoice that the link of a mail leads to; NotFound for a forged or an expired one."""
    invoice_id = mailing.opened(word, now, key)
    found = invoices_by_id(stores.rows, (invoice_id,)) if invoice_id else ()
    if not found:
        raise NotFound("this link leads nowhere, or no longer")
    return found[0]


def _wanted(invoice: Invoice, stores: Stores) -> bool:
    """Whether it still stands, and mail has not been switched off since it was issued."""
    return invoice.state is not InvoiceState.VOID and find_issuer(stores.rows).mail is not None


def send_kept(mail: Mail, invoice: Invoice, *, stores: Stores, post: PostOffice) -> Mail:
    """Send a mail that is kept, and keep what became of it."""
    issuer = find_issuer(stores.rows)
    word = mailing.signed(invoice.id, mail.at + mailing.LINK_LASTS, post.key)
    address = issuer.mail.api_url if issuer.mail else ""
    letter = mailing.letter(invoice, issuer, mail=mail, link=f"{address}/v1/mailed/{word}")
    try:
        told = replace(mail, state=MailState.SENT, message_id=post.send(letter))
    except NotSent as refused:
        told = replace(mail, state=MailState.FAILED, error=str(refused))
    except Unsure as lost:
        told = replace(mail, state=MailState.UNSURE, error=str(lost))
    settle_mail(stores.rows, told)
    return told
