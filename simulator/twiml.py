"""Would the carrier accept this answer, and what does it say?

The real carrier forgives some faults with a warning that nobody reads; this reader refuses
them all, loudly. What each element may hold is in `grammar`; doing it is `engine`'s business.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree import ElementTree

from simulator import grammar

MOST_BYTES = 64 * 1024
MOST_NOUNS = 10
XML_TYPES = ("text/xml", "application/xml", "text/html")


class TwimlRefused(Exception):
    """An answer that the carrier would refuse.

    `code` is the carrier's error code, `None` where it publishes none; `sentence` says what is
    wrong, in which element.
    """

    def __init__(self, code: int | None, sentence: str) -> None:
        super().__init__(f"{code}: {sentence}" if code else sentence)
        self.code = code
        self.sentence = sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """One element of a document: a verb, or a noun inside one."""

    name: str
    attributes: Mapping[str, str]
    text: str
    children: tuple["Verb", ...]

    def get(self, attribute: str, default: str = "") -> str:
        """The attribute as written, `default` without one."""
        return self.attributes.get(attribute, default)

    def flag(self, attribute: str, *, default: bool = False) -> bool:
        """The attribute as a yes or no."""
        return self.attributes.get(attribute, str(default).lower()) == "true"

    def count(self, attribute: str, default: int) -> int:
        """The attribute as a whole number; `default` without one, or where it says `auto`."""
        value = self.attributes.get(attribute, "auto")
        return default if value == "auto" else int(value)


def read(body: bytes, content_type: str, *, whisper: bool = False) -> tuple[Verb, ...]:
    """The verbs of an answer, in order; raises `TwimlRefused` at the first fault.

    `whisper` is the answer of a noun's `url`, where the called leg may only be spoken to.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind not in XML_TYPES:
        said = kind or "no content type"
        raise TwimlRefused(12300, f"the answer is {said}; TwiML is {' or '.join(XML_TYPES)}")
    if len(body) > MOST_BYTES:
        raise TwimlRefused(11750, f"the answer has {len(body)} bytes; the most is {MOST_BYTES}")
    verbs = _element(_parse(body)).children
    _check_order(verbs, whisper)
    return verbs


def _parse(body: bytes) -> ElementTree.Element:
    if b"<!DOCTYPE" in body:
        raise TwimlRefused(12100, "the answer declares a document type; TwiML has none")
    try:
        root = ElementTree.fromstring(body)
    except (ElementTree.ParseError, LookupError, ValueError) as fault:
        raise TwimlRefused(12100, f"the answer is no well-formed XML: {fault}") from fault
    if root.tag != "Response":
        raise TwimlRefused(12102, f"the root element is <{root.tag}>; it must be <Response>")
    return root


def _element(node: ElementTree.Element) -> Verb:
    element = grammar.ELEMENTS[node.tag]
    _check_attributes(node, element)
    if node.tag == "Say":
        for markup in node.iterfind(".//*"):
            _check_child("Say", markup.tag, element)
        words = " ".join("".join(node.itertext()).split())
        _check_text(node.tag, words, element)
        return Verb(name="Say", attributes=dict(node.attrib), text=words, children=())
    for child in node:
        _check_child(node.tag, child.tag, element)
    text = _own_text(node, element)
    _check_text(node.tag, text, element)
    children = tuple(_element(child) for child in node)
    verb = Verb(name=node.tag, attributes=dict(node.attrib), text=text, children=children)
    _check_whole(verb)
    return verb


def _check_attributes(node: ElementTree.Element, element: grammar.Element) -> None:
    for name, value in node.attrib.items():
        rule = element.attributes.get(name)
        if rule is None:
            raise TwimlRefused(grammar.SCHEMA, f"<{node.tag}> has no attribute {name}")
        if not rule.check(value):
            raise TwimlRefused(rule.code, f"<{node.tag} {name}={value!r}> is not {rule.allowed}")


def _check_child(parent: str, child: str, element: grammar.Element) -> None:
    if child in element.children:
        return
    if child in grammar.SPOKEN_ELSEWHERE:
        raise TwimlRefused(None, f"<{child}> is TwiML, but this simulator does not play it")
    if child in grammar.ELEMENTS:
        raise TwimlRefused(element.nesting_code, f"<{child}> may not stand inside <{parent}>")
    raise TwimlRefused(grammar.SCHEMA, f"there is no TwiML element <{child}>")


def _own_text(node: ElementTree.Element, element: grammar.Element) -> str:
    pieces = [node.text or "", *(child.tail or "" for child in node)]
    text = "".join(pieces).strip()
    if text and (element.text is None or len(node)):
        what = "beside other elements" if len(node) else "at all"
        raise TwimlRefused(
            element.nesting_code, f"<{node.tag}> may not hold text {what}: {text[:40]!r}"
        )
    return text


def _check_text(tag: str, text: str, element: grammar.Element) -> None:
    rule = element.text
    if rule is None or (not text and not element.text_required):
        return
    if not rule.check(text):
        raise TwimlRefused(rule.code, f"<{tag}> holds {text[:80]!r}, which is not {rule.allowed}")


def _check_whole(verb: Verb) -> None:
    if verb.name == "Dial":
        if not verb.text and not verb.children:
            raise TwimlRefused(grammar.BAD_NUMBER, "<Dial> has nobody to call")
        if len(verb.children) > MOST_NOUNS:
            raise TwimlRefused(None, f"<Dial> has {len(verb.children)} nouns; the most is 10")
    if verb.name == "Client" and not verb.text and _identities(verb) != 1:
        raise TwimlRefused(grammar.SCHEMA, "<Client> has no identity, or more than one")
    if verb.name == "Parameter" and not {"name", "value"} <= verb.attributes.keys():
        raise TwimlRefused(grammar.SCHEMA, "<Parameter> needs a name and a value")
    if verb.name == "Play" and not verb.text and not verb.get("digits"):
        raise TwimlRefused(grammar.BAD_URL, "<Play> has neither a URL nor digits")


def _identities(client: Verb) -> int:
    return sum(1 for child in client.children if child.name == "Identity")


def _check_order(verbs: tuple[Verb, ...], whisper: bool) -> None:
    for place, verb in enumerate(verbs):
        if verb.name == "Reject" and place > 0:
            raise TwimlRefused(None, "<Reject> must be the first verb")
        if whisper and verb.name not in grammar.WHISPER_VERBS:
            code = 13201 if verb.name == "Dial" else grammar.SCHEMA
            raise TwimlRefused(code, f"<{verb.name}> may not be spoken to a called leg")
