"""What can the filters of targets ask of a call?

Owns the names of a call's attributes and their reading. What a filter makes of them belongs to
`criteria`.
"""

from chalicelib.calls import Call
from chalicelib.offers import TAG_NAME

ATTRIBUTES = (
    "caller", "state", "zip", "area_code", "number", "offer_id", "publisher_id", "placement_id",
    "line_type", "line_carrier", "caller_name",
)  # fmt: skip
"""What calls have besides their tags."""
LINE_ATTRIBUTES = frozenset({"line_type", "line_carrier", "caller_name"})
"""Those of them that only a look-up of the caller's line tells."""
OF_STEPS = ("state", "zip", "area_code", "line_type", "line_carrier")
"""What the steps of terms may look at besides tags: what both sides may know, and nothing that
names a caller."""
_TAG = "tag."


def can_have(name: str) -> bool:
    """Whether a call may have an attribute of this name; that of a tag begins with `tag.`."""
    if name.startswith(_TAG):
        return TAG_NAME.fullmatch(name, len(_TAG)) is not None
    return name in ATTRIBUTES


def of_steps(name: str) -> bool:
    """Whether a step may ask for the attribute."""
    return name in OF_STEPS or (name.startswith(_TAG) and can_have(name))


def attributes_of(call: Call) -> dict[str, str]:
    """The attributes of a call by their names; what is not known of it is not there."""
    line = call.lookup.line if call.lookup else None
    known = {
        "caller": call.caller,
        "state": call.area.state,
        "zip": call.area.zip,
        "area_code": call.area.area_code,
        "number": call.e164,
        "offer_id": call.offer_id,
        "publisher_id": call.publisher_id,
        "placement_id": call.placement_id,
        "line_type": line.line_type if line else None,
        "line_carrier": line.line_carrier if line else None,
        "caller_name": line.caller_name if line else None,
    }
    tags = {f"{_TAG}{name}": value for name, value in call.tags.items()}
    return {name: value for name, value in known.items() if value is not None} | tags
