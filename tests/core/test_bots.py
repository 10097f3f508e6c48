"""Programs name themselves; browsers, in apps and out of them, are let in."""

import crawleruseragents
import pytest

from chalicelib.bots import is_bot

BROWSERS = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:145.0) Gecko/20100101 Firefox/145.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) "
    "SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Mobile/15E148 [FBAN/FBIOS;FBAV/530.0.0.41.72;FBDV/iPhone14,5;FBSN/iOS;FBLC/en_US]",
    "Mozilla/5.0 (Linux; Android 14; SM-S918U; wv) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Version/4.0 Chrome/141.0.0.0 Mobile Safari/537.36 Instagram 390.0.0.0 Android",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) GSA/390.0.0 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 12; CUBOT X50) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/120.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko",
]


@pytest.mark.parametrize("agent", BROWSERS)
def test_a_browser_is_no_bot(agent: str) -> None:
    assert not is_bot(agent)


@pytest.mark.parametrize(
    "agent",
    ["", " ", "curl/8.5.0", "Mozilla/5.0", "GPTBot/1.2",
     BROWSERS[0].replace("Chrome/", "HeadlessChrome/")],
)  # fmt: skip
def test_what_names_itself_as_a_program_or_as_nothing_is_a_bot(agent: str) -> None:
    assert is_bot(agent)


def test_nearly_all_user_agents_of_a_kept_list_of_crawlers_are_bots() -> None:
    """The rest look like browsers but for a name that only such a list can know; some of them are
    browsers of apps."""
    known = [
        agent
        for crawler in crawleruseragents.CRAWLER_USER_AGENTS_DATA
        for agent in crawler.get("instances", ())
    ]
    assert len(known) > 2_000
    assert sum(map(is_bot, known)) / len(known) > 0.98
