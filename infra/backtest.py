"""What would a campaign's calls have come to under other terms, as a table?

Drives a back-test through the API, slice after slice, and adds up: on the local AWS with the
operator's key, or wherever RINGLEDGER_API and RINGLEDGER_KEY lead, with the key of an operator or
an advertiser. It changes nothing. Run it as `make backtest`.
"""

import csv
import json
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from infra.backtest_table import Json, Total, change_line, closing, table
from infra.deploy import say
from infra.local import own_stack
from infra.stage import Stopped

Post = Callable[[str, Json], Json]

_TRIES = 4
_TIMEOUT_SECONDS = 35.0
_TRY_AGAIN = frozenset({429, 502, 503, 504})
_LISTED = 500
_USAGE = (
    "Say: make backtest CAMPAIGN=cmp_... TERMS=terms.json FROM=2026-11-01 TO=2026-12-01 "
    "(and CSV=changes.csv for every call that changes)"
)


def slices(post: Post, campaign_id: str, asked: Json) -> Iterator[Json]:
    """Every slice of the back-test, in the order of arrival."""
    cursor = None
    while True:
        told = post(f"/campaigns/{campaign_id}/backtest", {**asked, "cursor": cursor})
        yield told
        cursor = told["next_cursor"]
        if cursor is None:
            return


def period(begins: str, ends: str) -> Json:
    """A period of days, or of moments with their offset; a day begins in UTC."""
    return {"start": _moment(begins), "end": _moment(ends)}


def run(words: Mapping[str, str], post: Post, clock: Callable[[], float] = time.monotonic) -> int:
    """Drive the back-test that the words describe, tell of every slice, and print the table."""
    if not all(words.get(name) for name in ("CAMPAIGN", "TERMS", "FROM", "TO")):
        raise Stopped(_USAGE)
    asked = {**_terms(words["TERMS"]), "period": period(words["FROM"], words["TO"])}
    into = words.get("CSV")
    if into:
        asked["limit"] = _LISTED
    begun, total, changes = clock(), Total(), []
    for told in slices(post, words["CAMPAIGN"], asked):
        total.add(told)
        changes += [change_line(one) for one in told["changes"]] if into else []
        say(f"{total.calls:>9,} calls, up to {total.through or 'the end'}, {clock() - begun:.0f} s")
    say(f"\n{table(total)}\n\n{closing(total)}")
    if into:
        _write(Path(into), changes)
        say(f"The calls that change are in {into}.")
    say("Nothing was written. Next: PATCH the campaign's terms if you like what you see.")
    return 0


def _terms(file: str) -> Json:
    """What the file says of `terms` and `earning`."""
    try:
        said = json.loads(Path(file).read_text(encoding="utf-8"))
    except (OSError, ValueError) as fault:
        raise Stopped(f"{file} cannot be read as JSON: {fault}") from None
    if not isinstance(said, dict) or not said.keys() <= {"terms", "earning"}:
        raise Stopped(f'{file} must be an object such as {{"terms": {{"charge_cents": 3000}}}}')
    return said


def _moment(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Stopped(f"{text} is no day such as 2026-11-01. {_USAGE}") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat()


def _write(file: Path, lines: list[Json]) -> None:
    with file.open("w", encoding="utf-8", newline="") as text:
        writer = csv.DictWriter(text, list(lines[0]) if lines else ["call_id"])
        writer.writeheader()
        writer.writerows(lines)


def posting(base: str, key: str, pause: Callable[[float], None] = time.sleep) -> Post:
    """How the API at `base` is asked; a stumble is tried again, because nothing is written."""

    def post(path: str, body: Json) -> Json:
        for left in reversed(range(_TRIES)):
            try:
                return _send(base + path, key, body)
            except urllib.error.HTTPError as fault:
                if fault.code not in _TRY_AGAIN or not left:
                    raise Stopped(_refusal(path, fault)) from None
            except (OSError, ValueError) as fault:
                if not left:
                    raise Stopped(f"{base} gives no answer: {fault}") from None
            pause(1.0)
        raise AssertionError("the last try has returned or raised")

    return post


def _send(url: str, key: str, body: Json) -> Json:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers, method="POST")
    with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as response:
        answer: Json = json.loads(response.read())
        return answer


def _refusal(path: str, fault: urllib.error.HTTPError) -> str:
    """What the API says is wrong, each fault on a line of its own."""
    said = fault.read()
    try:
        problem = json.loads(said)
        lines = [f"{path} was refused: {problem['detail']}"]
    except (ValueError, KeyError, TypeError):
        return f"{path} was answered {fault.code}: {said[:300].decode(errors='replace')}"
    faults = problem.get("invalid_parameters", ())
    return "\n".join([*lines, *(f"  {one['field']}: {one['reason']}" for one in faults)])


def _door(environ: Mapping[str, str]) -> tuple[str, str]:
    """The API and the key: those that are named, else those of the local AWS."""
    base, key = environ.get("RINGLEDGER_API", ""), environ.get("RINGLEDGER_KEY", "")
    if base and key:
        return base.rstrip("/").removesuffix("/v1") + "/v1", key
    if base or key:
        raise Stopped("Set both RINGLEDGER_API and RINGLEDGER_KEY, or none for the local AWS.")
    stack = own_stack()
    if not stack.running():
        elsewhere = "set RINGLEDGER_API and RINGLEDGER_KEY to ask elsewhere"
        raise Stopped(f"Local AWS does not run. Start it with make up, or {elsewhere}.")
    endpoints = stack.endpoints()
    return endpoints["api"], endpoints["operator_key"]


def main(arguments: list[str]) -> int:
    """Run the back-test that words such as CAMPAIGN=cmp_... describe; 1 with a plain message if it
    cannot be done."""
    try:
        pairs = [word.partition("=") for word in arguments]
        words = {name: value for name, _, value in pairs}
        unknown = words.keys() - {"CAMPAIGN", "TERMS", "FROM", "TO", "CSV"}
        if unknown:
            raise Stopped(f"{', '.join(sorted(unknown))}? {_USAGE}")
        return run(words, posting(*_door(os.environ)))
    except Stopped as stopped:
        print(f"\n{stopped}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
