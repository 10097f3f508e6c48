"""Pages that change after they were loaded, and pages within pages."""

import pytest

from chalicelib.snippet import TagOptions
from tests.pages.bodies import REACT
from tests.pages.looking import Visitor
from tests.waiting import eventually


def test_a_react_application_is_swapped_on_every_view_and_goes_on_working(visitor: Visitor) -> None:
    page = visitor.opens(REACT)
    visitor.swapped()
    assert visitor.text("#home") == "Call (212) 555-0200 (0)"
    page.click("text=Again")
    assert visitor.text("#home") == "Call (212) 555-0200 (1)"
    page.click("text=Contact")
    assert visitor.text("#contact") == "212.555.0200"
    assert page.get_attribute("#contact a", "href") == "tel:+12125550200"
    page.click("text=Home")
    assert visitor.text("#home") == "Call (212) 555-0200 (1)"
    assert visitor.seen()["errors"] == []


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        ("it.insertAdjacentHTML('beforeend', '<p>(800) 555-0100</p>')", "(212) 555-0200"),
        ("it.textContent = '800 555 0100'", "212 555 0200"),
        ("it.firstChild.data = '1-800-555-0100'", "1-212-555-0200"),
        ("it.firstChild.appendData('800.555.0100')", "wait 212.555.0200"),
        ("it.replaceChildren('800', '-555', '-0100')", "212-555-0200"),
        ("i = document.createElement('i'); i.append('800-555-0100'); it.append(i)", "212-555-0200"),
        ("i = document.createElement('i'); it.append(i); i.append('800-555-0100')", "212-555-0200"),
        ("it.innerHTML = '<b>800</b>'; setTimeout(() => it.append('-555-0100'))", "212-555-0200"),
    ],
)  # fmt: skip
def test_late_content_is_swapped_before_it_is_seen(
    visitor: Visitor, change: str, shown: str
) -> None:
    page = visitor.opens("<div id=it>wait </div><p>800-555-0100</p>")
    visitor.swapped()
    page.evaluate(change)
    assert eventually(lambda: visitor.text("#it").endswith(shown), within=2)


def test_changed_links_and_names_are_swapped(visitor: Visitor) -> None:
    page = visitor.opens("<a>800-555-0100</a>")
    visitor.swapped()
    page.evaluate("link = document.querySelector('a'); link.href = 'tel:8005550100'")
    page.evaluate("link.setAttribute('aria-label', 'Call 800-555-0100')")
    assert page.get_attribute("a", "href") == "tel:2125550200"
    assert page.get_attribute("a", "aria-label") == "Call 212-555-0200"


def test_what_is_typed_into_an_editor_is_left_alone(visitor: Visitor) -> None:
    page = visitor.opens("<div id=it contenteditable></div><p>800-555-0100</p>")
    visitor.swapped()
    page.click("#it")
    page.keyboard.type("800-555-0100")
    page.evaluate("document.querySelector('#it').append('800-555-0100')")
    assert visitor.text("#it") == "800-555-0100800-555-0100"


def test_open_shadow_roots_are_swapped_early_and_late(visitor: Visitor) -> None:
    page = visitor.opens(
        "<p>800-555-0100</p>"
        "<early-one><template shadowrootmode=open><b>800-555-0100</b></template></early-one>"
        "<late-one></late-one><closed-one></closed-one>"
    )
    visitor.swapped()
    page.evaluate(
        """() => {
          const late = document.querySelector('late-one').attachShadow({mode: 'open'});
          late.innerHTML = '<div>800-555-0100<inner-one></inner-one></div>';
          const inner = late.querySelector('inner-one').attachShadow({mode: 'open'});
          inner.innerHTML = '800.555.0100';
          const closed = document.querySelector('closed-one').attachShadow({mode: 'closed'});
          closed.innerHTML = '<i>800-555-0100</i>';
          window.closed_root = closed;
        }"""
    )
    shown = "document.querySelector('{}').shadowRoot.textContent"
    assert page.evaluate(shown.format("early-one")) == "212-555-0200"
    assert page.evaluate(shown.format("late-one")) == "212-555-0200"
    inner = "document.querySelector('late-one').shadowRoot.querySelector('inner-one')"
    assert page.evaluate(f"{inner}.shadowRoot.textContent") == "212.555.0200"
    assert page.evaluate("closed_root.textContent") == "800-555-0100"
    page.evaluate("ringledger.swap(closed_root)")
    assert page.evaluate("closed_root.textContent") == "212-555-0200"
    page.evaluate("closed_root.innerHTML = '800 555 0100'")
    assert page.evaluate("closed_root.textContent") == "212 555 0200"


@pytest.mark.parametrize(("allowed", "shown"), [(True, "212-555-0200"), (False, "800-555-0100")])
def test_frames_of_the_same_origin_are_swapped_where_the_tag_allows(
    visitor: Visitor, allowed: bool, shown: str
) -> None:
    inner = visitor.site.put("<b>800-555-0100</b>", "/inner")
    body = f'<p>800-555-0100</p><iframe src="{inner}"></iframe><iframe src="about:blank"></iframe>'
    foreign = inner.replace("127.0.0.1", "localhost")
    page = visitor.opens(body + f'<iframe src="{foreign}"></iframe>', TagOptions(frames=allowed))
    visitor.swapped()
    assert page.frames[1].locator("b").text_content() == shown
    page.evaluate("document.querySelector('iframe').contentWindow.location.href = '/inner?again'")
    page.wait_for_function("frames[0].location.search && frames[0].document.querySelector('b')")
    assert eventually(lambda: page.frames[1].locator("b").text_content() == shown, within=2)
    assert page.frames[3].locator("b").text_content() == "800-555-0100"
    assert visitor.seen()["errors"] == []


def test_a_page_that_writes_against_the_snippet_does_not_hang(visitor: Visitor) -> None:
    page = visitor.opens("<p>800-555-0100</p>")
    visitor.swapped()
    page.evaluate(
        """() => {
          const p = document.querySelector('p');
          window.fights = 0;
          new MutationObserver(() => {
            if (p.textContent !== '800-555-0100') { fights++; p.textContent = '800-555-0100'; }
          }).observe(p, {childList: true, characterData: true, subtree: true});
          p.textContent = '(800) 555-0100';
        }"""
    )
    assert 0 < page.evaluate("fights") < 60


def test_after_a_fight_the_page_is_swapped_again(visitor: Visitor) -> None:
    page = visitor.opens("<p>800-555-0100</p>")
    visitor.swapped()
    page.evaluate(
        """async () => {
          const p = document.querySelector('p');
          for (let n = 0; n < 80; n++) { p.textContent = '800 555 0100'; await 0; await 0; }
        }"""
    )
    assert eventually(lambda: visitor.text("p") == "212 555 0200", within=3)


def test_its_own_changes_are_no_reason_to_change_again(visitor: Visitor) -> None:
    page = visitor.opens("<p>800-555-0100 <a href=tel:8005550100>(800) 555-0100</a></p>")
    visitor.swapped()
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert visitor.seen()["swaps"] == 1


def test_a_lost_lease_shows_the_next_number_also_where_the_page_has_copied_it(
    visitor: Visitor,
) -> None:
    visitor.at_its_own_pace()
    page = visitor.opens("<p>(800) 555-0100</p><div></div>")
    visitor.swapped()
    page.evaluate("document.querySelector('div').innerHTML = document.querySelector('p').innerHTML")
    visitor.service.lose_leases()
    assert visitor.lets_time_pass(lambda: visitor.text("p") == "(212) 555-0201", most=100)
    assert visitor.text("div") == "(212) 555-0201"
