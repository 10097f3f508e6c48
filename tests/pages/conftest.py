"""One browser for all pages, and for each test a service, a site and a visitor of its own.

`service` is the one place that says which service the pages speak to.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.pages import service as services
from tests.pages import site as sites
from tests.pages.looking import Visitor
from tests.pages.service import Service
from tests.pages.site import Site

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_MISSING = (
    "The tests of pages need Chromium, and there is none. On Debian: apt-get install chromium. "
    "Elsewhere install Chromium or Chrome and name it: RINGLEDGER_CHROMIUM=/path/to/chromium."
)


def chromium() -> str:
    """The path of the browser; fails the test plainly where there is none."""
    named = os.environ.get("RINGLEDGER_CHROMIUM")
    found = named or next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None or not os.path.exists(found):
        pytest.fail(_MISSING, pytrace=False)
    return found


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    path = chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def service() -> Iterator[Service]:
    with services.running() as running:
        yield running


@pytest.fixture
def site() -> Iterator[Site]:
    with sites.running() as running:
        yield running


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context()
    context.set_default_timeout(10_000)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture
def visitor(page: Page, site: Site, service: Service) -> Visitor:
    """Somebody who opens pages that carry the tag."""
    return Visitor(page, site, service)


@pytest.fixture
def another(context: BrowserContext, site: Site, service: Service) -> Callable[..., Visitor]:
    """The same browser's next tab."""

    def opened(**_: Any) -> Visitor:
        return Visitor(context.new_page(), site, service)

    return opened
