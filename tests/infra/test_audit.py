"""The audit command: a table that sums up, and plain words when it cannot be run."""

import pytest

from infra.audit import cloud_of, table
from infra.stage import Stopped


def test_the_table_shows_what_moved_and_the_sum_of_all() -> None:
    shown = table([("cash:bank", 123_456), ("prepaid:adv_1", -123_455), ("ar:adv_1", 0)])
    assert shown.splitlines() == [
        "cash:bank              1,234.56",
        "prepaid:adv_1         -1,234.55",
        "sum                        0.01",
    ]


def test_more_than_one_stage_is_refused() -> None:
    with pytest.raises(Stopped, match="at most one stage"):
        cloud_of(["prod", "test"])
