"""Real pages in a real browser, with the deployed platform behind the snippet, up to the call."""

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from demo.api import api_of
from demo.market import POOL, POOLED, SITE, SWAPPED
from demo.page import write_page
from simulator import Behaviour, Caller, CallScript
from tests.e2e.browsing import FIND, Shop, Street
from tests.e2e.deployment import Deployment, free_ports
from tests.e2e.test_visits import asks
from tests.pages import site as sites
from tests.pages.bodies import HOSTILE, POLLUTED, REACT, RIGHT_TO_LEFT, THOUSAND
from tests.pages.conftest import chromium
from tests.pages.tabs import Tab

_PLAIN = """<header>Call <a href="tel:+18005550100">(800) 555-0100</a> today</header>
<p style="width: 12em">Some words around 800-555-0100 that are broken into lines.</p>"""
_LATE = """<main><p>Wait for it</p></main><script>
const more = () => document.querySelector('main').insertAdjacentHTML(
  'beforeend', '<p>Call (800) 555-0100</p>');
addEventListener('load', () => setTimeout(more, 50));
document.addEventListener('ringledger:swapped', more, {once: true});
</script>"""
_KINDS = {
    "plain": (_PLAIN, ""),
    "react": (REACT, ""),
    "late": (_LATE, ""),
    "thousand": (THOUSAND, ""),
    "right-to-left": (RIGHT_TO_LEFT, ""),
    "hostile": (HOSTILE, POLLUTED),
}
_CLICKED = "?utm_source=google&utm_term=roof+repair&gclid=EAIaIQ&agent=7&secret=1"
_ARABIC = str.maketrans("٠١٢٣٤٥٦٧٨٩", "0123456789")


@pytest.fixture(scope="module")
def shop(deployment: Deployment) -> Shop:
    return Shop(deployment, numbers=20)


@pytest.fixture(scope="module")
def street() -> Iterator[Street]:
    with sync_playwright() as playwright, sites.running() as site:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--disable-gpu"])
        yield Street(browser, site)
        browser.close()


@pytest.fixture
def tab(street: Street) -> Iterator[Tab]:
    with street.somebody() as tab:
        yield tab


def shown_on(tab: Tab) -> str:
    """The digits of all that the page says."""
    text: str = tab.page.evaluate("document.body.innerText")
    return re.sub(r"\D", "", text.translate(_ARABIC))


@pytest.mark.parametrize("kind", _KINDS)
def test_every_kind_of_page_shows_the_visits_number_and_moves_nothing(
    shop: Shop, tab: Tab, kind: str, tmp_path: Path
) -> None:
    body, head = _KINDS[kind]
    tab.holds_answers()
    page = tab.opens(shop.tag, body, head=head, path=f"/{kind}")
    tab.is_asking()
    if kind == "late":
        page.get_by_text("(800) 555-0100").first.wait_for()
    before = page.screenshot(path=tmp_path / "before.png")
    times = shown_on(tab).count("8005550100")
    tab.lets_go()
    tab.swapped()
    after = page.screenshot(path=tmp_path / "after.png")
    (swap,) = tab.visit["numbers"]
    assert swap["find"] == FIND and swap["number"] in shop.lendable
    digits = swap["number"][2:]
    assert shown_on(tab).count(digits) >= 1 and before != after
    if kind == "hostile":
        # Digits that only contain the number stay.
        assert shown_on(tab).count("8005550100") == 10_000
        assert shown_on(tab).count(digits) == times - 10_000
    else:
        assert shown_on(tab).count("8005550100") == 0
        assert shown_on(tab).count(digits) == (times + 1 if kind == "late" else times)
    assert kind != "thousand" or times == 1_000
    assert (tab.seen["shifts"], tab.seen["errors"]) == (0, [])


def test_a_second_visit_is_painted_from_storage_and_is_one_heartbeat(shop: Shop, tab: Tab) -> None:
    tab.opens(shop.tag, _PLAIN)
    first = (tab.swapped(), tab.visit)[1]
    tab.holds_answers()
    page = tab.opens(shop.tag.replace("<script async", "<script"), _PLAIN, path="/contact")
    (number,) = (one["number"] for one in first["numbers"])
    assert number[2:] in shown_on(tab), "before the service has said anything"
    tab.is_asking()
    heartbeat = json.loads(tab.asked[0].request.post_data or "")
    assert heartbeat["token"] == first["token"] and heartbeat["page"].endswith("/contact")
    with page.expect_response("**/visits") as answered:
        tab.lets_go()
    assert answered.value.json()["visit_id"] == first["visit_id"]
    assert answered.value.json()["numbers"] == first["numbers"]
    assert len(tab.asked) == 1
    assert tab.seen["shifts"] == 0


def test_a_call_on_the_shown_number_is_led_back_and_routed_by_what_brought_the_visit(
    deployment: Deployment, shop: Shop, tab: Tab
) -> None:
    market = shop.market
    google = deployment.api("POST", f"/campaigns/{market.campaign_id}/targets", {
        "name": "Google calls", "destination": "+12125551999", "priority": 1,
        "filters": [{"attribute": "tag.utm_source", "test": "equals", "values": ["google"]}],
    })["id"]  # fmt: skip
    (rest,) = market.target_ids
    deployment.api("PATCH", f"/targets/{rest}", {"priority": 2})
    tab.opens(shop.tag, _PLAIN, query=_CLICKED)
    tab.swapped()
    dialled = tab.page.get_attribute("a", "href")
    assert dialled is not None and dialled.startswith("tel:+1")
    with deployment.network("shop") as network:
        placed = [
            network.place(
                CallScript(
                    to=number,
                    caller=Caller(number="+14155550188", state="CA", zip_code="94105"),
                    target=Behaviour(talk=90),
                )
            )
            for number in (dialled.removeprefix("tel:"), shop.fallback)
        ]
    led, stray = (deployment.judged(one.sid) for one in placed)
    assert [one.violations for one in placed] == [(), ()]
    assert (led["target_id"], stray["target_id"]) == (google, rest)
    assert led["attribution"]["visit_id"] == tab.visit["visit_id"]
    assert led["attribution"]["live"] and led["attribution"]["confidence_percent"] > 90
    assert stray["attribution"] is None
    assert led["tags"] == {
        "utm_source": "google", "utm_term": "roof repair", "keyword": "roof repair",
        "gclid": "EAIaIQ", "agent": "7",
    }  # fmt: skip
    calls = deployment.api("GET", f"/visits/{tab.visit['visit_id']}/calls")["data"]
    assert [one["id"] for one in calls] == [led["id"]]
    load = deployment.api("GET", f"/pools/{shop.pool_id}/load")
    assert load["sizing"]["calls_per_hour"] >= 1


def test_a_blocked_service_leaves_the_page_as_it_was(shop: Shop, tab: Tab) -> None:
    tab.page.route("**/visits", lambda route: route.abort())
    with tab.page.expect_event("requestfailed"):
        tab.opens(shop.tag, _PLAIN)
    assert shown_on(tab).count("8005550100") == 2
    assert (tab.seen["swaps"], tab.seen["shifts"], tab.seen["errors"]) == (0, 0, [])


@pytest.mark.parametrize("whole", [True, False])
def test_a_stopped_service_leaves_the_page_as_it_was(shop: Shop, tab: Tab, whole: bool) -> None:
    running, stopped = f":{shop.deployment.stack.port}/", f":{free_ports()}/"
    src, service = shop.tag.split("data-service", 1)
    tag = (src.replace(running, stopped) if whole else src) + "data-service"
    with tab.page.expect_event("requestfailed"):
        tab.opens(tag + service.replace(running, stopped), _PLAIN)
    assert shown_on(tab).count("8005550100") == 2
    assert (tab.seen["swaps"], tab.seen["errors"]) == (0, [])
    assert tab.page.evaluate("'ringledger' in window") is not whole


def test_a_headless_browser_gets_everybodys_number_and_spends_no_lease(
    shop: Shop, street: Street
) -> None:
    with street.somebody(headless=True) as program:
        program.opens(shop.tag, _PLAIN)
        program.swapped()
        assert program.visit["visit_id"] is None
        assert shown_on(program).count(shop.fallback[2:]) == 2


def test_the_demos_page_shows_each_visitor_a_number_to_call(
    deployment: Deployment, street: Street
) -> None:
    shop, directory = (
        Shop(deployment, numbers=len(POOLED), find=SWAPPED),
        deployment.stack.directory,
    )
    numbers = zip(POOLED, shop.lendable.values(), strict=True)
    known = {f"number {e164}": {"id": id} for e164, id in numbers}
    known |= {POOL: {"id": shop.pool_id}, SITE: {"id": shop.site_id}}
    write_page(api_of(directory), known, directory)
    shown = set()
    for _ in range(2):
        with street.somebody() as tab:
            tab.page.goto(f"http://localhost:{deployment.stack.port}/demo")
            tab.swapped()
            (swap,) = tab.visit["numbers"]
            assert f"--to {swap['number']} " in tab.page.inner_text("code")
            shown.add(swap["number"])
    assert len(shown) == 2 and shown <= shop.lendable.keys()


def test_sixty_four_visitors_at_once_for_fifty_numbers(deployment: Deployment) -> None:
    shop = Shop(deployment, numbers=50)
    with ThreadPoolExecutor(64) as crowd:
        answers = list(crowd.map(lambda _: asks(deployment, site=shop.site_id), range(64)))
    shown = [one["numbers"][0]["number"] for one in answers]
    assert len({one["visit_id"] for one in answers}) == 64
    assert shown.count(shop.fallback) == 14
    assert set(shown) == shop.lendable.keys() | {shop.fallback}
