"""Opening pages that carry the tag, and reading what a visitor sees on them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page

from chalicelib.snippet import TagOptions
from tests.pages.service import Service
from tests.pages.site import Site
from tests.waiting import eventually

# Kept from the first moment on: shifts of the layout, events of the snippet, errors of the page.
WATCH = """
window.seen = {shifts: 0, swaps: 0, errors: []};
new PerformanceObserver((list) => {
  for (const shift of list.getEntries()) window.seen.shifts += shift.value;
}).observe({type: 'layout-shift', buffered: true});
document.addEventListener('ringledger:swapped', () => window.seen.swaps++);
addEventListener('error', (event) => window.seen.errors.push(event.message));
addEventListener('unhandledrejection', (event) => window.seen.errors.push(String(event.reason)));
"""
# When the service was asked, and whether an answer is still being waited for.
_COUNT = """
window.asked = [];
window.busy = 0;
const fetched = window.fetch;
window.fetch = async (...given) => {
  asked.push(Date.now());
  busy++;
  try { return await fetched(...given); } finally { setTimeout(() => busy--, 20); }
};
"""


@dataclass
class Visitor:
    """Somebody with a tab of a browser."""

    page: Page
    site: Site
    service: Service

    def __post_init__(self) -> None:
        self.page.add_init_script(WATCH)

    def opens(
        self,
        body: str,
        options: TagOptions | None = None,
        *,
        head: str = "",
        path: str = "/",
        query: str = "",
        headers: dict[str, str] | None = None,
        blocking: bool = False,
    ) -> Page:
        """The page with the tag in its head; `blocking` loads it before anything is shown."""
        tag = self.service.tag(options)
        tag = tag.replace("<script async", "<script") if blocking else tag
        address = self.site.put(f"{head}{tag}<body>{body}</body>", path, headers)
        self.page.goto(address + query)
        return self.page

    def swapped(self) -> Page:
        """The page, once a number was written on it."""
        self.page.wait_for_function("window.seen.swaps > 0")
        return self.page

    def answered(self) -> Page:
        """The page, once the service has answered it well and the answer is taken over."""
        self.page.wait_for_function("window.ringledger && ringledger.visit()")
        return self.page

    def at_its_own_pace(self) -> Callable[[], list[float]]:
        """From the next page on, time passes as the test says; when the service was asked, in
        seconds of that time."""
        self.page.clock.install()
        self.page.add_init_script(_COUNT)
        return lambda: self.page.evaluate("window.asked.map(at => at / 1000)")

    def lets_time_pass(self, holds: Callable[[], object], *, most: int) -> bool:
        """Whether it holds before so many seconds of the page's time have passed."""
        for _ in range(0, most, 10):
            self.page.clock.fast_forward(10_000)
            self.page.wait_for_function("!window.busy")
            if holds():
                return True
        return eventually(holds, within=1)

    def idle(self) -> None:
        """Wait until nothing is being asked of the service."""
        self.page.wait_for_function(
            "navigator.locks.query().then(all => !all.held.length && !all.pending.length)"
        )

    def seen(self) -> dict[str, Any]:
        """What was kept of the page so far."""
        seen: dict[str, Any] = self.page.evaluate("window.seen")
        return seen

    def text(self, selector: str = "body") -> str:
        """The text of the first such element, with white space as the page has it."""
        return self.page.locator(selector).first.text_content() or ""
