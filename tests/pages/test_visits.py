"""What the service learns of a visit, what is stored of it, and for how long."""

import json
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any

from playwright.sync_api import Page

from chalicelib.pools import Touch
from chalicelib.snippet import TagOptions
from tests.pages.looking import Visitor
from tests.pages.service import SITE, Mood
from tests.waiting import eventually

_PAGE = "<p>800-555-0100</p>"
_HIDE = """(hidden) => {
  Object.defineProperty(document, 'hidden', {value: hidden, configurable: true});
  document.dispatchEvent(new Event('visibilitychange'));
}"""


def stored(page: Page) -> dict[str, Any]:
    kept: dict[str, Any] = json.loads(page.evaluate(f"localStorage['ringledger:{SITE}']") or "{}")
    return kept


def test_a_visit_tells_where_it_comes_from_without_a_preflight(visitor: Visitor) -> None:
    query = "?utm_source=ads&utm_term=roof+repair&gclid=G1&gbraid=B&wbraid=W&fbclid=F&msclkid=M"
    page = visitor.opens(
        _PAGE, TagOptions(tag_names=("Agent-ID",)), query=query + "&agent-id=7&secret=1"
    )
    visitor.swapped()
    assert visitor.service.requests == [
        {
            "site": SITE,
            "page": page.url,
            "landing_page": page.url,
            "referrer": "",
            "attributes": {
                "utm_source": "ads",
                "utm_term": "roof repair",
                "gclid": "G1",
                "gbraid": "B",
                "wbraid": "W",
                "fbclid": "F",
                "msclkid": "M",
                "agent_id": "7",
                "keyword": "roof repair",
            },
        }
    ]


def test_the_keyword_comes_from_the_referrer_where_it_says_one(visitor: Visitor) -> None:
    search = visitor.site.put("<a href='/landing'>go</a>", "/search")
    elsewhere = search.replace("127.0.0.1", "localhost") + "?q=fix+my+roof"
    visitor.opens(_PAGE, path="/landing", headers={})
    visitor.service.requests.clear()
    visitor.page.evaluate("localStorage.clear()")
    visitor.page.goto(elsewhere)
    visitor.page.evaluate(
        "here => { const meta = document.createElement('meta'); meta.name = 'referrer';"
        "meta.content = 'unsafe-url'; document.head.append(meta); location.href = here; }",
        visitor.site.url + "/landing",
    )
    visitor.page.wait_for_url("**/landing")
    visitor.swapped()
    asked = visitor.service.requests[-1]
    assert asked["referrer"] == elsewhere
    assert asked["attributes"] == {"keyword": "fix my roof"}


def test_a_return_visit_is_shown_its_number_before_the_first_paint(visitor: Visitor) -> None:
    visitor.opens(_PAGE)
    visitor.swapped()
    visitor.service.mood = Mood.SLOW
    recorder = """<script>
      window.painted = [];
      const look = () => {
        const p = document.querySelector('p');
        if (p) painted.push(p.textContent);
        requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
    </script>"""
    page = visitor.opens(_PAGE + "<p>" * 500, head=recorder, blocking=True)
    page.wait_for_function("painted.length > 2")
    assert set(page.evaluate("painted")) == {"212-555-0200"}
    assert visitor.seen()["shifts"] == 0


def test_a_known_visit_keeps_its_token_and_number(visitor: Visitor) -> None:
    visitor.opens(_PAGE)
    visitor.swapped()
    page = visitor.opens(_PAGE, path="/second", query="?plain")
    visitor.swapped()
    assert eventually(lambda: len(visitor.service.requests) == 2)
    assert visitor.service.requests[1]["token"] == "token-1"
    assert visitor.service.requests[1]["page"] == page.url
    assert visitor.service.requests[1]["landing_page"] == visitor.site.url + "/"
    assert len(visitor.service.visits) == 1


def test_the_last_arrival_that_says_something_counts_or_the_first_by_choice(
    visitor: Visitor,
) -> None:
    def sources(options: TagOptions) -> list[str]:
        visitor.service.requests.clear()
        visitor.page.goto(visitor.site.put(""))
        visitor.page.evaluate("localStorage.clear()")
        for count, query in enumerate(("?utm_source=one", "", "?utm_source=two", "")):
            visitor.opens(_PAGE, options, path=f"/{count}", query=query)
            visitor.answered()
            visitor.idle()
            assert len(visitor.service.requests) == count + 1
        return [asked["attributes"]["utm_source"] for asked in visitor.service.requests]

    assert sources(TagOptions()) == ["one", "one", "two", "two"]
    assert sources(TagOptions(touch=Touch.FIRST)) == ["one", "one", "one", "one"]


def test_tabs_that_open_together_share_one_visit(
    visitor: Visitor, another: Callable[[], Visitor]
) -> None:
    visitor.service.mood = Mood.SLOW
    visitor.opens(_PAGE)
    second = another()
    second.opens(_PAGE, path="/second")
    assert eventually(lambda: len(visitor.service.requests) == 1)
    visitor.service.released.set()
    visitor.swapped()
    second.swapped()
    assert len(visitor.service.visits) == 1
    assert visitor.text("p") == second.text("p") == "212-555-0200"


def test_a_tab_follows_what_another_tab_was_lent(
    visitor: Visitor, another: Callable[[], Visitor]
) -> None:
    visitor.opens(_PAGE)
    visitor.swapped()
    visitor.service.lose_leases()
    another().opens(_PAGE, path="/second")
    assert eventually(lambda: visitor.text("p") == "212-555-0201")


def test_heartbeats_go_on_while_the_page_is_looked_at_and_stop_while_not(visitor: Visitor) -> None:
    asked = visitor.at_its_own_pace()
    page = visitor.opens(_PAGE)
    visitor.swapped()
    assert visitor.lets_time_pass(lambda: len(asked()) == 3, most=140)
    assert [round((later - earlier) / 60) for earlier, later in pairwise(asked())] == [1, 1]
    page.evaluate(_HIDE, True)
    assert not visitor.lets_time_pass(lambda: len(asked()) > 3, most=600)
    page.evaluate(_HIDE, False)
    assert visitor.lets_time_pass(lambda: len(asked()) == 4, most=10)
    assert {asked.get("token") for asked in visitor.service.requests[1:]} == {"token-1"}


def test_a_page_nobody_looks_at_takes_no_number(visitor: Visitor) -> None:
    visitor.page.add_init_script(f"({_HIDE})(true)")
    page = visitor.opens(_PAGE)
    page.wait_for_function("window.ringledger")
    page.evaluate("new Promise(done => setTimeout(done, 100))")
    assert visitor.service.requests == []
    page.evaluate(_HIDE, False)
    visitor.swapped()


def test_another_view_of_the_same_document_is_told_once(visitor: Visitor) -> None:
    visitor.at_its_own_pace()
    page = visitor.opens(_PAGE)
    visitor.swapped()
    page.evaluate("for (let n = 0; n < 20; n++) history.pushState({}, '', '/view-' + n)")
    page.evaluate("history.replaceState({}, '', '/last')")
    assert visitor.lets_time_pass(lambda: len(visitor.service.requests) == 2, most=20)
    assert not visitor.lets_time_pass(lambda: len(visitor.service.requests) > 2, most=30)
    assert visitor.service.requests[1]["page"] == visitor.site.url + "/last"
    assert visitor.service.requests[1]["landing_page"] == visitor.site.url + "/"


def test_custom_tags_go_with_the_visit(visitor: Visitor) -> None:
    visitor.at_its_own_pace()
    page = visitor.opens(_PAGE)
    visitor.swapped()
    page.evaluate("ringledger.tag('Plan', 'gold'); ringledger.tag('long', 'x'.repeat(1000))")
    page.evaluate("ringledger.tag('123', 'no name')")
    assert visitor.lets_time_pass(lambda: len(visitor.service.requests) == 2, most=20)
    assert visitor.service.requests[1]["attributes"] == {"plan": "gold", "long": "x" * 256}


def test_a_request_never_outgrows_what_the_service_takes(visitor: Visitor) -> None:
    query = "&".join(f"utm_{n}={'é' * (300 if n == 0 else 150)}" for n in range(60))
    visitor.opens(_PAGE, query=f"?{query}")
    visitor.swapped()
    (asked,) = visitor.service.requests
    assert 5 < len(asked["attributes"]) <= 40
    assert len(asked["page"]) == len(asked["landing_page"]) == 1000
    assert all(len(value) <= 256 for value in asked["attributes"].values())


def test_the_public_functions_tell_what_is_shown(visitor: Visitor) -> None:
    heard = (
        "<script>addEventListener('DOMContentLoaded', () => 0);"
        "document.addEventListener('ringledger:swapped', e => window.told = e.detail)</script>"
    )
    page = visitor.opens(_PAGE, head=heard)
    visitor.swapped()
    assert page.evaluate("ringledger.number('+18005550100')") == "+12125550200"
    assert page.evaluate("ringledger.number('(800) 555-0100')") == "+12125550200"
    assert page.evaluate("ringledger.number()") == "+12125550200"
    assert page.evaluate("ringledger.number('+18005550199')") == "+18005550199"
    assert page.evaluate("ringledger.visit().visit_id") == "visit_1"
    pair = {"find": "+18005550100", "number": "+12125550200"}
    assert page.evaluate("told") == {"numbers": [pair]}


def test_ringledger_is_the_only_new_name_on_the_page(visitor: Visitor) -> None:
    before = "<script>window.names = Object.getOwnPropertyNames(window)</script>"
    page = visitor.opens(_PAGE, head=before)
    visitor.swapped()
    after = page.evaluate("Object.getOwnPropertyNames(window).filter(n => !names.includes(n))")
    assert set(after) - {"names"} == {"ringledger"}


def test_a_visit_is_over_when_the_service_said_so(visitor: Visitor) -> None:
    visitor.service.lasts = timedelta(seconds=-1)
    visitor.opens(_PAGE)
    visitor.swapped()
    visitor.service.mood = Mood.FAILING
    visitor.opens(_PAGE, path="/second")
    assert eventually(lambda: len(visitor.service.requests) == 2)
    assert visitor.text("p") == "800-555-0100"
    assert stored(visitor.page)["visit"]["token"] == "token-1"


def test_the_page_comes_back_from_the_browsers_cache_of_pages_with_what_is_stored(
    visitor: Visitor,
) -> None:
    page = visitor.opens(_PAGE)
    visitor.swapped()
    page.evaluate(
        """key => {
          const record = JSON.parse(localStorage[key]);
          record.visit.numbers[0].number = '+12125550999';
          localStorage[key] = JSON.stringify(record);
          dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}));
        }""",
        f"ringledger:{SITE}",
    )
    assert visitor.text("p") == "212-555-0999"
