"""Is this call recorded, and what becomes of the recording?

Owns what a campaign asks and its vertical demands, the carrier's reports on a recording, what is
kept of one, and who was given a link to it. How a carrier records belongs to the channels and the
providers; whether callers are told, to what they hear.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib import times
from chalicelib.ids import derived

KEEP_DAYS = (30, 90, 180, 365, 730, 1095, 2555)
"""For how many days recordings can be kept: the bucket removes those of each choice by itself."""

USUAL_KEEP_DAYS = 365
LINK_LASTS = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """What a campaign asks for; with `delete_at_carrier` the platform's copy is the only one."""

    record: bool = False
    delete_at_carrier: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class VerticalRule:
    """What the operator demands of recordings in one vertical; days are of 24 hours."""

    needs_agreement: bool = False
    keep_days: int = USUAL_KEEP_DAYS


class RecordingState(StrEnum):
    """Whether an attempt is recorded: nobody asked, it may not be, or it is."""

    OFF = "off"
    REFUSED = "refused"
    ON = "on"


class RecordingReason(StrEnum):
    """Why an attempt is not recorded."""

    NOT_ASKED = "not_asked"
    NO_AGREEMENT = "no_agreement"


MEANING = {
    RecordingReason.NOT_ASKED: "the campaign does not ask for recordings",
    RecordingReason.NO_AGREEMENT: "the campaign's vertical demands a signed agreement, and the "
    "campaign has none on file",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingTerms:
    """How one attempt is recorded, as it stood when it was reserved."""

    state: RecordingState = RecordingState.OFF
    reason: RecordingReason | None = RecordingReason.NOT_ASKED
    keep_days: int = USUAL_KEEP_DAYS
    delete_at_carrier: bool = False


_USUAL = VerticalRule()


def recording_terms(
    wanted: Recording,
    *,
    vertical: str,
    agreement_on_file: str | None,
    rules: Mapping[str, VerticalRule],
) -> RecordingTerms:
    """Whether a call to a campaign is recorded, and for how long that is kept.

    `rules` are named by verticals in small letters (`vertical_name`). A vertical that demands an
    agreement is never recorded without one on file.
    """
    if not wanted.record:
        return RecordingTerms()
    rule = rules.get(vertical_name(vertical), _USUAL)
    if rule.needs_agreement and not agreement_on_file:
        return RecordingTerms(state=RecordingState.REFUSED, reason=RecordingReason.NO_AGREEMENT)
    return RecordingTerms(
        state=RecordingState.ON,
        reason=None,
        keep_days=rule.keep_days,
        delete_at_carrier=wanted.delete_at_carrier,
    )


def vertical_name(vertical: str) -> str:
    """The name by which a vertical is known among the rules: letters of either case are equal."""
    return vertical.strip().casefold()


class ReportStatus(StrEnum):
    """What is reported of a recording: the carrier's words, and those of whoever pauses it."""

    IN_PROGRESS = "in-progress"
    COMPLETED = "completed"
    ABSENT = "absent"
    PAUSED = "paused"
    RESUMED = "resumed"


_MAY_REPEAT = frozenset({ReportStatus.PAUSED, ReportStatus.RESUMED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One report on a recording. `seconds` and `channels` are None where the carrier is silent;
    only a `completed` recording has media."""

    recording_id: str
    carrier_id: str
    attempt: int
    status: ReportStatus
    seconds: int | None = None
    channels: int | None = None
    received_at: datetime
    raw: dict[str, str]

    @property
    def key(self) -> str:
        """Equal for repetitions of one report; every pause is one of its own."""
        own = f"#{times.written(self.received_at)}" if self.status in _MAY_REPEAT else ""
        return f"{self.recording_id}#{self.status}{own}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriersOwn:
    """A recording of a call as its carrier lists it; one that is not `over` may still get media.
    One of the `whole_call` belongs to the attempt that the call ended with."""

    carrier_id: str
    started_at: datetime
    over: bool
    seconds: int | None
    channels: int | None
    whole_call: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """What was said on a call, written down by its carrier, where it put it; of a `redacted` one
    personal data are taken out."""

    location: str
    redacted: bool
    written_at: datetime


def recording_id(carrier: str, carrier_id: str) -> str:
    """The id of the one recording that a carrier's id stands for."""
    return derived("rec", carrier, carrier_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptRecording:
    """A recording whose media lie in the deployment's bucket, under `key`, until they expire or
    are erased (`deleted_at`). `carrier_deleted_at` is None while the carrier keeps its own."""

    id: str
    call_id: str
    attempt: int
    carrier_id: str
    key: str
    size_bytes: int
    channels: int
    seconds: int | None
    keep_days: int
    delete_at_carrier: bool
    kept_at: datetime
    carrier_deleted_at: datetime | None = None
    deleted_at: datetime | None = None

    def expired(self, now: datetime) -> bool:
        """Whether the bucket has removed the media, or may at any moment."""
        return now >= self.kept_at + timedelta(days=self.keep_days)


def media_key(call_id: str, recording_id: str, keep_days: int) -> str:
    """Where the media of a recording lie: below the prefix that is removed after `keep_days`."""
    return f"keep-{keep_days}/{call_id}/{recording_id}.wav"


class Progress(StrEnum):
    """How far a recording has come; `awaited` media are still at the carrier."""

    RECORDING = "recording"
    PAUSED = "paused"
    ABSENT = "absent"
    AWAITED = "awaited"
    KEPT = "kept"
    EXPIRED = "expired"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A recording of a call as it stands."""

    id: str
    attempt: int
    state: Progress
    seconds: int | None
    channels: int | None
    kept_at: datetime | None = None
    deleted_at: datetime | None = None


def recorded(
    reports: Sequence[Report], kept: Sequence[KeptRecording], now: datetime
) -> tuple[Recorded, ...]:
    """Every recording of a call, in the order of attempts; the order of reports does not matter,
    nor does their repetition."""
    of_recording: dict[str, list[Report]] = {}
    for report in reports:
        of_recording.setdefault(report.recording_id, []).append(report)
    done = {one.id: _kept(one, now) for one in kept}
    found = {id: _reported(told) for id, told in of_recording.items()} | done
    return tuple(sorted(found.values(), key=lambda one: (one.attempt, one.id)))


def _kept(kept: KeptRecording, now: datetime) -> Recorded:
    state = Progress.EXPIRED if kept.expired(now) else Progress.KEPT
    return Recorded(
        id=kept.id,
        attempt=kept.attempt,
        state=Progress.DELETED if kept.deleted_at else state,
        seconds=kept.seconds,
        channels=kept.channels,
        kept_at=kept.kept_at,
        deleted_at=kept.deleted_at,
    )


def _reported(reports: Sequence[Report]) -> Recorded:
    seconds = [one.seconds for one in reports if one.seconds is not None]
    channels = [one.channels for one in reports if one.channels is not None]
    return Recorded(
        id=reports[0].recording_id,
        attempt=reports[0].attempt,
        state=_state(reports),
        seconds=max(seconds, default=None),
        channels=max(channels, default=None),
    )


def _state(reports: Sequence[Report]) -> Progress:
    """What the reports say: an end beats what came before it, and the last pause the one before."""
    told = {one.status for one in reports}
    if ReportStatus.COMPLETED in told:
        return Progress.AWAITED
    if ReportStatus.ABSENT in told:
        return Progress.ABSENT
    pauses = [one for one in reports if one.status in _MAY_REPEAT]
    latest = max(pauses, key=lambda one: (one.received_at, one.status), default=None)
    paused = latest is not None and latest.status is ReportStatus.PAUSED
    return Progress.PAUSED if paused else Progress.RECORDING


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """A link to a recording that was given to somebody.

    `party` is the kind of who asked and `party_id` whose key it was, empty for the operator;
    `credential` is the id of that key, or `operator`.
    """

    id: str
    recording_id: str
    party: str
    party_id: str
    credential: str
    at: datetime
    expires_at: datetime
