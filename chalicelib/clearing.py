"""What of its accounts, its tax form and its name keeps a publisher from being paid?

Owns the obstacles that follow from what is known of the payee, and what is withheld once there is
none. Holds belong to `holding`, gathering all of it to the flow.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib import times
from chalicelib.bank_details import BankDetails
from chalicelib.offers import PayoutMethod
from chalicelib.payees import Payee, PayPalReceiver
from chalicelib.payouts import Obstacle
from chalicelib.screening import Screening
from chalicelib.tax_forms import TaxForm, withheld_cents

_ACH_CURRENCY = "USD"


@dataclass(frozen=True, slots=True, kw_only=True)
class PayeeRules:
    """What the deployment asks of a payee."""

    tax_form_required: bool = True
    cooldown_days: int = 7


def obstacles(
    payee: Payee,
    screening: Screening | None,
    *,
    method: PayoutMethod,
    rules: PayeeRules,
    now: datetime,
) -> tuple[Obstacle, ...]:
    """Everything that keeps the payee from being paid by this method at `now`.

    An account may be used from the instant at which it has stood for the days of the rules. A tax
    form counts through its last day, in UTC. By hand nobody needs an account.
    """
    return (
        *_account_obstacles(payee, method, rules, now),
        *(_form_obstacles(payee.tax_form, now) if rules.tax_form_required else ()),
        *_screening_obstacles(screening),
    )


def currency_obstacles(currency: str, method: PayoutMethod) -> tuple[Obstacle, ...]:
    """What the currency of the payee's earnings keeps from being paid by this method."""
    if method is not PayoutMethod.ACH or currency == _ACH_CURRENCY:
        return ()
    detail = f"ACH pays {_ACH_CURRENCY} alone: {currency} is paid by PayPal or by hand"
    return (Obstacle(code="currency", detail=detail),)


def withheld(payee: Payee, amount_cents: int) -> int:
    """What the tax office gets of an amount that is paid to the payee."""
    return withheld_cents(amount_cents) if payee.withholding.on else 0


def _account_obstacles(
    payee: Payee, method: PayoutMethod, rules: PayeeRules, now: datetime
) -> Iterator[Obstacle]:
    if method is PayoutMethod.MANUAL:
        return
    account = payee.bank if method is PayoutMethod.ACH else payee.paypal
    if account is None:
        noun = "bank account" if method is PayoutMethod.ACH else "PayPal account"
        yield Obstacle(code="details_missing", detail=f"no {noun} has been said")
        return
    if isinstance(account, BankDetails) and account.refused:
        detail = f"the bank sent a payment back ({account.refused}): say the account anew"
        yield Obstacle(code="details_refused", detail=detail)
    yield from _cooling(account, rules, now)


def _cooling(
    account: BankDetails | PayPalReceiver, rules: PayeeRules, now: datetime
) -> Iterator[Obstacle]:
    until = account.since + timedelta(days=rules.cooldown_days)
    if now < until:
        detail = f"the account was said lately: nothing is paid there before {times.written(until)}"
        yield Obstacle(code="cooling_down", detail=detail, until=until)


def _form_obstacles(form: TaxForm | None, now: datetime) -> Iterator[Obstacle]:
    if form is None:
        yield Obstacle(code="tax_form_missing", detail="no tax form (W-9 or W-8) is on file")
    elif not form.holds_on(times.utc(now).date()):
        detail = f"the tax form has expired on {form.expires_on}"
        yield Obstacle(code="tax_form_expired", detail=detail)


def _screening_obstacles(screening: Screening | None) -> Iterator[Obstacle]:
    if screening and screening.stops:
        yield Obstacle(code="screening", detail="the operator is looking into this account")
