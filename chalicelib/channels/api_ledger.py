"""How is the ledger read over HTTP?

Owns what is shown of entries, balances and the audit, and of an advertiser's funds. Nothing here
books anything.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from chalice import Blueprint

from chalicelib import times
from chalicelib.campaigns import Advertiser
from chalicelib.channels.http import Answer, Request, Route, endpoint
from chalicelib.channels.views import account_view, entry_view
from chalicelib.errors import Busy, Fault, Invalid, NotFound
from chalicelib.flows.audit import audit, trial_balance
from chalicelib.flows.findings import Progress
from chalicelib.flows.sealing import chart
from chalicelib.ledger import AdvertiserAccount, Entry, House, PublisherAccount
from chalicelib.offers import Publisher
from chalicelib.payments import top_up_due
from chalicelib.store.checkpoints import balance_of, read_seal, seals_page
from chalicelib.store.codec import to_plain
from chalicelib.store.entries import account_legs, entries_of_month, read_entry
from chalicelib.store.history import entries_of_account

blueprint = Blueprint(__name__)

_MOST_OF_A_REQUEST = timedelta(seconds=20)

_ADVERTISERS_ACCOUNT = re.compile(rf"(?:{'|'.join(AdvertiserAccount)}):(adv_\w+)", re.ASCII)
_PUBLISHERS_ACCOUNT = re.compile(rf"pub:(pub_\w+):(?:{'|'.join(PublisherAccount)})", re.ASCII)


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/ledger/entries",
        summary="List the entries of a month, or of an account, in the order of booking",
        answers="EntryView",
        query=("month", "account"),
        paged=True,
    ),
)
def list_entries(request: Request) -> Answer:
    """Entries with all their legs; without a month or an account, those of this month."""
    listing = request.listing()
    if len(listing.filters) > 1:
        reason = "ask by month or by account"
        faults = [Fault(field=name, rule="exclusive", reason=reason) for name in listing.filters]
        raise Invalid(tuple(faults))
    entries: tuple[Entry, ...]
    mark: Mapping[str, str] | None
    if "account" in listing.filters:
        account = _known(listing.filters["account"], request)
        history = entries_of_account(
            request.stores.rows, account, limit=listing.limit, after=listing.after
        )
        entries, mark = history.items, history.mark
    else:
        month = listing.filters.get("month") or times.written(request.context.clock())[:7]
        page = entries_of_month(
            request.stores.rows, month, limit=listing.limit, after=listing.after
        )
        entries, mark = tuple(read_entry(item) for item in page.items), page.mark
    return request.page([entry_view(entry) for entry in entries], listing, mark)


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/ledger/balances/{account}",
        summary="Read the balance of an account, recomputed from its legs",
        answers="BalanceView",
    ),
)
def read_balance(request: Request, account: str) -> Answer:
    """The balance in cents: debits are positive, credits negative."""
    legs = account_legs(request.stores.rows, _known(account, request))
    balance = sum(leg.amount_cents for leg in legs)
    return Answer(body={"account": account, "balance_cents": balance})


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/ledger/accounts",
        summary="List every account with its balance, read from its last checkpoint on",
        answers="AccountView",
        paged=True,
    ),
)
def list_accounts(request: Request) -> Answer:
    """The house's accounts, then the advertisers', then the publishers': what is sealed of each,
    and what was booked since."""
    listing = request.listing()
    start = int(listing.after["position"]) if listing.after else 0
    end = start + listing.limit
    accounts = chart(request.stores)
    shown = [
        account_view(balance_of(request.stores.rows, account)) for account in accounts[start:end]
    ]
    mark = {"position": str(end)} if end < len(accounts) else None
    return request.page(shown, listing, mark)


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/ledger/seals",
        summary="List the seals of the ledger's days, the first day first",
        answers="SealView",
        paged=True,
    ),
)
def list_seals(request: Request) -> Answer:
    """One hash for each day, which holds that of the day before: keep a copy elsewhere, and nobody
    can rewrite what was booked up to then."""
    listing = request.listing()
    page = seals_page(request.stores.rows, limit=listing.limit, after=listing.after)
    return request.page([to_plain(read_seal(item)) for item in page.items], listing, page.mark)


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/ledger/trial-balance",
        summary="Read the balance of every account, recomputed from the legs",
        answers="TrialBalanceView",
    ),
)
def read_trial_balance(request: Request) -> Answer:
    """Every account of the chart; the total is zero."""
    balances = trial_balance(request.stores)
    accounts = [{"account": name, "balance_cents": cents} for name, cents in balances.items()]
    return Answer(body={"accounts": accounts, "total_cents": sum(balances.values())})


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/ledger/audit",
        summary="Recompute every balance and compare all that the books hold",
        answers="AuditView",
    ),
)
def read_audit(request: Request) -> Answer:
    """What was counted, the last seal, and the first differences of each law that does not hold.

    Books too large for one request are answered with 503: then audit them with `make audit`.
    """
    report = audit(
        request.stores, request.context.clock(), progress=_in_time(request.context.clock)
    )
    shown = {
        "clean": report.clean,
        "total_cents": report.total_cents,
        "counted": report.counted,
        "seal": to_plain(report.seal),
        "differences": to_plain(report.differences),
    }
    return Answer(body=shown)


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/advertisers/{id}/funds",
        summary="Read what an advertiser may still spend",
        answers="FundsView",
    ),
)
def read_funds(request: Request, id: str) -> Answer:
    """What is available, what live and pending calls hold, and whether a top-up is due."""
    funds = request.stores.books.funds(id)
    advertiser = request.stores.catalog.find(Advertiser, id)
    due = top_up_due(advertiser, funds) if advertiser else None
    return Answer(body=to_plain(funds) | {"top_up_due_cents": due})


def _in_time(clock: Callable[[], datetime]) -> Progress:
    """Gives an audit up that would outlast the request."""
    until = clock() + _MOST_OF_A_REQUEST

    def look(what: str, count: int) -> None:
        if clock() > until:
            reason = f"these books are too large for one request ({count} {what}): use make audit"
            raise Busy(reason)

    return look


def _known(account: str, request: Request) -> str:
    """The account, when the chart has it; NotFound otherwise."""
    if account in set(House):
        return account
    find = request.stores.catalog.find
    if advertisers := _ADVERTISERS_ACCOUNT.fullmatch(account):
        found = find(Advertiser, advertisers[1]) is not None
    elif publishers := _PUBLISHERS_ACCOUNT.fullmatch(account):
        found = find(Publisher, publishers[1]) is not None
    else:
        found = False
    if not found:
        raise NotFound(f"the chart has no account {account}")
    return account
