"""How does a month end?

Closes the month over the API, records the payment of each invoice, lets time pass until payouts are
due, and shows the documents and the books. All of it happens at `as_of`: the moment that counts,
not the moment at which it is done.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta

from demo.api import Api, Json
from demo.screen import Screen
from demo.table import dollars, grid

Name = Callable[[str | None], str]

_PARTY = re.compile(r"(?:adv|pub)_[0-9A-Z]{26}")


def month_after(moment: datetime) -> datetime:
    """The first instant of the month after the one that holds `moment`, in UTC."""
    first = moment.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (first + timedelta(days=32)).replace(day=1)


def next_closing(now: datetime, documents: Iterable[Json]) -> datetime:
    """The first month's end after `now` that no document has closed yet."""
    ends = [datetime.fromisoformat(document["period"]["end"]) for document in documents]
    return month_after(max([now, *ends]))


class Closing:
    """One month's end, shown on `screen`; `name` says what the thing with an id is called."""

    def __init__(self, api: Api, screen: Screen, name: Name) -> None:
        self._api = api
        self._screen = screen
        self._name = name

    def play(self, now: datetime) -> list[str]:
        """The month's end, the money that comes in, the money that goes out, and the books; what
        went wrong, a line each."""
        kinds = ("invoice", "statement")
        known = [one for kind in kinds for one in self._api.every("/invoices", kind=kind)]
        as_of = next_closing(now, known)
        issued = self._close(as_of)
        self._say(f"{_day(as_of)}: the month is over", documents(issued, self._name))
        self._say("What they are for", lines(issued, self._name))
        self._collect()
        later = as_of + timedelta(days=self._longest_terms())
        self._close(later)
        self._pay(later)
        return self._show_books()

    def _close(self, as_of: datetime) -> list[Json]:
        """Close what has ended at `as_of`; the documents that were issued."""
        return list(self._api.post("/closings", {"as_of": as_of.isoformat()})["issued"])

    def _collect(self) -> None:
        """The payment of every open invoice comes in, those of an interrupted run included."""
        owing = list(self._api.every("/invoices", kind="invoice", state="open"))
        self._show_earned()
        payments = [self._api.post("/payments", payment_of(document)) for document in owing]
        if payments:
            payers = dict.fromkeys(self._name(payment["advertiser_id"]) for payment in payments)
            title = f"{', '.join(payers)} pays, which releases what the calls have earned"
            self._say(title, money_in(payments, owing, self._name))
            self._show_earned()

    def _show_earned(self) -> None:
        balances = self._api.get("/ledger/trial-balance")["accounts"]
        self._screen.say("", *publishers(balances, self._name))

    def _longest_terms(self) -> int:
        terms = (publisher["payout_terms"] for publisher in self._api.every("/publishers"))
        return max((int(term["net_days"]) for term in terms), default=0)

    def _pay(self, later: datetime) -> None:
        """The bank makes every payout that is on its way."""
        made = list(self._api.every("/payouts", state="created"))
        settled = [self._api.post(f"/payouts/{one['id']}/settle", {}) for one in made]
        self._say(f"{_day(later)}: the publishers are paid", payouts(settled, self._name))

    def _show_books(self) -> list[str]:
        balance = self._api.get("/ledger/trial-balance")
        self._say("The books: debits are positive, credits negative", books(balance, self._name))
        return ["The books do not sum to zero."] if balance["total_cents"] else []

    def _say(self, title: str, table: Sequence[str]) -> None:
        self._screen.say("", title, "", *table)


def payment_of(invoice: Json) -> Json:
    """The payment of what an invoice asks for; the same invoice is paid once."""
    return {
        "advertiser_id": invoice["advertiser_id"],
        "reference": f"demo-payment-{invoice['number']}",
        "amount_cents": invoice["owed_cents"],
        "currency": invoice["currency"],
    }


def documents(issued: Iterable[Json], name: Name) -> list[str]:
    """Invoices and statements, one a line."""
    rows = [
        (
            one["number"],
            one["kind"],
            name(one["advertiser_id"]),
            str(one["call_count"]),
            dollars(one["amount_cents"]),
            dollars(one["owed_cents"]),
            one["due_at"][:10] if one["due_at"] else "–",
        )
        for one in issued
    ]
    titles = ("number", "kind", "advertiser", "calls", "amount", "owed", "due")
    return grid(titles, rows, right=(3, 4, 5))


def lines(issued: Iterable[Json], name: Name) -> list[str]:
    """The lines of invoices and statements: quantity times rate is the amount."""
    rows = [
        (
            one["number"],
            name(part["campaign_id"]),
            str(part["quantity"]),
            dollars(part["unit_cents"]),
            dollars(part["amount_cents"]),
        )
        for one in issued
        for part in one["lines"]
    ]
    return grid(("number", "campaign", "calls", "rate", "amount"), rows, right=(2, 3, 4))


def money_in(payments: Iterable[Json], invoices: Iterable[Json], name: Name) -> list[str]:
    """Payments, and the invoices that each has paid."""
    numbers = {invoice["id"]: invoice["number"] for invoice in invoices}
    rows = [
        (
            payment["reference"],
            name(payment["advertiser_id"]),
            dollars(payment["amount_cents"]),
            ", ".join(
                numbers.get(p["invoice_id"], p["invoice_id"]) for p in payment["applications"]
            ),
        )
        for payment in payments
    ]
    return grid(("payment", "advertiser", "amount", "pays"), rows, right=(2,))


def publishers(accounts: Iterable[Json], name: Name) -> list[str]:
    """What each publisher has earned, by how near the money is."""
    cents = {account["account"]: -account["balance_cents"] for account in accounts}
    parties = dict.fromkeys(key.split(":")[1] for key in cents if key.startswith("pub:"))
    rows = [
        (
            name(party),
            *(
                dollars(cents.get(f"pub:{party}:{stage}", 0))
                for stage in ("approved", "payable", "in_transit")
            ),
        )
        for party in parties
    ]
    titles = ("publisher", "waits for payment", "released", "on its way")
    return grid(titles, rows, right=(1, 2, 3))


def payouts(made: Iterable[Json], name: Name) -> list[str]:
    """Payouts, one a line."""
    rows = [
        (
            one["id"],
            name(one["publisher_id"]),
            f"until {one['cutoff'][:10]}",
            str(one["call_count"]),
            dollars(one["amount_cents"]),
            one["state"],
        )
        for one in made
    ]
    titles = ("payout", "publisher", "earned", "calls", "amount", "state")
    return grid(titles, rows, right=(3, 4))


def books(balance: Json, name: Name) -> list[str]:
    """The trial balance: every account that is not zero, and the sum of all."""
    rows = [
        (_PARTY.sub(lambda found: name(found[0]), one["account"]), dollars(one["balance_cents"]))
        for one in balance["accounts"]
        if one["balance_cents"]
    ]
    total = ("sum of all accounts", dollars(balance["total_cents"]))
    return grid(("account", "balance"), rows, right=(1,), total=total)


def _paid(payment: Json) -> list[str]:
    return [part["invoice_id"] for part in payment["applications"]]


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"
