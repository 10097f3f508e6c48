"""The tag of a site over HTTP: its settings, its own publisher, and a stage that has no URL."""

from dataclasses import replace
from typing import Any

from chalicelib.channels import schemas_pools
from chalicelib.snippet import script
from tests.channels.api import Api, Market, Party
from tests.core.test_snippet import parsed

Json = dict[str, Any]


def a_site(market: Market, **more: Any) -> Json:
    said = {"publisher_id": market.publisher["id"], "name": "Roofs", "domains": ["example.com"]}
    return market.api.created("/sites", **said | more)


def test_a_sites_tag_has_its_settings() -> None:
    market = Market(Api())
    site = a_site(
        market, touch="first", consent_required=True, tag_names=["agent", "plan"], frames=True
    )
    shown = market.api.get(f"/sites/{site['id']}/tag")
    assert shown.status == 200
    schemas_pools.TagView.model_validate(shown.body)
    assert shown.body["service_url"] == "https://dni.example.com"
    assert (shown.body["version"], shown.body["integrity"]) == (
        script().version, script().integrity,
    )  # fmt: skip
    assert parsed(shown.body["tag"]) == {
        "async": None,
        "src": f"https://dni.example.com{script().path}",
        "integrity": script().integrity,
        "crossorigin": "anonymous",
        "data-site": site["id"],
        "data-consent": "required",
        "data-privacy": "gpc dnt",
        "data-touch": "first",
        "data-tags": "agent plan",
        "data-frames": None,
    }


def test_a_changed_setting_is_in_the_tag_at_once() -> None:
    market = Market(Api())
    site = a_site(market)
    path = f"/sites/{site['id']}"
    assert "data-privacy" in parsed(market.api.get(f"{path}/tag").body["tag"])
    market.api.patch(path, {"privacy_signals": False})
    said = parsed(market.api.get(f"{path}/tag").body["tag"])
    assert {name for name in said if name.startswith("data-")} == {"data-site"}


def test_a_service_below_a_path_is_named_in_the_tag() -> None:
    api = Api()
    api.secrets = replace(api.secrets, dni_url="http://127.0.0.1:8400/dni")
    market = Market(api)
    said = parsed(api.get(f"/sites/{a_site(market)['id']}/tag").body["tag"])
    assert said["src"] == f"http://127.0.0.1:8400/dni{script().path}"
    assert said["data-service"] == "http://127.0.0.1:8400/dni"


def test_a_stage_without_a_dni_url_has_no_tag_and_says_so() -> None:
    api = Api()
    api.secrets = replace(api.secrets, dni_url="")
    market = Market(api)
    reply = api.get(f"/sites/{a_site(market)['id']}/tag")
    assert (reply.status, reply.body["code"]) == (422, "no_dni_url")


def test_the_sites_publisher_reads_the_tag_and_nobody_else() -> None:
    market = Market(Api())
    other = Market(market.api, e164="+18005550102")
    path = f"/sites/{a_site(market)['id']}/tag"
    assert Party(market.api, market.publisher, "publisher").get(path).status == 200
    assert Party(market.api, other.publisher, "publisher").get(path).status == 404
    assert Party(market.api, market.advertiser, "advertiser").get(path).status == 403
    assert market.api.get(f"/sites/site_{'0' * 26}/tag").status == 404
