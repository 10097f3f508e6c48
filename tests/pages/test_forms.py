"""Every way in which a page writes a number, and the digits that are none of ours."""

from tests.pages.looking import Visitor
from tests.pages.service import MAIN

# As the page says it, and as it is to be shown with 212-555-0200 lent for 800-555-0100.
WRITTEN = {
    "800-555-0100": "212-555-0200",
    "(800) 555-0100": "(212) 555-0200",
    "(800)555-0100": "(212)555-0200",
    "[800] 555 0100": "[212] 555 0200",
    "800.555.0100": "212.555.0200",
    "800 555 0100": "212 555 0200",
    "8005550100": "2125550200",
    "+18005550100": "+12125550200",
    "+1 (800) 555-0100": "+1 (212) 555-0200",
    "+1-800-555-0100": "+1-212-555-0200",
    "1-800-555-0100": "1-212-555-0200",
    "1 (800) 555-0100": "1 (212) 555-0200",
    "1.800.555.0100": "1.212.555.0200",
    "011 1 800 555 0100": "011 1 212 555 0200",
    "800\u00a0555\u00a00100": "212\u00a0555\u00a00200",
    "800\u2011555\u20110100": "212\u2011555\u20110200",
    "800\u2013555\u20130100": "212\u2013555\u20130200",
    "800 - 555 - 0100": "212 - 555 - 0200",
    "800/555-0100": "212/555-0200",
    "80 05 55 01 00": "21 25 55 02 00",
    "800\u00b7555\u00b70100": "212\u00b7555\u00b70200",
    "\u200e800-555-0100\u200e": "\u200e212-555-0200\u200e",
    "Tel.: 800-555-0100, 24/7": "Tel.: 212-555-0200, 24/7",
    "24/7 800-555-0100": "24/7 212-555-0200",
    "800-555-0100 ext. 5": "212-555-0200 ext. 5",
    "800-555-0100x12": "212-555-0200x12",
    "800-555-0100/(800) 555 0100": "212-555-0200/(212) 555 0200",
    "800-555-0100.": "212-555-0200.",
    "電話800-555-0100まで": "電話212-555-0200まで",
    "٨٠٠-٥٥٥-٠١٠٠": "٢١٢-٥٥٥-٠٢٠٠",
    "８００－５５５－０１００": "８００－５５５－０１００",
    "８００ ５５５ ０１００": "２１２ ５５５ ０２００",
}
SPLIT = {
    "<b>(800)</b> 555-0100": "<b>(212)</b> 555-0200",
    "+1 <i>800</i>-<i>555</i>-<u>0100</u>": "+1 <i>212</i>-<i>555</i>-<u>0200</u>",
    "<span>80</span><span>05550100</span>": "<span>21</span><span>25550200</span>",
    "<b>(800)</b>\n     \n 555-0100": "<b>(212)</b>\n     \n 555-0200",
    "800-<!-- react -->555-0100": "212-<!-- react -->555-0200",
    "<i>Call</i><b>800-555-0100</b><i>now</i>": "<i>Call</i><b>212-555-0200</b><i>now</i>",
    "4<b>8005550100</b>": "4<b>8005550100</b>",
    "<b>8005550100</b>9": "<b>8005550100</b>9",
    "800<div>555-0100</div>": "800<div>555-0100</div>",
    "800-555<br>0100": "800-555<br>0100",
}
# As the page says it of 800-356-9377.
WORDS = {
    "1-800-FLOWERS": "1-212-555-0200",
    "(800) FLO-WERS": "(212) 555-0200",
    "1.800.FLOWERS": "1.212.555.0200",
    "800-356-WERS": "212-555-0200",
    "1-800-flowers today": "1-212-555-0200 today",
    "1-800-FLOWERSNOW today": "1-212-555-0200 today",
    "1-800-FLOWER": "1-800-FLOWER",
    "1-800-FLOWERY": "1-800-FLOWERY",
    "1-800-FLOWERY2": "1-800-FLOWERY2",
    "1-800-FLAWERS": "1-800-FLAWERS",
}
NOT_OURS = (
    "48005550100",
    "80055501009",
    "4800-555-0100",
    "44-800-555-0100",
    "+44 800 555 0100",
    "+44 (800) 555-0100",
    "800-555-0100-22",
    "800-555-0100.5",
    "0.8005550100",
    "SKU8005550100",
    "id_8005550100",
    "8005550100abc",
    "8005 5501 0012 3456",
    "0800 555 0100",
    "800-555-0101",
    "800 555",
)


def lines(texts: list[str]) -> str:
    return "".join(f"<p>{text}</p>" for text in texts)


def test_a_number_is_swapped_in_every_form_and_keeps_it(visitor: Visitor) -> None:
    visitor.opens(lines(list(WRITTEN)))
    shown = visitor.swapped().locator("p").all_text_contents()
    assert dict(zip(WRITTEN, shown, strict=True)) == WRITTEN


def test_digits_that_only_contain_the_number_are_left_alone(visitor: Visitor) -> None:
    visitor.opens(lines([*NOT_OURS, "800-555-0100"]))
    shown = visitor.swapped().locator("p").all_text_contents()
    assert shown == [*NOT_OURS, "212-555-0200"]


def test_a_number_may_be_split_over_inline_elements(visitor: Visitor) -> None:
    visitor.opens("".join(f"<div>{html}</div>" for html in SPLIT))
    visitor.swapped()
    shown = visitor.page.eval_on_selector_all("body > div", "all => all.map(e => e.innerHTML)")
    assert dict(zip(SPLIT, shown, strict=True)) == SPLIT


def test_the_letters_of_a_word_are_the_digits_of_its_number(visitor: Visitor) -> None:
    visitor.service.finds = ("+18003569377",)
    visitor.opens(lines(list(WORDS)))
    shown = visitor.swapped().locator("p").all_text_contents()
    assert dict(zip(WORDS, shown, strict=True)) == WORDS


def test_links_to_call_are_swapped_and_links_to_write_are_not(visitor: Visitor) -> None:
    links = {
        "tel:+18005550100": "tel:+12125550200",
        "tel:8005550100": "tel:2125550200",
        "tel:1-800-555-0100;ext=5": "tel:1-212-555-0200;ext=5",
        "tel:+1%20(800)%20555-0100": "tel:+1%20(212)%20555-0200",
        "tel:%2B18005550100,,7": "tel:+12125550200,,7",
        "TEL:+1 800 555 0100": "TEL:+1%20212%20555%200200",
        "callto:8005550100": "callto:2125550200",
        "sms:+18005550100": "sms:+18005550100",
        "https://wa.me/18005550100": "https://wa.me/18005550100",
        "tel:%E0%A4%A": "tel:%E0%A4%A",
        "tel:+18005550199": "tel:+18005550199",
    }
    visitor.opens("".join(f'<a href="{link}">call</a>' for link in links))
    visitor.swapped()
    shown = visitor.page.eval_on_selector_all("a", "all => all.map(a => a.getAttribute('href'))")
    assert dict(zip(links, shown, strict=True)) == links


def test_accessible_names_are_kept_in_step(visitor: Visitor) -> None:
    visitor.opens(
        '<a href="tel:8005550100" aria-label="Call (800) 555-0100" title="or 800.555.0100">x</a>'
        '<img alt="Call 800-555-0100"><button aria-description="dials 8005550100">Call</button>',
        head="<title>Roofs, 800-555-0100</title>",
    )
    assert visitor.swapped().title() == "Roofs, 212-555-0200"
    link = visitor.page.locator("a")
    assert link.get_attribute("aria-label") == "Call (212) 555-0200"
    assert link.get_attribute("title") == "or 212.555.0200"
    assert visitor.page.locator("img").get_attribute("alt") == "Call 212-555-0200"
    assert visitor.page.get_by_role("link", name="Call (212) 555-0200").count() == 1
    assert visitor.page.locator("button").get_attribute("aria-description") == "dials 2125550200"


def test_what_is_typed_run_or_marked_is_never_touched(visitor: Visitor) -> None:
    kept = {
        "script": '<script type="application/json">"800-555-0100"</script>',
        "style": "<style>/* 800-555-0100 */</style>",
        "textarea": "<textarea>800-555-0100</textarea>",
        "div": "<div contenteditable><p>800-555-0100</p></div>",
        "code": "<code data-ringledger-ignore>800-555-0100 <b>800-555-0100</b></code>",
        "select": "<select><option>800-555-0100</option></select>",
        "template": "<template>800-555-0100</template>",
    }
    visitor.opens(
        '<section>' + "".join(kept.values()) + '</section><input value="800-555-0100">'
        '<p data-phone="800-555-0100">800-555-0100</p>'
    )  # fmt: skip
    page = visitor.swapped()
    before = "".join(kept.values()).replace("contenteditable", 'contenteditable=""')
    before = before.replace("ringledger-ignore", 'ringledger-ignore=""')
    assert page.locator("section").inner_html() == before
    assert page.locator("input").input_value() == "800-555-0100"
    assert page.locator("body > p").get_attribute("data-phone") == "800-555-0100"
    assert page.locator("body > p").text_content() == "212-555-0200"


def test_several_numbers_on_one_page_each_lead_to_their_own(visitor: Visitor) -> None:
    visitor.service.finds = (MAIN, "+18005550111")
    visitor.opens("<p>800-555-0100 or 800-555-0111</p>")
    visitor.swapped()
    assert visitor.text("p") == "212-555-0200 or 212-555-0201"


def test_numbers_outside_north_america_are_known_at_home_and_from_abroad(visitor: Visitor) -> None:
    visitor.service.finds = ("+442079460123",)
    visitor.service.begins = "+442079460"
    written = ["+44 20 7946 0123", "020 7946 0123", "0044 20 7946 0123", "+44 (0)20 7946 0123"]
    visitor.opens(lines(written))
    shown = visitor.swapped().locator("p").all_text_contents()
    assert shown == [one.replace("0123", "0200") for one in written]
