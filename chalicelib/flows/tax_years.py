"""What was paid in a year, for whoever asks?

Joins the publishers with their payouts of the year, their tax forms and the year's threshold.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from chalicelib import tax_years
from chalicelib.flows.versions import replaced
from chalicelib.offers import Publisher
from chalicelib.payees import Payee
from chalicelib.settings import OperatorSettings
from chalicelib.store.payees import find_payees
from chalicelib.store.settings import find_operator
from chalicelib.store.stores import Stores
from chalicelib.store.tax_years import find_year, settled_payouts, year_write
from chalicelib.tax_years import TaxYear, YearStanding, YearTotals
from chalicelib.times import Period


@dataclass(frozen=True, slots=True, kw_only=True)
class PayeeYear:
    """One publisher's year: what it was paid, what is known of it, and where the year goes."""

    publisher: Publisher
    payee: Payee
    totals: YearTotals
    standing: YearStanding


@dataclass(frozen=True, slots=True, kw_only=True)
class YearRules:
    """By what a year is summed: which days are in it, its threshold, and whether PayPal tells the
    tax office of what it paid."""

    year: int
    within: Period
    threshold_cents: int | None
    processor_reports: bool


def set_threshold(
    year: int, threshold_cents: int | None, *, stores: Stores, version: int | None
) -> TaxYear:
    """Say from how many cents on a year is told of; None is what the table says."""
    return replaced(
        TaxYear(year=year, threshold_cents=threshold_cents),
        f"the tax year {year}",
        find=lambda: find_year(stores.rows, year),
        write=year_write,
        version=version,
        stores=stores,
    )


def rules_of(year: int, stores: Stores) -> YearRules:
    """By what the year is summed now."""
    said: OperatorSettings = find_operator(stores.rows)
    return YearRules(
        year=year,
        within=tax_years.period(year, said.tax_zone),
        threshold_cents=find_year(stores.rows, year).in_force,
        processor_reports=said.paypal_reports,
    )


def payee_years(
    publishers: Sequence[Publisher], rules: YearRules, *, stores: Stores
) -> tuple[PayeeYear, ...]:
    """The year of each of the publishers, in their order."""
    ids = [one.id for one in publishers]
    payouts = settled_payouts(stores.rows, ids, rules.within)
    payees = find_payees(stores.rows, ids)
    return tuple(
        _year_of(
            publisher,
            payees.get(publisher.id) or Payee(publisher_id=publisher.id),
            tax_years.totals(
                YearTotals(publisher_id=publisher.id, year=rules.year, currency=publisher.currency),
                payouts[publisher.id],
                rules.within,
                processor_reports=rules.processor_reports,
            ),
            rules,
        )
        for publisher in publishers
    )


def _year_of(publisher: Publisher, payee: Payee, totals: YearTotals, rules: YearRules) -> PayeeYear:
    return PayeeYear(
        publisher=publisher,
        payee=payee,
        totals=totals,
        standing=tax_years.standing(totals, payee.tax_form, rules.threshold_cents),
    )
