"""Large, right-to-left and hostile pages; none shifts, none hangs, none breaks."""

from pathlib import Path

from tests.pages.bodies import HOSTILE, POLLUTED, RIGHT_TO_LEFT, THOUSAND
from tests.pages.looking import Visitor
from tests.pages.service import Mood

_PLACES = """[...document.body.querySelectorAll('*')].map((element) => {
  const {x, y, width, height} = element.getBoundingClientRect();
  return [x, y, width, height];
})"""


def test_a_thousand_numbers_in_ten_thousand_nodes(visitor: Visitor) -> None:
    page = visitor.opens(THOUSAND)
    visitor.swapped()
    page.wait_for_load_state("load")
    nodes = "document.createTreeWalker(document, 5); let n = 0; while (w.nextNode()) n++; n"
    assert page.evaluate(f"let w = {nodes}") >= 10_000
    assert page.get_by_text("(212) 555-0200", exact=True).count() == 1000
    assert page.get_by_text("(800) 555-0100", exact=True).count() == 0
    assert visitor.seen()["shifts"] == 0


def test_a_thousand_different_numbers(visitor: Visitor) -> None:
    visitor.service.finds = tuple(f"+1800666{n:04d}" for n in range(700))
    visitor.opens("".join(f"<p>(800) 666-{n:04d}</p>" for n in range(700)))
    shown = visitor.swapped().locator("p").all_text_contents()
    assert shown == [f"(212) 555-0{200 + n}" for n in range(700)]


def test_right_to_left_pages_keep_their_direction_and_marks(visitor: Visitor) -> None:
    page = visitor.opens(RIGHT_TO_LEFT)
    shown = visitor.swapped().locator("p").all_text_contents()
    assert shown == [
        "חייגו \u200e212-555-0200\u200e עכשיו",
        "اتصل على ٢١٢-٥٥٥-٠٢٠٠",
        "\u2066+1 (212) 555-0200\u2069",
    ]
    assert page.locator("main").get_attribute("dir") == "rtl"
    assert visitor.seen()["shifts"] == 0


def test_hostile_markup_neither_breaks_nor_hangs_it(visitor: Visitor) -> None:
    page = visitor.opens(HOSTILE, head=POLLUTED)
    visitor.page.wait_for_function("window.ringledger?.visit?.()")
    page.wait_for_load_state("load")
    assert page.evaluate("document.querySelector('form b').textContent") == "212-555-0200"
    for selector, shown in {"p": "212-555-0200", "td": "212.555.0200"}.items():
        assert page.evaluate(f"document.querySelector('{selector}').textContent") == shown
    assert page.evaluate("document.querySelector('pre').textContent.length") == 100_000
    assert page.evaluate("document.querySelector('pre').textContent.includes('212')") is False
    assert page.evaluate("document.querySelector('#big').textContent.endsWith(' 212-555-0200')")
    assert page.evaluate("document.body.textContent.split('212-555-0200').length") == 6
    (asked,) = visitor.service.requests
    assert set(asked) == {"site", "page", "landing_page", "referrer", "attributes"}
    assert visitor.seen()["errors"] == []


def test_a_deep_tree_made_by_script_is_walked(visitor: Visitor) -> None:
    page = visitor.opens("<p>800-555-0100</p>")
    visitor.swapped()
    page.evaluate(
        """() => {
          let inner = document.body;
          for (let n = 0; n < 1000; n++) inner = inner.appendChild(document.createElement('div'));
          inner.textContent = '800-555-0100';
          window.inner = inner;
        }"""
    )
    assert page.evaluate("inner.textContent") == "212-555-0200"


def test_swapping_shifts_nothing_on_the_page(visitor: Visitor, tmp_path: Path) -> None:
    visitor.service.mood = Mood.SLOW
    page = visitor.opens(
        "<header>Call <a href='tel:8005550100'>(800) 555-0100</a> <b>now</b> and today</header>"
        "<p style='width: 12em'>Some text around 800-555-0100 that is broken into lines.</p>"
        "<footer>800.555.0100</footer>"
    )
    before = page.evaluate(_PLACES)
    page.screenshot(path=tmp_path / "before.png")
    visitor.service.released.set()
    visitor.swapped()
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    page.screenshot(path=tmp_path / "after.png")
    assert page.evaluate(_PLACES) == before
    assert visitor.seen()["shifts"] == 0
    assert (tmp_path / "before.png").read_bytes() != (tmp_path / "after.png").read_bytes()
