"""The chain of an account: whatever is taken out, changed, slipped in or swapped shows."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import chains
from chalicelib.chains import (
    GENESIS,
    Break,
    Chain,
    Checkpoint,
    DayDigests,
    DaySeal,
    Followed,
    Link,
    Shard,
)

CASH = Shard("cash:bank", 0)


def a_link(number: int, *, day: int = 10, cents: int = 100, content: str = "c") -> Link:
    entry_id = f"ent_{number:03d}"
    return Link(
        order=f"2026-11-{day:02d}T10:00:00.000Z#{entry_id}#0",
        entry_id=entry_id,
        amount_cents=cents,
        payload_hash=content,
    )


def chained(*links: Link) -> Chain:
    chain = Chain()
    for link in links:
        chain = chain.with_link(link)
    return chain


def checked(*links: Link) -> dict[str, Checkpoint]:
    """The checkpoints of all days of these links."""
    found: dict[str, Checkpoint] = {}
    since = Chain()
    for day, of_day in chains.by_day(links):
        found[day] = chains.closing_day(CASH, day, since, of_day)
        since = found[day].chain
    return found


LINKS = st.lists(
    st.builds(
        lambda day, number, cents: a_link(number, day=day, cents=cents),
        st.integers(1, 4),
        st.integers(0, 99),
        st.integers(-(10**9), 10**9).filter(bool),
    ),
    unique_by=lambda link: link.order,
    min_size=2,
    max_size=12,
).map(lambda links: sorted(links, key=lambda link: link.order))


def followed(links: list[Link], sealed: list[Link]) -> Followed:
    days = checked(*sealed)
    return chains.follow(CASH, links, days, max(days))


@given(LINKS)
def test_untouched_legs_follow_their_checkpoints_and_sum_up(links: list[Link]) -> None:
    found = followed(links, links)
    assert found.breaks == ()
    assert found.chain == chained(*links)
    assert found.chain.balance_cents == sum(link.amount_cents for link in links)
    assert found.chain.legs == len(links)


@given(LINKS, st.data())
def test_a_leg_taken_out_breaks_its_day_first(links: list[Link], data: st.DataObject) -> None:
    gone = data.draw(st.sampled_from(links))
    breaks = followed([link for link in links if link != gone], links).breaks
    assert breaks[0].day == gone.day
    assert {one.day for one in breaks} == {gone.day}


@given(LINKS, st.data())
def test_a_leg_slipped_in_breaks_its_day_first(links: list[Link], data: st.DataObject) -> None:
    new = a_link(data.draw(st.integers(100, 199)), day=data.draw(st.integers(1, 4)))
    sealed_through = max(link.day for link in links)
    breaks = followed(sorted([*links, new], key=lambda link: link.order), links).breaks
    if new.day <= sealed_through:
        assert {one.day for one in breaks} == {new.day}
    else:
        assert breaks == ()


@given(LINKS, st.data(), st.sampled_from(["amount_cents", "payload_hash", "entry_id"]))
def test_a_leg_that_says_something_else_breaks_its_day(
    links: list[Link], data: st.DataObject, what: str
) -> None:
    place = data.draw(st.integers(0, len(links) - 1))
    before = links[place]
    after = Link(
        order=before.order,
        entry_id="ent_other" if what == "entry_id" else before.entry_id,
        amount_cents=before.amount_cents + 7 * (what == "amount_cents"),
        payload_hash="other" if what == "payload_hash" else before.payload_hash,
    )
    touched = [*links[:place], after, *links[place + 1 :]]
    assert {one.day for one in followed(touched, links).breaks} == {before.day}


@given(LINKS, st.data())
def test_two_legs_that_change_places_break_both_their_days(
    links: list[Link], data: st.DataObject
) -> None:
    first, second = data.draw(
        st.lists(st.integers(0, len(links) - 1), min_size=2, max_size=2, unique=True)
    )
    one, other = links[first], links[second]
    swapped = list(links)
    for place, at, said in ((first, one, other), (second, other, one)):
        swapped[place] = Link(
            order=at.order, entry_id=said.entry_id, amount_cents=said.amount_cents,
            payload_hash=said.payload_hash,
        )  # fmt: skip
    days = {break_.day for break_ in followed(swapped, links).breaks}
    same = (one.entry_id, one.amount_cents) == (other.entry_id, other.amount_cents)
    assert days == (set() if same else {one.day, other.day})


def test_an_altered_checkpoint_is_the_first_break() -> None:
    links = [a_link(1, day=1), a_link(2, day=2), a_link(3, day=3)]
    days = checked(*links)
    altered = Checkpoint(shard=CASH, day="2026-11-02", chain=Chain("f" * 64, 2, 201))
    found = chains.follow(CASH, links, days | {"2026-11-02": altered}, "2026-11-03")
    assert found.breaks[0] == Break(
        shard=CASH, day="2026-11-02", sealed=altered.chain, found=days["2026-11-02"].chain
    )


def test_a_checkpoint_that_was_taken_away_leaves_a_sealed_day_open() -> None:
    links = [a_link(1, day=1), a_link(2, day=2)]
    days = checked(*links)
    found = chains.follow(CASH, links, {"2026-11-02": days["2026-11-02"]}, "2026-11-02")
    assert (found.breaks[0].day, found.breaks[0].sealed) == ("2026-11-01", None)


def test_what_is_not_sealed_yet_breaks_nothing() -> None:
    links = [a_link(1, day=1), a_link(2, day=2)]
    assert chains.follow(CASH, links, checked(links[0]), "2026-11-01").breaks == ()
    assert chains.follow(CASH, links, {}, None).breaks == ()


def test_sides_that_differ_are_named_with_what_is_missing() -> None:
    one, two, three = a_link(1), a_link(2), a_link(3)
    other = a_link(2, cents=99)
    assert list(chains.differing([one, two, three], [one, three])) == [(two, None)]
    assert list(chains.differing([one, three], [one, two, three])) == [(None, two)]
    assert list(chains.differing([one, two], [one, other])) == [(two, other)]
    assert list(chains.differing([one], [one])) == []


def test_a_seal_holds_the_day_before_and_every_checkpoint() -> None:
    def sealed(*links: Link, previous: str = GENESIS) -> DaySeal:
        digests = DayDigests()
        for checkpoint in checked(*links).values():
            digests.add(checkpoint)
        return digests.seal("2026-11-10", previous)

    plain = sealed(a_link(1))
    assert plain == sealed(a_link(1))
    assert plain.checkpoints == 1
    others = [sealed(), sealed(a_link(2)), sealed(a_link(1), previous=plain.head)]
    assert len({plain.head, *(one.head for one in others)}) == 4


@pytest.mark.parametrize(
    ("now", "closed"),
    [
        (datetime(2026, 11, 11, 0, 59, tzinfo=UTC), "2026-11-09"),
        (datetime(2026, 11, 11, 1, 0, tzinfo=UTC), "2026-11-10"),
        (datetime(2026, 11, 11, 23, 59, tzinfo=UTC), "2026-11-10"),
        (datetime(2026, 3, 1, 1, 0, tzinfo=UTC), "2026-02-28"),
    ],
)
def test_a_day_is_closed_an_hour_after_its_end(now: datetime, closed: str) -> None:
    assert chains.last_closed_day(now) == closed


def test_no_function_runs_as_long_as_a_day_waits_to_be_sealed() -> None:
    assert timedelta(minutes=15) < chains.STRAGGLING


def test_days_are_counted_over_the_end_of_a_month() -> None:
    assert list(chains.days_between("2026-02-27", "2026-03-01")) == [
        "2026-02-27", "2026-02-28", "2026-03-01",
    ]  # fmt: skip
    assert list(chains.days_between("2026-03-02", "2026-03-01")) == []
