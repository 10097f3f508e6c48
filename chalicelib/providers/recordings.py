"""Where do the media of recordings go, and how are they played?

Owns the deployment's bucket of recordings: encrypted, private, and emptied by the prefix of each
key. It is not versioned, so that what is removed is gone.
"""

from datetime import timedelta

from chalicelib import runtime
from chalicelib.providers.uploads import Stream, upload

CONTENT_TYPE = "audio/wav"


class Bucket:
    """The deployment's bucket."""

    def keep(self, key: str, stream: Stream) -> None:
        """Keep all of the stream under `key`, a few parts in memory at a time; nothing is kept of
        a stream that raises."""
        upload(self._name, key, stream, CONTENT_TYPE)

    def remove(self, key: str) -> None:
        """Remove what lies under `key`, if anything."""
        runtime.client("s3").delete_object(Bucket=self._name, Key=key)

    def link(self, key: str, lasts: timedelta) -> str:
        """An address at which anybody who has it can play the media, for as long as it lasts."""
        address: str = runtime.client("s3").generate_presigned_url(
            "get_object",
            Params={"Bucket": self._name, "Key": key, "ResponseContentType": CONTENT_TYPE},
            ExpiresIn=int(lasts.total_seconds()),
        )
        return address

    @property
    def _name(self) -> str:
        return runtime.settings().recordings_bucket
