"""The snippet and the service agree: a real browser before the DNI function's own door."""

import base64
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser

from chalicelib import snippet
from chalicelib.channels.dni import Context, handle
from chalicelib.offers import ANYWHERE, Slot
from chalicelib.pools import Lending, Overflow, Site, Swap
from tests.channels.test_dni import CHROME
from tests.pages import site as sites
from tests.pages.service import Handler, served
from tests.pages.tabs import DOMAIN, Tab
from tests.pools import FIND, POOL, SITE, a_pool, change_slot, lay_pool, number_in
from tests.visitors import Visitors
from tests.waiting import eventually

_PAGE = "<p>800-555-0100</p>"
_EVERYBODYS = "+12125550177"
_KEPT = f"localStorage['ringledger:{SITE}']"
_IDLE = "navigator.locks.query().then(all => !all.held.length && !all.pending.length)"


@dataclass(frozen=True)
class Answered:
    """What a page asked, and what it was answered; a page that is refused leaves that unread."""

    asked: str
    reply: dict[str, Any]

    @property
    def status(self) -> int:
        """The status."""
        status: int = self.reply["statusCode"]
        return status

    @property
    def body(self) -> Any:
        """The document."""
        return json.loads(self.reply["body"])


@dataclass
class Platform:
    """The DNI function over rows in memory, behind HTTP; its clock can be moved."""

    visitors: Visitors = field(default_factory=lambda: Visitors(now=datetime.now(UTC)))
    url: str = ""
    key: str = "a-visit-key"
    answered: list[Answered] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def opens(self, *lendings: Lending, **overrides: Any) -> Site:
        """A site whose pages are opened by their name on the loopback."""
        return self.visitors.opens(*lendings, domains=(DOMAIN,), **overrides)

    def pool(self, numbers: int = 2) -> Lending:
        """A pool with a number for everybody once all are lent."""
        pool = a_pool(overflow=Overflow.FALLBACK_NUMBER, fallback_e164=_EVERYBODYS)
        return lay_pool(self.visitors.rows, pool, {ANYWHERE: numbers})

    def somebody_takes(self, number: str) -> None:
        """Another visit is lent the number, from now on."""
        slots = [Slot(pool_id=POOL, area=ANYWHERE, number=n) for n in range(2)]
        (slot,) = (one for one in slots if number_in(one) == number)
        now = int(self.visitors.now.timestamp())
        change_slot(
            self.visitors.rows, slot, visit_id="visit_x", since=now, seen_at=now, until=now + 300
        )

    @property
    def tag(self) -> str:
        """The tag of the site."""
        return snippet.tag(self.url, SITE)

    def answers(self, event: dict[str, Any]) -> dict[str, Any]:
        """One event of the function's URL; rows in memory take one at a time."""
        context = Context(
            key=lambda: self.key,
            leases=lambda: self.visitors.leases,
            clock=self.visitors.clock,
            new_id=self.visitors._new_id,
        )
        with self.lock:
            reply = handle(event, context)
            self.answered.append(Answered(event["body"], reply))
            return reply


class _Door(Handler):
    platform: Platform

    def do_GET(self) -> None:  # noqa: N802 - named by http.server
        """The script."""
        self._answer("")

    def do_POST(self) -> None:  # noqa: N802
        """A visit."""
        self._answer(self.rfile.read(int(self.headers["Content-Length"])).decode())

    def _answer(self, body: str) -> None:
        event = {
            "rawPath": self.path,
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "requestContext": {"http": {"method": self.command, "sourceIp": "203.0.113.9"}},
            "body": body,
        }
        reply = self.platform.answers(event)
        packed, sent = reply.get("isBase64Encoded"), reply["body"].encode()
        sent = base64.b64decode(sent) if packed else sent
        self.reply(reply["statusCode"], reply["headers"], sent)


@pytest.fixture
def platform() -> Iterator[Platform]:
    platform = Platform()
    with served(type("Door", (_Door,), {"platform": platform})) as platform.url:
        yield platform


@pytest.fixture
def tab(browser: Browser, site: sites.Site) -> Iterator[Tab]:
    context = browser.new_context(user_agent=CHROME)
    context.set_default_timeout(10_000)
    yield Tab(context.new_page(), site)
    context.close()


def answer_to(tab: Tab, platform: Platform, path: str = "/", query: str = "") -> Answered:
    """What the service says when the page is opened."""
    with tab.page.expect_response("**/visits"):
        tab.opens(platform.tag, _PAGE, path=path, query=query)
    return platform.answered[-1]


def shown(tab: Tab) -> str:
    text: str = tab.page.inner_text("p")
    return text


def test_a_site_without_pools_shows_the_number_that_everybody_gets(
    platform: Platform, tab: Tab
) -> None:
    platform.opens(platform.pool(), swaps=(Swap(find=FIND, e164=_EVERYBODYS),))
    assert answer_to(tab, platform).body["token"] is None
    tab.swapped()
    assert (shown(tab), tab.visit["visit_id"]) == ("212-555-0177", None)
    assert answer_to(tab, platform, "/second").status == 200, "it asks with the token that is none"
    assert (shown(tab), tab.seen["errors"]) == ("212-555-0177", [])


def test_an_ended_lease_is_answered_with_another_number_of_the_same_visit(
    platform: Platform, tab: Tab
) -> None:
    platform.opens(platform.pool())
    first = answer_to(tab, platform).body
    tab.swapped()
    platform.visitors.later(hours=1)
    platform.somebody_takes(first["numbers"][0]["number"])
    again = answer_to(tab, platform, "/second")
    assert again.status == 200
    assert again.body["visit_id"] == first["visit_id"]
    (swap,) = again.body["numbers"]
    assert swap["number"] not in (first["numbers"][0]["number"], _EVERYBODYS)
    assert tab.visit["numbers"] == [swap] and shown(tab).replace("-", "") == swap["number"][2:]


def test_a_token_of_elsewhere_costs_one_page_its_number_and_the_next_one_asks_without(
    platform: Platform, tab: Tab
) -> None:
    platform.opens(platform.pool())
    answer_to(tab, platform)
    tab.swapped()
    platform.key = "another-visit-key"
    refused = answer_to(tab, platform, "/second")
    assert (refused.status, refused.body["code"]) == (400, "invalid_token")
    assert eventually(lambda: shown(tab) == "800-555-0100")
    assert "token" not in json.loads(tab.page.evaluate(_KEPT)).get("visit", {})
    assert answer_to(tab, platform, "/third").status == 200
    tab.swapped()
    assert shown(tab) != "800-555-0100"


def test_a_limited_visit_waits_past_the_minute_and_is_lent_a_number_then(
    platform: Platform, tab: Tab
) -> None:
    platform.opens(platform.pool(), visits_per_address=1)
    answer_to(tab, platform)
    tab.swapped()
    tab.page.evaluate("localStorage.clear()")
    tab.page.clock.install()
    limited = answer_to(tab, platform, "/second")
    assert (limited.status, limited.body["code"]) == (429, "rate_limited")
    assert 0 < int(limited.reply["headers"]["retry-after"]) <= 60
    assert shown(tab) == "800-555-0100"
    platform.visitors.later(minutes=2)
    tab.page.wait_for_function(_IDLE)
    with tab.page.expect_response("**/visits"):
        tab.page.clock.fast_forward(121_000)
    assert platform.answered[-1].status == 200
    tab.page.wait_for_function("document.querySelector('p').innerText !== '800-555-0100'")


def test_a_page_of_another_site_is_refused_and_may_not_read_why(
    platform: Platform, tab: Tab
) -> None:
    platform.opens(platform.pool())
    with tab.page.expect_event("requestfailed"):
        tab.page.goto(tab.site.put(f"{platform.tag}<body>{_PAGE}</body>"))
    assert (shown(tab), tab.seen["swaps"], tab.seen["errors"]) == ("800-555-0100", 0, [])


def test_as_much_as_a_page_can_tell_is_taken(platform: Platform, tab: Tab) -> None:
    platform.opens(platform.pool())
    # The last character of the first value is cut in its middle.
    told = [f"utm_a{n}={'x' * 255}{quote(chr(0x1F3E0))}" for n in range(45)]
    reply = answer_to(tab, platform, query="?" + "&".join(told))
    assert 7_000 < len(reply.asked.encode()) <= 8_000
    assert reply.status == 200, reply.body
    tab.swapped()
    tab.page.evaluate("for (const n of Array(60).keys()) ringledger.tag('t' + n, n)")
    assert answer_to(tab, platform, "/second", "?utm_source=b").status == 200
