"""Which of the eligible targets is tried first?

Owns the order among those that could all take a call. Who could, belongs to `eligibility`.
"""

import hashlib

from chalicelib.campaigns import Target


def rank(target: Target, call_id: str) -> tuple[int, float, str]:
    """Priority first; within one, a draw in which weight 30 comes first three times as often as 10.

    The draw is u^(1/weight), highest first (Efraimidis and Spirakis, weighted random sampling).
    """
    digest = hashlib.sha256(f"{call_id}/{target.id}".encode()).digest()
    uniform = (int.from_bytes(digest[:7], "big") + 1) / 2**56
    return target.priority, -(uniform ** (1 / target.weight)), target.id
