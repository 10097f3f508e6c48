"""Media reach the bucket whole or not at all, and are played through links that expire."""

import io
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.exceptions import ClientError

from chalicelib import runtime
from chalicelib.providers.recordings import Bucket

KEY = "keep-30/call_1/rec_1.wav"
LARGE = bytes(range(256)) * 70_000
"""More than the eight megabytes that go in one part."""


class Broken(io.BytesIO):
    """Breaks off after its first ten megabytes."""

    def seekable(self) -> bool:
        return False

    def read(self, amount: int | None = -1, /) -> bytes:
        if self.tell() > 10_000_000:
            raise ConnectionError("the carrier hung up")
        return super().read(amount)


class Flowing(io.BytesIO):
    """Comes from elsewhere: it cannot be begun again."""

    def seekable(self) -> bool:
        return False


@pytest.fixture
def s3(aws: None) -> Any:
    client = runtime.client("s3")
    client.create_bucket(Bucket=runtime.settings().recordings_bucket)
    return client


@pytest.mark.parametrize("sound", [b"", b"RIFF", LARGE], ids=["empty", "small", "large"])
def test_media_lie_in_the_bucket_as_they_came(s3: Any, sound: bytes) -> None:
    for _ in range(2):
        Bucket().keep(KEY, Flowing(sound))
    kept = s3.get_object(Bucket=runtime.settings().recordings_bucket, Key=KEY)
    assert kept["Body"].read() == sound
    assert kept["ContentType"] == "audio/wav"


def test_nothing_is_kept_of_media_that_break_off(s3: Any) -> None:
    with pytest.raises(ConnectionError):
        Bucket().keep(KEY, Broken(LARGE))
    bucket = runtime.settings().recordings_bucket
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)


def test_what_is_removed_is_gone_however_often(s3: Any) -> None:
    Bucket().keep(KEY, Flowing(b"RIFF"))
    for _ in range(2):
        Bucket().remove(KEY)
    with pytest.raises(ClientError):
        s3.get_object(Bucket=runtime.settings().recordings_bucket, Key=KEY)


@pytest.mark.usefixtures("s3")
def test_a_link_names_its_object_and_how_long_it_lasts() -> None:
    parts = urlsplit(Bucket().link(KEY, timedelta(minutes=5)))
    query = parse_qs(parts.query)
    assert parts.path.endswith(f"/{KEY}")
    assert query["X-Amz-Expires"] == ["300"]
    assert query["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
