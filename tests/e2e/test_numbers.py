"""A number's whole life on the deployed platform: bought, called, misled, set right, released."""

from dataclasses import replace

from simulator import Behaviour, Caller, CallScript
from tests.e2e.deployment import Deployment, Market

E164 = "+14155550142"


def test_a_bought_number_rings_is_set_right_by_the_hour_and_is_given_back(
    deployment: Deployment,
) -> None:
    market = Market(deployment)
    with deployment.network("numbers") as network:
        found = deployment.api("GET", "/available-numbers?area_code=415&contains=550142")
        assert [one["e164"] for one in found["data"]] == [E164]
        placement = deployment.api("GET", f"/placements?offer_id={market.offer_id}")["data"][0]
        number = deployment.api("POST", "/numbers/buy", {
            "e164": E164, "offer_id": market.offer_id, "publisher_id": market.publisher_id,
            "placement_id": placement["id"],
        })  # fmt: skip
        rented = network.carrier.number_at(E164)
        assert rented is not None
        assert rented.voice_url == deployment.endpoints["voice_inbound"]
        assert rented.status_callback == deployment.endpoints["voice_status"]

        script = CallScript(
            to=E164, caller=Caller(number="+14155550199", state="CA", zip_code="94105"),
            target=Behaviour(talk=90),
        )  # fmt: skip
        result = network.place(script)
        assert result.violations == ()
        assert deployment.judged(result.sid)["status"] == "approved"

        network.carrier.rent(replace(rented, voice_url="https://elsewhere.example.com/"))
        counted = deployment.invoke("reconcile", {})
        assert (counted["repaired"], counted["strangers"]) == (1, 0)
        report = deployment.api("GET", "/numbers/reconciliation")
        assert [one["e164"] for one in report["repaired"]] == [E164]
        mended = network.carrier.number_at(E164)
        assert mended is not None
        assert mended.voice_url == rented.voice_url

        released = deployment.api("DELETE", f"/numbers/{number['id']}")
        assert released["released_at"] is not None
        assert network.carrier.number_at(E164) is None


def test_a_pool_is_filled_grows_by_the_hour_and_is_emptied(deployment: Deployment) -> None:
    market = Market(deployment)
    with deployment.network("pool"):
        placement = deployment.api("GET", f"/placements?offer_id={market.offer_id}")["data"][0]
        pool = deployment.api("POST", "/pools", {
            "placement_id": placement["id"], "name": "Search ads", "area_codes": ["415"],
            "growth": {},
        })  # fmt: skip
        path = f"/pools/{pool['id']}"
        site = deployment.api("POST", "/sites", {
            "publisher_id": market.publisher_id, "name": "Roofs", "domains": ["example.com"],
            "swaps": [{"find": "+18005550100", "pool_id": pool["id"]}],
        })  # fmt: skip
        bought = deployment.api("POST", f"{path}/numbers", {"buy": {"count": 2}})
        assert ([one["number"] for one in bought["data"]], bought["missing"]) == ([0, 1], 0)
        deployment.api("PATCH", path, {"minimum_numbers": 3})
        counted = deployment.invoke("reconcile", {})
        assert counted["pools"] == sum(1 for _ in deployment.everything("/pools"))
        assert counted["pools_changed"] == 1
        load = deployment.api("GET", f"{path}/load")
        assert (load["numbers"], load["decided"][0]["reason"]) == (3, "below_minimum")
        assert deployment.api("GET", f"/sites/{site['id']}")["version"] == 4
        for number in deployment.api("GET", f"{path}/numbers")["data"]:
            left = deployment.api("DELETE", f"{path}/numbers/{number['id']}")
            assert left["left"] is True
            deployment.api("DELETE", f"/numbers/{number['id']}")


def test_a_number_of_amazon_connect_is_claimed_compared_and_given_back(
    deployment: Deployment,
) -> None:
    market = Market(deployment, minimum_talk_seconds=0)
    with deployment.network("connect-numbers"):
        # Others buy numbers of 415, which rest afterwards and are offered to nobody.
        found = deployment.api("GET", "/available-numbers?carrier=connect&area_code=216&limit=2")
        assert found["carrier"] == "connect"
        e164 = found["data"][0]["e164"]
        placement = deployment.api("GET", f"/placements?offer_id={market.offer_id}")["data"][0]
        number = deployment.api("POST", "/numbers/buy", {
            "e164": e164, "carrier": "connect", "offer_id": market.offer_id,
            "publisher_id": market.publisher_id, "placement_id": placement["id"],
        })  # fmt: skip
        assert (number["carrier"], number["monthly_cost_micros"]) == ("connect", 912_500)
        counted = deployment.invoke("reconcile", {})
        assert counted["in_order"] >= 1
        report = deployment.api("GET", "/numbers/reconciliation?carrier=connect")
        assert (report["carrier"], report["counted"]["in_order"]) == ("connect", 1)
        released = deployment.api("DELETE", f"/numbers/{number['id']}")
        assert released["released_at"] is not None
        after = deployment.api("POST", "/numbers/reconcile?carrier=connect")
        assert (after["counted"]["at_carrier"], after["counted"]["orphans"]) == (0, 0)
