"""Is this caller let in, and if not, why?

Owns the rules at the door: the block list, the floor of attestation (STIR/SHAKEN), how often one
caller and the numbers beside it may call, and the words for all of it. Which target gets a caller
who is let in belongs to `routing`; whether a repeated caller is paid for, to `validation`.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from chalicelib.calls import Attestation
from chalicelib.campaigns import State
from chalicelib.ids import derived
from chalicelib.times import utc

PREFIX_DIGITS = range(2, 15)
"""How many digits a blocked prefix may have; each is one key in the read of every decision."""
ROTATION_DIGITS = 8
"""How many first digits numbers share that count as rotated: of +14155550100, +14155550."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)


class GateReason(StrEnum):
    """Why a caller was not let in; stable, meant for programs."""

    BLOCKED_NUMBER = "blocked_number"
    BLOCKED_PREFIX = "blocked_prefix"
    ANONYMOUS = "anonymous"
    ATTESTATION_TOO_LOW = "attestation_too_low"
    CALLER_TOO_OFTEN = "caller_too_often"
    PREFIX_TOO_OFTEN = "prefix_too_often"


MEANING: dict[StrEnum, str] = {
    GateReason.BLOCKED_NUMBER: "the caller's number is on the block list",
    GateReason.BLOCKED_PREFIX: "the caller's number begins with a prefix on the block list",
    GateReason.ANONYMOUS: "the caller withholds the number, and such callers are blocked",
    GateReason.ATTESTATION_TOO_LOW: "the number is attested less than the offer asks (STIR/SHAKEN)",
    GateReason.CALLER_TOO_OFTEN: "the caller has had the calls of this stretch of time",
    GateReason.PREFIX_TOO_OFTEN: "the numbers with the caller's first eight digits have had theirs",
}


_RANK = {level: rank for rank, level in enumerate(Attestation)}


class BlockKind(StrEnum):
    """What an entry of the block list is about."""

    EXACT = "exact"
    PREFIX = "prefix"
    ANONYMOUS = "anonymous"


class Callers(NamedTuple):
    """Those whom an entry is about: `number` is an E.164 number, a prefix such as +1555, or None
    for anonymous callers."""

    kind: BlockKind
    number: str | None


class BlockScope(StrEnum):
    """For whom an entry keeps callers out."""

    OFFER = "offer"
    PUBLISHER = "publisher"
    ADVERTISER = "advertiser"
    DEPLOYMENT = "deployment"


_BLOCKED = {
    BlockKind.EXACT: GateReason.BLOCKED_NUMBER,
    BlockKind.PREFIX: GateReason.BLOCKED_PREFIX,
    BlockKind.ANONYMOUS: GateReason.ANONYMOUS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """An entry of the block list, of one offer, one publisher, one advertiser (at most one of them
    is named), or of the whole deployment.

    `kind` and `number` say whom it is about, as in `Callers`. The entry holds until `expires_at`
    (excluded); None is for ever.
    """

    id: str
    kind: BlockKind
    number: str | None
    offer_id: str | None = None
    publisher_id: str | None = None
    advertiser_id: str | None = None
    reason: str
    expires_at: datetime | None
    created_at: datetime
    state: State = State.ACTIVE
    version: int = 1

    @property
    def callers(self) -> Callers:
        """Whom it is about."""
        return Callers(self.kind, self.number)

    @property
    def owner(self) -> str | None:
        """The offer, publisher or advertiser whose entry it is; None is the whole deployment."""
        return self.offer_id or self.publisher_id or self.advertiser_id

    def in_force(self, now: datetime) -> bool:
        """Whether it keeps callers out at `now`."""
        return self.state is State.ACTIVE and not _over(self.expires_at, now)


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockFacts:
    """What a decision sees of an active entry about its caller, which may have expired."""

    id: str
    kind: BlockKind
    scope: BlockScope
    expires_at: datetime | None

    def in_force(self, now: datetime) -> bool:
        """Whether it keeps the caller out at `now`."""
        return not _over(self.expires_at, now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Velocity:
    """At most `calls` within each stretch of `minutes`, counted from midnight of 1970 in UTC."""

    calls: int
    minutes: int

    def window(self, now: datetime) -> str:
        """Names the stretch that holds `now`, such as `10m#2989134`."""
        return f"{self.minutes}m#{(utc(now) - _EPOCH) // (self.minutes * _MINUTE)}"


def window_end(window: str) -> datetime:
    """The instant at which the stretch of that name is over."""
    minutes, _, index = window.partition("m#")
    return _EPOCH + int(minutes) * (int(index) + 1) * _MINUTE


@dataclass(frozen=True, slots=True, kw_only=True)
class GateSettings:
    """What an offer asks of its callers; None is no limit. Version 0 was never set."""

    offer_id: str
    minimum_attestation: Attestation = Attestation.NONE
    caller_velocity: Velocity | None = None
    prefix_velocity: Velocity | None = None
    version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """What is known of who calls: the number (None for an anonymous caller), stand-ins for it and
    for its first digits that cannot be turned back (None where nothing is to be counted), and its
    attestation."""

    number: str | None
    number_hash: str | None = None
    prefix_hash: str | None = None
    attestation: Attestation = Attestation.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How often those behind `hash` have called the offer, by stretch of time, and how often they
    may; `reason` is for one call too many."""

    reason: GateReason
    hash: str
    limit: Velocity
    calls: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class GateFacts:
    """All that the gate looks at; `blocks` are those that shut the caller out of the call, in the
    order in which they speak."""

    settings: GateSettings
    blocks: tuple[BlockFacts, ...] = ()
    tallies: tuple[Tally, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRefusal:
    """Why a caller was not let in: what the gate saw, what it asked for, and the entry if one of
    the block list decided."""

    reason: GateReason
    saw: str
    asked: str
    block_id: str | None = None


def caller_of(number: str | None, attestation: Attestation, *, hash_key: str) -> Caller:
    """Who calls from the number, with the stand-ins that the deployment's key makes of it."""
    if number is None:
        return Caller(number=None, attestation=attestation)
    return Caller(
        number=number,
        number_hash=_stand_in(number, hash_key),
        prefix_hash=_stand_in(f"prefix {number[: ROTATION_DIGITS + 1]}", hash_key),
        attestation=attestation,
    )


def block_id(callers: Callers, owner: str | None) -> str:
    """The id of the owner's one entry about these callers; None is the whole deployment's."""
    return derived("blk", owner or "", callers.kind, callers.number or "")


def callers_like(number: str | None) -> tuple[Callers, ...]:
    """All callers among whom the one with this number is: the number's own, then those of its
    prefixes, the longest first. Without a number, the anonymous."""
    if number is None:
        return (Callers(BlockKind.ANONYMOUS, None),)
    lengths = [digits for digits in PREFIX_DIGITS if digits < len(number)]
    prefixes = (number[: digits + 1] for digits in reversed(lengths))
    return (
        Callers(BlockKind.EXACT, number),
        *(Callers(BlockKind.PREFIX, prefix) for prefix in prefixes),
    )


def judge(facts: GateFacts, caller: Caller, now: datetime) -> GateRefusal | None:
    """Why the caller is not let in at `now`; None for one who is.

    The block list speaks first, then the attestation, then how often the caller called.
    """
    refusals = (
        _blocked(facts.blocks, now),
        _unattested(facts.settings.minimum_attestation, caller.attestation),
        *(too_often(tally, now) for tally in facts.tallies),
    )
    return next((refusal for refusal in refusals if refusal), None)


def too_often(tally: Tally, now: datetime) -> GateRefusal | None:
    """The refusal of one call more at `now`; None while the limit has room for it."""
    limit = tally.limit
    called = tally.calls.get(limit.window(now), 0)
    if called < limit.calls:
        return None
    asked = f"at most {limit.calls} in {limit.minutes} minutes"
    return GateRefusal(reason=tally.reason, saw=f"{called} before this one", asked=asked)


def _stand_in(text: str, hash_key: str) -> str:
    """What cannot be turned back without the key; a prefix has a form that no number has."""
    return hmac.new(hash_key.encode(), text.encode(), hashlib.sha256).hexdigest()[:32]


def _blocked(blocks: tuple[BlockFacts, ...], now: datetime) -> GateRefusal | None:
    """The entry is named, and the number is not: others than the operator may read the trace."""
    block = next((block for block in blocks if block.in_force(now)), None)
    if block is None:
        return None
    whole = "whole " if block.scope is BlockScope.DEPLOYMENT else ""
    return GateRefusal(
        reason=_BLOCKED[block.kind],
        saw=f"an entry of the {whole}{block.scope}",
        asked="no entry of the block list",
        block_id=block.id,
    )


def _over(expires_at: datetime | None, now: datetime) -> bool:
    return expires_at is not None and expires_at <= now


def _unattested(minimum: Attestation, given: Attestation) -> GateRefusal | None:
    if _RANK[given] >= _RANK[minimum]:
        return None
    return GateRefusal(
        reason=GateReason.ATTESTATION_TOO_LOW, saw=given.value, asked=f"{minimum.value} or better"
    )
