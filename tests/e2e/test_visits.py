"""A page gets its numbers on the deployed platform, by the DNI function's own URL and rights."""

import json
import urllib.error
import urllib.request
from collections.abc import Sequence
from typing import Any

import pytest

from chalicelib.offers import ANYWHERE
from chalicelib.store.attributes import raw_item
from chalicelib.store.rows import Action, Put
from infra.local_app import STAGE
from tests.e2e.deployment import Deployment
from tests.fakes import FakeRows
from tests.pools import FIND, ORIGIN, a_pool, a_site, lay_pool, lay_site

Json = dict[str, Any]
SITE = "site_e2e"
AGENT = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/142.0.0.0 Safari/537.36"
)


class Shipped(FakeRows):
    """Rows that lie in the deployment's tables as soon as they are written."""

    def __init__(self, deployment: Deployment) -> None:
        super().__init__()
        self._client = deployment.stack.cloud.client("dynamodb")

    def write(self, actions: Sequence[Action]) -> None:
        for action in actions:
            assert isinstance(action, Put)
            name = STAGE.prefix + action.table
            self._client.put_item(TableName=name, Item=raw_item(action.item))


def asks(deployment: Deployment, **said: Any) -> Json:
    """A page of the site asks; what it is answered, with the origin that may read it."""
    body = {"site": SITE, "page": f"{ORIGIN}/", "attributes": {"utm_source": "google"}} | said
    request = urllib.request.Request(
        deployment.endpoints["dni"] + "/visits",
        data=json.dumps(body).encode(),
        headers={"Origin": ORIGIN, "Content-Type": "text/plain", "User-Agent": AGENT},
    )
    with urllib.request.urlopen(request, timeout=30) as response:
        answer: Json = json.load(response)
        return answer | {"readable_by": response.headers["Access-Control-Allow-Origin"]}


def test_a_page_is_lent_a_number_keeps_it_and_its_visit_is_read(deployment: Deployment) -> None:
    rows = Shipped(deployment)
    pool = a_pool(id="pool_e2e")
    lay_site(rows, a_site(lay_pool(rows, pool, {ANYWHERE: 2}, position=7), id=SITE))
    first = asks(deployment)
    (swap,) = first["numbers"]
    assert swap["find"] == FIND and first["readable_by"] == ORIGIN
    again = asks(deployment, token=first["token"], page=f"{ORIGIN}/buy")
    assert (again["visit_id"], again["numbers"]) == (first["visit_id"], [swap])
    visit = deployment.api("GET", f"/visits/{first['visit_id']}")
    assert visit["page"] == f"{ORIGIN}/buy"
    by_key = deployment.api("POST", "/visits", {"site_id": SITE})
    assert by_key["numbers"][0]["number"] != swap["number"]
    listed = deployment.api("GET", f"/sites/{SITE}/visits")["data"]
    assert {one["id"] for one in listed} == {first["visit_id"], by_key["visit_id"]}
    assert asks(deployment)["numbers"] == [], "both numbers are lent"
    with pytest.raises(urllib.error.HTTPError) as refused:
        asks(deployment, token=first["token"][:-1] + "?")
    assert refused.value.code == 400
    assert json.loads(refused.value.read())["code"] == "invalid_token"
