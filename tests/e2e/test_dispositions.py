"""What advertisers say of their calls, over real HTTP: files, signed postbacks, the sweep."""

import json
import time
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from chalicelib.postback_signatures import Signed, query_content, signature_of
from tests.e2e.deployment import Deployment, Market

Json = dict[str, Any]
NO_CALL = f"call_{'0' * 26}"


def sent(
    deployment: Deployment, path: str, body: bytes | None = None, **headers: str
) -> tuple[int, Json]:
    """One request as a system outside sends it."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = Request(deployment.endpoints["api"] + path, data=body, headers=named)
    try:
        with urlopen(request, timeout=30) as response:
            return response.status, json.load(response)
    except HTTPError as fault:
        return fault.code, json.loads(fault.read())


def a_call(deployment: Deployment, market: Market) -> str:
    """A call that has been judged."""
    with deployment.network() as network:
        placed = market.rings(network, talk=60)
    id: str = deployment.judged(placed.sid)["id"]
    return id


def test_a_file_is_previewed_and_applied_whatever_its_script(deployment: Deployment) -> None:
    market = Market(deployment)
    call = a_call(deployment, market)
    made = deployment.api("POST", f"/advertisers/{market.advertiser_id}/keys", {"name": "CRM"})
    headers = {"Authorization": f"Bearer {made['secret']}", "Content_Type": "text/csv"}
    lines = ["call_id,disposition,note", f'{call},Sold!,"“fine”, she said"', f"{NO_CALL},lost,=1"]
    raw = "\ufeff".encode() + "\r\n".join(lines).encode()
    status, preview = sent(deployment, "/dispositions/preview", raw, **headers)
    assert (status, preview["rows"]) == (201, 2)
    body = json.dumps({"preview_id": preview["id"]}).encode()
    status, done = sent(
        deployment, "/dispositions/apply", body, **headers | {"Content_Type": "application/json"}
    )
    assert (done["state"], done["matched"], done["unmatched"]) == ("applied", 1, 1)
    shown = deployment.api("GET", f"/calls/{call}")["disposition"]
    assert (shown["value"], shown["note"]) == ("sold", "“fine”, she said")
    (listed,) = sent(deployment, "/dispositions/unmatched", None, **headers)[1]["data"]
    assert (listed["match"]["reason"], listed["note"]) == ("unknown_call", "'=1")
    latin = f"call_id,disposition,note\n{call},sold,cédé\n".encode("latin-1")
    status, problem = sent(deployment, "/dispositions/preview", latin, **headers)
    assert status == 400
    assert [one["rule"] for one in problem["invalid_parameters"]] == ["encoding"]


def test_the_largest_file_passes_the_gateway(deployment: Deployment) -> None:
    market = Market(deployment)
    lines = ["external_id,disposition,note"]
    lines += [f"x{n},sold,{'n' * 235}" for n in range(20_000)]
    raw = "\n".join(lines).encode()
    assert 4_900_000 < len(raw) <= 5_000_000
    status, preview = sent(
        deployment, f"/dispositions/preview?advertiser_id={market.advertiser_id}", raw,
        Authorization=f"Bearer {deployment.endpoints['operator_key']}", Content_Type="text/csv",
    )  # fmt: skip
    assert (status, preview["rows"]) == (201, 20_000)
    rows = deployment.api("GET", f"/dispositions/previews/{preview['id']}/rows?limit=200")
    assert len(rows["data"]) == 200
    done = deployment.api("POST", "/dispositions/apply", {"preview_id": preview["id"]})
    assert (done["state"], done["done"]) == ("applying", 400)


def test_a_buyers_own_system_posts_back_by_body_and_by_url(deployment: Deployment) -> None:
    market = Market(deployment)
    call = a_call(deployment, market)
    secrets = f"/advertisers/{market.advertiser_id}/postback-secrets"
    secret = deployment.api("POST", secrets, {})["secret"]

    def signed(method: str, content: bytes) -> Signed:
        bare = Signed(
            method=method, advertiser_id=market.advertiser_id, timestamp=str(int(time.time())),
            signature="", content=content,
        )  # fmt: skip
        return Signed(
            method=method, advertiser_id=bare.advertiser_id, timestamp=bare.timestamp,
            signature=signature_of(bare, secret), content=content,
        )  # fmt: skip

    body = json.dumps({"event_id": "e1", "call_id": call, "amount": "25.00"}).encode()
    proof = signed("POST", body)
    status, taken = sent(
        deployment, f"/postbacks?advertiser_id={market.advertiser_id}", body,
        Content_Type="application/json", RingLedger_Timestamp=proof.timestamp,
        RingLedger_Signature=proof.signature,
    )  # fmt: skip
    assert (status, taken["call_id"]) == (200, call)
    told = deployment.api("GET", f"/calls/{call}")
    said = {"event_id": "e2", "caller": told["caller"], "time": told["arrived_at"],
            "disposition": "Sold & paid", "converted": "true"}  # fmt: skip
    proof = signed("GET", query_content(said))
    query = said | {"advertiser_id": market.advertiser_id, "timestamp": proof.timestamp}
    status, taken = sent(
        deployment, f"/postbacks?{urlencode(query | {'signature': proof.signature})}"
    )
    assert (status, taken["matched_by"]) == (200, "caller")
    forged = sent(deployment, f"/postbacks?{urlencode(query | {'signature': '0' * 64})}")
    assert (forged[0], forged[1]["code"]) == (401, "bad_signature")
    kept = deployment.api("GET", f"/calls/{call}/dispositions")
    assert [one["value"] for one in kept["dispositions"]] == ["sold_paid"]
    assert [one["amount_cents"] for one in kept["postbacks"]] == [2500, 0]
    swept = deployment.invoke("sweep", {})
    assert swept["failed"] == 0
