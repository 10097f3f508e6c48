"""Where do documents go?

Owns keeping them in the deployment's bucket. What they say belongs to whoever writes them.
"""

from collections.abc import Callable

from chalicelib import runtime

PutDocument = Callable[[str, bytes, str], None]


def put_document(key: str, body: bytes, content_type: str) -> None:
    """Keep a document under `key`; keeping the same again changes nothing."""
    runtime.client("s3").put_object(
        Bucket=runtime.settings().documents_bucket,
        Key=key,
        Body=body,
        ContentType=content_type,
    )
