"""What does a caller hear, and what is asked?

Owns the lines that are spoken or played, the questions that an offer asks before anybody is chosen,
and how caller and target are introduced once somebody is. Which question comes next belongs to
`questions`; saying it in the carrier's words, to the channel.

A line keeps the `version` that its operator gave it, so that a call can tell which words were
heard.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

MOST_QUESTIONS = 5
MOST_RETRIES = 5
ZIP = "zip"
"""The question whose answer also tells where the caller is."""
CALLER, TRACKING_NUMBER = "caller", "tracking_number"
"""Whose number a target is shown; any other word is a number in E.164."""

TWO_PARTY_STATES: Mapping[str, str] = {
    "CA": "Cal. Penal Code § 632",
    "CT": "Conn. Gen. Stat. § 52-570d",
    "DE": "Del. Code tit. 11 § 1335",
    "FL": "Fla. Stat. § 934.03",
    "IL": "720 ILCS 5/14-2",
    "MD": "Md. Code, Cts. & Jud. Proc. § 10-402",
    "MA": "Mass. Gen. Laws ch. 272 § 99",
    "MI": "Mich. Comp. Laws § 750.539c",
    "MT": "Mont. Code § 45-8-213",
    "NV": "Nev. Rev. Stat. § 200.620",
    "NH": "N.H. Rev. Stat. § 570-A:2",
    "OR": "Or. Rev. Stat. § 165.540",
    "PA": "18 Pa. Cons. Stat. § 5704",
    "WA": "Wash. Rev. Code § 9.73.030",
}
"""States in which everybody on a call must know that it is recorded, each by its statute; those on
which lists differ (CT, MI, OR) are taken in."""

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_MOST_SPOKEN = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Words that are spoken in a language (BCP 47), or a recording that is played."""

    text: str | None = None
    language: str = "en-US"
    audio_url: str | None = None
    version: str = "1"


class QuestionKind(StrEnum):
    """What a caller keys: any digits, or one key of a menu."""

    DIGITS = "digits"
    CHOICE = "choice"


class IfUnanswered(StrEnum):
    """What follows when every try has failed."""

    GO_ON = "go_on"
    HANG_UP = "hang_up"
    TAKE_DEFAULT = "take_default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked under a name, which becomes a tag of the call.

    Of digits `min_digits` to `max_digits` (both included) are an answer; `choices` maps a key to
    the value it stands for. With `confirm` an answer counts once the caller has heard it read back
    (`{answer}`) and pressed 1; anything else is a failed try. After a failed try the caller hears
    `no_input` or `wrong_input`, and the question again, `retries` times at most. `default` is taken
    where `if_unanswered` says so.
    """

    name: str
    prompt: Line
    kind: QuestionKind
    min_digits: int = 1
    max_digits: int = 20
    finish_key: str = "#"
    choices: Mapping[str, str] = field(default_factory=dict)
    timeout_seconds: int = 5
    retries: int = 2
    confirm: Line | None = None
    no_input: Line | None = None
    wrong_input: Line | None = None
    if_unanswered: IfUnanswered = IfUnanswered.GO_ON
    default: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """How a caller waits for a target that is busy: `line` comes first, then the recording at
    `music_url`, or silence of `every_seconds`, again and again, until somebody is free or `seconds`
    are over. Whether somebody is free is looked at each time one of them has ended."""

    line: Line
    music_url: str | None = None
    every_seconds: int = 10
    seconds: int = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    """What an offer's callers hear and are asked before anybody is chosen for them."""

    greeting: Line | None = None
    questions: tuple[Question, ...] = ()
    wait: Wait | None = None


class ConsentWhen(StrEnum):
    """Which callers hear the consent line."""

    ALWAYS = "always"
    TWO_PARTY_STATES = "two_party_states"


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What tells a caller that the call is recorded."""

    line: Line
    when: ConsentWhen = ConsentWhen.ALWAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """The target must press 1 within so many seconds of the whisper's end, or the next is tried."""

    prompt: Line = Line(text="Press 1 to take this call.")
    seconds: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Voicemail:
    """What a caller hears whom nobody takes, and how long the message may be."""

    line: Line
    max_seconds: int = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Introduction:
    """How caller and target of one attempt are brought together.

    The caller hears `greeting` and `consent` before the target is dialled; the target, once it
    answers, is listened to for `listen_seconds` lest it be a machine, hears `whisper` and is asked
    for `acceptance`. `caller_id` is None for the caller's.
    """

    greeting: Line | None = None
    consent: Line | None = None
    whisper: Line | None = None
    acceptance: Acceptance | None = None
    caller_id: str | None = None
    listen_seconds: int = 0

    @property
    def lines(self) -> tuple[Line, ...]:
        """What the caller hears before the dial, in its order."""
        return tuple(line for line in (self.greeting, self.consent) if line)

    @property
    def whispers(self) -> bool:
        """Whether anything comes between the target's answer and the caller."""
        return bool(self.whisper or self.acceptance or self.listen_seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A line that a caller heard: its part in the call, whose it is, in which version."""

    part: str
    of: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What a caller left on voicemail; `url` is the carrier's."""

    url: str
    seconds: int | None


def consent_due(consent: Consent | None, state: str | None) -> Line | None:
    """The line that a caller from `state` must hear; an unknown place counts as one of two
    parties' consent."""
    if consent is None:
        return None
    elsewhere = state is not None and state not in TWO_PARTY_STATES
    return None if elsewhere and consent.when is ConsentWhen.TWO_PARTY_STATES else consent.line


def filled(line: Line, facts: Mapping[str, str | None]) -> Line:
    """The line with every placeholder replaced by its fact; what is not known is so called."""
    if line.text is None:
        return line
    text = _PLACEHOLDER.sub(lambda found: facts.get(found[1]) or "unknown", line.text)
    return replace(line, text=text[:_MOST_SPOKEN])


def placeholders(line: Line) -> tuple[str, ...]:
    """The names between braces in a line's words."""
    return tuple(_PLACEHOLDER.findall(line.text or ""))


def offer_lines(answering: Answering | None) -> Iterator[tuple[str, Line]]:
    """The lines of an offer by their parts of the call."""
    if answering is None:
        return
    if answering.greeting:
        yield "greeting", answering.greeting
    for question in answering.questions:
        yield f"question.{question.name}", question.prompt
    if answering.wait:
        yield "wait", answering.wait.line
