"""What parked messages tell of, and what a run says is to be done next."""

import json
from typing import Any

import pytest

from chalicelib.parked import (
    MEANING,
    Lying,
    Place,
    Refusal,
    Stretch,
    Taken,
    next_step,
    outlook,
    read_stretch,
)
from tests.parking import SHARD, a_stretch


def test_a_parked_batch_tells_its_shard_and_its_first_and_last_record() -> None:
    assert read_stretch(json.dumps(a_stretch(111, 222))) == Stretch(SHARD, "111", "222")


def test_a_sequence_number_is_kept_as_the_stream_writes_it() -> None:
    body = with_batch(startSequenceNumber="000111", endSequenceNumber="000111")
    assert read_stretch(body) == Stretch(SHARD, "000111", "000111")


def with_batch(**changed: Any) -> str:
    body = a_stretch(111, 222)
    body["DDBStreamBatchInfo"].update(changed)
    return json.dumps(body)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "no json",
        "[]",
        "{}",
        '{"DDBStreamBatchInfo": 7}',
        '{"KinesisBatchInfo": {"shardId": "s"}}',
        with_batch(shardId=None),
        with_batch(shardId=""),
        with_batch(startSequenceNumber="first"),
        with_batch(endSequenceNumber=None),
        with_batch(startSequenceNumber="-1"),
        with_batch(startSequenceNumber="223"),
        with_batch(startSequenceNumber=111),
        with_batch(endSequenceNumber="²"),
        with_batch(endSequenceNumber="9" * 5000),
    ],
)
def test_what_tells_of_no_stretch_is_refused(body: str) -> None:
    with pytest.raises(ValueError, match="tells of no stretch"):
        read_stretch(body)


def test_every_place_says_what_lies_there() -> None:
    assert set(MEANING) == set(Place)


def taken(taken_up: int = 0, expired: int = 0, refused: int = 0) -> Taken:
    refusals = tuple(Refusal(f"m{n}", "no json") for n in range(refused))
    return Taken(place=Place.SETTLE_DEAD, taken_up=taken_up, expired=expired, refused=refusals)


@pytest.mark.parametrize(
    ("did", "waiting", "in_hand", "said"),
    [
        (taken(taken_up=3, refused=2), 0, 2, "2 could not be taken up"),
        (taken(taken_up=3), 5, 0, "More lies there. Run this again."),
        (taken(taken_up=3), 0, 0, "What was taken up is done within a minute."),
        (taken(expired=1), 0, 0, "The sweep, every minute, finds"),
        (taken(), 0, 4, "Another run has the rest in hand."),
        (taken(), 0, 0, "Nothing lies there."),
    ],
)
def test_a_run_says_what_is_to_be_done_next(
    did: Taken, waiting: int, in_hand: int, said: str
) -> None:
    left = (Lying(Place.SETTLE_DEAD, waiting=waiting, in_hand=in_hand),)
    assert next_step((did,), left).startswith(said)


@pytest.mark.parametrize(
    ("waiting", "in_hand", "said"),
    [(0, 0, "Nothing lies there."), (1, 0, "make replay"), (0, 1, "make replay")],
)
def test_a_look_says_what_is_to_be_done(waiting: int, in_hand: int, said: str) -> None:
    assert said in outlook((Lying(Place.VALIDATE_FAILED, waiting=waiting, in_hand=in_hand),))
