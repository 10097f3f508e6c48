"""When an advertiser is told that its balance is low."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.mailing import MailState
from chalicelib.shortfalls import Shortfall, seen, with_notice
from chalicelib.top_ups import LinkState, TopUpLink

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LINK = TopUpLink(
    id="tul_1", advertiser_id="adv_1", n=1, amount_cents=5_000, currency="USD", asked_at=NOON,
    state=LinkState.OPEN, url="https://checkout.example.com/1",
)  # fmt: skip

looks = st.lists(st.tuples(st.booleans(), st.integers(1, 40)), max_size=40)
"""Whether each look finds the balance low, and how many hours it comes after the one before."""


def test_a_shortfall_begins_goes_on_and_ends() -> None:
    first = seen("adv_1", 5_000, None, NOON)
    assert first == Shortfall(advertiser_id="adv_1", n=1, since=NOON)
    assert seen("adv_1", 9_000, first, NOON + timedelta(hours=1)) == first
    over = seen("adv_1", None, first, NOON + timedelta(hours=2))
    assert over and over.over_at == NOON + timedelta(hours=2)
    assert seen("adv_1", None, over, NOON + timedelta(hours=3)) == over
    again = seen("adv_1", 5_000, over, NOON + timedelta(hours=4))
    assert again and (again.n, again.over_at, again.notice) == (2, None, None)
    assert seen("adv_1", None, None, NOON) is None


def test_a_mail_is_kept_as_it_is_about_to_be_sent() -> None:
    low = seen("adv_1", 5_000, None, NOON)
    assert low
    noted = with_notice(low, LINK, "ap@example.com", NOON)
    assert noted and noted.notice
    assert (noted.notice.state, noted.mailed_at) == (MailState.SENDING, NOON)
    assert with_notice(noted, LINK, "ap@example.com", NOON) is None
    assert with_notice(low, None, "ap@example.com", NOON) is None


@given(looks=looks)
def test_there_is_one_mail_a_shortfall_and_one_a_day_at_most(looks: list[tuple[bool, int]]) -> None:
    last: Shortfall | None = None
    now, mails, versions = NOON, [], [0]
    for low, hours in looks:
        now += timedelta(hours=hours)
        after = seen("adv_1", 5_000 if low else None, last, now)
        if after is None:
            continue
        noted = with_notice(after, LINK, "ap@example.com", now)
        last = noted or after
        if noted:
            assert low
            mails.append((noted.n, now))
        versions.append(last.version)
        assert (last.over_at is None) == low
    assert versions == sorted(versions)
    assert len({n for n, _ in mails}) == len(mails)
    times = [at for _, at in mails]
    assert all(b - a >= timedelta(days=1) for a, b in pairwise(times))
