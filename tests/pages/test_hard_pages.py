"""Large, right-to-left and hostile pages; none shifts, none hangs, none breaks."""

from pathlib import Path

from tests.pages.looking import Visitor
from tests.pages.service import Mood

_PLACES = """[...document.body.querySelectorAll('*')].map((element) => {
  const {x, y, width, height} = element.getBoundingClientRect();
  return [x, y, width, height];
})"""
_POLLUTED = """<script>
for (const name of ['find', 'number', 'token', 'href', 'title', 'data', 'site', 'polluted']) {
  Object.prototype[name] = '+19995550100';
}
Array.prototype.last = function () { return this[this.length - 1]; };
Array.prototype.remove = () => {};
String.prototype.contains = () => true;
</script>"""
_CLOBBERED = """
<form id=ringledger><input name=nodeType><input name=localName><input name=parentNode>
  <input name=firstChild><input name=nextSibling><input name=getAttribute><input name=matches>
  <input name=shadowRoot><input name=isConnected><input name=closest>
  <b>800-555-0100</b></form>
<img name=getElementById><img name=createTreeWalker-no>
"""


def test_a_thousand_numbers_in_ten_thousand_nodes(visitor: Visitor) -> None:
    rows = "".join(
        f"<li><b>Row {n}</b><i>{'(800) 555-0100' if n % 2 == 0 else 'nothing 555'}</i></li>"
        for n in range(2000)
    )
    page = visitor.opens(f"<ul>{rows}</ul>")
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
    page = visitor.opens(
        "<main dir=rtl lang=he><p>חייגו \u200e800-555-0100\u200e עכשיו</p>"
        "<p lang=ar>اتصل على <bdi>٨٠٠-٥٥٥-٠١٠٠</bdi></p>"
        "<p>\u2066+1 (800) 555-0100\u2069</p></main>"
    )
    shown = visitor.swapped().locator("p").all_text_contents()
    assert shown == [
        "חייגו \u200e212-555-0200\u200e עכשיו",
        "اتصل على ٢١٢-٥٥٥-٠٢٠٠",
        "\u2066+1 (212) 555-0200\u2069",
    ]
    assert page.locator("main").get_attribute("dir") == "rtl"
    assert visitor.seen()["shifts"] == 0


def test_hostile_markup_neither_breaks_nor_hangs_it(visitor: Visitor) -> None:
    page = visitor.opens(
        _CLOBBERED
        + "<p><b>800<i>-555</b>-0100</i><table>800-555-0100<tr><td>800.555.0100</table>"
        + f"<pre>{'8005550100' * 10_000}</pre><pre>{'8 ' * 50_000}</pre>"
        + f"<pre id=big>{'words and words ' * 60_000} 800-555-0100</pre>"
        + "<div>" * 400 + "800-555-0100" + "</div>" * 400,
        head=_POLLUTED,
    )  # fmt: skip
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
