"""Which calls came to a publisher in a period?

Owns walking through them, page after page. The rows of calls belong to `calls`.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime

from chalicelib import times
from chalicelib.calls import Call
from chalicelib.store.calls import read_call
from chalicelib.store.rows import CALLS, Question, Rows

_A_PAGE = 500


def arrived(publisher_id: str, start: datetime, end: datetime, rows: Rows) -> Iterator[Call]:
    """The calls that arrived from `start` on and before `end`, in the order of their arrival."""
    mark: Mapping[str, str] | None = None
    while True:
        page = rows.page(
            Question(
                table=CALLS,
                index="by_publisher",
                partition=publisher_id,
                at_least=times.written(start),
                below=times.written(end),
                limit=_A_PAGE,
                after=mark,
            )
        )
        yield from map(read_call, page.items)
        mark = page.mark
        if mark is None:
            return
