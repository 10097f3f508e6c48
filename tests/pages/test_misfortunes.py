"""A slow, failing, blocked or senseless service; blocked storage; strict pages."""

from itertools import pairwise

import pytest

from tests.pages.looking import Visitor
from tests.pages.service import SITE, Mood
from tests.waiting import eventually

_PAGE = "<p>800-555-0100</p><a href='tel:8005550100'>call</a>"

_NONSENSE = (
    "{",
    "null",
    "7",
    '{"visit":{}}',
    '{"visit":{"token":"t","numbers":[null]}}',
    '{"touch":{"at":1},"tags":7,"visit":{"token":{},"expires_at":1,"numbers":{}}}',
)


def is_untouched(visitor: Visitor) -> bool:
    href = visitor.page.get_attribute("a", "href")
    return visitor.text("p") == "800-555-0100" and href == "tel:8005550100"


@pytest.mark.parametrize("mood", [Mood.FAILING, Mood.WRONG_JSON])
def test_a_failing_service_leaves_the_page_and_is_asked_again_ever_later(
    visitor: Visitor, mood: Mood
) -> None:
    visitor.service.mood = mood
    asked = visitor.at_its_own_pace()
    visitor.opens(_PAGE)
    assert visitor.lets_time_pass(lambda: len(asked()) == 4, most=1_000)
    assert is_untouched(visitor)
    pauses = [later - earlier for earlier, later in pairwise(asked())]
    assert [round(pause / 60, 0) for pause in pauses] == [2, 4, 8]
    visitor.service.mood = Mood.WELL
    assert visitor.lets_time_pass(lambda: visitor.seen()["swaps"], most=1_200)
    assert visitor.seen()["errors"] == []


def test_a_slow_service_is_given_up_and_its_late_answer_changes_nothing(visitor: Visitor) -> None:
    visitor.service.mood = Mood.SLOW
    visitor.page.clock.install()
    page = visitor.opens(_PAGE)
    assert eventually(lambda: len(visitor.service.requests) == 1)
    page.clock.fast_forward(5_001)
    visitor.service.released.set()
    visitor.idle()
    assert is_untouched(visitor)
    assert visitor.seen()["errors"] == []


def test_a_blocked_service_leaves_the_page_as_it_was(visitor: Visitor) -> None:
    visitor.page.route("**/visits", lambda route: route.abort())
    page = visitor.opens(_PAGE)
    page.wait_for_function("window.ringledger")
    visitor.idle()
    assert is_untouched(visitor)
    assert visitor.seen()["errors"] == []


def test_nonsense_for_numbers_is_not_written_anywhere(visitor: Visitor) -> None:
    visitor.service.mood = Mood.WRONG_NUMBERS
    asked = visitor.at_its_own_pace()
    page = visitor.opens(_PAGE)
    assert visitor.lets_time_pass(lambda: len(asked()) == 2, most=200)
    assert asked()[1] - asked()[0] > 59
    assert is_untouched(visitor)
    assert page.locator("img").count() == 0


def test_a_refused_visit_drops_its_token_and_asks_no_more_on_this_page(visitor: Visitor) -> None:
    visitor.at_its_own_pace()
    visitor.opens(_PAGE)
    visitor.swapped()
    visitor.service.forget()
    page = visitor.opens(_PAGE, path="/second")
    assert eventually(lambda: len(visitor.service.requests) == 2)
    assert eventually(lambda: is_untouched(visitor))
    page.clock.fast_forward(7_200_000)
    page.evaluate("history.pushState({}, '', '/third')")
    page.clock.fast_forward(60_000)
    assert len(visitor.service.requests) == 2
    visitor.opens(_PAGE, path="/fourth")
    visitor.swapped()
    assert "token" not in visitor.service.requests[2]


def test_a_service_that_lends_nothing_leaves_the_page_as_it_was(visitor: Visitor) -> None:
    visitor.service.finds = ()
    visitor.opens(_PAGE)
    visitor.answered()
    assert is_untouched(visitor)
    assert visitor.seen()["swaps"] == 0


def test_blocked_storage_lets_a_visit_live_as_long_as_its_page(visitor: Visitor) -> None:
    page = visitor.opens(_PAGE, headers={"Content-Security-Policy": "sandbox allow-scripts"})
    visitor.swapped()
    denied = "(() => { try { return localStorage.length } catch (e) { return e.name } })()"
    assert page.evaluate(denied) == "SecurityError"
    assert visitor.text("p") == "212-555-0200"
    assert visitor.seen()["errors"] == []


def test_nonsense_in_storage_is_no_visit(visitor: Visitor) -> None:
    for count, kept in enumerate(_NONSENSE):
        visitor.page.goto(visitor.site.put(""))
        visitor.page.evaluate(f"kept => localStorage['ringledger:{SITE}'] = kept", kept)
        visitor.opens(_PAGE, path=f"/{count}")
        visitor.swapped()
        assert "token" not in visitor.service.requests[-1]
        assert visitor.seen()["errors"] == []


def test_a_strict_content_security_policy_has_nothing_to_complain_of(visitor: Visitor) -> None:
    origin = visitor.service.url
    policy = (
        f"default-src 'none'; script-src {origin}; connect-src {origin}; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )
    said: list[str] = []
    visitor.page.on("console", lambda message: said.append(message.text))
    page = visitor.opens(_PAGE, headers={"Content-Security-Policy": policy})
    assert eventually(lambda: page.locator("p").text_content() == "212-555-0200")
    assert [text for text in said if "Content Security Policy" in text] == []


def test_a_changed_script_is_not_run_under_its_old_integrity(visitor: Visitor) -> None:
    visitor.page.route(
        "**/dni-*.js",
        lambda route: route.fulfill(
            body="window.evil = 1", headers={"Access-Control-Allow-Origin": "*"}
        ),
    )
    page = visitor.opens(_PAGE)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("[window.evil, window.ringledger]") == [None, None]
    assert is_untouched(visitor)


def test_a_tag_given_twice_runs_once(visitor: Visitor) -> None:
    visitor.opens(_PAGE + visitor.service.tag())
    visitor.swapped()
    visitor.page.wait_for_load_state("networkidle")
    assert len(visitor.service.requests) == 1
