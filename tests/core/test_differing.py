"""The members in which two documents differ, by their paths."""

from typing import Any

import pytest

from chalicelib.differing import changed_members


@pytest.mark.parametrize(
    ("was", "becomes", "found"),
    [
        ({}, {}, []),
        ({"a": 1, "b": [1, {"c": 2}]}, {"a": 1, "b": [1, {"c": 2}]}, []),
        ({"a": 1}, {"a": 2}, [("a", 1, 2)]),
        ({"a": 1}, {"b": 1}, [("a", 1, None), ("b", None, 1)]),
        ({"a": {"b": 1}}, {"a": {"b": 2}}, [("a.b", 1, 2)]),
        ({"a": {"b": 1}}, {"a": None}, [("a", {"b": 1}, None)]),
        ({"a": [1, 2]}, {"a": [1, 3]}, [("a.1", 2, 3)]),
        ({"a": [1]}, {"a": [1, 2]}, [("a.1", None, 2)]),
        ({"a": True}, {"a": "yes"}, [("a", True, "yes")]),
    ],
)
def test_every_member_that_differs_is_told(
    was: Any, becomes: Any, found: list[tuple[str, Any, Any]]
) -> None:
    assert [(one.field, one.was, one.becomes) for one in changed_members(was, becomes)] == found
