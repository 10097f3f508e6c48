"""Sixty-four visitors at once for fifty numbers: every number is lent, and none twice."""

from chalicelib.store.dynamo import DynamoRows
from tests.laws.test_lending_laws import crowd


def test_fifty_numbers_are_lent_to_fifty_of_sixty_four_visitors() -> None:
    lent = [one for one in crowd(DynamoRows, 64, 50) if one]
    assert len(lent) == len(set(lent)) == 50


def test_few_visitors_of_a_large_pool_do_not_meet() -> None:
    lent = [one for one in crowd(DynamoRows, 16, 120) if one]
    assert len(lent) == len(set(lent)) == 16
