"""A tab of a browser on pages that carry the tag of a real service, and what is seen there."""

from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Page, Route

from tests.pages.looking import WATCH
from tests.pages.site import Site

Json = dict[str, Any]
DOMAIN = "localhost"
"""By this name the pages are opened: a site may have it, and never the address of a machine."""


@dataclass
class Tab:
    """A tab of a browser on pages of the site; `asked` are the requests for a visit so far."""

    page: Page
    site: Site
    asked: list[Route] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.add_init_script(WATCH)

    def opens(
        self, tag: str, body: str, *, head: str = "", path: str = "/", query: str = ""
    ) -> Page:
        """The page, by its name on the loopback, with the tag in its head."""
        address = self.site.put(f"{head}{tag}<body>{body}</body>", path)
        self.page.goto(address.replace("127.0.0.1", DOMAIN) + query, wait_until="load")
        return self.page

    def holds_answers(self) -> None:
        """Keep every question for a visit from the service until `lets_go`."""
        self.page.route("**/visits", self._hold)

    def _hold(self, route: Route) -> None:
        self.asked.append(route)

    def lets_go(self) -> None:
        """Let the one question through."""
        (held,) = self.asked
        held.continue_()

    def is_asking(self) -> None:
        """Wait until the page has asked."""
        while not self.asked:
            self.page.wait_for_timeout(10)

    def swapped(self) -> Page:
        """The page, once a number was written on it and painted."""
        self.page.wait_for_function("window.seen.swaps > 0")
        self.page.evaluate(
            "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )
        return self.page

    @property
    def visit(self) -> Json:
        """The visit as the page knows it, once the service has answered."""
        self.page.wait_for_function("window.ringledger?.visit()")
        visit: Json = self.page.evaluate("ringledger.visit()")
        return visit

    @property
    def seen(self) -> Json:
        """What was kept of the page: shifts of its layout, swaps, errors."""
        seen: Json = self.page.evaluate("window.seen")
        return seen
