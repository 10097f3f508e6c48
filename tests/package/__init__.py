"""Tests of what is shipped: the zip, its imports and what each function may do."""
