"""A bucket of documents in memory."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import IO


@dataclass
class FakeDocuments:
    """Documents by their keys; a link names what it leads to. Before the next document is kept, the
    last of `meanwhile` happens. It may be told to refuse printed pages."""

    kept: dict[str, bytes] = field(default_factory=dict)
    meanwhile: list[Callable[[], object]] = field(default_factory=list)
    refuses_pages: bool = False

    def keep(self, key: str, body: bytes, content_type: str) -> None:
        """Keep a document, unless there is one; its kind of content must be told."""
        if self.meanwhile:
            self.meanwhile.pop()()
        if self.refuses_pages and content_type == "application/pdf":
            raise ConnectionError("the bucket takes no pages")
        assert content_type in {
            "application/pdf", "application/xml", "image/png", "text/csv; charset=utf-8",
            "text/plain; charset=us-ascii",
        }  # fmt: skip
        self.kept.setdefault(key, body)

    def keep_stream(self, key: str, stream: IO[bytes], content_type: str) -> None:
        """Keep a document from the beginning of the stream on."""
        stream.seek(0)
        self.keep(key, stream.read(), content_type)

    def read(self, key: str) -> bytes:
        """The document; KeyError when there is none."""
        return self.kept[key]

    def link(self, key: str, name: str, lasts: timedelta) -> str:
        """An address of the document."""
        assert key in self.kept, f"{key} leads nowhere"
        return (
            f"https://documents.example.com/{key}?name={name}&seconds={lasts.total_seconds():.0f}"
        )
