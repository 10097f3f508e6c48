"""RingLedger: pure rules at the top, what remembers and speaks in the packages below."""
