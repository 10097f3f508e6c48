"""Where do a pool's slots lie, and what is known of who has and had the numbers in them?

Owns the keys of a pool's rows. Who is lent the number in a slot belongs to `leases`.
"""

from chalicelib.offers import Slot
from chalicelib.store.rows import VISITS, Key


def size_key(pool_id: str) -> Key:
    """Where the sizes of a pool lie."""
    return Key(VISITS, f"POOL#{pool_id}", "SIZE")


def slot_key(slot: Slot) -> Key:
    """Where a slot lies."""
    return Key(VISITS, f"POOL#{slot.pool_id}", f"SLOT#{slot.area}#{slot.number:05d}")


def lent_key(slot: Slot) -> Key:
    """Where the visits lie that have and had the number of a slot."""
    return Key(VISITS, f"POOL#{slot.pool_id}", f"LENT#{slot.area}#{slot.number:05d}")
