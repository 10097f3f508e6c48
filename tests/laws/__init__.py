"""Laws of whole books and long runs: every example of one takes long."""

from hypothesis import settings

A_FEW = max(10, settings().max_examples // 2)
"""How often the longest laws are tried: half as often as others, and ten times at least."""
