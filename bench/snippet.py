"""What does the snippet cost a page: bytes to load, and time of its main thread?

Prints its size beside the published sizes of two peers' scripts. Then loads a page of more than
10,000 nodes with 1,000 numbers in Chromium, in turns with a script that does nothing: as a return
visit, which is swapped from storage while the script runs, and as a first visit, which is swapped
when the service has answered. Run it as `python -m bench.snippet`; RINGLEDGER_CHROMIUM names the
browser.
"""

import gzip
import json
import os
import shutil
import statistics
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import brotli
from playwright.sync_api import Browser, Page, Route, sync_playwright

from chalicelib.snippet import script

ROUNDS = 9
ORIGIN = "http://page.test"
# Sizes of the scripts that these platforms hand out, in bytes: minified, and with gzip.
PEERS = {"Retreaver.js": (24_408, 8_008), "trackdrive-optimizer.js": (103_018, 36_244)}
VISIT = {
    "visit_id": "visit_1",
    "token": "token",
    "expires_at": "2099-01-01T00:00:00Z",
    "heartbeat_seconds": 60,
    "numbers": [{"find": "+18005550100", "number": "+12125550123"}],
}
ROW = "<li><b>Row {}</b><i>{}</i></li>"
HTML = "<!doctype html><meta charset=utf-8><ul>{}</ul><script {} src=/script.js></script>".format(
    "".join(ROW.format(n, "(800) 555-0100" if n % 2 else "nothing") for n in range(2000)),
    'data-site="site_1"',
)
STORED = f"localStorage['ringledger:site_1'] = {json.dumps(json.dumps({'visit': VISIT}))};"
# From the first instruction of the script to the last, and to the first event of a swap.
TIMED = """performance.mark('begun');
document.addEventListener('ringledger:swapped', () => performance.mark('swapped'), {{once: true}});
{}
;performance.mark('ran');"""


@dataclass(frozen=True, kw_only=True)
class Load:
    """One load of the page, in milliseconds: all work of the main thread, the script's own run,
    and the time from its start to the swap (none where nothing is swapped)."""

    main_thread: float
    ran: float
    swapped: float | None


def loaded(browser: Browser, source: str, *, stored: bool, swaps: bool) -> Load:
    """Load the page once, in a profile of its own."""
    context = browser.new_context()
    page = context.new_page()
    page.route("**/*", lambda route: _answer(route, source))
    if stored:
        page.add_init_script(STORED)
    metrics = context.new_cdp_session(page)
    metrics.send("Performance.enable")
    page.goto(ORIGIN)
    if swaps:
        page.wait_for_function("performance.getEntriesByName('swapped').length")
    page.wait_for_load_state("networkidle")
    found = {one["name"]: one["value"] for one in metrics.send("Performance.getMetrics")["metrics"]}
    load = Load(
        main_thread=found["TaskDuration"] * 1000,
        ran=_between(page, "ran"),
        swapped=_between(page, "swapped") if swaps else None,
    )
    context.close()
    return load


def _answer(route: Route, source: str) -> None:
    path = route.request.url.removeprefix(ORIGIN)
    if path == "/visits":
        route.fulfill(json=VISIT)
    elif path == "/script.js":
        route.fulfill(body=TIMED.format(source), content_type="text/javascript")
    else:
        route.fulfill(body=HTML, content_type="text/html")


def _between(page: Page, mark: str) -> float:
    time = f"performance.getEntriesByName('{mark}')[0].startTime"
    milliseconds: float = page.evaluate(
        f"{time} - performance.getEntriesByName('begun')[0].startTime"
    )
    return milliseconds


def sizes() -> Iterator[str]:
    """The lines of the table of bytes."""
    content = script().content
    ours = (len(content), len(gzip.compress(content, 9)))
    yield f"{'bytes':<28} {'minified':>9} {'gzip':>7} {'x ours':>7}"
    for name, (raw, compressed) in {"dni.js": ours, **PEERS}.items():
        yield f"{name:<28} {raw:>9,} {compressed:>7,} {compressed / ours[1]:>7.1f}"
    yield f"dni.js with brotli: {len(brotli.compress(content)):,}"


def chromium() -> str:
    """The path of the browser."""
    found = os.environ.get("RINGLEDGER_CHROMIUM") or shutil.which("chromium")
    return found or sys.exit("Chromium is missing: apt-get install chromium")


def main() -> None:
    """Measure in turns, so that a busy machine disturbs all alike; print the tables."""
    print("\n".join(sizes()), "\n")
    source = script().content.decode()
    cases = {
        "a script that does nothing": ("", False, False),
        "return visit, swapped from storage": (source, True, True),
        "first visit, swapped when answered": (source, False, True),
    }
    loads: dict[str, list[Load]] = {name: [] for name in cases}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium())
        for _ in range(ROUNDS):
            for name, (text, stored, swaps) in cases.items():
                loads[name].append(loaded(browser, text, stored=stored, swaps=swaps))
        browser.close()
    floor = statistics.median(one.main_thread for one in loads["a script that does nothing"])
    print(f"{f'10,000 nodes, median of {ROUNDS}, ms':<36} main thread   ratio   script  to swap")
    for name, runs in loads.items():
        work, ran = (
            statistics.median(one)
            for one in zip(*((r.main_thread, r.ran) for r in runs), strict=True)
        )
        waits = [run.swapped for run in runs if run.swapped is not None]
        swap = f"{statistics.median(waits):>8.1f}" if waits else f"{'-':>8}"
        print(f"{name:<36} {work:>11.1f} {work / floor:>7.2f} {ran:>8.1f} {swap}")


if __name__ == "__main__":
    main()
