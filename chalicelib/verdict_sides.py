"""What does each party see of the verdict on a call?

Owns the publisher's side (no charge, not what a buyer was paid, not what the caller keyed) and the
advertiser's (nothing of the earning). What each sees of the call itself belongs to `sides`. The
operator sees everything, and needs no module.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.findings import Rule
from chalicelib.validation import Standing

Document = Mapping[str, Any]

_OF_A_CHARGE = ("rule", "saw", "source", "asked", "outcome", "denial", "until")
_OF_BOTH = ("judged_at", "talk_seconds", "evidence", "waits_until")
_OF_A_SIDE = ("", "_standing", "_step", "_cents", "_most_cents")
_SECRETS = {Rule.POSTBACK: ("saw", "asked"), Rule.IVR_ANSWER: ("saw",), Rule.CONSENT: ("saw",)}
_OWNERS = {"charge": ("cmp_", "tgt_"), "earning": ("off_", "par_")}


def publisher_verdict(whole: Document) -> Document:
    """A verdict as the call's publisher sees it: its earning as it is, and of the charge which
    rules held, without amounts, what the buyer was paid, and what the caller keyed."""
    own = _of_side(whole, "earning")
    charge = [_untold(one) for one in whole["charge"]]
    return {**own, "charge": charge, "charge_standing": whole["charge_standing"]}


def advertiser_verdict(whole: Document) -> Document:
    """A verdict as the call's advertiser sees it: its charge as it is, and nothing of the earning,
    neither whose terms that follows nor until when it waits."""
    open_until = [one["until"] for one in whole["charge"] if one["until"]]
    waits = whole["charge_standing"] == Standing.PENDING and open_until
    return {**_of_side(whole, "charge"), "waits_until": min(open_until) if waits else None}


def _of_side(whole: Document, side: str) -> dict[str, Any]:
    names = (*_OF_BOTH, *(side + end for end in _OF_A_SIDE))
    terms = [one for one in whole["terms"] if one["owner_id"].startswith(_OWNERS[side])]
    return {**{name: whole[name] for name in names}, "terms": terms}


def _untold(finding: Document) -> dict[str, Any]:
    told = {name: finding[name] for name in _OF_A_CHARGE}
    return {**told, **dict.fromkeys(_SECRETS.get(finding["rule"], ()))}
