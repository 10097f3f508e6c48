"""What does a bench use of DynamoDB and of memory?

DynamoDB Local tells the request units of reading. Those of writing follow from the rows as they are
afterwards: two for each started kilobyte in a transaction, and one more for each index that holds
the row or has just lost it. Linux tells the memory.
"""

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chalicelib import runtime
from chalicelib.store.attributes import plain_item

READING = frozenset({"BatchGetItem", "Query"})


@dataclass
class Meter:
    """The request units of this process, by what they are, and the time that counting took."""

    units: dict[str, float] = field(default_factory=lambda: {"read": 0.0, "write": 0.0})
    seconds: float = 0.0
    _looks: bool = False
    _written: list[dict[str, Any]] = field(default_factory=list)

    def connect(self) -> None:
        """Count at every answer of DynamoDB."""
        events = runtime.client("dynamodb").meta.events
        events.register("provide-client-params.dynamodb", self._ask)
        events.register("after-call.dynamodb", self._count)

    def taken(self) -> dict[str, float]:
        """What was used since this was asked last."""
        units, self.units = self.units, {"read": 0.0, "write": 0.0}
        return units

    def _ask(self, params: dict[str, Any], **_: Any) -> dict[str, Any]:
        if not self._looks:
            actions = params.get("TransactItems", [{"Single": params}])
            self._written = [inner for action in actions for inner in action.values()]
        return params | {"ReturnConsumedCapacity": "TOTAL"}

    def _count(self, parsed: dict[str, Any], model: Any, **_: Any) -> None:
        told = parsed.get("ConsumedCapacity") or []
        if self._looks:
            return
        if model.name in READING:
            answers = told if isinstance(told, list) else [told]
            self.units["read"] += sum(one["CapacityUnits"] for one in answers)
            return
        started, self._looks = time.perf_counter(), True
        together = 2 if model.name == "TransactWriteItems" else 1
        self.units["write"] += sum(_units(one, together) for one in self._written)
        self.seconds, self._looks = self.seconds + time.perf_counter() - started, False


def _units(written: dict[str, Any], together: int) -> int:
    """The write units of one row that was put or changed."""
    row = written.get("Item") or runtime.client("dynamodb").get_item(
        TableName=written["TableName"], Key=written["Key"], ConsistentRead=True
    )["Item"]  # fmt: skip
    size = sum(len(f"{name}{value}".encode()) for name, value in plain_item(row).items())
    kilobytes = -(-size // 1024)
    indexes = sum(name in row for name in ("kind", "document_id", "open"))
    lost = "open" not in row and "REMOVE" in written.get("UpdateExpression", "")
    return kilobytes * (together + indexes + lost)


def peak_megabytes() -> float:
    """The most memory that this process has had, in megabytes, as Linux tells it."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024
