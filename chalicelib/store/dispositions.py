"""What is remembered of what advertisers say of their calls?

Owns the rows of dispositions and postbacks beside a call. Which of several counts belongs to
`dispositions` of the core, what could not be matched with a call, to `unmatched`.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from chalicelib import times
from chalicelib.dispositions import Disposition, Postback
from chalicelib.store import codec
from chalicelib.store.rows import CALLS, Item, Put

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


def disposition_put(disposition: Disposition) -> Put:
    """The row of a disposition; refused when it was kept before."""
    part = f"{DISPOSITION_PART}{times.written(disposition.at)}#{disposition.id}"
    return _beside(disposition, part)


def postback_put(postback: Postback) -> Put:
    """The row of a postback; refused when it was kept before."""
    return _beside(postback, f"{POSTBACK_PART}{postback.id}")


def _beside(said: Disposition | Postback, part: str) -> Put:
    return Put(CALLS, {"pk": f"CALL#{said.call_id}", "sk": part, "doc": codec.to_json(said)})
