"""A mail service in memory."""

from dataclasses import dataclass, field

from chalicelib.mailing import Letter
from chalicelib.providers.mail import NotSent, Unsure


@dataclass
class FakeMailer:
    """Sends from verified senders alone, and whatever it hears twice it sends twice. A mute one
    sends, and its answer is lost."""

    verified: frozenset[str] = frozenset({"billing@ring.example"})
    sent: list[Letter] = field(default_factory=list)
    mute: bool = False

    def __call__(self, letter: Letter) -> str:
        if letter.sender not in self.verified:
            raise NotSent("MessageRejected: Email address is not verified.")
        self.sent.append(letter)
        if self.mute:
            raise Unsure("no answer came: ReadTimeoutError")
        return f"message-{len(self.sent)}"
