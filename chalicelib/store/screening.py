"""What is remembered of who may not be paid?

Owns one row for the list in force, and one for each publisher that was looked for on it; those of
whom something is found can be found by that. The list itself lies among the documents.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.screening import Screening
from chalicelib.screening_lists import ScreeningList
from chalicelib.store import codec
from chalicelib.store.rows import CATALOG, Change, Equals, Item, Key, Put, Question, Rows
from chalicelib.store.versions import version_write

LIST_KEY = Key(CATALOG, "OPERATOR", "SCREENING")
_STOPS = "screening"
_A_READ = 100


@dataclass(frozen=True, slots=True)
class ScreeningsPage:
    """Findings of one page, and the mark at which the next begins; None when there is none."""

    items: tuple[Screening, ...]
    mark: dict[str, str] | None


def find_list(rows: Rows) -> ScreeningList:
    """The list in force; one that names nobody where there is none."""
    found, _ = rows.gather([LIST_KEY])
    return codec.from_json(ScreeningList, found[LIST_KEY]["doc"]) if found else ScreeningList()


def list_write(before: ScreeningList, after: ScreeningList) -> Put | Change:
    """`after` in the place of `before`, while that is still the version stored."""
    return version_write(LIST_KEY, before, after)


def find_screenings(rows: Rows, publisher_ids: Iterable[str]) -> dict[str, Screening]:
    """What was found of those of the publishers that were looked for, by their ids."""
    keys = [_key(one) for one in dict.fromkeys(publisher_ids)]
    found: dict[Key, Item] = {}
    for first in range(0, len(keys), _A_READ):
        found |= rows.gather(keys[first : first + _A_READ])[0]
    screenings = (_screening(item) for item in found.values())
    return {one.publisher_id: one for one in screenings}


def screening_write(before: Screening, after: Screening) -> Put | Change:
    """`after` in the place of `before`, while that is still the version stored."""
    key, doc = _key(after.publisher_id), codec.to_json(after)
    shown = {"kind": _STOPS, "id": after.publisher_id} if after.stops else {}
    if before.version == 0:
        item = {"pk": key.pk, "sk": key.sk, "version": after.version, "doc": doc}
        return Put(CATALOG, item | shown)
    sets: dict[tuple[str, ...], Any] = {("doc",): doc, ("version",): after.version}
    return Change(
        key=key,
        set=sets | {(name,): value for name, value in shown.items()},
        remove=[] if after.stops else [("kind",), ("id",)],
        when=[Equals(("version",), before.version)],
    )


def page_of_screenings(
    rows: Rows, *, limit: int, after: Mapping[str, str] | None
) -> ScreeningsPage:
    """A page of what keeps publishers from being paid, in the order of their ids."""
    question = Question(table=CATALOG, index="by_kind", partition=_STOPS, limit=limit, after=after)
    page = rows.page(question)
    return ScreeningsPage(tuple(_screening(item) for item in page.items), page.mark)


def _screening(item: Item) -> Screening:
    return codec.from_json(Screening, item["doc"])


def _key(publisher_id: str) -> Key:
    return Key(CATALOG, f"PUBLISHER#{publisher_id}", "SCREENING")
