"""Where do documents go?

Owns keeping them in the deployment's bucket, reading them back, and links to them. What they say
belongs to whoever writes them.
"""

from datetime import timedelta
from typing import IO, Protocol

from chalicelib import runtime
from chalicelib.errors import Busy
from chalicelib.providers.uploads import upload


class Documents(Protocol):
    """Where documents are kept by their keys."""

    def keep(self, key: str, body: bytes, content_type: str) -> None:
        """Keep a document under `key` for good: what is kept there already stays as it is."""
        ...

    def keep_stream(self, key: str, stream: IO[bytes], content_type: str) -> None:
        """Keep a document that memory should not hold, from the beginning of `stream` on."""
        ...

    def read(self, key: str) -> bytes:
        """The document; it must be there."""
        ...

    def link(self, key: str, name: str, lasts: timedelta) -> str:
        """An address at which anybody who has it can fetch the document, as a file of that name,
        for as long as it lasts."""
        ...


class Bucket:
    """The deployment's bucket."""

    def keep(self, key: str, body: bytes, content_type: str) -> None:
        """Keep a document under `key`, unless there is one; Busy while another keeps one there."""
        from botocore.exceptions import ClientError

        try:
            runtime.client("s3").put_object(
                Bucket=self._name, Key=key, Body=body, ContentType=content_type, IfNoneMatch="*"
            )
        except ClientError as refused:
            code = refused.response["Error"]["Code"]
            if code == "ConditionalRequestConflict":
                raise Busy(f"{key} is being kept by another at this moment") from refused
            if code != "PreconditionFailed":
                raise

    def keep_stream(self, key: str, stream: IO[bytes], content_type: str) -> None:
        """Keep all of the stream under `key`; a large one goes in parts of 8 MB."""
        stream.seek(0)
        upload(self._name, key, stream, content_type)

    def read(self, key: str) -> bytes:
        """The document; S3's own error when there is none."""
        found = runtime.client("s3").get_object(Bucket=self._name, Key=key)
        body: bytes = found["Body"].read()
        return body

    def link(self, key: str, name: str, lasts: timedelta) -> str:
        """A signed address of the document."""
        attached = f'attachment; filename="{name}"'
        address: str = runtime.client("s3").generate_presigned_url(
            "get_object",
            Params={"Bucket": self._name, "Key": key, "ResponseContentDisposition": attached},
            ExpiresIn=int(lasts.total_seconds()),
        )
        return address

    @property
    def _name(self) -> str:
        return runtime.settings().documents_bucket


def bucket() -> Documents:
    """Where the deployment keeps its documents."""
    return Bucket()
