"""Does a word spell a telephone number?

Owns the letters on the keys of a telephone (ITU-T E.161), and the comparison of a display form such
as 1-800-FLOWERS with the digits that it stands for.
"""

import re

_KEYS = {
    letter: digit
    for digit, letters in {
        "2": "ABC", "3": "DEF", "4": "GHI", "5": "JKL", "6": "MNO", "7": "PQRS", "8": "TUV",
        "9": "WXYZ",
    }.items()
    for letter in letters
}  # fmt: skip
_WRITTEN = re.compile(r"[0-9A-Za-z() .+-]{4,40}")
_SPACING = re.compile(r"[() .+-]")
_MOST_MORE = 4
_HOME = "1"


def spells(text: str, e164: str) -> bool:
    """Whether the text stands for the number: with its country code, or in North America without.

    A word may be longer than the number by up to four letters, which callers dial in vain.
    """
    if not _WRITTEN.fullmatch(text):
        return False
    said = _SPACING.sub("", text).upper()
    digits = e164.removeprefix("+")
    forms = (digits, digits[1:]) if digits.startswith(_HOME) else (digits,)
    return any(_stands_for(said, form) for form in forms)


def _stands_for(said: str, digits: str) -> bool:
    keyed = "".join(_KEYS.get(one, one) for one in said)
    more = said[len(digits) :]
    return keyed.startswith(digits) and (not more or (more.isalpha() and len(more) <= _MOST_MORE))
