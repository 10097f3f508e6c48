"""What does a visitor of a web site see?

Owns the one page of the demo: the landing page of a publisher, whose number is another one for
each visitor. Local AWS serves it from the directory that keeps its state.
"""

from collections.abc import Mapping
from html import escape
from pathlib import Path

from demo.api import Api, Json
from demo.market import POOL, POOLED, SITE, SWAPPED
from infra.localaws import DEMO_PAGE

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Ridgeline Roofing Guide</title>
{tag}
<style>body {{ font: 18px/1.6 sans-serif; max-width: 40em; margin: 3em auto; padding: 0 1em }}
a, code {{ font-variant-numeric: tabular-nums }}</style></head>
<body><h1>A leaking roof?</h1>
<p>Call <a href="tel:{number}">{written}</a>, day and night.</p>
<p data-ringledger-ignore>The page itself says {written}. You see a number that is yours alone while
you look, and your call leads back to this visit. A private window is somebody else. Call it:</p>
<pre><code>python -m simulator call --to {number} --from +12065550143 --talk 65</code></pre>
<p>What brought you is kept with the visit:
<a href="?utm_source=newsletter&amp;utm_campaign=autumn">come from a newsletter</a>.</p>
</body></html>
"""


def write_page(api: Api, known: Mapping[str, Json], directory: Path) -> None:
    """Have the pool's numbers join it, and write the page into `directory`; `known` is the market
    by its names."""
    pool, site = known[POOL]["id"], known[SITE]["id"]
    ids = [known[f"number {e164}"]["id"] for e164 in POOLED]
    api.post(f"/pools/{pool}/numbers", {"number_ids": ids})
    tag = api.get(f"/sites/{site}/tag")["tag"]
    number = SWAPPED
    written = f"({number[2:5]}) {number[5:8]}-{number[8:]}"
    page = _PAGE.format(tag=tag, number=escape(number), written=escape(written))
    (directory / DEMO_PAGE).write_text(page, encoding="utf-8")


def address(api: Api) -> str:
    """Where the page is: by a name, for a site has a domain."""
    return api.base.removesuffix("/v1").replace("127.0.0.1", "localhost") + "/demo"
