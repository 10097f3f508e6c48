"""Does what callers and targets hear hold together, and may it change like this?

Owns the rules of lines and questions that span more than one field: questions with a way to answer
each, whispers that tell nothing they must not, words that do not change under one version. The
fault of a single field belongs to the channel that receives it.
"""

from collections.abc import Iterator

from chalicelib.answering import (
    CALLER,
    ZIP,
    Answering,
    IfUnanswered,
    Line,
    Question,
    QuestionKind,
    offer_lines,
    placeholders,
)
from chalicelib.campaigns import Campaign
from chalicelib.errors import Fault
from chalicelib.introducing import PLACEHOLDERS
from chalicelib.offers import Offer
from chalicelib.questions import ANSWER

_ZIP_DIGITS = 5


def answering_faults(answering: Answering | None) -> Iterator[Fault]:
    """What is wrong with the questions of an offer."""
    names: set[str] = set()
    for at, question in enumerate(answering.questions if answering else ()):
        field = f"answering.questions.{at}"
        if question.name in names:
            reason = f"{question.name} is asked before"
            yield Fault(field=f"{field}.name", rule="repeated", reason=reason)
        names.add(question.name)
        yield from _question_faults(question, field)


def whisper_faults(campaign: Campaign) -> Iterator[Fault]:
    """What a campaign's whisper may not tell."""
    hidden = set() if campaign.caller_id == CALLER else {CALLER}
    allowed = PLACEHOLDERS - hidden
    for name in placeholders(campaign.whisper) if campaign.whisper else ():
        if name not in allowed:
            known = ", ".join(f"{{{one}}}" for one in sorted(allowed))
            reason = f"does not know {{{name}}}; it may tell {known}"
            yield Fault(field="whisper.text", rule="placeholder", reason=reason)


def version_faults(before: Offer | Campaign, after: Offer | Campaign) -> Iterator[Fault]:
    """Lines that say something else under the version under which callers have heard them."""
    earlier = dict(_lines(before))
    for field, line in _lines(after):
        known = earlier.get(field, line)
        if known != line and known.version == line.version:
            reason = f"must change with the words: callers have heard others as {line.version}"
            yield Fault(field=f"{field}.version", rule="version", reason=reason)


def _question_faults(question: Question, field: str) -> Iterator[Fault]:
    if question.min_digits > question.max_digits:
        reason = "must be at least min_digits"
        yield Fault(field=f"{field}.max_digits", rule="order", reason=reason)
    if (question.kind is QuestionKind.CHOICE) is not bool(question.choices):
        reason = "are the keys of a choice, and of no other question"
        yield Fault(field=f"{field}.choices", rule="required", reason=reason)
    if (question.if_unanswered is IfUnanswered.TAKE_DEFAULT) is (question.default is None):
        reason = "is said where if_unanswered is take_default, and only there"
        yield Fault(field=f"{field}.default", rule="required", reason=reason)
    for name in placeholders(question.confirm) if question.confirm else ():
        if name != ANSWER:
            reason = f"does not know {{{name}}}; it may tell {{{ANSWER}}}"
            yield Fault(field=f"{field}.confirm.text", rule="placeholder", reason=reason)
    if question.name == ZIP and _not_a_zip(question):
        reason = "a zip has exactly 5 digits"
        yield Fault(field=f"{field}.name", rule="zip", reason=reason)


def _not_a_zip(question: Question) -> bool:
    bounds = (question.min_digits, question.max_digits)
    return question.kind is not QuestionKind.DIGITS or bounds != (_ZIP_DIGITS, _ZIP_DIGITS)


def _lines(thing: Offer | Campaign) -> Iterator[tuple[str, Line]]:
    """The lines that callers hear, by their fields; of a question by its name."""
    if isinstance(thing, Offer):
        for part, line in offer_lines(thing.answering):
            yield f"answering.{part}", line
    elif thing.consent:
        yield "consent.line", thing.consent.line
