"""What can a carrier do for a call, and what does it tell of it?

Owns the differences between carriers. What a thing of the catalog asks that a
carrier lacks belongs to `beyond`; how a carrier is spoken to, to the providers and channels.
"""

from dataclasses import dataclass

from chalicelib.offers import CONNECT


@dataclass(frozen=True, slots=True, kw_only=True)
class Powers:
    """What a carrier is able to. One that does not `tell_answer` reports how a dial ended, and not
    reliably when the target picked up. `whispers` stands for all that a target hears or is listened
    to before the caller comes, `attests` for telling what signed calls show (STIR/SHAKEN),
    `tells_zip` for the ZIP that goes with a caller's number: the state follows from the number."""

    tells_answer: bool = True
    whispers: bool = True
    rings_together: bool = True
    dials_sip: bool = True
    plays_audio: bool = True
    attests: bool = True
    tells_zip: bool = True


EVERYTHING = Powers()
# Amazon Connect, Administrator Guide: "Transfer to phone number", "Contact events", "Play prompt"
# (audio from S3 alone), "Telephony call metadata attributes".
_LACKING = {
    CONNECT: Powers(
        tells_answer=False,
        whispers=False,
        rings_together=False,
        dials_sip=False,
        plays_audio=False,
        attests=False,
        tells_zip=False,
    )
}


def powers_of(carrier: str) -> Powers:
    """What the carrier of this name is able to."""
    return _LACKING.get(carrier, EVERYTHING)
