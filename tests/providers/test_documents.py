"""Documents reach the deployment's bucket."""

import tempfile
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from chalicelib import runtime
from chalicelib.providers.documents import bucket

KEY = "invoices/adv_1/inv_1/INV-000001.pdf"


@pytest.mark.usefixtures("aws")
def test_a_document_lies_in_the_bucket_under_its_key_and_may_be_kept_again() -> None:
    name = runtime.settings().documents_bucket
    s3 = runtime.client("s3")
    s3.create_bucket(Bucket=name)
    for _ in range(2):
        bucket().keep(KEY, b"%PDF", "application/pdf")
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
