"""Which pages of the reference are made from the code?

Owns writing them: the access patterns from the docstring of the tables, the reason codes from the
enums. A test fails when a page is older than the code it is made from. Run it as
`python -m infra.reference`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chalicelib import attribution, findings, gate, growth, matching, reasons, recording, told
from chalicelib.store import tables

PAGES = Path(__file__).parent.parent / "docs" / "reference"

_PATTERNS_INTRO = """# Access patterns

Which row lies under which key, and which question each index answers. This page is made from
`chalicelib/store/tables.py` by `python -m infra.reference`.

A voice decision reads all it needs in one round trip: the number names the campaigns (its roster),
so one parallel read fetches offer, partnership, publisher, advertisers, funds, the call itself, how
the partnership's calls ended on each campaign, and each campaign's partition with its targets,
however many they are. The same read fetches what the gate looks at, by key: the offer's gate
settings, who blocks the caller (one row for the number and one for each of its prefixes, at most
14, however many offers, publishers and advertisers have an entry), and how often caller and prefix
have called; and, for a number of a pool, the pool, the number's slot, and what is known of the
visits that have and had it. A second round trip writes the reservation, or the refusal, and counts
the caller's call as one transaction, which also keeps what the decision looked at and keeps the
number for its visit. A process that does not know the number yet reads it first.

| decision | round trips, one after the other |
|---|---|
| inbound call, number known to the process | 2: read the market, reserve |
| inbound call, number not known | 3: read the number, read the market, reserve |
| inbound call whose caller is asked first | 2 or 3: read the market, keep the call |
| a key was pressed | 2: read the market, keep the answer and reserve if it was the last |
| a target answers and hears a whisper | 2: read the call, keep that it began |
| a whisper is over, a message was left | 1: the signal is stored |
| inbound call repeated | 1 or 2: the earlier answer lies beside the call |
| dial ended without an answer | 2: read the market, move the hold to the next target |
| a race lost for a candidate, or for the last call that a caller may make | 1 more for each |
| leg or call status | 1: the signal is stored; the rest follows off the stream |
| recording status | 1: the report is stored; the rest follows off the stream |
| a page asks, its visit is new | 2 or 3: read the site (kept for a minute), look at slots, lend |
| a page asks, its visit is known | 1: its leases go on; what it tells is kept where it is new |
| a page asks, its lease has ended | 2 or 3: as a new one |
"""

_REASONS_INTRO = """# Reason codes

Stable words, meant for programs as much as for people. This page is made from
`chalicelib/gate.py`, `chalicelib/reasons.py`, `chalicelib/findings.py`,
`chalicelib/matching.py`, `chalicelib/recording.py`, `chalicelib/attribution.py`,
`chalicelib/growth.py` and `chalicelib/told.py` by
`python -m infra.reference`.
"""

_TOLD_INTRO = """## Routing as a publisher is told

A publisher learns nothing of the money of those who buy: every reason about it is one word. The
caps of its own partnership, the words of the gate and of validation are told as they are.

| told | stands for |
|---|---|"""


def access_patterns() -> str:
    """The page of keys and indexes."""
    docstring = tables.__doc__ or ""
    return f"{_PATTERNS_INTRO}\n{docstring[docstring.index('| table |') :].strip()}\n"


def reason_codes() -> str:
    """The page of reason codes: of the gate, of routing, of validation, of growing pools, and what
    is told of them."""
    return "\n".join(
        [
            _REASONS_INTRO,
            *_table("The gate: why a caller was not let in", gate.MEANING),
            *_table("Routing: why a target was taken or passed over, or a call refused",
                    reasons.MEANING),
            *_table("Validation: why a call does not count", findings.MEANING),
            *_table("Feedback: why a disposition or a postback has no call", matching.MEANING),
            *_table("Recording: why an attempt is not recorded", recording.MEANING),
            *_table("Growth: why a pool of numbers grows, shrinks or stays", growth.MEANING),
            *_table("Attribution: why a call belongs to no visit", attribution.MEANING),
            _TOLD_INTRO,
            *_told_to_publishers(),
        ]
    )  # fmt: skip


def _table(title: str, meanings: Mapping[Any, str]) -> list[str]:
    rows = [f"| `{reason}` | {meaning} |" for reason, meaning in meanings.items()]
    return [f"## {title}", "", "| code | meaning |", "|---|---|", *rows, ""]


def _told_to_publishers() -> list[str]:
    stands_for: dict[str, list[str]] = {}
    for reason, word in told.TOLD_TO_PUBLISHERS.items():
        stands_for.setdefault(word, []).append(f"`{reason}`")
    return [*(f"| `{word}` | {', '.join(all)} |" for word, all in stands_for.items()), ""]


def pages() -> dict[Path, str]:
    """Every page made from the code, with what it must hold."""
    return {PAGES / "access-patterns.md": access_patterns(), PAGES / "reasons.md": reason_codes()}


def main() -> None:
    """Write the pages."""
    for path, text in pages().items():
        path.write_text(text)
        print(f"wrote {path.relative_to(PAGES.parent.parent)}")
    print("Next: look at the difference with git diff, and commit it.")


if __name__ == "__main__":
    main()
