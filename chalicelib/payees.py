"""What is known of a publisher as somebody who is paid?

Owns the payee: where its money goes, its tax form, whom to tell, and the history of all that. Which
bank account and which tax number can exist belongs to `bank_details` and `tax_forms`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib.bank_details import BankDetails
from chalicelib.hidden import Hidden, Secret
from chalicelib.ids import derived
from chalicelib.tax_forms import TaxForm, Withholding


@dataclass(frozen=True, slots=True, kw_only=True)
class PayPalReceiver:
    """The e-mail address of a PayPal account, as it stands `since` it was said."""

    email: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Payee:
    """What a publisher has told of itself to be paid; version 0 was never said. Who changes any of
    it is told of to `email`."""

    publisher_id: str
    email: str | None = None
    bank: BankDetails | None = None
    paypal: PayPalReceiver | None = None
    tax_form: TaxForm | None = None
    withholding: Withholding = field(default_factory=Withholding)
    version: int = 0

    def hidden(self, secret: Secret) -> Hidden | None:
        """One of its numbers that nobody may read."""
        if secret is Secret.TIN:
            return self.tax_form.tin if self.tax_form else None
        return self.bank.account if self.bank else None


class Detail(StrEnum):
    """What of a payee was changed, or read in full."""

    EMAIL = "email"
    BANK_DETAILS = "bank_details"
    PAYPAL = "paypal"
    TAX_FORM = "tax_form"
    WITHHOLDING = "withholding"
    SCREENING = "screening"
    ACCOUNT_NUMBER_READ = "account_number_read"
    TIN_READ = "tin_read"


READ_AS: Mapping[Secret, Detail] = {
    Secret.ACCOUNT_NUMBER: Detail.ACCOUNT_NUMBER_READ,
    Secret.TIN: Detail.TIN_READ,
}


class NoticeState(StrEnum):
    """How far a notice has come. It is kept as `waiting` before it is sent; one whose answer was
    lost is sent again, because a notice twice is better than none."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A mail that tells of a change; `error` says why it could not be sent."""

    to: str
    state: NoticeState = NoticeState.WAITING
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PayeeEvent:
    """One change to a payee, or one reading of a number: when, `by` whom (`operator`, or the id of
    a key or of a file), and what people may see of it before and after."""

    id: str
    publisher_id: str
    what: Detail
    at: datetime
    by: str
    before: str | None = None
    after: str | None = None
    reason: str | None = None
    notices: tuple[Notice, ...] = ()

    @property
    def untold(self) -> bool:
        """Whether a notice of it is still to be sent."""
        return any(notice.state is NoticeState.WAITING for notice in self.notices)


def shown(payee: Payee, what: Detail) -> str | None:
    """What people may see of one detail of the payee; None when nothing was said of it."""
    if what is Detail.EMAIL:
        return payee.email
    if what is Detail.BANK_DETAILS:
        return payee.bank.told if payee.bank else None
    if what is Detail.PAYPAL:
        return payee.paypal.email if payee.paypal else None
    if what is Detail.WITHHOLDING:
        on = "on" if payee.withholding.on else "off"
        return f"{on}, B notice {payee.withholding.b_notice}"
    return payee.tax_form.told if payee.tax_form else None


def changed(before: Payee, after: Payee, what: Detail, *, at: datetime, by: str) -> PayeeEvent:
    """The event of a change; the same version of a payee has one, and its id follows from that."""
    return PayeeEvent(
        id=derived("pye", after.publisher_id, str(after.version)),
        publisher_id=after.publisher_id,
        what=what,
        at=at,
        by=by,
        before=shown(before, what),
        after=shown(after, what),
    )


def addressees(before: Payee, after: Payee, operator: str) -> tuple[Notice, ...]:
    """Who is told of a change: the payee at its address, and at the one that it had before, and the
    operator."""
    addresses = (before.email, after.email, operator)
    return tuple(Notice(to=one) for one in dict.fromkeys(filter(None, addresses)))


def held_until(event: PayeeEvent, days: int) -> datetime | None:
    """Until when nothing is paid to the account that the event has put there: for so many times 24
    hours. None where it has put no account anywhere."""
    accounts = (Detail.BANK_DETAILS, Detail.PAYPAL)
    return event.at + timedelta(days=days) if event.what in accounts and event.after else None
