"""How do the runs of the closing lie in the books?

Owns the row of a run and one for each party in it. How far a run is belongs to
`chalicelib.closings`.
"""

from collections.abc import Iterable, Iterator, Mapping

from chalicelib import times
from chalicelib.closings import Part, Run
from chalicelib.errors import NotFound
from chalicelib.store import codec
from chalicelib.store.rows import (
    BOOKS,
    Change,
    Key,
    Page,
    Path,
    Question,
    Rows,
    chunks,
    walk,
)

_KIND = "closing"
_A_WRITE = 100


def keep_run(rows: Rows, run: Run) -> None:
    """Keep the run; keeping it again changes nothing but when it was asked for."""
    key = Key(BOOKS, _place(run.id))
    row: dict[Path, str] = {
        ("kind",): _KIND,
        ("id",): run.id,
        ("created_key",): f"{times.written(run.as_of)}#{run.id}",
        ("doc",): codec.to_json(run),
    }
    rows.write([Change(key=key, set=row)])


def keep_parts(rows: Rows, run: Run, parts: Iterable[Part]) -> None:
    """Keep the parts as they stand, in the place of what was known of them."""
    for batch in chunks(parts, _A_WRITE):
        rows.write(
            [
                Change(key=_part_key(run.id, part.party_id), set={("doc",): codec.to_json(part)})
                for part in batch
            ]
        )


def find_run(rows: Rows, run_id: str) -> Run:
    """The run; NotFound when there is none."""
    key = Key(BOOKS, _place(run_id))
    found, _ = rows.gather([key])
    if key not in found:
        raise NotFound(f"there is no closing {run_id}")
    return codec.from_json(Run, found[key]["doc"])


def find_part(rows: Rows, run_id: str, party_id: str) -> Part | None:
    """What the run has done for the party; None when it was not asked to do anything."""
    key = _part_key(run_id, party_id)
    found, _ = rows.gather([key])
    return codec.from_json(Part, found[key]["doc"]) if key in found else None


def parts_of(rows: Rows, run_id: str) -> Iterator[Part]:
    """Every part of the run, advertisers first, of which one page at a time is held."""
    return _parts(rows, run_id, "PARTY#")


def advertisers_parts(rows: Rows, run_id: str) -> Iterator[Part]:
    """The parts of advertisers alone."""
    return _parts(rows, run_id, "PARTY#adv_")


def _parts(rows: Rows, run_id: str, prefix: str) -> Iterator[Part]:
    question = Question(table=BOOKS, partition=_place(run_id), starts_with=prefix)
    return (codec.from_json(Part, item["doc"]) for item in walk(rows, question))


def latest_runs(rows: Rows, *, limit: int, after: Mapping[str, str] | None) -> Page:
    """A page of runs, the latest first; `read_run` reads a row."""
    return rows.page(
        Question(
            table=BOOKS, index="by_kind", partition=_KIND, limit=limit, after=after, descending=True
        )
    )


def read_runs(page: Page) -> list[Run]:
    """The runs of a page."""
    return [codec.from_json(Run, item["doc"]) for item in page.items]


def _place(run_id: str) -> str:
    return f"CLOSING#{run_id}"


def _part_key(run_id: str, party_id: str) -> Key:
    return Key(BOOKS, _place(run_id), f"PARTY#{party_id}")
