"""How is a call, or a stream of calls, shown to a person?

Turns results into lines of text; printing them is `cli`'s business.
"""

import json
from collections import Counter
from collections.abc import Iterable, Sequence

from simulator.courier import Exchange
from simulator.faults import ASKING_KINDS, FLOW_KINDS
from simulator.network import CallResult

_TELLING = (
    "CallStatus", "SequenceNumber", "CallDuration", "DialCallStatus", "DialBridged",
    "DialCallDuration", "Digits", "RecordingStatus", "step", "keys", "attempt", "outcome", "reason",
)  # fmt: skip


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Aligned columns under a header and a rule; the last column is not padded."""
    cells = [list(header), *(list(row) for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
    lines = ["  ".join(f"{c:<{w}}" for c, w in zip(row, widths, strict=True)) for row in cells]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return [line.rstrip() for line in lines]


def call_lines(result: CallResult) -> list[str]:
    """One call: who called whom, everything sent and answered, and how it ended."""
    script = result.script
    rows = [_row(exchange) for exchange in result.timeline]
    return [
        f"call {result.sid}  {script.caller.number} -> {script.to}",
        "",
        *table(("at", "request", "said", "answer", "took", "platform said"), rows),
        "",
        f"The call ended {result.status}, by the {result.ended_by}, after {result.duration} s"
        f" ({result.talk_seconds} s of talk).",
        *(f"  leg {leg.sid}  {leg.to}  {leg.status}  {leg.duration} s" for leg in result.legs),
        *_violation_lines(result),
    ]


def _row(exchange: Exchange) -> tuple[str, str, str, str, str, str]:
    name = exchange.kind + (f" (copy {exchange.copy})" if exchange.copy > 1 else "")
    fields = exchange.fields
    said = " ".join(f"{key}={fields[key]}" for key in _TELLING if key in fields)
    answer = exchange.answer
    if exchange.dropped:
        return f"{exchange.second:.1f} s", name, said, "lost", "", ""
    heard = str(answer.status or "none") + (" REFUSED" if exchange.violations else "")
    text = " ".join(answer.body.decode("utf-8", "replace").split()) or answer.fault
    text = text.partition("<Response>")[2].removesuffix("</Response>") or _gist(text)
    took = f"{answer.seconds * 1000:.0f} ms"
    return f"{exchange.second:.1f} s", name, said, heard, took, shortened(text, 90)


def _gist(text: str) -> str:
    """Of a flow's answer what it is to do next; any other text as it is."""
    try:
        said = json.loads(text)
    except ValueError:
        return text
    if not isinstance(said, dict) or "action" not in said:
        return text
    shown = (
        f"{name}={said[name]}"
        for name in ("action", "step", "destination", "attempt", "reason")
        if said.get(name, "none") != "none"
    )
    return " ".join(shown)


def shortened(text: str, longest: int) -> str:
    """A text of at most `longest` characters, the cut marked."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _violation_lines(result: CallResult) -> list[str]:
    if not result.violations:
        return ["Every answer was one the carrier takes."]
    return [
        "",
        f"{len(result.violations)} answers the carrier would not take:",
        *(f"  - {violation}" for violation in result.violations),
    ]


class Tally:
    """What came of a stream of calls so far."""

    def __init__(self) -> None:
        self.calls = 0
        self.violations: list[str] = []
        self._statuses: Counter[str] = Counter()
        self._talk: Counter[str] = Counter()
        self._sent: Counter[str] = Counter()
        self._extra: Counter[str] = Counter()
        self._lost: Counter[str] = Counter()
        self._took: dict[str, list[float]] = {}

    def add(self, result: CallResult) -> None:
        """Count one call."""
        self.calls += 1
        name = "bridged" if result.talk_seconds else f"not bridged, {result.status}"
        self._statuses[name] += 1
        self._talk[name] += result.talk_seconds
        self.violations += [f"{result.sid} {violation}" for violation in result.violations]
        for exchange in result.timeline:
            self._lost[exchange.kind] += exchange.dropped
            self._extra[exchange.kind] += exchange.copy > 1
            self._sent[exchange.kind] += not exchange.dropped
            if not exchange.dropped:
                self._took.setdefault(exchange.kind, []).append(exchange.answer.seconds)

    @property
    def progress(self) -> str:
        """One line for a screen that is watched."""
        webhooks = self._sent.total()
        return f"{self.calls} calls, {webhooks} webhooks, {len(self.violations)} violations"

    def lines(self, seconds: float) -> list[str]:
        """The summary of a run that took `seconds` of real time."""
        ends = [
            (name, str(number), str(self._talk[name]))
            for name, number in self._statuses.most_common()
        ]
        rate = self.calls / seconds if seconds else 0.0
        return [
            f"{self.calls} calls in {seconds:.1f} s ({rate:.1f} a second)",
            "",
            *table(("calls that ended", "number", "talk seconds"), ends),
            "",
            *table(
                ("webhook", "sent", "of them repeats", "lost", "median ms", "95 % ms", "max ms"),
                [self._latency(kind) for kind in sorted(self._sent, key=_order)],
            ),
            "",
            f"{len(self.violations)} answers the carrier would not take",
            *(f"  - {violation}" for violation in self.violations[:20]),
        ]

    def _latency(self, kind: str) -> tuple[str, ...]:
        took = sorted(self._took.get(kind, ())) or [0.0]
        points = (took[len(took) // 2], took[min(len(took) - 1, int(len(took) * 0.95))], took[-1])
        counts = (self._sent[kind], self._extra[kind], self._lost[kind])
        return (kind, *map(str, counts), *(f"{point * 1000:.0f}" for point in points))


def _order(kind: str) -> tuple[bool, str]:
    return kind not in (*ASKING_KINDS, *FLOW_KINDS), kind
