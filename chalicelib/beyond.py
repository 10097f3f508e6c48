"""What does a thing of the catalog ask for that a carrier cannot do, or does not tell?

Owns these faults, each with its field and reason. What carriers are able to belongs to `powers`;
whether one's numbers lead to the thing at all, to the flows.
"""

from collections.abc import Iterator
from dataclasses import replace

from chalicelib.answering import ZIP, Answering, Line
from chalicelib.campaigns import Advertiser, Campaign, Target
from chalicelib.criteria import Filter, Geography
from chalicelib.errors import Fault
from chalicelib.offers import Offer, Partnership
from chalicelib.powers import EVERYTHING, Powers
from chalicelib.settings import InForce, MachineDetection, OperatorSettings, Settings
from chalicelib.terms import Clock, PayKind, Step, StepTest, Terms

_UNTOLD = (
    "Amazon Connect does not tell when the target answered; count from the dial or the arrival"
)
_BY_MINUTE = "minutes count from the target's answer, of which Amazon Connect does not tell"
_NO_WHISPER = "on Amazon Connect nothing is said to or asked of a target before the caller comes"
_NO_AUDIO = "Amazon Connect speaks words, and plays no recording from the web"
_NO_ZIP = "Amazon Connect does not tell the caller's ZIP; have the offer ask for it as zip"
_NO_SIP = "Amazon Connect transfers to telephone numbers alone"


def beyond(thing: object, powers: Powers) -> list[Fault]:
    """What `thing` asks for that is beyond these powers; nothing for what asks for none."""
    if powers == EVERYTHING:
        return []
    found: Iterator[Fault] = iter(())
    if isinstance(thing, Campaign):
        found = _of_campaign(thing, powers)
    elif isinstance(thing, Target):
        found = _of_target(thing, powers)
    elif isinstance(thing, Offer):
        found = _of_offer(thing, powers)
    elif isinstance(thing, Advertiser | OperatorSettings):
        found = _of_settings(thing, powers)
    elif isinstance(thing, Partnership) and thing.earning is not None:
        found = _under("earning", _of_terms(thing.earning, powers))
    return list(found)


def on_offer(powers: Powers, offer: Offer) -> Powers:
    """The powers for calls of an offer: what its callers key need not be told by the carrier."""
    questions = offer.answering.questions if offer.answering else ()
    asks = any(question.name == ZIP for question in questions)
    return replace(powers, tells_zip=True) if asks else powers


def out_of_reach(campaign: Campaign, target: Target, settings: InForce, powers: Powers) -> bool:
    """Whether the carrier cannot connect a call with the target as its campaign asks: its kind of
    address, or what is to happen before the caller is let through."""
    listens = settings.machine_detection is MachineDetection.REFUSE
    unheard = not powers.whispers and (campaign.acceptance is not None or listens)
    return unheard or (not powers.dials_sip and _is_sip(target))


def _of_campaign(campaign: Campaign, powers: Powers) -> Iterator[Fault]:
    yield from _under("terms", _of_terms(campaign.terms, powers))
    if campaign.acceptance is not None and not powers.whispers:
        yield Fault(field="acceptance", rule="carrier", reason=_NO_WHISPER)
    yield from _of_settings(campaign, powers)
    if campaign.consent is not None:
        yield from _of_line("consent.line", campaign.consent.line, powers)


def _of_target(target: Target, powers: Powers) -> Iterator[Fault]:
    if _is_sip(target) and not powers.dials_sip:
        yield Fault(field="destination", rule="carrier", reason=_NO_SIP)
    if target.geography is not None:
        yield from _of_geography(target.geography, powers)
    yield from _of_steps(target.steps or (), powers)
    yield from _of_settings(target, powers)


def _of_offer(offer: Offer, powers: Powers) -> Iterator[Fault]:
    powers = on_offer(powers, offer)
    yield from _under("earning", _of_terms(offer.earning, powers))
    yield from _of_answering(offer.answering, powers)


def _of_settings(settings: Settings, powers: Powers) -> Iterator[Fault]:
    if settings.machine_detection is MachineDetection.REFUSE and not powers.whispers:
        yield Fault(field="machine_detection", rule="carrier", reason=_NO_WHISPER)


def _of_terms(terms: Terms, powers: Powers) -> Iterator[Fault]:
    if terms.minimum_talk_seconds and not powers.tells_answer:
        yield Fault(field="minimum_talk_seconds", rule="carrier", reason=_UNTOLD)
    yield from _of_geography(terms.geography, powers)
    yield from _of_steps(terms.steps, powers)
    if terms.disqualifiers.review is not None:
        filters = terms.disqualifiers.review.filters
        yield from _of_filters("disqualifiers.review", filters, powers)


def _of_steps(steps: tuple[Step, ...], powers: Powers) -> Iterator[Fault]:
    for at, step in enumerate(steps):
        where, blind = f"steps.{at}", not powers.tells_answer
        if blind and step.test is StepTest.TALK and step.clock is Clock.ANSWER and step.seconds:
            yield Fault(field=f"{where}.clock", rule="carrier", reason=_UNTOLD)
        if blind and step.pays.kind is PayKind.PER_MINUTE:
            yield Fault(field=f"{where}.pays.kind", rule="carrier", reason=_BY_MINUTE)
        yield from _of_filters(where, step.filters, powers)


def _of_geography(geography: Geography, powers: Powers) -> Iterator[Fault]:
    named = (("geography.zips", geography.zips), ("geography.exclude.zips", geography.exclude.zips))
    for field, zips in named:
        if zips and not powers.tells_zip:
            yield Fault(field=field, rule="carrier", reason=_NO_ZIP)


def _of_filters(where: str, filters: tuple[Filter, ...], powers: Powers) -> Iterator[Fault]:
    for at, one in enumerate(filters):
        if one.attribute == ZIP and not powers.tells_zip:
            yield Fault(field=f"{where}.filters.{at}.attribute", rule="carrier", reason=_NO_ZIP)


def _of_answering(answering: Answering | None, powers: Powers) -> Iterator[Fault]:
    if answering is None:
        return
    lines: list[tuple[str, Line | None]] = [("greeting", answering.greeting)]
    for at, question in enumerate(answering.questions):
        named = ("prompt", "confirm", "no_input", "wrong_input")
        lines += [(f"questions.{at}.{name}", getattr(question, name)) for name in named]
    if answering.wait:
        lines.append(("wait.line", answering.wait.line))
    for field, line in lines:
        if line is not None:
            yield from _of_line(f"answering.{field}", line, powers)


def _of_line(field: str, line: Line, powers: Powers) -> Iterator[Fault]:
    if line.audio_url is not None and not powers.plays_audio:
        yield Fault(field=f"{field}.audio_url", rule="carrier", reason=_NO_AUDIO)


def _is_sip(target: Target) -> bool:
    return target.destination.startswith("sip:")


def _under(name: str, faults: Iterator[Fault]) -> Iterator[Fault]:
    for fault in faults:
        yield replace(fault, field=f"{name}.{fault.field}")
