"""When things happen and in which period they count, up to the edges of days and clocks."""

from datetime import UTC, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import times
from chalicelib.times import Block, Cycle, DatedHours, Hours, OpenBlock, Period, Window
from tests.builders import NOW

NEW_YORK = "America/New_York"
TICK = timedelta(microseconds=1)
MOMENTS = st.timedeltas(timedelta(days=-3000), timedelta(days=3000)).map(lambda since: NOW + since)
ZONES = st.sampled_from(
    ["UTC", NEW_YORK, "America/Phoenix", "Asia/Kolkata", "Pacific/Kiritimati", "Pacific/Pago_Pago"]
)


def at(text: str, zone: str = "UTC") -> datetime:
    """The instant that a wall clock in a zone shows as `text`."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


class TestInstants:
    def test_a_time_without_a_zone_names_no_instant(self) -> None:
        with pytest.raises(ValueError, match="time zone"):
            times.utc(NOW.replace(tzinfo=None))
        with pytest.raises(ValueError, match="time zone"):
            times.read("2026-11-23T15:00:00")

    @pytest.mark.parametrize(
        ("moment", "text"),
        [
            (NOW, "2026-11-23T15:00:00.000Z"),
            (NOW + timedelta(milliseconds=7), "2026-11-23T15:00:00.007Z"),
            (NOW + timedelta(microseconds=7999), "2026-11-23T15:00:00.007Z"),
            (at("2026-11-23T10:00", NEW_YORK), "2026-11-23T15:00:00.000Z"),
            (NOW.astimezone(timezone(timedelta(hours=5, minutes=30))), "2026-11-23T15:00:00.000Z"),
        ],
    )
    def test_an_instant_is_written_in_utc_with_milliseconds(
        self, moment: datetime, text: str
    ) -> None:
        assert times.written(moment) == text

    @pytest.mark.parametrize(
        "text",
        ["2026-11-23T15:00:00Z", "2026-11-23T10:00:00-05:00", "2026-11-23T15:00:00.000000+00:00"],
    )
    def test_an_instant_is_read_from_any_offset(self, text: str) -> None:
        assert times.read(text) == NOW
        assert times.read(text).tzinfo is UTC

    @pytest.mark.parametrize("text", ["", "soon", "2026-13-01T00:00:00Z", "2026-11-23"])
    def test_what_names_no_instant_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError):
            times.read(text)

    @given(MOMENTS, MOMENTS)
    def test_what_is_written_sorts_as_time_does(self, one: datetime, two: datetime) -> None:
        if times.written(one) < times.written(two):
            assert one < two
        if one + timedelta(milliseconds=1) <= two:
            assert times.written(one) < times.written(two)

    @given(MOMENTS)
    def test_what_is_written_is_read_to_the_millisecond(self, moment: datetime) -> None:
        lost = moment - times.read(times.written(moment))
        assert timedelta(0) <= lost < timedelta(milliseconds=1)


class TestPeriods:
    def test_a_period_holds_its_start_and_not_its_end(self) -> None:
        day = Period(start=NOW, end=NOW + timedelta(days=1))
        assert [day.start - TICK in day, day.start in day] == [False, True]
        assert [day.end - TICK in day, day.end in day] == [True, False]

    @pytest.mark.parametrize(
        ("cycle", "moment", "start"),
        [
            (Cycle.WEEKLY, "2026-11-23T00:00", "2026-11-23"),
            (Cycle.WEEKLY, "2026-11-22T23:59:59.999999", "2026-11-16"),
            (Cycle.WEEKLY, "2026-01-01T12:00", "2025-12-29"),
            (Cycle.MONTHLY, "2026-11-01T00:00", "2026-11-01"),
            (Cycle.MONTHLY, "2026-10-31T23:59:59.999999", "2026-10-01"),
            (Cycle.MONTHLY, "2028-02-29T12:00", "2028-02-01"),
        ],
    )
    def test_weeks_begin_on_monday_and_months_on_the_first(
        self, cycle: Cycle, moment: str, start: str
    ) -> None:
        assert times.cycle_start(cycle, at(moment)) == at(start)

    def test_cycles_turn_over_at_midnight_in_utc_wherever_the_asker_is(self) -> None:
        evening_in_new_york = at("2026-10-31T20:00", NEW_YORK)
        assert times.cycle_start(Cycle.MONTHLY, evening_in_new_york) == at("2026-11-01")

    @pytest.mark.parametrize(
        ("cycle", "as_of", "start", "end"),
        [
            (Cycle.MONTHLY, "2026-12-01T00:00", "2026-11-01", "2026-12-01"),
            (Cycle.MONTHLY, "2026-11-30T23:59:59.999999", "2026-10-01", "2026-11-01"),
            (Cycle.MONTHLY, "2026-12-01T00:00:00.000001", "2026-11-01", "2026-12-01"),
            (Cycle.MONTHLY, "2027-01-15T06:10", "2026-12-01", "2027-01-01"),
            (Cycle.WEEKLY, "2026-11-23T00:00", "2026-11-16", "2026-11-23"),
            (Cycle.WEEKLY, "2026-11-22T23:59:59.999999", "2026-11-09", "2026-11-16"),
        ],
    )
    def test_a_period_that_ends_exactly_then_has_ended(
        self, cycle: Cycle, as_of: str, start: str, end: str
    ) -> None:
        assert times.closed_period(cycle, at(as_of)) == Period(start=at(start), end=at(end))

    @given(st.sampled_from(Cycle), MOMENTS)
    def test_closed_periods_follow_each_other_without_gap(
        self, cycle: Cycle, moment: datetime
    ) -> None:
        closed = times.closed_period(cycle, moment)
        assert closed.end <= moment
        assert closed.end - TICK in closed
        assert times.closed_period(cycle, closed.end) == closed
        assert times.closed_period(cycle, closed.end - TICK).end == closed.start


WORKDAY = OpenBlock(weekday=0, opens=time(9), closes=time(17))
NIGHT = OpenBlock(weekday=4, opens=time(22), closes=time(6))
ALL_DAY = OpenBlock(weekday=2, opens=time(0), closes=time(0))


class TestHours:
    def test_without_blocks_it_is_always_open(self) -> None:
        assert Hours().open_at(NOW)

    @pytest.mark.parametrize(
        ("moment", "is_open"),
        [
            ("2026-11-23T08:59:59.999999", False),
            ("2026-11-23T09:00", True),
            ("2026-11-23T16:59:59.999999", True),
            ("2026-11-23T17:00", False),
            ("2026-11-24T12:00", False),
            ("2026-11-22T12:00", False),
        ],
    )
    def test_a_block_opens_on_its_minute_and_closes_on_its_minute(
        self, moment: str, is_open: bool
    ) -> None:
        assert Hours(zone=NEW_YORK, blocks=(WORKDAY,)).open_at(at(moment, NEW_YORK)) is is_open

    @pytest.mark.parametrize(
        ("moment", "is_open"),
        [
            ("2026-11-27T21:59:59.999999", False),
            ("2026-11-27T22:00", True),
            ("2026-11-28T00:00", True),
            ("2026-11-28T05:59:59.999999", True),
            ("2026-11-28T06:00", False),
            ("2026-11-28T22:00", False),
            ("2026-11-27T05:00", False),
        ],
    )
    def test_a_night_block_runs_into_the_next_day(self, moment: str, is_open: bool) -> None:
        assert Hours(zone=NEW_YORK, blocks=(NIGHT,)).open_at(at(moment, NEW_YORK)) is is_open

    def test_a_night_block_of_sunday_runs_into_monday(self) -> None:
        hours = Hours(blocks=(OpenBlock(weekday=6, opens=time(20), closes=time(2)),))
        assert hours.open_at(at("2026-11-23T01:59"))
        assert not hours.open_at(at("2026-11-23T02:00"))

    def test_a_block_that_closes_when_it_opens_lasts_a_day(self) -> None:
        hours = Hours(blocks=(ALL_DAY,))
        assert hours.open_at(at("2026-11-25T00:00"))
        assert hours.open_at(at("2026-11-25T23:59:59.999999"))
        assert not hours.open_at(at("2026-11-24T23:59:59.999999"))
        assert not hours.open_at(at("2026-11-26T00:00"))

    def test_a_break_lies_between_two_blocks(self) -> None:
        morning = OpenBlock(weekday=0, opens=time(9), closes=time(12))
        afternoon = OpenBlock(weekday=0, opens=time(13), closes=time(17))
        hours = Hours(blocks=(morning, afternoon))
        open_hours = [h for h in range(24) if hours.open_at(at(f"2026-11-23T{h:02}:30"))]
        assert open_hours == [9, 10, 11, 13, 14, 15, 16]

    @pytest.mark.parametrize(
        ("moment", "is_open"),
        [
            ("2026-11-23T13:59:59Z", False),
            ("2026-11-23T14:00:00Z", True),
            ("2026-07-20T12:59:59Z", False),
            ("2026-07-20T13:00:00Z", True),
        ],
    )
    def test_nine_o_clock_is_nine_on_the_wall_in_winter_and_in_summer(
        self, moment: str, is_open: bool
    ) -> None:
        assert Hours(zone=NEW_YORK, blocks=(WORKDAY,)).open_at(times.read(moment)) is is_open

    @pytest.mark.parametrize(
        ("moment", "is_open"),
        [
            ("2026-03-08T06:59:59Z", False),
            ("2026-03-08T07:00:00Z", True),
            ("2026-03-08T07:59:59Z", True),
            ("2026-03-08T08:00:00Z", False),
        ],
        ids=["01:59:59 before the leap", "03:00 right after it", "03:59:59", "04:00"],
    )
    def test_a_block_inside_the_hour_that_is_skipped_in_spring_begins_after_it(
        self, moment: str, is_open: bool
    ) -> None:
        leap = OpenBlock(weekday=6, opens=time(2, 30), closes=time(4))
        assert Hours(zone=NEW_YORK, blocks=(leap,)).open_at(times.read(moment)) is is_open

    @pytest.mark.parametrize(
        ("moment", "is_open"),
        [
            ("2026-11-01T04:59:59Z", False),
            ("2026-11-01T05:00:00Z", True),
            ("2026-11-01T06:59:59Z", True),
            ("2026-11-01T07:00:00Z", False),
        ],
        ids=["00:59:59", "01:00 the first time", "01:59:59 the second time", "02:00"],
    )
    def test_an_hour_that_comes_twice_in_autumn_is_open_twice(
        self, moment: str, is_open: bool
    ) -> None:
        twice = OpenBlock(weekday=6, opens=time(1), closes=time(2))
        assert Hours(zone=NEW_YORK, blocks=(twice,)).open_at(times.read(moment)) is is_open


LATE = Block(opens=time(22), closes=time(2))
EVERY_NIGHT = tuple(OpenBlock(weekday=n, opens=time(22), closes=time(6)) for n in range(7))


class TestExceptions:
    """Thursday 2026-11-26 is Thanksgiving."""

    @pytest.mark.parametrize(
        ("moment", "is_open"),
        [
            ("2026-11-25T23:59:59.999999", True),
            ("2026-11-26T00:00", False),
            ("2026-11-26T23:59:59.999999", False),
            ("2026-11-27T00:00", True),
        ],
    )
    def test_a_holiday_is_closed_from_midnight_to_midnight_of_the_zone(
        self, moment: str, is_open: bool
    ) -> None:
        always_else = Hours(zone=NEW_YORK, exceptions=(DatedHours(date="2026-11-26"),))
        assert always_else.open_at(at(moment, NEW_YORK)) is is_open

    @pytest.mark.parametrize(
        ("moment", "is_open"),
        [
            ("2026-11-25T23:59:59.999999", True),
            ("2026-11-26T01:00", False),
            ("2026-11-26T22:30", False),
            ("2026-11-27T01:00", False),
            ("2026-11-27T22:00", True),
        ],
        ids=[
            "the evening before", "cut off at midnight", "no night begins on it",
            "so none runs on from it", "the next night",
        ],
    )  # fmt: skip
    def test_a_holiday_ends_the_night_before_it_and_begins_none(
        self, moment: str, is_open: bool
    ) -> None:
        hours = Hours(blocks=EVERY_NIGHT, exceptions=(DatedHours(date="2026-11-26"),))
        assert hours.open_at(at(moment)) is is_open

    @pytest.mark.parametrize(
        ("moment", "is_open"),
        [
            ("2026-11-23T09:30", False),
            ("2026-11-23T10:00", True),
            ("2026-11-23T11:59:59.999999", True),
            ("2026-11-23T12:30", False),
            ("2026-11-23T13:00", True),
            ("2026-11-23T14:00", False),
            ("2026-11-30T09:30", True),
        ],
    )
    def test_an_exceptions_blocks_and_break_stand_instead_of_the_weekdays(
        self, moment: str, is_open: bool
    ) -> None:
        short = DatedHours(
            date="2026-11-23",
            blocks=(
                Block(opens=time(10), closes=time(12)),
                Block(opens=time(13), closes=time(14)),
            ),
        )
        hours = Hours(blocks=(WORKDAY,), exceptions=(short,))
        assert hours.open_at(at(moment)) is is_open

    @pytest.mark.parametrize(
        ("moment", "is_open"),
        [
            ("2026-11-26T21:59:59.999999", False),
            ("2026-11-26T22:00", True),
            ("2026-11-27T01:59:59.999999", True),
            ("2026-11-27T02:00", False),
            ("2026-11-26T01:00", False),
        ],
    )
    def test_an_exceptions_night_runs_into_the_next_day(self, moment: str, is_open: bool) -> None:
        hours = Hours(
            blocks=(WORKDAY,), exceptions=(DatedHours(date="2026-11-26", blocks=(LATE,)),)
        )
        assert hours.open_at(at(moment)) is is_open

    def test_an_exceptions_night_ends_where_the_next_exception_begins(self) -> None:
        night, closed = DatedHours(date="2026-12-31", blocks=(LATE,)), DatedHours(date="2027-01-01")
        hours = Hours(blocks=(WORKDAY,), exceptions=(night, closed))
        assert hours.open_at(at("2026-12-31T23:59:59.999999"))
        assert not hours.open_at(at("2027-01-01T00:00"))
        assert Hours(blocks=(WORKDAY,), exceptions=(night,)).open_at(at("2027-01-01T00:00"))

    def test_an_exceptions_date_is_that_of_the_zones_wall_clock(self) -> None:
        hours = Hours(zone="Pacific/Kiritimati", exceptions=(DatedHours(date="2026-11-24"),))
        assert not hours.open_at(times.read("2026-11-23T15:00:00Z"))
        assert hours.open_at(times.read("2026-11-24T10:00:00Z"))

    @pytest.mark.parametrize(
        ("moment", "is_open"),
        [
            ("2026-11-01T05:29:59Z", True),
            ("2026-11-01T05:30:00Z", False),
            ("2026-11-01T06:00:00Z", True),
            ("2026-11-01T06:30:00Z", False),
        ],
        ids=["01:29:59", "01:30", "01:00 the second time", "01:30 the second time"],
    )
    def test_a_night_over_the_hour_that_comes_twice_is_judged_by_the_wall_clock(
        self, moment: str, is_open: bool
    ) -> None:
        night = DatedHours(date="2026-10-31", blocks=(Block(opens=time(22), closes=time(1, 30)),))
        hours = Hours(zone=NEW_YORK, blocks=(WORKDAY,), exceptions=(night,))
        assert hours.open_at(times.read(moment)) is is_open

    @given(st.timedeltas(timedelta(days=-3), timedelta(days=3)).map(lambda t: NOW + t), ZONES)
    def test_an_exception_changes_nothing_but_its_date_and_the_night_after(
        self, moment: datetime, zone: str
    ) -> None:
        weekly = Hours(zone=zone, blocks=(*EVERY_NIGHT, WORKDAY))
        noted = Hours(zone=zone, blocks=weekly.blocks, exceptions=(DatedHours(date="2026-11-24"),))
        local = moment.astimezone(ZoneInfo(zone))
        if local.date().isoformat() == "2026-11-24":
            assert not noted.open_at(moment)
        elif local.date().isoformat() != "2026-11-25":
            assert noted.open_at(moment) == weekly.open_at(moment)


class TestWindows:
    @pytest.mark.parametrize(
        ("window", "zone", "key"),
        [
            (Window.HOUR, "UTC", "hour#2026-11-23T15+0000"),
            (Window.HOUR, NEW_YORK, "hour#2026-11-23T10-0500"),
            (Window.HOUR, "Asia/Kolkata", "hour#2026-11-23T20+0530"),
            (Window.DAY, "UTC", "day#2026-11-23"),
            (Window.DAY, "Pacific/Kiritimati", "day#2026-11-24"),
            (Window.MONTH, NEW_YORK, "month#2026-11"),
            (Window.TOTAL, NEW_YORK, "total"),
        ],
    )
    def test_a_window_is_named_on_the_wall_clock_of_its_zone(
        self, window: Window, zone: str, key: str
    ) -> None:
        assert times.window_keys(NOW, zone)[window] == key

    def test_a_day_ends_at_local_midnight(self) -> None:
        midnight = at("2026-11-24T00:00", NEW_YORK)
        assert times.window_keys(midnight - TICK, NEW_YORK)[Window.DAY] == "day#2026-11-23"
        assert times.window_keys(midnight, NEW_YORK)[Window.DAY] == "day#2026-11-24"

    def test_an_hour_that_comes_twice_is_two_windows(self) -> None:
        first, second = times.read("2026-11-01T05:30:00Z"), times.read("2026-11-01T06:30:00Z")
        keys = [times.window_keys(moment, NEW_YORK)[Window.HOUR] for moment in (first, second)]
        assert keys == ["hour#2026-11-01T01-0400", "hour#2026-11-01T01-0500"]

    @given(st.sampled_from(Window), MOMENTS, ZONES)
    def test_a_window_is_not_over_while_it_runs(
        self, window: Window, moment: datetime, zone: str
    ) -> None:
        assert not times.window_is_over(times.window_keys(moment, zone)[window], moment)

    @given(st.sampled_from([Window.HOUR, Window.DAY, Window.MONTH]), MOMENTS, ZONES)
    def test_a_window_is_over_some_days_later(
        self, window: Window, moment: datetime, zone: str
    ) -> None:
        days = 35 if window is Window.MONTH else 3
        later = moment + timedelta(days=days)
        assert times.window_is_over(times.window_keys(moment, zone)[window], later)

    @given(st.sampled_from(Window), MOMENTS, MOMENTS, ZONES)
    def test_a_count_of_money_is_over_with_its_window(
        self, window: Window, moment: datetime, later: datetime, zone: str
    ) -> None:
        key = times.window_keys(moment, zone)[window]
        money = times.money_window(key)
        assert [times.counts_money(key), times.counts_money(money)] == [False, True]
        assert times.window_is_over(money, later) == times.window_is_over(key, later)

    def test_the_total_is_never_over(self) -> None:
        assert not times.window_is_over("total", NOW + timedelta(days=36_500))
