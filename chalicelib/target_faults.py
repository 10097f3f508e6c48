"""Does a target hold together, and fit its campaign?

Owns the rules that span more than one field of a target, or reach to its campaign: filters that can
be judged and that fit into a row, digits that can be sent, a price below the campaign's maximum.
What other things must satisfy, and references between them, belong to `consistency`.
"""

from collections.abc import Sequence

from chalicelib.attributes import ATTRIBUTES, can_have
from chalicelib.campaigns import Campaign, Target
from chalicelib.criteria import Filter, value_fault
from chalicelib.errors import Fault

# All else that a target says is bounded field by field and takes 70 KB of its row's 400 at most; a
# character takes up to 12 bytes there, so these leave room for what calls write beside it.
MOST_FILTER_VALUES = 2_000
MOST_FILTER_CHARACTERS = 20_000


def target_faults(target: Target, stood: Target | None, campaign: Campaign | None) -> list[Fault]:
    """What is wrong with what is said anew; what stood before may stay as it is, so that no
    stricter rule keeps the target from being paused."""
    wrong = _digit_faults(target)
    if stood is None or stood.filters != target.filters:
        wrong += _filter_faults(target.filters)
    if stood is None or stood.charge_cents != target.charge_cents:
        wrong += _charge_faults(target, campaign)
    return wrong


def _charge_faults(target: Target, campaign: Campaign | None) -> list[Fault]:
    if campaign is None or target.charge_cents is None:
        return []
    most = campaign.maximum_charge_cents
    if most is None or target.charge_cents <= most:
        return []
    reason = f"is more than {campaign.id} pays for any call, which is {most}"
    return [Fault(field="charge_cents", rule="range", reason=reason)]


def _digit_faults(target: Target) -> list[Fault]:
    """Twilio plays digits to numbers only (TwiML, Number, sendDigits)."""
    if target.send_digits is None or not target.destination.startswith("sip:"):
        return []
    reason = "digits are sent to a number, not to a SIP address"
    return [Fault(field="send_digits", rule="exclusive", reason=reason)]


def _filter_faults(filters: Sequence[Filter]) -> list[Fault]:
    wrong = _too_much(filters)
    for at, one in enumerate(filters):
        if not can_have(one.attribute):
            reason = (
                f"no call has the attribute {one.attribute}; calls have {', '.join(ATTRIBUTES)}, "
                "and tag.name for a tag of that name"
            )
            wrong.append(Fault(field=f"filters.{at}.attribute", rule="choice", reason=reason))
        unfit = value_fault(one)
        if unfit:
            wrong.append(Fault(field=f"filters.{at}.values", rule="filter", reason=unfit))
    return wrong


def _too_much(filters: Sequence[Filter]) -> list[Fault]:
    """Whether all filters of a target together say more than its row is to hold."""
    values = [value for one in filters for value in one.values]
    counts = (
        (len(values), MOST_FILTER_VALUES, "values"),
        (sum(map(len, values)), MOST_FILTER_CHARACTERS, "characters of values"),
    )
    return [
        Fault(
            field="filters",
            rule="length",
            reason=f"hold {count} {of_what} together; at most {most} fit",
        )
        for count, most, of_what in counts
        if count > most
    ]
