"""Did the platform answer a webhook as the carrier needs it?

Decides from one request and one answer; comparing repeats and keeping the findings is
`courier`'s business.
"""

from dataclasses import dataclass

from simulator.faults import ASKING_KINDS
from simulator.twiml import TwimlRefused, Verb, read
from simulator.wire import ANSWER_SECONDS, Answer, Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One thing the platform did that the carrier would not take.

    `rule` is a stable word, `code` the carrier's error code where it has one.
    """

    rule: str
    kind: str
    sentence: str
    code: int | None = None

    def __str__(self) -> str:
        code = f" (carrier error {self.code})" if self.code else ""
        return f"{self.kind}: {self.sentence}{code}"


Document = tuple[Verb, ...]


def judge(request: Request, answer: Answer) -> tuple[Document | None, tuple[Violation, ...]]:
    """The document of an answer (`None`: none to go on with) and what was wrong with it."""
    found = _transport(request, answer)
    if found:
        return None, found
    if request.kind not in ASKING_KINDS:
        return None, _told(request, answer)
    try:
        document = read(answer.body, answer.content_type, whisper=request.whisper)
    except TwimlRefused as refusal:
        return None, (_violation(request, "twiml_refused", refusal.sentence, refusal.code),)
    return document, ()


def differing(request: Request, first: Document | None, again: Document | None) -> Violation | None:
    """A repeated request must get an equal answer; how its XML is laid out does not matter."""
    if request.kind not in ASKING_KINDS or first == again:
        return None
    sentence = "the same request, repeated with the same idempotency token, got another answer"
    return _violation(request, "different_answer", sentence)


def _transport(request: Request, answer: Answer) -> tuple[Violation, ...]:
    if answer.fault:
        code = 11205 if answer.unreachable else 11200
        rule = "too_slow" if answer.seconds >= ANSWER_SECONDS else "no_answer"
        return (_violation(request, rule, answer.fault, code),)
    if answer.seconds > ANSWER_SECONDS:
        sentence = f"the answer took {answer.seconds:.1f} s; the cap is {ANSWER_SECONDS:g} s"
        return (_violation(request, "too_slow", sentence, 11200),)
    if not 200 <= answer.status < 300:
        said = answer.body[:120].decode("utf-8", "replace")
        sentence = f"answered HTTP {answer.status}, not 2xx: {said!r}"
        return (_violation(request, "not_2xx", sentence, 11200),)
    return ()


def _told(request: Request, answer: Answer) -> tuple[Violation, ...]:
    body = answer.body.strip()
    if not body and answer.status in (200, 204):
        return ()
    sentence = "a status callback is answered 204, or 200 with nothing or an empty <Response/>"
    if answer.status == 200:
        try:
            if not read(body, answer.content_type):
                return ()
            sentence += "; this one held verbs, which nobody runs"
        except TwimlRefused as refusal:
            sentence += f"; {refusal.sentence}"
    else:
        sentence += f"; this was {answer.status}"
    return (_violation(request, "status_answer", sentence),)


def _violation(request: Request, rule: str, sentence: str, code: int | None = None) -> Violation:
    return Violation(rule=rule, kind=request.kind, sentence=sentence, code=code)
