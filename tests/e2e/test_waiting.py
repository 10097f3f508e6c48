"""A verdict that waits, over real HTTP: held at the real price, decided off the stream."""

from typing import Any

from tests.e2e.deployment import Deployment, Market, eventually

Json = dict[str, Any]
LADDER: Json = {
    "charge_cents": 9_000,
    "steps": [
        {"name": "talk", "test": "talk", "seconds": 60, "pays": {"cents": 2_000}},
        {"name": "sale", "test": "disposition", "values": ["sold"], "within_hours": 24,
         "pays": {"cents": 6_000}},
    ],
}  # fmt: skip


def test_a_call_waits_for_a_disposition_that_decides_it(deployment: Deployment) -> None:
    market = Market(deployment, campaign={"terms": LADDER})
    before = market.funds()["available_cents"]
    with deployment.network() as network:
        placed = market.rings(network, talk=60)
    path = f"/calls/{eventually(lambda: deployment.call(placed.sid))['id']}/verdict"

    def verdict(status: str) -> Json:
        shown = deployment.api("GET", path)
        return shown if shown["status"] == status and shown["verdict"] else {}

    waiting = eventually(lambda: verdict("pending"))["verdict"]
    assert (waiting["charge_standing"], waiting["charge_most_cents"]) == ("pending", 6_000)
    held = market.funds()
    assert (held["held_cents"], held["available_cents"]) == (6_000, before - 6_000)
    said = {"value": "sold"}
    deployment.api("PUT", path.replace("/verdict", "/disposition"), said)
    decided = eventually(lambda: verdict("approved"))["verdict"]
    assert (decided["charge_step"], decided["charge_cents"]) == ("sale", 6_000)
    assert [one["charge_standing"] for one in decided["stages"]] == ["pending"]
    after = market.funds()
    assert (after["held_cents"], after["available_cents"]) == (0, before - 6_000)
