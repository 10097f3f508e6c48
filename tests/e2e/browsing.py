"""A publisher's site with a pool behind it on the deployed platform, and browsers that visit it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser

from tests.e2e.deployment import Deployment, Market
from tests.pages import site as sites
from tests.pages.tabs import DOMAIN, Tab

Json = dict[str, Any]
FIND = "+18005550100"
_A_PURCHASE = 25


@dataclass
class Shop:
    """A site on which a number is replaced by one of a pool, bought from the carrier, and by the
    fallback once all are lent."""

    deployment: Deployment
    numbers: int
    find: str = FIND
    market: Market = field(init=False)
    pool_id: str = field(init=False)
    site_id: str = field(init=False)

    def __post_init__(self) -> None:
        api, self.market = self.deployment.api, Market(self.deployment)
        placement = api("GET", f"/placements?offer_id={self.market.offer_id}")["data"][0]
        self.pool_id = api("POST", "/pools", {
            "placement_id": placement["id"], "name": "Search ads", "area_codes": ["415", "212"],
            "overflow": "fallback_number", "fallback_e164": self.fallback,
        })["id"]  # fmt: skip
        with self.deployment.network("shop"):
            for bought in range(0, self.numbers, _A_PURCHASE):
                count = min(_A_PURCHASE, self.numbers - bought)
                api("POST", f"/pools/{self.pool_id}/numbers", {"buy": {"count": count}})
        self.site_id = api("POST", "/sites", {
            "publisher_id": self.market.publisher_id, "name": "Roofs",
            "domains": [DOMAIN, "example.com"], "visits_per_address": 0, "tag_names": ["agent"],
            "swaps": [{"find": self.find, "pool_id": self.pool_id}],
        })["id"]  # fmt: skip

    @property
    def fallback(self) -> str:
        """The number that everybody shares when all are lent."""
        return self.market.e164

    @property
    def tag(self) -> str:
        """What the site's pages carry."""
        tag: str = self.deployment.api("GET", f"/sites/{self.site_id}/tag")["tag"]
        return tag

    @property
    def lendable(self) -> dict[str, str]:
        """The numbers of the pool, each with its id."""
        listed = self.deployment.api("GET", f"/pools/{self.pool_id}/numbers")["data"]
        return {one["e164"]: one["id"] for one in listed}


@dataclass
class Street:
    """People with browsers of their own, and the site that they visit."""

    browser: Browser
    site: sites.Site

    @contextmanager
    def somebody(self, *, headless: bool = False) -> Iterator[Tab]:
        """A new visitor; one with a screen, unless said to be `headless`."""
        agent = self._agent.replace("Headless", "") if not headless else self._agent
        context = self.browser.new_context(user_agent=agent, viewport={"width": 640, "height": 360})
        context.set_default_timeout(15_000)
        try:
            yield Tab(context.new_page(), self.site)
        finally:
            context.close()

    @property
    def _agent(self) -> str:
        page = self.browser.new_page()
        agent: str = page.evaluate("navigator.userAgent")
        page.close()
        return agent
