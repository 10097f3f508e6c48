"""Nothing is stored or sent before consent, after its withdrawal, or against a signal."""

import pytest
from playwright.sync_api import Page

from chalicelib.snippet import TagOptions
from tests.pages.looking import Visitor
from tests.pages.service import Mood
from tests.waiting import eventually

_PAGE = "<p>800-555-0100</p>"
_CONSENT = TagOptions(consent_required=True)
_GPC = "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {value: true})"
_DNT = "Object.defineProperty(Navigator.prototype, 'doNotTrack', {value: '1'})"


def settled(page: Page) -> None:
    """The script has run, and whatever it would do at once it has done."""
    page.wait_for_function("window.ringledger")
    page.evaluate("new Promise(done => setTimeout(done, 150))")


def nothing_is_kept(visitor: Visitor) -> bool:
    kept = visitor.page.evaluate("localStorage.length + document.cookie.length")
    return bool(kept == 0 and not visitor.service.requests)


def test_before_consent_nothing_is_stored_and_nothing_sent(visitor: Visitor) -> None:
    page = visitor.opens(_PAGE, _CONSENT, query="?gclid=G1")
    settled(page)
    page.evaluate("ringledger.tag('plan', 'gold'); history.pushState({}, '', '/second')")
    page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    settled(page)
    assert nothing_is_kept(visitor)
    assert visitor.text("p") == "800-555-0100"


def test_with_consent_the_visit_begins_with_what_brought_it(visitor: Visitor) -> None:
    page = visitor.opens(_PAGE, _CONSENT, query="?gclid=G1")
    settled(page)
    page.evaluate("history.pushState({}, '', '/second'); ringledger.consent(true)")
    visitor.swapped()
    (asked,) = visitor.service.requests
    assert asked["attributes"] == {"gclid": "G1"}
    assert asked["landing_page"].endswith("/?gclid=G1")


def test_withdrawn_consent_gives_the_page_its_number_back_and_forgets(visitor: Visitor) -> None:
    page = visitor.opens("<p>1-800-FLOWERS</p><a href='tel:18003569377'>call</a>", _CONSENT)
    visitor.service.finds = ("+18003569377",)
    page.wait_for_function("window.ringledger")
    page.evaluate("ringledger.consent(true)")
    visitor.swapped()
    assert visitor.text("p") == "1-212-555-0200"
    page.evaluate("ringledger.consent(false)")
    assert visitor.text("p") == "1-800-FLOWERS"
    assert page.get_attribute("a", "href") == "tel:18003569377"
    assert page.evaluate("ringledger.visit()") is None
    visitor.service.requests.clear()
    page.evaluate("history.pushState({}, '', '/second')")
    settled(page)
    assert nothing_is_kept(visitor)


def test_consent_given_earlier_shows_the_number_but_sends_nothing(visitor: Visitor) -> None:
    page = visitor.opens(_PAGE, _CONSENT)
    page.wait_for_function("window.ringledger")
    page.evaluate("ringledger.consent(true)")
    visitor.swapped()
    page = visitor.opens(_PAGE, _CONSENT, path="/second")
    settled(page)
    assert visitor.text("p") == "212-555-0200"
    assert len(visitor.service.requests) == 1


def test_consent_withdrawn_while_the_service_answers_leaves_nothing(visitor: Visitor) -> None:
    visitor.service.mood = Mood.SLOW
    page = visitor.opens(_PAGE)
    assert eventually(lambda: len(visitor.service.requests) == 1)
    page.evaluate("ringledger.consent(false)")
    visitor.service.released.set()
    settled(page)
    assert page.evaluate("localStorage.length") == 0
    assert visitor.text("p") == "800-555-0100"


@pytest.mark.parametrize(
    ("signal", "options"),
    [(_GPC, TagOptions(honour_gpc=True)), (_DNT, TagOptions(honour_dnt=True, honour_gpc=True))],
)
def test_an_honoured_signal_outweighs_consent_and_erases_what_was_kept(
    visitor: Visitor, signal: str, options: TagOptions
) -> None:
    visitor.opens(_PAGE)
    visitor.swapped()
    visitor.service.requests.clear()
    visitor.page.add_init_script(signal)
    page = visitor.opens(_PAGE, options, path="/second", query="?gclid=G1")
    settled(page)
    page.evaluate("ringledger.consent(true); ringledger.tag('plan', 'gold')")
    settled(page)
    assert nothing_is_kept(visitor)
    assert visitor.text("p") == "800-555-0100"


@pytest.mark.parametrize("signal", [_GPC, _DNT])
def test_a_signal_that_the_site_does_not_honour_changes_nothing(
    visitor: Visitor, signal: str
) -> None:
    visitor.page.add_init_script(signal)
    visitor.opens(_PAGE)
    visitor.swapped()
