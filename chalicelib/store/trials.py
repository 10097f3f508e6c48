"""How is it remembered how a partnership's calls ended on each target?

Owns the rows of trials, one for a partnership and a campaign: a decision knows their keys without
reading anything before, and calls of other publishers or campaigns never wait for them. What
everyone's calls came to on a target lies in the target's row and changes in `holds`; the estimate
made of both belongs to the core's `trials`.
"""

from collections.abc import Mapping
from datetime import datetime

from chalicelib.calls import Call, Reached
from chalicelib.ringing import on_trial
from chalicelib.store.rows import CATALOG, Action, Change, Item, Key
from chalicelib.trials import counts_trials, is_over, named, names_of_a_trial

# An expression takes 4 KB, and a row 400 KB: a target's names take about 300 bytes of it. The next
# trial forgets what this one leaves, and a full row counts on when its stretches are over.
_MOST_FORGOTTEN = 40
_MOST_NAMES = 4_000


def trials_key(partnership_id: str, campaign_id: str) -> Key:
    """Where the trials of a partnership's calls on a campaign's targets are counted."""
    return Key(CATALOG, f"PARTNERSHIP#{partnership_id}", f"TRIALS#{campaign_id}")


def read_trials(item: Item) -> dict[str, int]:
    """What a row counts of trials, by name."""
    return {name: value for name, value in item.items() if counts_trials(name)}


def trial_changes(
    call: Call, *, reached: Reached, counted: Mapping[str, int], now: datetime
) -> list[Action]:
    """What counts the end of the call's present attempt, which came as far as `reached`, in the
    transaction that ends it.

    `counted` is the row as it was read: of that, what is over is forgotten. Nothing without an
    attempt, and nothing new in a row that is full, so that no call fails to settle over it.
    """
    if call.attempt is None or call.partnership_id is None:
        return []
    hold = call.attempt.hold
    ended = names_of_a_trial(approved=reached is Reached.CHARGE, now=now)
    names = {named(one, name) for one in on_trial(call.attempt, reached) for name in ended}
    if len(counted.keys() | names) > _MOST_NAMES and not names <= counted.keys():
        names = set()
    over = [name for name in counted if is_over(name, now)][:_MOST_FORGOTTEN]
    if not names and not over:
        return []
    return [
        Change(
            key=trials_key(call.partnership_id, hold.campaign_id),
            add={(name,): 1 for name in sorted(names)},
            remove=[(name,) for name in over],
        )
    ]
