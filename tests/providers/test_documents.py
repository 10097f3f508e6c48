"""Documents reach the deployment's bucket."""

import tempfile
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError

from chalicelib import runtime
from chalicelib.errors import Busy
from chalicelib.providers.documents import bucket

KEY = "invoices/adv_1/inv_1/INV-000001.pdf"


@pytest.mark.usefixtures("aws")
def test_a_document_lies_in_the_bucket_under_its_key_and_is_never_kept_over() -> None:
    name = runtime.settings().documents_bucket
    s3 = runtime.client("s3")
    s3.create_bucket(Bucket=name)
    for _ in range(2):
        bucket().keep(KEY, b"%PDF", "application/pdf")
    bucket().keep(KEY, b"%PDF another", "application/pdf")
    assert bucket().read(KEY) == b"%PDF"
    assert s3.get_object(Bucket=name, Key=KEY)["ContentType"] == "application/pdf"


@pytest.mark.parametrize("size", [0, 20, 20_000_000])
@pytest.mark.usefixtures("aws")
def test_a_document_of_any_size_is_kept_from_a_stream_that_was_written_just_now(size: int) -> None:
    runtime.client("s3").create_bucket(Bucket=runtime.settings().documents_bucket)
    with tempfile.SpooledTemporaryFile(1_000) as body:
        body.write(b"x" * size)
        bucket().keep_stream(KEY, body, "text/csv; charset=utf-8")
    assert bucket().read(KEY) == b"x" * size


@pytest.mark.usefixtures("aws")
def test_a_link_fetches_the_document_as_a_file_for_as_long_as_it_lasts() -> None:
    link = urlsplit(bucket().link(KEY, "INV-000001.pdf", timedelta(minutes=5)))
    said = parse_qs(link.query)
    assert link.path.endswith(KEY)
    assert said["X-Amz-Expires"] == ["300"]
    assert said["response-content-disposition"] == ['attachment; filename="INV-000001.pdf"']


@pytest.mark.usefixtures("aws")
def test_a_document_that_cannot_be_kept_is_told() -> None:
    with pytest.raises(ClientError, match="NoSuchBucket"):
        bucket().keep(KEY, b"%PDF", "application/pdf")


@pytest.mark.usefixtures("aws")
def test_a_document_that_another_keeps_at_this_moment_is_asked_for_again() -> None:
    body = b"<Error><Code>ConditionalRequestConflict</Code><Message>at once</Message></Error>"

    def conflict(**_kwargs: Any) -> AWSResponse:
        return AWSResponse(f"https://s3.example/{KEY}", 409, {}, RawBytes(body))

    events = runtime.client("s3").meta.events
    events.register("before-send.s3.PutObject", conflict)
    try:
        with pytest.raises(Busy, match="is being kept by another"):
            bucket().keep(KEY, b"%PDF", "application/pdf")
    finally:
        events.unregister("before-send.s3.PutObject", conflict)


class RawBytes(BytesIO):
    """An answer's body, as it comes off the wire."""

    def stream(self, **_kwargs: Any) -> Iterator[bytes]:
        yield self.getvalue()
