"""How long does a spoken part of a call take?

A rule of thumb that keeps simulated time plausible; nobody hears anything.
"""

from simulator.twiml import Verb

_WORDS_PER_SECOND = 2.5
_CLIP_SECONDS = 5.0
_ENDLESS_LOOPS = 1000
_KEY_SECONDS = 0.5


def speech_seconds(verb: Verb) -> float:
    """Simulated seconds of a Say, Play or Pause, or of what a Gather says before it listens."""
    if verb.name == "Gather":
        return sum(speech_seconds(child) for child in verb.children)
    if verb.name == "Pause":
        return float(verb.count("length", 1))
    loops = verb.count("loop", 1) or _ENDLESS_LOOPS
    if verb.name == "Say":
        return loops * len(verb.text.split()) / _WORDS_PER_SECOND
    if verb.name == "Play":
        keys = len(verb.get("digits")) * _KEY_SECONDS
        return loops * (keys or _CLIP_SECONDS)
    return 0.0
