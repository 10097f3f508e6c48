"""How does a payee look to whoever asks for it?

Owns its plain form, in which numbers are their last characters.
"""

from typing import Any

from chalicelib.bank_details import BankDetails
from chalicelib.payees import Payee, PayeeEvent
from chalicelib.store.codec import to_plain
from chalicelib.tax_forms import TaxForm

View = dict[str, Any]


def payee_view(payee: Payee) -> View:
    """How the publisher is paid."""
    plain: View = to_plain(payee)
    own = {name: plain[name] for name in ("publisher_id", "email", "paypal", "withholding")}
    return own | {
        "bank_details": _bank_view(payee.bank) if payee.bank else None,
        "tax_form": _form_view(payee.tax_form) if payee.tax_form else None,
        "version": payee.version,
    }


def event_view(event: PayeeEvent) -> View:
    """What happened, and who was told of it."""
    plain: View = to_plain(event)
    return {name: value for name, value in plain.items() if name != "publisher_id"}


def publisher_event_view(event: PayeeEvent) -> View:
    """What happened, as the publisher sees it."""
    plain = event_view(event)
    return {name: plain[name] for name in ("id", "what", "at", "by", "before", "after")}


def _bank_view(bank: BankDetails) -> View:
    plain: View = to_plain(bank)
    plain.pop("account")
    return plain | {"account_last": bank.account.last}


def _form_view(form: TaxForm) -> View:
    plain: View = to_plain(form)
    plain.pop("tin")
    return plain | {"tin_last": form.tin.last if form.tin else None}
