"""What does the API take and show of what callers and targets hear?

Owns the documents of lines, questions, consent, acceptance and voicemail: parts of offers and
campaigns. Import it inside handlers only: no other function shall pay for it.
"""

from typing import Annotated

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from chalicelib import answering
from chalicelib.channels.fields import AudioUrl, CallerId, Document, Name, Spoken, TagName

Kind = Annotated[answering.QuestionKind, Field(strict=False)]
IfUnanswered = Annotated[answering.IfUnanswered, Field(strict=False)]
ConsentWhen = Annotated[answering.ConsentWhen, Field(strict=False)]
Language = Annotated[
    str,
    Field(
        pattern=r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$",
        description="the language of the words (BCP 47)",
    ),
]
Version = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9._-]{1,32}$",
        description="names these words on the calls that heard them; other words need another",
    ),
]
Key = Annotated[str, Field(pattern=r"^[0-9*#]$")]
ShownNumber = Annotated[
    CallerId,
    Field(description="`caller`, `tracking_number`, or a number that the carrier's account owns"),
]


class Line(Document):
    """Words that are spoken, or a recording that is played: one of `text` and `audio_url`."""

    text: Spoken | None = None
    language: Language = "en-US"
    audio_url: AudioUrl | None = None
    version: Version = "1"

    @model_validator(mode="after")
    def _either(self) -> "Line":
        if (self.text is None) is (self.audio_url is None):
            raise PydanticCustomError("either", "must have either a text or an audio_url")
        return self


class Question(Document):
    """What a caller is asked. The answer becomes the tag `name` of the call; that to `zip` also
    tells where the caller is. Of `digits` their number is bounded, of a `choice` each key stands
    for a value. With `confirm`, which reads the answer back in the place of `{answer}`, the caller
    presses 1 to confirm it."""

    name: TagName
    prompt: Line
    kind: Kind
    min_digits: Annotated[int, Field(ge=1, le=20)] = 1
    max_digits: Annotated[int, Field(ge=1, le=20)] = 20
    finish_key: Annotated[str, Field(pattern=r"^[*#]$")] = "#"
    choices: Annotated[dict[Key, Name], Field(max_length=12)] = Field(default_factory=dict)
    timeout_seconds: Annotated[int, Field(ge=1, le=30)] = 5
    retries: Annotated[int, Field(ge=0, le=answering.MOST_RETRIES)] = 2
    confirm: Line | None = None
    no_input: Line | None = None
    wrong_input: Line | None = None
    if_unanswered: IfUnanswered = answering.IfUnanswered.GO_ON
    default: Name | None = None


class Wait(Document):
    """How a caller waits on hold for a target that is busy now: `line` once, then the recording at
    `music_url` to its end, or silence of `every_seconds`, again and again. After each it is looked
    whether a target has become free, for `seconds` at most."""

    line: Line
    music_url: AudioUrl | None = None
    every_seconds: Annotated[int, Field(ge=5, le=60)] = 10
    seconds: Annotated[int, Field(ge=10, le=900)] = 120


class Answering(Document):
    """What callers hear and are asked before anybody is chosen for them."""

    greeting: Line | None = None
    questions: Annotated[list[Question], Field(max_length=answering.MOST_QUESTIONS)] = Field(
        default_factory=list
    )
    wait: Wait | None = None


class Consent(Document):
    """What tells a caller that the call is recorded. An unknown state counts as one in which both
    parties must agree."""

    line: Line
    when: ConsentWhen = answering.ConsentWhen.ALWAYS


class Acceptance(Document):
    """The target must press 1 within so many seconds of the prompt's end, or the next is tried."""

    prompt: Line = Line(text="Press 1 to take this call.")
    seconds: Annotated[int, Field(ge=1, le=60)] = 10


class Voicemail(Document):
    """What a caller hears whom nobody takes, before a message of at most so many seconds."""

    line: Line
    max_seconds: Annotated[int, Field(ge=1, le=600)] = 120


class HeardView(Document):
    """A line that the caller heard: its part in the call, whose it is, in which version."""

    part: str
    of: str
    version: str


class MessageView(Document):
    """What the caller left on voicemail; the carrier hands out the recording."""

    url: str
    seconds: int | None
