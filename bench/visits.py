"""What does a visit's number cost: round trips, processor time, request units, dollars?

Plays a new visit and a heartbeat through the DNI function's handler, in pools of 10 and of 10,000
numbers of which 80 in 100 are lent, with DynamoDB's answers given from memory, as they were
recorded once against moto. Beside it, in the same run, the same DynamoDB requests made bare by
botocore. Request units follow from the rows' sizes, by DynamoDB's published rules. Run it as
`python -m bench.visits`.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from moto import mock_aws

from bench.webhook import ROUNDS, Wire, Work, measure
from chalicelib import ids, runtime
from chalicelib.channels.dni import Context, handle
from chalicelib.leasing import probes
from chalicelib.offers import ANYWHERE, Slot
from chalicelib.pools import Lending
from chalicelib.store.attributes import plain_item
from chalicelib.store.dynamo import DynamoRows
from chalicelib.store.leases import Leases
from chalicelib.store.slots import lent_key, slot_key
from chalicelib.store.tables import table_name
from tests.aws import create_tables
from tests.builders import NOW
from tests.pools import ORIGIN, POOL, SITE, a_pool, a_site, lay_site, number_in

SIZES = (10, 10_000)
LENT_OF_TEN = 8
SECONDS = int(NOW.timestamp())
AGENT = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/142.0.0.0 Safari/537.36"
)
TOLD: dict[str, Any] = {
    "site": SITE,
    "page": "https://www.example.com/roof-repair?utm_source=google&gclid=" + "x" * 60,
    "landing_page": "https://www.example.com/roof-repair",
    "referrer": "https://www.google.com/",
    "attributes": {
        "utm_source": "google", "utm_medium": "cpc", "utm_campaign": "roofs-2026",
        "utm_term": "roof repair near me", "gclid": "x" * 60,
    },
}  # fmt: skip
# US dollars of us-east-1, on demand: a million read and write request units, a million requests of
# a function, and a gigabyte of its memory for a second.
READ_UNITS, WRITE_UNITS, INVOCATIONS, MEMORY_SECOND = 0.125, 0.625, 0.20, 0.0000166667
MEMORY_GB = 1769 / 1024
TRIP_MILLISECONDS = 5
"""How long a round trip to DynamoDB is taken to last."""


@dataclass(frozen=True)
class Case:
    """One kind of request in one pool: how it is played, what it asks, and its request units."""

    name: str
    wire: Wire
    play: Work
    reads: float
    writes: int

    @property
    def trips(self) -> int:
        """Round trips one after the other; here no two requests are under way at once."""
        return len(self.wire.requests)

    def dollars(self, milliseconds: float) -> float:
        """What a million of them cost, with so much processor time each."""
        seconds = (milliseconds + TRIP_MILLISECONDS * self.trips) / 1000
        function = INVOCATIONS + seconds * MEMORY_GB * MEMORY_SECOND * 1e6
        return function + self.reads * READ_UNITS + self.writes * WRITE_UNITS


def an_event(token: str | None = None) -> dict[str, Any]:
    """A page that asks, as a Function URL hands it over."""
    return {
        "rawPath": "/visits",
        "headers": {"origin": ORIGIN, "user-agent": AGENT, "content-type": "text/plain"},
        "requestContext": {"http": {"method": "POST", "sourceIp": "203.0.113.9"}},
        "body": json.dumps(TOLD | ({"token": token} if token else {})),
    }


def lay(size: int, visit_id: str) -> None:
    """A site with one pool of that size; of its rows, those that the visit looks at."""
    rows, pool = DynamoRows(), a_pool()
    lending = Lending(pool=pool, sizes={ANYWHERE: size})
    lay_site(rows, a_site(lending))
    name, client = table_name("visits"), runtime.client("dynamodb")
    for stretch in probes(lending, visit_id, None):
        for number in range(stretch.first.number, stretch.last.number + 1):
            slot = Slot(pool_id=POOL, area=ANYWHERE, number=number)
            for item in _rows_of(slot):
                client.put_item(TableName=name, Item=item)


def _rows_of(slot: Slot) -> list[dict[str, Any]]:
    """A slot that was lent twice before; eight of ten are lent now."""
    until = SECONDS + 200 if slot.number % 10 < LENT_OF_TEN else SECONDS - 4_000 - slot.number
    key, lent = slot_key(slot), lent_key(slot)
    numbers = {
        "since": until - 500, "seen_at": until - 300, "until": until, "lends": 71,
        "before_since": until - 9_500, "before_seen_at": until - 9_000, "collisions": 12,
    }  # fmt: skip
    names = [ids.derived("visit", slot.area, str(slot.number), which) for which in "ab"]
    texts = {
        "e164": number_in(slot), "id": ids.derived("num", str(slot.number)),
        "visit_id": names[0], "before_visit_id": names[1],
    }  # fmt: skip
    visits = {name: {"S": "x" * 700} for name in names}
    return [
        {"pk": {"S": key.pk}, "sk": {"S": key.sk}}
        | {name: {"N": str(value)} for name, value in numbers.items()}
        | {name: {"S": value} for name, value in texts.items()},
        {"pk": {"S": lent.pk}, "sk": {"S": lent.sk}, "visits": {"M": visits}},
    ]


def cases(size: int) -> tuple[Case, Case]:
    """A new visit in a process that knows the site, and a heartbeat in one that does not."""
    visit_id = ids.new("visit", now=NOW, entropy=bytes(10))
    create_tables()
    lay(size, visit_id)
    warm = Leases(DynamoRows())
    warm.site(SITE, NOW)
    new = _recorded(f"new visit, {size:,} numbers", an_event(), warm, visit_id)
    token = _answered(an_event(), warm, visit_id)["token"]
    known = Leases(DynamoRows())
    return new, _recorded(f"heartbeat, {size:,} numbers", an_event(token), known, visit_id)


def _recorded(name: str, event: dict[str, Any], leases: Leases, visit_id: str) -> Case:
    wire = Wire()
    wire.record(lambda: _answered(event, leases, visit_id))
    reads = sum(_read_units(asked) for operation, asked in wire.requests if operation == "Query")
    writes = sum(_write_units(*request) for request in wire.requests)
    return Case(name, wire, lambda: _answered(event, leases, visit_id), reads, writes)


def _answered(event: dict[str, Any], leases: Leases, visit_id: str) -> dict[str, Any]:
    context = Context(
        key=lambda: "bench-key", leases=lambda: leases, clock=lambda: NOW,
        new_id=lambda _: visit_id,
    )  # fmt: skip
    reply = handle(event, context)
    body: dict[str, Any] = json.loads(reply["body"])
    if reply["statusCode"] != 200 or not body["numbers"]:
        raise AssertionError(body)
    return body


def _read_units(asked: Mapping[str, Any]) -> float:
    """A consistent query: one unit for each 4 KB of all its rows together."""
    items = runtime.client("dynamodb").query(**asked)["Items"]
    return max(1, -(-sum(_bytes(plain_item(item)) for item in items) // 4096))


def _write_units(operation: str, asked: Mapping[str, Any]) -> int:
    """One unit for each KB of each row, twice in a transaction; and of its copy in an index."""
    if operation == "TransactWriteItems":
        actions = [one for action in asked["TransactItems"] for one in action.values()]
        return sum(2 * _row_units(one) + _index_units(one) for one in actions)
    return _row_units(asked) if operation == "UpdateItem" else 0


def _row_units(action: Mapping[str, Any]) -> int:
    client = runtime.client("dynamodb")
    found = client.get_item(TableName=action["TableName"], Key=action["Key"])
    return -(-_bytes(plain_item(found["Item"])) // 1024)


def _index_units(action: Mapping[str, Any]) -> int:
    """The index of a site's visits holds each visit's row once more."""
    return _row_units(action) if action["Key"]["pk"]["S"].startswith("VISIT#") else 0


def _bytes(value: Any) -> int:
    """The size of a row or a value, by DynamoDB's rules."""
    if isinstance(value, dict):
        return 3 + sum(1 + len(name) + _bytes(one) for name, one in value.items())
    return len(value) if isinstance(value, str) else len(str(value)) // 2 + 2


def bare(wire: Wire) -> Work:
    """The same requests by botocore alone, one after the other."""
    client = runtime.client("dynamodb")
    names = {
        "Query": client.query, "TransactWriteItems": client.transact_write_items,
        "UpdateItem": client.update_item, "BatchGetItem": client.batch_get_item,
    }  # fmt: skip
    calls: list[Work] = [partial(names[name], **asked) for name, asked in wire.requests]

    def ask() -> None:
        for call in calls:
            call()

    return ask


def report(case: Case) -> str:
    """One line: what the request takes, and what a million of them cost."""
    case.wire.play()
    floor = f"floor of {case.name}"
    found = measure({floor: bare(case.wire), case.name: case.play})
    milliseconds = found[case.name]
    return (
        f"{case.name:<28} {case.trips:>5} {milliseconds:>7.3f} {found[floor]:>7.3f} "
        f"{milliseconds / found[floor]:>7.2f} {case.reads:>6.0f} {case.writes:>6} "
        f"{case.dollars(milliseconds):>11.2f}"
    )


def main(arguments: list[str]) -> None:
    """Print a table; each case is recorded and played in a process of its own, because a wire that
    plays goes on playing."""
    if len(arguments) == 2:
        size, which = map(int, arguments)
        with mock_aws():
            case = cases(size)[which]
        print(report(case))
        return
    print(f"median of {ROUNDS}, processor time; a round trip is taken as {TRIP_MILLISECONDS} ms")
    print(f"{'':<28} {'trips':>5} {'ms':>7} {'floor':>7} {'ratio':>7} {'reads':>6} {'writes':>6} "
          f"{'$ a million':>11}", flush=True)  # fmt: skip
    for size in SIZES:
        for which in range(2):
            part = [sys.executable, "-m", "bench.visits", str(size), str(which)]
            subprocess.run(part, check=True)


if __name__ == "__main__":
    os.environ |= {
        "AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
    }  # fmt: skip
    main(sys.argv[1:])
