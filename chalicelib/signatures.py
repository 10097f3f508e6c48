"""Who signed a step that lets money go, and is it another person than before?

Owns the signature and the rule of two: what one of the operator's people approved, another lets go.
What is signed, and in which state, belongs to whatever is let go.
"""

from dataclasses import dataclass
from datetime import datetime

from chalicelib.errors import Forbidden
from chalicelib.keys import OWN_KEY


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Which of the operator's people took a step: by their key, and as they are called."""

    key_id: str
    name: str
    at: datetime


def is_again(before: Signature | None, by: Signature) -> bool:
    """Whether the step was signed with this key before: it is repeated."""
    return before is not None and before.key_id == by.key_id


def confirm_person(by: Signature) -> None:
    """Forbidden for the deployment's own key, behind which might be anybody."""
    if by.key_id == OWN_KEY:
        detail = "the deployment's own key belongs to nobody: use the key of one of your people"
        raise Forbidden(detail, code="personal_key_needed")


def confirm_another(approved: Signature | None, by: Signature, thing: str) -> None:
    """Forbidden for whoever has approved the thing, by that key or by another under their name, and
    for everybody while nobody has."""
    if approved is None or _is_same_person(approved, by):
        who = approved.name if approved else "nobody"
        detail = f"{thing} was approved by {who}: another operator releases it"
        raise Forbidden(detail, code="second_operator")


def _is_same_person(one: Signature, other: Signature) -> bool:
    return one.key_id == other.key_id or _folded(one.name) == _folded(other.name)


def _folded(name: str) -> str:
    return " ".join(name.split()).casefold()
