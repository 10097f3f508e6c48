"""What does the API take and show of verdicts that are made again?

Owns the documents of a back-test and of a verdict's replay, as the operator and each side have
them. Terms have the form of the catalog's, findings that of verdicts. Import it inside handlers
only.
"""

from typing import Annotated, Any

from pydantic import Field

from chalicelib import comparing, findings
from chalicelib.channels.fields import Document, Moment
from chalicelib.channels.schemas_terms import ChargeTerms
from chalicelib.channels.schemas_verdicts import (
    AdvertiserJudgementView,
    FindingView,
    JudgementView,
    PublisherJudgementView,
    Standing,
)
from chalicelib.flows.backtest import MOST_CALLS

Patch = dict[str, Any]
Ladder = Annotated[comparing.Ladder, Field(strict=False)]
Rule = Annotated[findings.Rule, Field(strict=False)]


class PeriodBody(Document):
    """When calls arrived; the end is not included."""

    start: Moment
    end: Moment


class BacktestBody(Document):
    """Which terms to try on the calls of a period. `terms` is a merge patch of the campaign's
    terms; null leaves each call the charge terms by which it was judged. `earning` holds a patch
    for an offer's or a partnership's earning, by its id; it is for the operator. `limit` is how
    many calls to look at; `cursor` goes on where the answer before ended."""

    period: PeriodBody
    terms: Annotated[Patch | None, Field(description="{} tries the terms as they stand now")] = None
    earning: Annotated[dict[str, Patch], Field(max_length=50)] = Field(default_factory=dict)
    limit: Annotated[int, Field(ge=1, le=MOST_CALLS)] = MOST_CALLS
    cursor: Annotated[str | None, Field(pattern=r"^[A-Za-z0-9_-]{1,2000}$")] = None


class SumView(Document):
    """How many calls stand how, what they come to, and the most that it may be once nothing is
    awaited."""

    approved: int
    denied: int
    pending: int
    cents: int
    most_cents: int


class SumsView(Document):
    """As the calls stood, and as they stand under the tried terms."""

    before: SumView
    after: SumView


class DecidedView(Document):
    """One side of a verdict, and the findings that decide it: the step that holds, every denial,
    or what is waited for."""

    standing: Standing
    cents: int
    most_cents: int
    step: str | None
    by: list[FindingView]


class ChangeView(Document):
    """One side as it stood, and as it stands."""

    before: DecidedView
    after: DecidedView


class RuleCountView(Document):
    """How many calls a rule decided on one side, so that they stand like this; a call that two
    rules deny counts for both."""

    ladder: Ladder
    standing: Standing
    rule: Rule
    step: str | None
    before: int
    after: int


class PublisherSumsView(Document):
    """What one publisher's calls come to."""

    publisher_id: str
    charge: SumsView
    earning: SumsView


class AliasSumsView(Document):
    """What one publisher's calls come to, under the advertiser's alias for it."""

    publisher: str
    charge: SumsView


class ChangedCallView(Document):
    """A call that comes to something else."""

    call_id: str
    arrived_at: Moment
    target_id: str
    publisher_id: str
    charge: ChangeView
    earning: ChangeView


class AdvertiserChangedCallView(Document):
    """A call whose charge comes to something else."""

    call_id: str
    arrived_at: Moment
    target_id: str
    publisher: str
    charge: ChangeView


class LeftOutView(Document):
    """Calls that are in no sum: not judged yet, or judged by an earlier release that kept no
    facts. `earlier_calls` stand as they do, because callers had too many others to judge again;
    `blocks_unknown` counts calls of which nobody looked whether the caller was blocked."""

    not_judged: int
    facts_not_kept: int
    earlier_calls: int
    blocks_unknown: int


class _Slice(Document):
    """What is told of every slice of a back-test. `calls` were judged again, the last of them
    arrived at `through`; `changed` is how many of them come to something else, and `changes` lists
    the earliest 500. `next_cursor` leads to the next slice; null when the period is done."""

    campaign_id: str
    period: PeriodBody
    terms: Annotated[ChargeTerms | None, Field(description="as they were tried")]
    calls: int
    through: Moment | None
    left_out: LeftOutView
    charge: SumsView
    rules: list[RuleCountView]
    changed: int
    next_cursor: str | None


class BacktestView(_Slice):
    """What calls of a period would have come to under other terms. Nothing was written."""

    earning: SumsView
    publishers: list[PublisherSumsView]
    changes: list[ChangedCallView]


class AdvertiserBacktestView(_Slice):
    """What the advertiser's calls of a period would have cost. Nothing was written."""

    publishers: list[AliasSumsView]
    changes: list[AdvertiserChangedCallView]


class VerdictDifferenceView(Document):
    """A member of the verdict that is another now, named by its path."""

    field: str
    was: Any
    becomes: Any


class _Again(Document):
    """What is told of every replay; `same` tells whether nothing shown of the two differs."""

    call_id: str
    same: bool
    differences: list[VerdictDifferenceView]


class VerdictReplayView(_Again):
    """The verdict as it stands, and as its facts and the versions of the terms lead to it again."""

    original: JudgementView
    replayed: JudgementView


class PublisherVerdictReplayView(_Again):
    """The same, as the publisher sees it."""

    original: PublisherJudgementView
    replayed: PublisherJudgementView


class AdvertiserVerdictReplayView(_Again):
    """The same, as the advertiser sees it."""

    original: AdvertiserJudgementView
    replayed: AdvertiserJudgementView
