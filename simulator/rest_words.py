"""In which words does the carrier's REST API refuse, and how does it page a list?"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode

T = TypeVar("T")
Json = dict[str, Any]
Form = Mapping[str, str]

PAGING = ("PageSize", "Page", "PageToken")


class RestFault(Exception):
    """A refusal, with the carrier's code and the HTTP status."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body: Json = {
            "code": code,
            "message": message,
            "more_info": f"https://www.twilio.com/docs/errors/{code}",
            "status": status,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class RestRequest:
    """A request whose sender is known: its path, and its query or form."""

    method: str
    path: str
    query: Form
    form: Form


def not_found(path: str) -> RestFault:
    """There is nothing at this path."""
    return RestFault(404, 20404, f"The requested resource {path} was not found")


def not_allowed(request: RestRequest) -> RestFault:
    """The resource is there, and takes no such request."""
    return RestFault(405, 20004, f"Method not allowed: {request.method} {request.path}")


def known_only(given: Form, known: Collection[str]) -> None:
    """Refuse what no parameter of the resource is called: the real carrier would pass it over."""
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise RestFault(400, 20001, f"{', '.join(unknown)}: no parameter of this resource")


def whole(query: Form, name: str, default: int, *, low: int) -> int:
    """A whole number of the query; a page holds at most a thousand."""
    value = query.get(name, str(default))
    if not re.fullmatch(r"\d{1,6}", value) or not low <= int(value):
        raise RestFault(400, 20001, f"{name} is a whole number from {low}")
    return min(int(value), 1000) if name == "PageSize" else int(value)


def listed(
    request: RestRequest, name: str, matching: Sequence[T], show: Callable[[T], Json]
) -> Json:
    """One page of a list under its name, with the addresses of its neighbours."""
    size = whole(request.query, "PageSize", 50, low=1)
    page = whole(request.query, "Page", 0, low=0)
    start = page * size
    shown = matching[start : start + size]
    more = len(matching) > start + size

    def uri(number: int) -> str:
        query = {**request.query, "PageSize": size, "Page": number}
        return f"{request.path}?{urlencode(query)}"

    return {
        name: [show(one) for one in shown],
        "first_page_uri": uri(0),
        "next_page_uri": uri(page + 1) if more else None,
        "previous_page_uri": uri(page - 1) if page else None,
        "uri": uri(page),
        "page": page,
        "page_size": size,
        "start": start,
        "end": start + max(len(shown) - 1, 0),
    }
