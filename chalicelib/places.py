"""Where does a telephone number belong, and what else says where its caller is?

Owns what a number of North America tells by its prefix (country, state or province, time zones),
and whose word counts of all the evidence about a caller's place. The table of prefixes is made by
`infra.places` and is a constant of the package, read once.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Self

TABLE = Path(__file__).with_name("assets") / "nanp.json"
# Parts of the United States by their postal codes, which are also their codes as countries.
TERRITORIES = frozenset({"AS", "GU", "MP", "PR", "VI"})
STATES = TERRITORIES | {
    "AL", "AK", "AZ", "AR", "CA", "CO", "CT", "DE", "DC", "FL", "GA", "HI",
    "ID", "IL", "IN", "IA", "KS", "KY", "LA", "ME", "MD", "MA", "MI", "MN",
    "MS", "MO", "MT", "NE", "NV", "NH", "NJ", "NM", "NY", "NC", "ND", "OH",
    "OK", "OR", "PA", "RI", "SC", "SD", "TN", "TX", "UT", "VT", "VA", "WA",
    "WV", "WI", "WY",
    "AB", "BC", "MB", "NB", "NL", "NS", "NT", "NU", "ON", "PE", "QC", "SK",
    "YT",
}  # fmt: skip
COUNTRIES_WITH_STATES = TERRITORIES | {"US", "CA"}
_NANP = re.compile(r"\+1([2-9]\d\d)([2-9]\d\d)\d{4}", re.ASCII)
_NANP_PREFIX = "+1"


class NumberKind(StrEnum):
    """What sort of number it is; only a geographic one belongs to a place.

    Numbers that follow a person or a service (500, 600 …) are `non_geographic`. A number of North
    America whose area code is not in use, or whose form is wrong, is `unknown`.
    """

    GEOGRAPHIC = "geographic"
    TOLL_FREE = "toll_free"
    PREMIUM = "premium"
    NON_GEOGRAPHIC = "non_geographic"
    FOREIGN = "foreign"
    UNKNOWN = "unknown"


class AreaSource(StrEnum):
    """Who speaks of a caller's place, the most trusted first: this order is the rule."""

    KEYED = "keyed"
    VISIT = "visit"
    CARRIER = "carrier"
    PREFIX = "prefix"


class Provenance(StrEnum):
    """How a source came to its word: declared by the caller, measured on this call, or looked up in
    a table."""

    DECLARED = "declared"
    MEASURED = "measured"
    LOOKED_UP = "looked_up"


class AreaFact(StrEnum):
    """What a piece of evidence speaks of."""

    COUNTRY = "country"
    STATE = "state"
    ZIP = "zip"
    ZONE = "zone"
    KIND = "kind"


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaEvidence:
    """One thing that one source says of a caller's place, kept whether or not it counts."""

    what: AreaFact
    value: str
    source: AreaSource
    provenance: Provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a number belongs.

    `country` is an ISO 3166 code. `state` is the postal code of a state, province or territory;
    None outside of US and Canada, and where a prefix serves several. `zones` are IANA names; none
    where they are not known.
    """

    country: str
    state: str | None
    zones: tuple[str, ...]


def kind_of(e164: str) -> NumberKind:
    """The kind of a number in E.164, by its area code; its exchange may not be in use."""
    nanp = _NANP.fullmatch(e164)
    if nanp is None:
        is_foreign = e164.startswith("+") and not e164.startswith(_NANP_PREFIX)
        return NumberKind.FOREIGN if is_foreign else NumberKind.UNKNOWN
    table = _table()
    if nanp[1] in table["codes"]:
        return NumberKind.GEOGRAPHIC
    return NumberKind(table["kinds"].get(nanp[1], NumberKind.UNKNOWN))


def area_code_of(e164: str | None) -> str | None:
    """The three digits after +1, of every kind of North American number."""
    nanp = _NANP.fullmatch(e164 or "")
    return nanp[1] if nanp else None


def area_codes_of(state: str) -> tuple[str, ...]:
    """The area codes most of whose exchanges are in the state, in order."""
    table = _table()
    return tuple(
        code for code, (_, usual, _) in sorted(table["codes"].items())
        if table["spots"][usual][0] == state
    )  # fmt: skip


def place_of(e164: str) -> Place | None:
    """The place of a geographic number of North America; None for all others."""
    nanp = _NANP.fullmatch(e164)
    if nanp is None:
        return None
    table = _table()
    row = table["codes"].get(nanp[1])
    if row is None:
        return None
    country, usual, others = row
    # Exchanges stand apart as words of three digits, so that none is found across two of them.
    index = next((int(at) for at, exchanges in others.items() if nanp[2] in exchanges), usual)
    state, zones = table["spots"][index]
    return Place(country=country, state=state, zones=tuple(zones))


def prefix_evidence(e164: str) -> tuple[AreaEvidence, ...]:
    """What the number itself says: its place, or its kind where it belongs to none."""
    place = place_of(e164)
    if place is None:
        return (_looked_up(AreaFact.KIND, kind_of(e164).value),)
    return (
        _looked_up(AreaFact.COUNTRY, place.country),
        *([_looked_up(AreaFact.STATE, place.state)] if place.state else []),
        *(_looked_up(AreaFact.ZONE, zone) for zone in place.zones),
    )


def visit_evidence(state: str | None, zip_code: str | None) -> tuple[AreaEvidence, ...]:
    """What the caller has declared on a web page before the call; None is what was not said."""
    said = ((AreaFact.STATE, state), (AreaFact.ZIP, zip_code))
    return tuple(
        AreaEvidence(
            what=what, value=value, source=AreaSource.VISIT, provenance=Provenance.DECLARED
        )
        for what, value in said
        if value is not None
    )


def known_state(state: str | None, country: str | None) -> str | None:
    """`state`, when it is one of US or Canada and the same source names no other country."""
    at_home = country is None or country in COUNTRIES_WITH_STATES
    return state if at_home and state in STATES else None


def _looked_up(what: AreaFact, value: str) -> AreaEvidence:
    return AreaEvidence(
        what=what, value=value, source=AreaSource.PREFIX, provenance=Provenance.LOOKED_UP
    )


@cache
def _table() -> Mapping[str, Any]:
    """`spots` are pairs of state and zones; `codes` names, for an area code, its country, the spot
    of most of its exchanges, and the exchanges of other spots; `kinds` has the area codes that
    belong to no place.
    """
    table: dict[str, Any] = json.loads(TABLE.read_bytes())
    return table


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """Where a caller seems to be: the place that counts, and all the evidence about it.

    `source` is the one whose word for the state counts. What other sources say stays among the
    `evidence`, where a contradiction can be seen and nobody has settled it.
    """

    state: str | None = None
    zip: str | None = None
    area_code: str | None = None
    source: str = AreaSource.PREFIX.value
    evidence: tuple[AreaEvidence, ...] = ()

    @classmethod
    def told_by(cls, evidence: tuple[AreaEvidence, ...], area_code: str | None) -> Self:
        """The area in which each fact is that of the most trusted source that knows it.

        Where nobody knows the state, `source` is the least trusted.
        """
        said = {
            source: {one.what: one.value for one in evidence if one.source is source}
            for source in AreaSource
        }
        states = {
            source: known_state(facts.get(AreaFact.STATE), facts.get(AreaFact.COUNTRY))
            for source, facts in said.items()
        }
        source = next((source for source in states if states[source]), AreaSource.PREFIX)
        return cls(
            state=states[source],
            zip=next(
                (facts[AreaFact.ZIP] for facts in said.values() if AreaFact.ZIP in facts), None
            ),
            area_code=area_code,
            source=source.value,
            evidence=evidence,
        )

    def looked_up(self, country: str) -> Self:
        """The area of a caller whose line, as its carrier says, is of this country. What came with
        the call goes before it, being the same source's word about this very call."""
        word = AreaEvidence(
            what=AreaFact.COUNTRY,
            value=country,
            source=AreaSource.CARRIER,
            provenance=Provenance.LOOKED_UP,
        )
        return self.told_by((word, *self.evidence), self.area_code)

    def declared(self, evidence: tuple[AreaEvidence, ...]) -> Self:
        """The area of a caller who has said this on a web page before the call."""
        return self.told_by((*evidence, *self.evidence), self.area_code)

    def keyed(self, zip_code: str) -> Self:
        """The area of a caller who has keyed this ZIP, which is believed before all else."""
        word = AreaEvidence(
            what=AreaFact.ZIP,
            value=zip_code,
            source=AreaSource.KEYED,
            provenance=Provenance.DECLARED,
        )
        return replace(self, zip=zip_code, evidence=(word, *self.evidence))
