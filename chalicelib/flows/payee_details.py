"""What happens when an account, a tax form or an address of a publisher is said, or taken away?

Joins each of them with the payee; a number is encrypted before anything is written. How a change is
kept and told belongs to `payees`.
"""

from dataclasses import dataclass, field, replace

from chalicelib.bank_details import AccountKind, BankDetails, HolderKind
from chalicelib.flows.payees import Desk, change_payee, hide, known_payee
from chalicelib.hidden import Secret
from chalicelib.payees import Detail, Payee, PayPalReceiver
from chalicelib.providers.ciphers import Cipher
from chalicelib.tax_forms import TaxForm, Withholding


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidAccount:
    """A bank account as somebody says it, with its number in full."""

    routing_number: str
    account_number: str = field(repr=False)
    kind: AccountKind
    holder_name: str
    holder_kind: HolderKind


def say_bank_details(
    publisher_id: str, said: SaidAccount, *, cipher: Cipher, desk: Desk, version: int | None
) -> Payee:
    """Pay into this account from now on, once the cool-down has passed."""
    known_payee(publisher_id, stores=desk.stores)
    account = hide(said.account_number, publisher_id, Secret.ACCOUNT_NUMBER, cipher)
    bank = BankDetails(
        routing_number=said.routing_number,
        account=account,
        kind=said.kind,
        holder_name=said.holder_name,
        holder_kind=said.holder_kind,
        since=desk.now,
    )
    return change_payee(
        publisher_id,
        Detail.BANK_DETAILS,
        lambda payee: replace(payee, bank=bank),
        desk=desk,
        version=version,
    )


def forget_bank_details(publisher_id: str, *, desk: Desk) -> Payee:
    """Pay into no account; once is enough."""
    return change_payee(
        publisher_id, Detail.BANK_DETAILS, lambda payee: replace(payee, bank=None), desk=desk
    )


def refuse_bank_details(publisher_id: str, code: str, *, desk: Desk) -> Payee:
    """The bank sent a payment back with this code: the account is paid no more until it is said
    anew. A payee without an account stays as it is."""

    def refused(payee: Payee) -> Payee:
        return replace(payee, bank=replace(payee.bank, refused=code)) if payee.bank else payee

    return change_payee(publisher_id, Detail.BANK_DETAILS, refused, desk=desk)


def say_paypal(
    publisher_id: str, email: str | None, *, desk: Desk, version: int | None = None
) -> Payee:
    """Pay to this PayPal account from now on, once the cool-down has passed; None is nowhere. The
    address that stands already keeps its time."""

    def received(payee: Payee) -> Payee:
        if payee.paypal and payee.paypal.email == email:
            return payee
        receiver = PayPalReceiver(email=email, since=desk.now) if email else None
        return replace(payee, paypal=receiver)

    return change_payee(publisher_id, Detail.PAYPAL, received, desk=desk, version=version)


def say_email(
    publisher_id: str, email: str | None, *, desk: Desk, version: int | None = None
) -> Payee:
    """Tell this address of changes from now on; the one before is told of this change too."""
    return change_payee(
        publisher_id,
        Detail.EMAIL,
        lambda payee: replace(payee, email=email),
        desk=desk,
        version=version,
    )


def say_tax_form(
    publisher_id: str,
    form: TaxForm,
    tin: str | None,
    *,
    cipher: Cipher,
    desk: Desk,
    version: int | None = None,
) -> Payee:
    """Keep the form in the place of any before, with its number hidden."""
    known_payee(publisher_id, stores=desk.stores)
    kept = replace(form, tin=hide(tin, publisher_id, Secret.TIN, cipher)) if tin else form
    return change_payee(
        publisher_id,
        Detail.TAX_FORM,
        lambda payee: replace(payee, tax_form=kept),
        desk=desk,
        version=version,
    )


def say_withholding(publisher_id: str, wanted: Withholding, *, desk: Desk) -> Payee:
    """Withhold of every payout from now on, or no more."""
    return change_payee(
        publisher_id,
        Detail.WITHHOLDING,
        lambda payee: replace(payee, withholding=wanted),
        desk=desk,
    )
