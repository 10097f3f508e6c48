"""What does a mail about an invoice or a credit note say, and whom does its link let in?

Owns the words of a mail, how far it has come, and the signed word of its link: it opens one
document, for as long as it lasts. Sending belongs to the providers, keeping to the store.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from chalicelib.credit_notes import CreditNote, Printed, effects
from chalicelib.errors import Conflict
from chalicelib.invoices import Invoice, InvoiceKind
from chalicelib.issuer import Issuer

LINK_LASTS = timedelta(days=90)
MOST_MAILS = 20
"""So many are kept of one document; whoever needs more has another trouble than a lost mail."""


class MailState(StrEnum):
    """How far a mail has come.

    It is kept as `sending` before it is sent. What stays so, or is `unsure`, may have arrived: it
    is never sent again by itself.
    """

    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """The n-th mail about an invoice, about the credit note `credit_id` on it, or about the
    statement of the payout `payout_id`; `about` names what it brings, or the step against whoever
    does not pay, and `error` says why it failed, or what is unsure."""

    invoice_id: str | None = None
    n: int
    to: str
    at: datetime
    about: str = "invoice"
    state: MailState = MailState.SENDING
    message_id: str | None = None
    error: str | None = None
    credit_id: str | None = None
    payout_id: str | None = None

    @property
    def document_id(self) -> str:
        """Of what it is about."""
        return self.credit_id or self.payout_id or str(self.invoice_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A mail as it goes out, in plain text."""

    sender: str
    to: str
    subject: str
    text: str


def addressee(invoice: Invoice) -> str | None:
    """Where a new invoice is mailed to, and every credit note on it; None where nobody is to be
    mailed."""
    asks = invoice.kind is InvoiceKind.INVOICE and invoice.total_cents > 0
    mails = invoice.issuer is not None and invoice.issuer.mail is not None
    return invoice.bill_to.email if asks and mails and invoice.bill_to else None


_OPENINGS = {
    "reminder": "A reminder: this invoice is due soon.",
    "late": "This invoice is past due.",
    "second": "This invoice is still unpaid.",
    "pause": "This invoice is unpaid, and your campaigns are paused until it is paid.",
    "final": "This is the last reminder of this invoice.",
}


def first(printed: Printed, to: str, now: datetime) -> Mail:
    """The first mail about the document."""
    if isinstance(printed, CreditNote):
        invoice_id = printed.invoice.id
        return Mail(
            invoice_id=invoice_id, credit_id=printed.id, n=1, to=to, at=now, about="credit_note"
        )
    return Mail(invoice_id=printed.id, n=1, to=to, at=now)


def letter(printed: Printed, issuer: Issuer, *, mail: Mail, link: str) -> Letter:
    """The mail as it goes out; Conflict where the operator has mail switched off."""
    name = issuer_name(issuer)
    if isinstance(printed, CreditNote):
        subject, told = f"Credit note {printed.number} of {name}", _of_note(printed, name)
    else:
        subject, told = f"Invoice {printed.number} of {name}", _of_invoice(printed, name, mail)
    text = f"{told}\n\nFetch it here until {LINK_LASTS.days} days from now:\n{link}\n"
    return addressed(issuer, mail.to, subject, text)


def addressed(issuer: Issuer, to: str, subject: str, text: str) -> Letter:
    """A mail of the issuer, with whom to ask below it; Conflict where mail is switched off."""
    if issuer.mail is None:
        raise Conflict("the issuer has no sender for its mails", code="mail_is_off")
    if issuer.dispute_contact:
        text += f"\nQuestions go to {issuer.dispute_contact}.\n"
    return Letter(sender=issuer.mail.sender, to=to, subject=subject, text=text)


def _of_invoice(invoice: Invoice, name: str, mail: Mail) -> str:
    due = f"{invoice.due_at:%Y-%m-%d}" if invoice.due_at else "receipt"
    opening = _OPENINGS.get(mail.about)
    told = (
        f"Invoice {invoice.number} of {name} for {invoice.call_count} calls asks for "
        f"{amount(invoice.owed_cents, invoice.currency)} and is due on {due}."
    )
    return f"{opening}\n\n{told}" if opening else told


def _of_note(note: CreditNote, name: str) -> str:
    credit, currency = note.credit, note.credit.currency
    told = (
        f"Credit note {note.number} of {name} on {note.invoice.number} gives back "
        f"{amount(credit.total_cents, currency)} for the call {credit.call_id}. "
        f"Reason: {note.reason.lower()}."
    )
    lines = (f"{words}: {amount(cents, currency)}" for words, cents in effects(note))
    return "\n".join((told, "", *lines))


def issuer_name(issuer: Issuer) -> str:
    """What a mail calls the issuer."""
    return issuer.legal_name or (issuer.mail.sender if issuer.mail else "")


def amount(cents: int, currency: str) -> str:
    """A sum as a mail says it."""
    return f"{currency} {cents // 100:,}.{cents % 100:02d}"


def link(issuer: Issuer, word: str) -> str:
    """The address that a mail of the issuer gives for a signed word."""
    address = issuer.mail.api_url if issuer.mail else ""
    return f"{address}/v1/mailed/{word}"


def signed(document_id: str, expires_at: datetime, key: str) -> str:
    """The word that opens the document until then, in whole seconds, without any other key."""
    said = f"{document_id}:{int(expires_at.timestamp())}"
    return f"{said}:{_mac(said, key)}"


def opened(word: str, now: datetime, key: str) -> str | None:
    """The id of the document that the word opens; None for a forged or an expired one."""
    said, _, mac = word.rpartition(":")
    document_id, _, until = said.rpartition(":")
    if not hmac.compare_digest(mac.encode(), _mac(said, key).encode()):
        return None
    return document_id if now < datetime.fromtimestamp(int(until), UTC) else None


def _mac(said: str, key: str) -> str:
    return hmac.new(key.encode(), f"mail\0{said}".encode(), hashlib.sha256).hexdigest()[:32]
