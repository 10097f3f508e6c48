"""How does more get into a bucket than memory should hold?

Owns sending a stream in parts. Where it is kept, and what it is, belongs to the buckets.
"""

from typing import Protocol

from chalicelib import runtime


class Stream(Protocol):
    """Bytes on their way: `read` answers up to so many, and none at the end."""

    def read(self, amount: int = -1, /) -> bytes:
        """The next bytes; whoever sends raises when the stream breaks off."""
        ...


def upload(bucket: str, key: str, stream: Stream, content_type: str) -> None:
    """Keep all of the stream under `key`, a few parts in memory at a time; nothing is kept of a
    stream that raises."""
    from s3transfer.manager import TransferConfig, TransferManager

    few = TransferConfig(max_request_concurrency=2, max_in_memory_upload_chunks=2)
    with TransferManager(runtime.client("s3"), few) as manager:
        manager.upload(stream, bucket, key, extra_args={"ContentType": content_type}).result()
