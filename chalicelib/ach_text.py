"""How is a name written where only plain capitals fit?

Owns the characters of an ACH file, and how any text becomes a text of them. The places and widths
of fields belong to `ach_records`.
"""

import re
import unicodedata

_SPELLED = str.maketrans(
    {
        "Æ": "AE", "Œ": "OE", "Ø": "O", "Ł": "L", "Đ": "D", "Ð": "D", "Þ": "TH", "Ħ": "H",
        "Ŋ": "NG", "Ŧ": "T", "Ɓ": "B", "Ɗ": "D", "Ƙ": "K", "Ə": "E", "ẞ": "SS",
        "‘": "'", "’": "'", "ʼ": "'", "ʻ": "'", "‚": ",", "“": "'", "”": "'", '"': "'",
        "‐": "-", "‑": "-", "–": "-", "—": "-", "−": "-", "_": "-", "⁄": "/",
    }
)  # fmt: skip
_ODD = re.compile(r"[^A-Z0-9 .,/&'()#+*@:=$%-]+")
_BLANKS = re.compile(r" {2,}")


def transliterated(text: str) -> str:
    """The text in capitals without accents; what has no plain letter is a blank, and blanks are
    single."""
    plain = _decomposed(_decomposed(text).upper()).translate(_SPELLED)
    return _BLANKS.sub(" ", _ODD.sub(" ", plain)).strip()


def fitted(text: str, width: int) -> str:
    """The text transliterated and cut to the width, without blanks at its end."""
    return transliterated(text)[:width].rstrip()


def says_something(text: str) -> bool:
    """Whether a letter or a digit is left of it; of a name in Chinese none is."""
    return any(one.isalnum() for one in transliterated(text))


def _decomposed(text: str) -> str:
    """Accents taken off their letters and dropped, and wide or joined letters made plain."""
    taken_apart = unicodedata.normalize("NFKD", text)
    return "".join(one for one in taken_apart if not unicodedata.combining(one))
