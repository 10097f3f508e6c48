"""A market with a gate: what its offer asks, who is blocked, and callers at the door."""

from dataclasses import replace
from typing import Any

from chalicelib.flows.blocks import block
from chalicelib.gate import Block, BlockKind, GateSettings, block_id
from chalicelib.store.gate import settings_write
from chalicelib.store.rows import CALLS
from tests.builders import CALLER
from tests.fakes import FakeRows
from tests.world import World

NEIGHBOUR = CALLER[:-2] + "77"
STRANGER = "+12125550199"


class Gated(World):
    """A market with one target and a gate."""

    def asks(self, **settings: Any) -> None:
        """The offer asks this of its callers."""
        before = GateSettings(offer_id="off_1")
        after = GateSettings(offer_id="off_1", version=1, **settings)
        self.rows.write([settings_write(before, after)])

    def blocks(self, kind: BlockKind, number: str | None = None, **more: Any) -> str:
        """An entry is made, of the deployment or of the offer, publisher or advertiser named; its
        id."""
        values: dict[str, Any] = {
            "id": "", "kind": kind, "number": number, "reason": "Robocalls", "expires_at": None,
            "created_at": self.now,
        }  # fmt: skip
        draft = Block(**values | more)
        draft = replace(draft, id=block_id(draft.callers, draft.owner))
        return block(draft, stores=self.stores, claim=None, now=self.now).block.id

    def counted(self) -> list[int]:
        """How often each tally has counted, in all its stretches."""
        assert isinstance(self.rows, FakeRows)
        return sorted(
            sum(count for name, count in row.items() if "m#" in name)
            for row in self.rows.rows_of(CALLS)
            if row["pk"].startswith("VELOCITY#")
        )

    def calls(self, sid: str, caller: str | None = CALLER) -> object:
        """Why the caller is refused; None when let in and connected."""
        hashes = {
            "caller_hash": f"hash-of-{caller}" if caller else None,
            "prefix_hash": f"hash-of-{caller[:9]}" if caller else None,
        }
        return self.arrives(sid, caller=caller, **hashes).refusal
