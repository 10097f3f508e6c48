"""A PayPal with real semantics, behind HTTP on this machine, for tests of whoever pays by it."""
