"""A period closed on the deployed stack: invoice, payment, release, payout, balanced books."""

from typing import Any
from urllib.request import urlopen

from tests.e2e.deployment import Deployment, Market, eventually

Json = dict[str, Any]


def of(deployment: Deployment, path: str, key: str, value: str) -> list[Json]:
    return [one for one in deployment.everything(path) if one[key] == value]


def balance(deployment: Deployment, account: str) -> int:
    found = {a["account"]: a["balance_cents"] for a in deployment.trial_balance()["accounts"]}
    return int(found.get(account, 0))


def test_a_month_of_calls_becomes_an_invoice_a_payment_and_a_payout(deployment: Deployment) -> None:
    market = Market(deployment, billing="net")
    with deployment.network() as network:
        placed = [market.rings(network, talk=80) for _ in range(3)]
        calls = [deployment.judged(one.sid) for one in placed]
    assert {call["status"] for call in calls} == {"approved"}

    month_after = next_month(calls[0]["arrived_at"])
    closes(deployment, month_after)
    closes(deployment, month_after)
    invoices = of(deployment, "/invoices", "advertiser_id", market.advertiser_id)
    assert [invoice["amount_cents"] for invoice in invoices] == [7_500]
    assert invoices[0]["number"].startswith("INV-")
    assert balance(deployment, f"ar:{market.advertiser_id}") == 7_500

    link = deployment.api("GET", f"/invoices/{invoices[0]['id']}/pdf")
    with urlopen(link["url"], timeout=20) as page:
        assert page.read(5) == b"%PDF-"

    market.pay(7_500, "wire-1")
    assert balance(deployment, f"ar:{market.advertiser_id}") == 0

    closes(deployment, next_month(month_after))
    closes(deployment, next_month(month_after))
    payouts = of(deployment, "/payouts", "publisher_id", market.publisher_id)
    assert [payout["amount_cents"] for payout in payouts] == [4_500]
    assert balance(deployment, f"pub:{market.publisher_id}:in_transit") == -4_500
    deployment.api("POST", f"/payouts/{payouts[0]['id']}/settle")
    assert balance(deployment, f"pub:{market.publisher_id}:in_transit") == 0
    assert deployment.trial_balance()["total_cents"] == 0
    # Nothing of today is over; that the function may read and write the ledger shows all the same.
    assert deployment.invoke("seal", {})["sealed"] == 0
    assert deployment.api("GET", "/ledger/audit")["differences"] == []


def closes(deployment: Deployment, as_of: str) -> None:
    """The scheduled run, until every party's part in it is done, the publishers' too."""
    run = deployment.invoke("close", {"as_of": as_of})
    parties = sum(
        1 for kind in ("/advertisers", "/publishers") for _ in deployment.everything(kind)
    )
    progress: Json = eventually(
        lambda: (
            shown
            if (shown := deployment.api("GET", f"/closings/{run['id']}"))["parts_done"] >= parties
            else {}
        ),
        within=90,
    )
    assert progress["parts_waiting"] == 0


def next_month(moment: str) -> str:
    """The first instant of the month after the one that a time lies in."""
    year, month = int(moment[:4]), int(moment[5:7])
    year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return f"{year:04d}-{month:02d}-01T00:00:00Z"
