"""Which terms of an advertiser contradict one another?

Owns what credit, top-ups and the threshold ask of the way in which it pays. What an advertiser is
belongs to `campaigns`.
"""

from chalicelib.campaigns import Advertiser, Billing
from chalicelib.errors import Fault


def advertiser_faults(advertiser: Advertiser) -> list[Fault]:
    """Every fault of the advertiser's terms."""
    return [
        *_credit_faults(advertiser),
        *_top_up_faults(advertiser),
        *_threshold_faults(advertiser),
    ]


def _credit_faults(advertiser: Advertiser) -> list[Fault]:
    if advertiser.billing is Billing.NET or advertiser.credit_limit_cents == 0:
        return []
    reason = "a prepaid advertiser has no credit limit"
    return [Fault(field="credit_limit_cents", rule="prepaid", reason=reason)]


def _top_up_faults(advertiser: Advertiser) -> list[Fault]:
    said = {
        "top_up_below_cents": advertiser.top_up_below_cents,
        "top_up_cents": advertiser.top_up_cents,
    }
    if all(value is None for value in said.values()):
        return []
    if advertiser.billing is Billing.NET:
        reason = "an advertiser on terms has no balance to top up"
        return [
            Fault(field=name, rule="net", reason=reason)
            for name, value in said.items()
            if value is not None
        ]
    reason = "is said together with the other: top_up_below_cents and top_up_cents"
    return [
        Fault(field=name, rule="required", reason=reason)
        for name, value in said.items()
        if value is None
    ]


def _threshold_faults(advertiser: Advertiser) -> list[Fault]:
    at = advertiser.bill_at_cents
    if at is None:
        return []
    if advertiser.billing is Billing.PREPAID:
        reason = "a prepaid advertiser has no invoices"
        return [Fault(field="bill_at_cents", rule="prepaid", reason=reason)]
    if at > advertiser.credit_limit_cents:
        reason = "is more than the credit limit, and would never be reached"
        return [Fault(field="bill_at_cents", rule="range", reason=reason)]
    return []
