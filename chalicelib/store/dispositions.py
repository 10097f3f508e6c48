"""What is remembered of what advertisers say of their calls?

Owns the rows of dispositions and postbacks beside a call, and what the call's own row shows of
them. Which of several counts belongs to `dispositions` of the core, what names the call, to
`feedback`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from chalicelib import times
from chalicelib.calls import Call
from chalicelib.dispositions import Disposition, ExternalId, Postback, supersedes
from chalicelib.store import codec
from chalicelib.store.rows import (
    CALLS,
    Absent,
    Action,
    Change,
    Condition,
    Equals,
    Item,
    Key,
    Path,
    Put,
    Question,
    Rows,
)

DISPOSITION_PART = "DISPOSITION#"
POSTBACK_PART = "POSTBACK#"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """All that advertisers have said of a call, each the earliest first."""

    dispositions: tuple[Disposition, ...] = ()
    postbacks: tuple[Postback, ...] = ()


def read_said(items: Iterable[Item]) -> Said:
    """What the rows of a call tell; other rows among them are passed over."""
    rows = [(str(item["sk"]), item) for item in items]
    dispositions = [codec.from_json(Disposition, row["doc"]) for sk, row in rows
                    if sk.startswith(DISPOSITION_PART)]  # fmt: skip
    postbacks = [codec.from_json(Postback, row["doc"]) for sk, row in rows
                 if sk.startswith(POSTBACK_PART)]  # fmt: skip
    return Said(
        dispositions=tuple(sorted(dispositions, key=lambda one: (one.at, one.id))),
        postbacks=tuple(sorted(postbacks, key=lambda one: (one.at, one.id))),
    )


def said_of(rows: Rows, call_id: str) -> Said:
    """All that advertisers have said of the call."""
    questions = [
        Question(table=CALLS, partition=f"CALL#{call_id}", starts_with=part)
        for part in (DISPOSITION_PART, POSTBACK_PART)
    ]
    _, found = rows.gather([], questions)
    return read_said(item for items in found for item in items)


def with_said(call: Call, item: Item) -> Call:
    """The call with the disposition and the external id that lie beside it in its row."""
    disposition, external_id = item.get("disposition"), item.get("external_id")
    if disposition is None and external_id is None:
        return call
    return replace(
        call,
        disposition=codec.from_json(Disposition, disposition) if disposition else None,
        external_id=ExternalId(*external_id.split(" ", 1)) if external_id else None,
    )


def disposition_put(disposition: Disposition) -> Put:
    """The row of a disposition; refused when it was kept before."""
    part = f"{DISPOSITION_PART}{times.written(disposition.at)}#{disposition.id}"
    return _beside(disposition, part)


def postback_put(postback: Postback) -> Put:
    """The row of a postback; refused when it was kept before."""
    return _beside(postback, f"{POSTBACK_PART}{postback.id}")


def shown_changes(
    call: Call, disposition: Disposition | None, external_id: ExternalId | None = None
) -> list[Action]:
    """The call's own row with what it shows anew, while it shows what it did: the disposition if
    that is the latest, and an external id. Nothing when nothing is new."""
    sets: dict[Path, str] = {}
    when: list[Condition] = []
    if disposition is not None and supersedes(disposition, call.disposition):
        stood = call.disposition.id if call.disposition else None
        sets |= {("disposition",): codec.to_json(disposition), ("disposition_id",): disposition.id}
        when.append(_stands("disposition_id", stood))
    if external_id is not None:
        sets[("external_id",)] = _written(external_id)
        written = _written(call.external_id) if call.external_id else None
        when.append(_stands("external_id", written))
    return [Change(key=Key(CALLS, f"CALL#{call.id}"), set=sets, when=when)] if sets else []


def _beside(said: Disposition | Postback, part: str) -> Put:
    return Put(CALLS, {"pk": f"CALL#{said.call_id}", "sk": part, "doc": codec.to_json(said)})


def _written(external_id: ExternalId) -> str:
    return f"{external_id.advertiser_id} {external_id.value}"


def _stands(name: str, stood: str | None) -> Condition:
    return Equals((name,), stood) if stood else Absent((name,))
