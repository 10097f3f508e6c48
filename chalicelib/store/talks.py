"""Whom did this caller talk with, and when?

Owns one row for each caller, under a stand-in for the number, with the latest talk with every
target. What a campaign makes of a repeated caller belongs to `eligibility`.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from chalicelib.calls import Call
from chalicelib.market import Market
from chalicelib.settings import LONGEST_REPEAT_DAYS
from chalicelib.store.rows import CALLS, Change, Item, Key

_KEPT = timedelta(days=LONGEST_REPEAT_DAYS + 1)


def talks_key(caller_hash: str) -> Key:
    """Where a caller's talks are remembered."""
    return Key(CALLS, f"TALKED#{caller_hash}")


def talk_change(caller_hash: str, target_id: str, at: datetime) -> Change:
    """Remember a talk that began with a call at `at`; a year and a day after the last one all are
    forgotten."""
    return Change(
        key=talks_key(caller_hash),
        set={
            (target_id,): int(at.timestamp()),
            ("expires_at",): int((at + _KEPT).timestamp()),
        },
    )


def talk_changes(call: Call) -> list[Change]:
    """That the caller talked with the present target; nothing for an anonymous one."""
    if call.attempt is None or call.caller_hash is None:
        return []
    return [talk_change(call.caller_hash, call.attempt.hold.target_id, call.arrived_at)]


def read_talks(item: Item | None, market: Market) -> Mapping[str, datetime]:
    """The talks that a row tells of with targets of the market."""
    if item is None:
        return {}
    targets = (one.target.id for campaign in market.campaigns for one in campaign.targets)
    return {one: datetime.fromtimestamp(item[one], UTC) for one in targets if one in item}
