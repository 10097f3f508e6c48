"""Any terms, and any facts, that the rules of judgement may meet."""

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from chalicelib.call_facts import EarlierCall
from chalicelib.criteria import Filter, FilterTest, Geography
from chalicelib.endings import Evidence
from chalicelib.places import Area
from chalicelib.terms import (
    ChargeTerms,
    Clock,
    Disqualifiers,
    EarningTerms,
    Minutes,
    Missing,
    Otherwise,
    Pay,
    PayKind,
    Rejected,
    Repeat,
    RepeatScope,
    Reviewed,
    Since,
    Step,
    StepTest,
    Withheld,
)
from tests.builders import NOW, a_disposition, a_postback, a_review, call_facts

CENTS = st.integers(0, 10_000)
VALUES = st.lists(st.sampled_from(["sold", "lost", "spam"]), min_size=1, max_size=2, unique=True)
SOME_HOURS = st.integers(1, 72)
OTHERWISE = st.sampled_from(Otherwise)
SHARES = st.builds(
    Pay,
    kind=st.sampled_from([PayKind.SHARE_OF_CHARGE, PayKind.SHARE_OF_POSTBACK]),
    basis_points=st.integers(0, 10_000),
    floor_cents=st.integers(0, 100),
    ceiling_cents=st.integers(100, 10_000),
)
PAYS = st.builds(Pay, cents=CENTS) | st.builds(
    Pay,
    kind=st.just(PayKind.PER_MINUTE),
    cents=st.integers(0, 500),
    from_seconds=st.integers(0, 120),
    minutes=st.sampled_from(Minutes),
)
FILTERS = st.lists(
    st.just(Filter(attribute="tag.plan", test=FilterTest.EQUALS, values=("gold",))), max_size=1
).map(tuple)


def steps(pays: st.SearchStrategy[Pay]) -> st.SearchStrategy[Step]:
    """Steps of every test but keywords, paying as drawn."""
    return st.builds(
        Step,
        name=st.sampled_from(["a", "b", "c"]),
        test=st.sampled_from([test for test in StepTest if test is not StepTest.KEYWORD]),
        pays=pays,
        seconds=st.integers(0, 300),
        clock=st.sampled_from(Clock),
        question=st.just("owner"),
        values=VALUES.map(tuple),
        minimum_cents=CENTS,
        within_hours=SOME_HOURS,
        otherwise=OTHERWISE,
        filters=FILTERS,
    )


def ladders(pays: st.SearchStrategy[Pay]) -> st.SearchStrategy[tuple[Step, ...]]:
    """Ladders of up to four steps."""
    return st.lists(steps(pays), max_size=4).map(tuple)


DISQUALIFIERS = st.builds(
    Disqualifiers,
    blocked_caller=st.booleans(),
    anonymous_caller=st.booleans(),
    repeat_callers=st.lists(
        st.builds(
            Repeat,
            scope=st.sampled_from(RepeatScope),
            since=st.sampled_from(Since),
            days=st.none() | st.integers(0, 30),
        ),
        max_size=2,
    ).map(tuple),
    disposition_missing=st.none()
    | st.builds(Missing, within_hours=SOME_HOURS, otherwise=OTHERWISE),
    disposition_rejected=st.none()
    | st.builds(Rejected, values=VALUES.map(tuple), within_hours=SOME_HOURS),
    consent_withheld=st.none() | st.just(Withheld(question="owner", answers=("no",))),
    review=st.none()
    | st.builds(Reviewed, within_hours=SOME_HOURS, otherwise=OTHERWISE, filters=FILTERS),
)
GEOGRAPHIES = st.sampled_from([Geography(), Geography(states=("CA",))])
CHARGES = st.builds(
    ChargeTerms,
    charge_cents=CENTS,
    minimum_talk_seconds=st.integers(0, 300),
    repeat_days=st.integers(0, 60),
    geography=GEOGRAPHIES,
    steps=ladders(PAYS | SHARES.filter(lambda pay: pay.kind is PayKind.SHARE_OF_POSTBACK)),
    disqualifiers=DISQUALIFIERS,
)
EARNINGS = st.builds(
    EarningTerms,
    earning_cents=CENTS,
    minimum_talk_seconds=st.none() | st.integers(0, 300),
    geography=GEOGRAPHIES,
    steps=ladders(PAYS | SHARES),
    disqualifiers=DISQUALIFIERS,
)

MOMENTS = st.integers(0, 80).map(lambda hours: NOW + timedelta(hours=hours))
DISPOSITIONS = st.lists(
    st.builds(
        lambda value, id, at: a_disposition(value, id=id, at=at, received_at=at),
        st.sampled_from(["sold", "lost", "spam"]),
        st.sampled_from(["dsp_1", "dsp_2", "dsp_3"]),
        MOMENTS,
    ),
    max_size=3,
    unique_by=lambda one: one.id,
).map(tuple)
POSTBACKS = st.lists(
    st.builds(
        lambda cents, converted, at: a_postback(cents, converted=converted, at=at, received_at=at),
        CENTS,
        st.booleans(),
        MOMENTS,
    ),
    max_size=3,
    unique_by=lambda one: one.id,
).map(tuple)
REVIEWS = st.lists(
    st.builds(
        lambda decision, number, at: a_review(decision, number=number, decided_at=at),
        st.sampled_from(["approve", "deny"]),
        st.integers(1, 3),
        MOMENTS,
    ),
    max_size=3,
    unique_by=lambda one: one.number,
).map(tuple)
EARLIER = st.lists(
    st.builds(
        EarlierCall,
        scope=st.sampled_from(RepeatScope),
        since=st.sampled_from(Since),
        call_id=st.sampled_from(["call_7", "call_8"]),
        arrived_at=st.integers(-90, 5).map(lambda days: NOW + timedelta(days=days)),
    ),
    max_size=3,
).map(tuple)


def facts_of_a_call(**fixed: Any) -> st.SearchStrategy[Any]:
    """Whatever may be known of an ended call, but for what is fixed."""
    drawn: dict[str, Any] = {
        "offered": st.booleans(),
        "talk_seconds": st.integers(0, 600),
        "dialled_at": st.just(NOW + timedelta(seconds=20)),
        "answered_at": st.just(NOW + timedelta(seconds=30)),
        "evidence": st.sampled_from(Evidence),
        "area": st.sampled_from([Area(state="CA"), Area(), Area(state="NV")]),
        "anonymous": st.booleans(),
        "blocked_by": st.sampled_from([None, "advertiser"]),
        "attributes": st.sampled_from([{}, {"tag.plan": "gold"}]),
        "answers": st.sampled_from([{}, {"owner": "sold"}, {"owner": "no"}]),
        "earlier": EARLIER,
        "dispositions": DISPOSITIONS,
        "postbacks": POSTBACKS,
        "reviews": REVIEWS,
        "earning_stopped": st.sampled_from([None, "partnership_capped_day"]),
    }
    kept = {name: value for name, value in drawn.items() if name not in fixed}
    return st.fixed_dictionaries(kept).map(lambda facts: call_facts(**facts, **fixed))
