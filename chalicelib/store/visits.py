"""What is remembered of visits?

Owns a visit's own row, which expires, and the questions asked of it. The numbers that it is lent
lie in slots (`leases`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from chalicelib.store import codec
from chalicelib.store.rows import META, VISITS, Change, Key, Path, Question, Rows
from chalicelib.visits import Visit


@dataclass(frozen=True, slots=True)
class VisitsPage:
    """Visits of one page, and the mark at which the next begins; None when there is none."""

    items: tuple[Visit, ...]
    mark: dict[str, str] | None


def visit_key(visit_id: str, part: str = META) -> Key:
    """Where a visit, or a part of it, lies."""
    return Key(VISITS, f"VISIT#{visit_id}", part)


def visit_change(visit: Visit, forgotten_at: int) -> Change:
    """What is known of a visit by now; the row is made where there is none, or none any more."""
    sets: dict[Path, str | int] = {
        ("doc",): codec.to_json(visit),
        ("site_id",): visit.site_id,
        ("id",): visit.id,
        ("expires_at",): forgotten_at,
    }
    return Change(key=visit_key(visit.id), set=sets)


def find_visit(rows: Rows, visit_id: str, now: datetime) -> Visit | None:
    """The visit; None when there is none, or none any more."""
    key = visit_key(visit_id)
    found, _ = rows.gather([key])
    return _living(found.get(key), now)


def page_of_visits(
    rows: Rows, site_id: str, *, limit: int, after: Mapping[str, str] | None, now: datetime
) -> VisitsPage:
    """Visits of a site, the newest first; an index tells, which may lag behind by a moment. A page
    holds fewer than asked for where visits on it have expired."""
    question = Question(
        table=VISITS,
        index="by_site",
        partition=site_id,
        descending=True,
        limit=limit,
        after=after,
    )
    page = rows.page(question)
    living = (_living(item, now) for item in page.items)
    return VisitsPage(tuple(visit for visit in living if visit), page.mark)


def _living(item: Mapping[str, object] | None, now: datetime) -> Visit | None:
    """Expired rows are taken away some time after they have expired."""
    if item is None or datetime.fromtimestamp(int(str(item["expires_at"])), UTC) <= now:
        return None
    return codec.from_json(Visit, str(item["doc"]))
