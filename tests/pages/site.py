"""A web site of pages that a test writes, served on the loopback."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from tests.pages.service import Handler, served

VENDOR = Path(__file__).with_name("vendor")


@dataclass
class Site:
    """The pages by path, each with the headers that it is served with."""

    url: str = ""
    pages: dict[str, tuple[str, Mapping[str, str]]] = field(default_factory=dict)

    def put(self, html: str, path: str = "/", headers: Mapping[str, str] | None = None) -> str:
        """The address of a page made of this."""
        self.pages[path] = (f"<!doctype html><meta charset=utf-8>{html}", headers or {})
        return self.url + path


class _Handler(Handler):
    site: Site

    def do_GET(self) -> None:  # noqa: N802 - named by http.server
        """A page, or a file of a library."""
        path = urlsplit(self.path).path
        vendored = VENDOR / path.rpartition("/")[2]
        html, headers = self.site.pages.get(path, ("", {}))
        known, body, kind = path in self.site.pages, html.encode(), "text/html"
        if path.startswith("/vendor/"):
            known, body, kind = True, vendored.read_bytes(), "text/javascript"
        self.reply(200 if known else 404, {"Content-Type": kind, **headers}, body)


@contextmanager
def running() -> Iterator[Site]:
    """A site of its own."""
    site = Site()
    with served(type("Handler", (_Handler,), {"site": site})) as site.url:
        yield site
