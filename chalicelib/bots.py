"""Is it a program that looks at a page?

Owns telling crawlers, previews, monitors and headless browsers by what they call themselves. Who
hides is left to the limits.
"""

import re
from functools import lru_cache

# What every browser says that can run the snippet.
_BROWSER = re.compile(r"Mozilla/5\.0 \(.+(?:AppleWebKit/|Gecko/|Trident/)")
# What no browser says of itself: an address to learn more at, and what it does.
_PROGRAM = re.compile(
    r"https?:|www\.|\w@\w|\(at\)|\.com\b|\.io\b"
    r"|(?<!cu)bot(?:s?\b|_)|crawl|spider|slurp|scrap(?:e|ing|y)|archive|fetch|headless"
    r"|phantom|puppeteer|playwright|selenium|webdriver|electron|lighthouse|page ?speed|insights"
    r"|pingdom|ptst|gtmetrix|uptime|monitor|synthetic|checker|checkup|scann?er|analyzer|auditor"
    r"|inspect|validat|preview|prerender|screenshot|snapshot|proxy|favicon|google-|googleother"
    r"|(?:link|url|site|content)-?(?:check|test|scan)|requests|python|curl|wget|okhttp|axios",
    re.IGNORECASE,
)


@lru_cache(maxsize=1024)
def is_bot(user_agent: str) -> bool:
    """Whether the user agent names itself as a program, or as nothing that shows pages; kept, for
    the same few ask again and again."""
    return not _BROWSER.match(user_agent) or _PROGRAM.search(user_agent) is not None
