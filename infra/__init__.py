"""How does RingLedger get onto AWS, and onto a laptop's own AWS?

Owns packages, stacks, wiring and the local cloud. What runs there is not its
business: that is `app.py` and `chalicelib/`.
"""
