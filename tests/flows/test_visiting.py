"""A visit gets a number, keeps it by heartbeats, and loses it in time."""

import json
from typing import Any

import pytest

from chalicelib.campaigns import State
from chalicelib.errors import RateLimited
from chalicelib.flows.visiting import ForeignOrigin, Shown, UnknownSite
from chalicelib.offers import ANYWHERE, Slot
from chalicelib.pools import Overflow, Swap
from chalicelib.showing import BELIEVED_SECONDS, Told
from chalicelib.store.rows import VISITS, Key
from chalicelib.store.tallies import PoolTally, tallies_by_hour
from chalicelib.store.visits import find_visit
from chalicelib.tokens import InvalidToken
from tests.builders import NOW
from tests.fakes import FakeRows
from tests.pools import (
    POOL,
    SITE,
    a_pool,
    change_site,
    change_slot,
    found,
    lay_pool,
    number_in,
)  # fmt: skip
from tests.visitors import Visitors, number, visit_of


def trips(visitors: Visitors) -> int:
    assert isinstance(visitors.rows, FakeRows)
    return visitors.rows.trips


def lent_row(visitors: Visitors, slot: int) -> dict[str, Any]:
    key = Key(VISITS, f"POOL#{POOL}", f"LENT##{slot:05d}")
    visits: dict[str, str] = visitors.rows.gather([key])[0][key]["visits"]
    return {id: json.loads(doc) for id, doc in visits.items()}


def where(shown: Shown) -> Slot:
    slot = shown.grants[0].slot
    assert slot is not None
    return slot


def slot_of(shown: Shown) -> int:
    return where(shown).number


def test_a_new_visit_is_lent_a_number_and_all_that_it_told_is_kept() -> None:
    visitors = Visitors()
    visitors.opens()
    shown = visitors.asks()
    slot = slot_of(shown)
    assert number(shown) == number_in(Slot(pool_id=POOL, area=ANYWHERE, number=slot))
    row, now = visitors.slot(slot), int(NOW.timestamp())
    assert (row["visit_id"], row["since"], row["seen_at"]) == (visit_of(shown), now, now)
    assert row["until"] == now + 300 and row["lends"] == 1
    assert (int(shown.expires_at.timestamp()), shown.heartbeat_seconds) == (now + 300, 60)
    kept = find_visit(visitors.rows, visit_of(shown), NOW)
    assert kept is not None and kept.attributes == {"source": "google"}
    assert [lease.e164 for lease in kept.leases] == [number(shown)]
    assert lent_row(visitors, slot)[visit_of(shown)]["attributes"] == {"source": "google"}


def test_a_new_visit_takes_three_round_trips_a_known_site_two_and_a_known_visit_one() -> None:
    visitors = Visitors()
    visitors.opens()
    before = trips(visitors)
    first = visitors.asks()
    assert trips(visitors) - before == 3
    before = trips(visitors)
    visitors.asks()
    assert trips(visitors) - before == 2
    for _ in range(2):
        before = trips(visitors)
        visitors.another_process()
        first = visitors.asks(first)
        assert trips(visitors) - before == 1


def test_every_pool_of_a_site_is_asked_in_the_same_round_trips() -> None:
    visitors = Visitors()
    pools = [a_pool(id=f"pool_{n}") for n in range(3)]
    visitors.opens(*(lay_pool(visitors.rows, one, position=n) for n, one in enumerate(pools)))
    before = trips(visitors)
    shown = visitors.asks()
    assert trips(visitors) - before == 3
    assert len({grant.number for grant in shown.grants}) == 3
    before = trips(visitors)
    visitors.asks(shown)
    assert trips(visitors) - before == 1


def test_heartbeats_keep_the_number_until_the_longest_lease_is_over() -> None:
    visitors = Visitors()
    visitors.opens(lay_pool(visitors.rows, a_pool(max_lease_seconds=900)))
    shown = first = visitors.asks()
    for _ in range(4):
        visitors.later(seconds=200)
        shown = visitors.asks(shown)
        assert number(shown) == number(first)
    now, began = int(visitors.now.timestamp()), int(NOW.timestamp())
    assert visitors.slot(slot_of(first))["until"] == began + 900 < now + 300


def test_a_visit_whose_lease_has_ended_takes_its_number_back_while_nobody_has_it() -> None:
    visitors = Visitors()
    visitors.opens()
    first = visitors.asks()
    visitors.later(seconds=301)
    again = visitors.asks(first)
    assert (number(again), visit_of(again)) == (number(first), visit_of(first))
    row = visitors.slot(slot_of(first))
    assert row["since"] == int(visitors.now.timestamp()) and row["lends"] == 1
    assert "before_visit_id" not in row


def test_a_visit_whose_number_another_has_is_lent_another_within_three_round_trips() -> None:
    visitors = Visitors()
    visitors.opens(lay_pool(visitors.rows, sizes={ANYWHERE: 2}))
    first = visitors.asks()
    visitors.later(seconds=300)
    change_slot(
        visitors.rows, where(first), visit_id="visit_other",
        until=int(visitors.now.timestamp()) + 60,
    )  # fmt: skip
    before = trips(visitors)
    again = visitors.asks(first)
    assert trips(visitors) - before <= 3
    assert visit_of(again) == visit_of(first) and number(again) != number(first)


def test_a_number_is_free_at_the_second_in_which_its_lease_ends_and_not_before() -> None:
    visitors = Visitors()
    visitors.opens(lay_pool(visitors.rows, sizes={ANYWHERE: 1}))
    first = visitors.asks()
    visitors.later(seconds=299)
    assert number(visitors.asks()) is None
    visitors.later(seconds=1)
    assert number(visitors.asks()) == number(first)


def test_a_number_that_a_call_keeps_is_lent_to_nobody_else_and_back_to_its_visit() -> None:
    visitors = Visitors()
    visitors.opens(lay_pool(visitors.rows, sizes={ANYWHERE: 1}))
    first = visitors.asks()
    kept_until = int(visitors.now.timestamp()) + 3600
    change_slot(visitors.rows, where(first), kept_until=kept_until)
    visitors.later(seconds=600)
    assert number(visitors.asks()) is None
    assert number(visitors.asks(first)) == number(first)


def test_a_slot_remembers_the_present_visit_and_the_one_before_and_no_other() -> None:
    visitors = Visitors()
    visitors.opens(lay_pool(visitors.rows, sizes={ANYWHERE: 1}))
    visits = []
    for _ in range(3):
        visits.append(visit_of(visitors.asks()))
        visitors.later(seconds=300)
    row = visitors.slot()
    assert (row["visit_id"], row["before_visit_id"]) == (visits[2], visits[1])
    assert row["before_since"] == row["since"] - 300
    assert set(lent_row(visitors, 0)) == set(visits[1:])
    assert (row["lends"], row["collisions"]) == (3, 2)


def test_a_visit_that_comes_back_to_a_number_it_had_before_the_last_is_remembered_once() -> None:
    visitors = Visitors()
    visitors.opens(lay_pool(visitors.rows, sizes={ANYWHERE: 1}))
    first = visitors.asks()
    visitors.later(seconds=300)
    second = visitors.asks()
    visitors.later(seconds=300)
    again = visitors.asks(first)
    assert number(again) == number(first)
    assert set(lent_row(visitors, 0)) == {visit_of(first), visit_of(second)}


def test_what_a_page_tells_anew_is_kept_by_its_heartbeat() -> None:
    visitors = Visitors()
    visitors.opens()
    first = visitors.asks()
    before = trips(visitors)
    told = Told(page="https://www.example.com/buy", attributes={"source": "google", "cart": "7"})
    second = visitors.asks(first, told=told)
    assert trips(visitors) - before == 1
    for document in (
        lent_row(visitors, slot_of(first))[visit_of(first)]["attributes"],
        find_visit(visitors.rows, visit_of(first), NOW).attributes,  # type: ignore[union-attr]
    ):
        assert document == {"source": "google", "cart": "7"}
    before_rows = visitors.rows.gather([Key(VISITS, f"VISIT#{visit_of(first)}")])
    visitors.asks(second, told=told)
    assert visitors.rows.gather([Key(VISITS, f"VISIT#{visit_of(first)}")]) == before_rows


def test_an_exhausted_pool_shows_everybodys_number_or_the_pages_own() -> None:
    for overflow, shown in ((Overflow.FALLBACK_NUMBER, "+18005550199"), (Overflow.NONE, None)):
        visitors = Visitors()
        pool = a_pool(overflow=overflow, fallback_e164="+18005550199")
        visitors.opens(lay_pool(visitors.rows, pool, sizes={ANYWHERE: 1}))
        visitors.asks()
        late = visitors.asks()
        assert number(late) == shown
        assert find_visit(visitors.rows, visit_of(late), NOW) is not None
        visitors.later(seconds=300)
        assert number(visitors.asks(late)) == number_in(
            Slot(pool_id=POOL, area=ANYWHERE, number=0)
        ), "a heartbeat asks again"


def test_arrivals_overflows_and_collisions_are_counted_by_hour() -> None:
    visitors = Visitors()
    visitors.opens(lay_pool(visitors.rows, sizes={ANYWHERE: 2}))
    shown = [visitors.asks() for _ in range(3)]
    for one in shown:
        visitors.asks(one)
    visitors.later(hours=2)
    visitors.asks()
    counts = tallies_by_hour(visitors.rows, POOL, NOW, visitors.now.replace(hour=23))
    assert counts == {
        NOW: PoolTally(arrivals=3, overflows=1),
        visitors.now: PoolTally(arrivals=1, collisions=1),
    }


def test_a_visitor_is_lent_a_number_of_its_own_state_first() -> None:
    visitors = Visitors()
    lending = lay_pool(visitors.rows, a_pool(near_visitor=True), {"CA": 3, "NY": 1, "TX": 3})
    visitors.opens(lending)
    first, second = visitors.asks(home="NY"), visitors.asks(home="NY")
    areas = [one.grants[0].slot.area for one in (first, second) if one.grants[0].slot]
    assert areas[0] == "NY" and areas[1] in ("CA", "TX")


def test_numbers_that_are_always_the_same_need_no_lease() -> None:
    visitors = Visitors()
    visitors.opens(swaps=(Swap(find=found(0), e164="+18005550777"),), lendings=())
    before = trips(visitors)
    shown = visitors.asks()
    assert (number(shown), shown.token) == ("+18005550777", None)
    assert trips(visitors) - before == 1 and not visitors.live()


def test_a_program_gets_what_everybody_gets_and_nothing_is_kept_of_it() -> None:
    visitors = Visitors()
    pool = a_pool(overflow=Overflow.FALLBACK_NUMBER, fallback_e164="+18005550199")
    visitors.opens(lay_pool(visitors.rows, pool))
    before = len(visitors.rows.rows_of(VISITS))  # type: ignore[attr-defined]
    shown = visitors.asks(bot=True)
    assert (number(shown), shown.token) == ("+18005550199", None)
    assert len(visitors.rows.rows_of(VISITS)) == before  # type: ignore[attr-defined]


def test_a_paused_pool_lends_nothing_and_a_paused_site_is_unknown() -> None:
    visitors = Visitors()
    lending = lay_pool(visitors.rows, a_pool(state=State.PAUSED))
    site = visitors.opens(lending)
    shown = visitors.asks()
    assert (number(shown), shown.token) == (None, None)
    change_site(visitors.rows, site, state=State.PAUSED)
    visitors.another_process()
    with pytest.raises(UnknownSite):
        visitors.asks()


REFUSED: dict[str, tuple[dict[str, Any], type[Exception]]] = {
    "an unknown site": ({"site_id": "site_none"}, UnknownSite),
    "a foreign page": ({"host": "example.com.evil.test"}, ForeignOrigin),
    "a page that ends alike": ({"host": "notexample.com"}, ForeignOrigin),
}


@pytest.mark.parametrize(("asked", "refusal"), REFUSED.values(), ids=REFUSED)
def test_a_refusal_spends_no_lease_and_keeps_nothing(
    asked: dict[str, Any], refusal: type[Exception]
) -> None:
    visitors = Visitors()
    visitors.opens()
    before = visitors.rows.rows_of(VISITS)  # type: ignore[attr-defined]
    with pytest.raises(refusal):
        visitors.asks(**asked)
    assert visitors.rows.rows_of(VISITS) == before  # type: ignore[attr-defined]


def test_a_token_of_another_site_is_refused() -> None:
    visitors = Visitors()
    visitors.opens()
    shown = visitors.asks()
    with pytest.raises(InvalidToken):
        visitors.asks(shown, site_id="site_02")


def test_a_token_is_believed_for_ten_minutes_on_its_own_page_and_then_the_site_is_read() -> None:
    visitors = Visitors()
    site = visitors.opens()
    shown = visitors.asks()
    change_site(visitors.rows, site, state=State.PAUSED)
    for _ in range(BELIEVED_SECONDS // 200 - 1):
        visitors.later(seconds=200)
        visitors.another_process()
        shown = visitors.asks(shown)
    visitors.later(seconds=200)
    visitors.another_process()
    with pytest.raises(UnknownSite):
        visitors.asks(shown)


def test_a_token_shown_by_another_page_is_not_believed() -> None:
    visitors = Visitors()
    visitors.opens()
    shown = visitors.asks()
    visitors.another_process()
    with pytest.raises(ForeignOrigin):
        visitors.asks(shown, origin="https://evil.test", host="evil.test")


def test_a_changed_site_is_taken_up_by_the_next_heartbeat_and_the_lease_goes_on() -> None:
    visitors = Visitors()
    site = visitors.opens()
    first = visitors.asks()
    more = Swap(find=found(5), e164="+18005550777")
    change_site(visitors.rows, site, swaps=(*site.swaps, more))
    visitors.later(seconds=61)
    visitors.asks()
    second = visitors.asks(first)
    assert [grant.number for grant in second.grants] == [number(first), "+18005550777"]
    assert visitors.slot(slot_of(first))["since"] == int(NOW.timestamp())


def test_a_forgotten_visit_begins_anew() -> None:
    visitors = Visitors()
    visitors.opens()
    first = visitors.asks()
    visitors.later(days=30)
    assert visit_of(visitors.asks(first)) != visit_of(first)


def test_an_address_and_a_site_begin_so_many_visits_a_minute_and_no_more() -> None:
    limits: list[tuple[dict[str, int], int]] = [
        ({"visits_per_address": 2}, 2),
        ({"visits_per_minute": 4}, 5),
    ]
    for limit, most in limits:
        visitors = Visitors()
        visitors.opens(lay_pool(visitors.rows, sizes={ANYWHERE: 9}), **limit)
        shown = [visitors.asks(address="hash") for _ in range(most)]
        before = visitors.rows.rows_of(VISITS)  # type: ignore[attr-defined]
        with pytest.raises(RateLimited) as refused:
            visitors.asks(address="hash")
        assert refused.value.seconds == 60
        assert visitors.rows.rows_of(VISITS) == before  # type: ignore[attr-defined]
        visitors.asks(shown[0], address="hash")
        visitors.later(seconds=60)
        visitors.asks(address="hash-of-the-next-minute")


def test_abuse_of_one_site_leaves_another_alone() -> None:
    visitors = Visitors()
    visitors.opens(visits_per_minute=1)
    other = lay_pool(visitors.rows, a_pool(id="pool_02"), position=1)
    visitors.opens(other, id="site_02", domains=("other.test",))
    visitors.asks()
    with pytest.raises(RateLimited):
        for _ in range(3):
            visitors.asks()
    assert number(visitors.asks(site_id="site_02", host="other.test")) is not None


def test_a_number_that_leaves_its_pool_is_kept_by_its_visit_and_lent_to_nobody_else() -> None:
    visitors = Visitors()
    visitors.opens(lay_pool(visitors.rows, sizes={ANYWHERE: 1}))
    first = visitors.asks()
    change_slot(visitors.rows, where(first), leaving_at=int(NOW.timestamp()))
    visitors.later(seconds=200)
    assert number(visitors.asks(first)) == number(first)
    visitors.later(seconds=301)
    assert number(visitors.asks()) is None
    assert number(visitors.asks(first)) is None


def test_a_vacant_slot_and_a_slot_with_another_number_end_the_lease() -> None:
    visitors = Visitors()
    visitors.opens(lay_pool(visitors.rows, sizes={ANYWHERE: 1}))
    first = visitors.asks()
    change_slot(visitors.rows, where(first), e164="+12125559999")
    second = visitors.asks(first)
    assert number(second) == "+12125559999"
    change_slot(visitors.rows, where(first), e164=None, visit_id=None)
    assert number(visitors.asks(second)) is None


def test_a_number_that_another_visit_takes_at_that_moment_is_passed_over() -> None:
    visitors = Visitors()
    assert isinstance(visitors.rows, FakeRows)
    visitors.opens()
    rival = Visitors(rows=visitors.rows, first=99)
    taken = []
    visitors.rows.before_write(lambda: taken.append(rival.asks()))
    shown = visitors.asks()
    assert len(set(visitors.live())) == 2
    assert number(shown) != number(taken[0])


def test_a_process_that_dies_before_or_after_the_write_leaves_one_lease_or_none() -> None:
    from tests.fakes import Crash

    for after, lent in ((False, 0), (True, 1)):
        visitors = Visitors()
        assert isinstance(visitors.rows, FakeRows)
        visitors.opens()
        (visitors.rows.crash_after_write if after else visitors.rows.crash_before_write)()
        with pytest.raises(Crash):
            visitors.asks()
        assert len(visitors.live()) == lent
        assert SITE == "site_01"
