"""What every carrier must pass: subclass `CarrierContract` and give it a `bench`.

The suite has a part for each thing that a carrier may do; one that cannot do all passes the parts
that are its own.
"""

import io
import wave
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import islice

import pytest

from chalicelib.calls import Call
from chalicelib.endings import Evidence, read_signals
from chalicelib.numbers import NumberSearch, SearchKind, Webhooks
from chalicelib.providers.carriers import (
    Carrier,
    CarrierAway,
    CarrierRefused,
    NumberUnavailable,
    UnusableMedia,
)
from chalicelib.recording import CarriersOwn
from tests.builders import NOW, a_call
from tests.carriers import ELSEWHERE, HERE, MadeRecording

LOCAL = "+14155550103"
TOLL_FREE = "+18005550104"
NOT_LENT = "+14155559999"
MADE = MadeRecording(
    carrier_id="RE" + "2" * 32, carrier_call_id="CA" + "3" * 32,
    started_at=NOW - timedelta(minutes=1), seconds=12,
)  # fmt: skip
OTHER = replace(MADE, carrier_id="RE" + "4" * 32)


@dataclass(frozen=True)
class Bench:
    """A carrier with ways to reach behind it.

    Its stock holds +14155550100 and on (San Francisco, CA 94105), +12125550100 and on (New York, NY
    10001) and +18005550100 and on. `mislead` turns a rented number to `ELSEWHERE`, `away` keeps the
    carrier from answering, `talk` plays a call whose target talked so many seconds. `lay` has the
    carrier keep a recording as it stands, `status` tells how the carrier's own stands (None when it
    has none), and `cut` breaks media off. `verify` lets the account show a number that it does not
    rent. Calls belong `here`; a number of either kind costs so much a month; the carrier cannot be
    asked for what is `unsearched`. It `diverts` a misled number by more than its webhooks. With
    `repeats` a purchase that is made again is the same. `made` and `other` are recordings of one
    call, and `nobodys` is the id of none.
    """

    carrier: Carrier
    mislead: Callable[[str], object]
    away: Callable[[], AbstractContextManager[None]]
    talk: Callable[[int], Call]
    lay: Callable[[MadeRecording], object]
    status: Callable[[str], str | None]
    cut: Callable[[], AbstractContextManager[None]]
    verify: Callable[[str], object]
    here: Webhooks = HERE
    elsewhere: Webhooks = ELSEWHERE
    costs: tuple[int, int] = (1_150_000, 2_150_000)
    unsearched: frozenset[str] = frozenset()
    diverts: bool = True
    repeats: bool = False
    made: MadeRecording = MADE
    other: MadeRecording = OTHER
    nobodys: str = "CA" + "0" * 32
    tells_channels: int | None = 2
    records_whole_calls: bool = False

    def searches_by(self, wanted: NumberSearch) -> bool:
        """Whether the carrier can look for what is wanted."""
        return all(getattr(wanted, name) is None for name in self.unsearched)

    def heard(self, amount: int = 10_000) -> tuple[int, int]:
        """The channels of the recording's sound and its whole seconds; what came is counted."""
        with self.carrier.open_recording(self.made.carrier_id) as media:
            sound = b"".join(iter(lambda: media.read(amount), b""))
            assert media.size_bytes == len(sound)
        with wave.open(io.BytesIO(sound)) as file:
            assert file.getnchannels() == media.channels
            return file.getnchannels(), file.getnframes() // file.getframerate()


class NumbersContract:
    """Whoever lends numbers."""

    @pytest.mark.parametrize(
        ("wanted", "fits"),
        [
            (NumberSearch(area_code="415"), lambda one: one.e164.startswith("+1415")),
            (NumberSearch(zip="94105"), lambda one: one.zip == "94105"),
            (NumberSearch(state="NY"), lambda one: one.state == "NY"),
            (NumberSearch(contains="55501"), lambda one: "55501" in one.e164),
            (NumberSearch(area_code="212", state="NY"), lambda one: one.e164[2:5] == "212"),
            (NumberSearch(kind=SearchKind.TOLL_FREE), lambda one: one.e164.startswith("+18")),
        ],
    )
    def test_a_search_finds_what_it_asks_for(
        self, bench: Bench, wanted: NumberSearch, fits: Callable[[object], bool]
    ) -> None:
        if not bench.searches_by(wanted):
            with pytest.raises(CarrierRefused):
                bench.carrier.search(wanted)
            return
        found = bench.carrier.search(wanted)
        assert found
        assert all(fits(one) and one.kind is wanted.kind for one in found)
        assert len({one.e164 for one in found}) == len(found)

    def test_a_search_finds_no_more_than_wanted(self, bench: Bench) -> None:
        assert len(bench.carrier.search(NumberSearch(limit=3))) == 3

    def test_a_search_may_find_nothing(self, bench: Bench) -> None:
        assert bench.carrier.search(NumberSearch(area_code="415", state="NY")) == ()

    def test_what_a_number_costs_a_month_follows_from_its_kind(self, bench: Bench) -> None:
        (local,) = bench.carrier.search(NumberSearch(limit=1))
        (free,) = bench.carrier.search(NumberSearch(kind=SearchKind.TOLL_FREE, limit=1))
        assert (local.monthly_cost_micros, free.monthly_cost_micros) == bench.costs

    @pytest.mark.parametrize("e164", [LOCAL, TOLL_FREE])
    def test_a_bought_number_is_the_accounts_and_leads_here(self, bench: Bench, e164: str) -> None:
        bought = bench.carrier.buy(e164, bench.here)
        assert (bought.e164, bought.webhooks, bought.elsewhere) == (e164, bench.here, False)
        assert bench.carrier.find(e164) == bought
        assert list(bench.carrier.owned()) == [bought]

    def test_a_bought_number_can_be_bought_by_nobody(self, bench: Bench) -> None:
        bought = bench.carrier.buy(LOCAL, bench.here)
        found = bench.carrier.search(NumberSearch(area_code="415", limit=100))
        assert LOCAL not in {one.e164 for one in found}
        if bench.repeats:
            assert bench.carrier.buy(LOCAL, bench.here) == bought
            assert list(bench.carrier.owned()) == [bought]
            return
        with pytest.raises(NumberUnavailable):
            bench.carrier.buy(LOCAL, bench.here)

    def test_a_number_that_is_not_in_stock_is_not_lent(self, bench: Bench) -> None:
        with pytest.raises(NumberUnavailable):
            bench.carrier.buy(NOT_LENT, bench.here)
        assert bench.carrier.find(NOT_LENT) is None

    def test_a_number_that_leads_elsewhere_is_led_here(self, bench: Bench) -> None:
        for e164 in (LOCAL, TOLL_FREE):
            bench.carrier.buy(e164, bench.here)
            bench.mislead(e164)
        misled = bench.carrier.find(LOCAL)
        assert misled is not None
        assert (misled.webhooks, misled.elsewhere) == (bench.elsewhere, bench.diverts)
        right = bench.carrier.configure(misled, bench.here)
        assert (right.webhooks, right.elsewhere) == (bench.here, False)
        assert bench.carrier.find(LOCAL) == right
        assert bench.carrier.configure(right, bench.here) == right, "once more changes nothing"
        other = bench.carrier.find(TOLL_FREE)
        assert other is not None
        assert other.webhooks == bench.elsewhere

    def test_a_released_number_is_gone_and_may_be_released_again(self, bench: Bench) -> None:
        bought = bench.carrier.buy(LOCAL, bench.here)
        bench.carrier.buy(TOLL_FREE, bench.here)
        bench.carrier.release(bought)
        bench.carrier.release(bought)
        assert bench.carrier.find(LOCAL) is None
        assert [one.e164 for one in bench.carrier.owned()] == [TOLL_FREE]
        assert bench.carrier.buy(LOCAL, bench.here).e164 == LOCAL

    def test_every_number_of_the_account_is_told_once(self, bench: Bench) -> None:
        wanted = [one.e164 for one in bench.carrier.search(NumberSearch(limit=7))]
        for e164 in wanted:
            bench.carrier.buy(e164, bench.here)
        assert sorted(one.e164 for one in bench.carrier.owned()) == sorted(wanted)
        assert len(list(islice(bench.carrier.owned(), 2))) == 2

    def test_only_the_very_number_is_found(self, bench: Bench) -> None:
        bench.carrier.buy(LOCAL, bench.here)
        assert bench.carrier.find(LOCAL[:-1]) is None

    def test_where_calls_must_go_is_known(self, bench: Bench) -> None:
        assert bench.carrier.webhooks() == bench.here

    def test_numbers_of_a_carrier_that_is_away_are_not_known(self, bench: Bench) -> None:
        bought = bench.carrier.buy(LOCAL, bench.here)
        carrier = bench.carrier
        asked: list[Callable[[], object]] = [
            lambda: carrier.search(NumberSearch()),
            lambda: carrier.buy(TOLL_FREE, bench.here),
            lambda: carrier.configure(bought, bench.here),
            lambda: carrier.release(bought),
            lambda: list(carrier.owned()),
            lambda: carrier.find(LOCAL),
        ]
        with bench.away():
            for ask in asked:
                with pytest.raises(CarrierAway):
                    ask()
        assert [one.e164 for one in carrier.owned()] == [LOCAL]


class LinesContract:
    """Whoever knows lines that it does not lend."""

    def test_a_verified_number_may_be_shown_and_is_not_the_accounts(self, bench: Bench) -> None:
        bench.carrier.buy(LOCAL, bench.here)
        assert list(bench.carrier.verified()) == []
        bench.verify(NOT_LENT)
        assert list(bench.carrier.verified()) == [NOT_LENT]
        assert [one.e164 for one in bench.carrier.owned()] == [LOCAL]

    def test_a_look_up_tells_the_line_and_the_name_only_when_asked(self, bench: Bench) -> None:
        plain = bench.carrier.look_up(LOCAL)
        assert plain.valid
        assert plain.line_type
        assert plain.carrier_name
        assert plain.country == "US"
        assert plain.caller_name is None
        assert bench.carrier.look_up(LOCAL, caller_name=True).caller_name
        assert not bench.carrier.look_up("+1415").valid

    def test_lines_of_a_carrier_that_is_away_are_not_known(self, bench: Bench) -> None:
        with bench.away():
            with pytest.raises(CarrierAway):
                bench.carrier.look_up(LOCAL)
            with pytest.raises(CarrierAway):
                list(bench.carrier.verified())


class RecordsContract:
    """Whoever carries calls."""

    def test_the_record_tells_how_long_was_talked(self, bench: Bench) -> None:
        call = bench.talk(77)
        ending = read_signals(call, bench.carrier.record_of(call, NOW))
        assert (ending.talk_seconds, ending.evidence) == (77, Evidence.RECORD)
        assert ending.certain

    def test_nothing_is_recorded_of_a_call_that_nobody_knows(self, bench: Bench) -> None:
        assert bench.carrier.record_of(a_call(carrier_call_id="CA" + "0" * 32), NOW) == ()

    def test_of_a_carrier_that_is_away_no_call_is_known(self, bench: Bench) -> None:
        with bench.away():
            assert bench.carrier.record_of(a_call(), NOW) == ()


class RecordingsContract:
    """Whoever records calls."""

    @pytest.mark.parametrize("channels", [2, 1])
    @pytest.mark.parametrize("amount", [1, 10_000, -1])
    def test_media_come_whole_with_the_channels_that_there_are(
        self, bench: Bench, channels: int, amount: int
    ) -> None:
        seconds = 1 if amount == 1 else 12
        bench.lay(replace(bench.made, channels=channels, seconds=seconds))
        assert bench.heard(amount) == (channels, seconds)

    def test_nobody_has_to_hear_media_to_their_end(self, bench: Bench) -> None:
        bench.lay(bench.made)
        with bench.carrier.open_recording(bench.made.carrier_id) as media:
            assert media.read(4) == b"RIFF"
            assert media.size_bytes == 4
        assert bench.heard() == (2, 12)

    @pytest.mark.parametrize("status", ["in-progress", "paused", "absent", None])
    def test_what_has_no_media_is_refused(self, bench: Bench, status: str | None) -> None:
        if status:
            bench.lay(replace(bench.made, status=status))
        with pytest.raises(CarrierRefused):
            bench.heard()

    def test_media_that_break_off_are_not_taken_for_whole(self, bench: Bench) -> None:
        bench.lay(bench.made)
        with bench.cut(), pytest.raises(UnusableMedia):
            bench.heard()
        assert bench.heard() == (2, 12)

    def test_a_deleted_recording_is_gone_and_may_be_deleted_again(self, bench: Bench) -> None:
        other = bench.other
        bench.lay(bench.made)
        bench.lay(other)
        for _ in range(2):
            bench.carrier.delete_recording(bench.made.carrier_id)
        assert bench.status(bench.made.carrier_id) is None
        with pytest.raises(CarrierRefused):
            bench.heard()
        (left,) = bench.carrier.recordings_of(bench.made.carrier_call_id)
        assert left.carrier_id == other.carrier_id

    def test_what_is_being_recorded_is_paused_and_goes_on(self, bench: Bench) -> None:
        bench.lay(replace(bench.made, status="in-progress"))
        for paused, status in ((True, "paused"), (True, "paused"), (False, "in-progress")):
            turned = bench.carrier.pause_recording(bench.made.carrier_call_id, paused=paused)
            assert turned == bench.made.carrier_id
            assert bench.status(bench.made.carrier_id) == status

    def test_nothing_is_paused_where_nothing_is_recorded(self, bench: Bench) -> None:
        bench.lay(bench.made)
        for call in (bench.made.carrier_call_id, bench.nobodys):
            assert bench.carrier.pause_recording(call, paused=True) is None
        assert bench.status(bench.made.carrier_id) == "completed"

    def test_the_recordings_of_a_call_are_told_as_they_stand(self, bench: Bench) -> None:
        carrier, call = bench.carrier, bench.made.carrier_call_id
        assert carrier.recordings_of(call) == ()
        own = CarriersOwn(
            carrier_id=bench.made.carrier_id, started_at=bench.made.started_at, over=False,
            seconds=None, channels=bench.tells_channels, whole_call=bench.records_whole_calls,
        )  # fmt: skip
        for status in ("in-progress", "paused"):
            bench.lay(replace(bench.made, status=status))
            assert carrier.recordings_of(call) == (own,)
        bench.lay(bench.made)
        assert carrier.recordings_of(call) == (replace(own, over=True, seconds=12),)
        assert carrier.recordings_of(bench.nobodys) == ()
        bench.lay(replace(bench.made, status="absent"))
        assert carrier.recordings_of(call) == ()

    def test_recordings_of_a_carrier_that_is_away_are_not_known(self, bench: Bench) -> None:
        bench.lay(bench.made)
        carrier = bench.carrier
        asked: list[Callable[[], object]] = [
            bench.heard,
            lambda: carrier.delete_recording(bench.made.carrier_id),
            lambda: carrier.pause_recording(bench.made.carrier_call_id, paused=True),
            lambda: carrier.recordings_of(bench.made.carrier_call_id),
        ]
        with bench.away():
            for ask in asked:
                with pytest.raises(CarrierAway):
                    ask()
        assert bench.status(bench.made.carrier_id) == "completed"


class CarrierContract(NumbersContract, LinesContract, RecordsContract, RecordingsContract):
    """All of it."""
