"""Documents reach the deployment's bucket."""

import pytest

from chalicelib import runtime
from chalicelib.providers.documents import put_document


@pytest.mark.usefixtures("aws")
def test_a_document_lies_in_the_bucket_under_its_key_and_may_be_kept_again() -> None:
    bucket = runtime.settings().documents_bucket
    s3 = runtime.client("s3")
    s3.create_bucket(Bucket=bucket)
    for _ in range(2):
        put_document("invoices/adv_1/inv_1/calls.csv", b"call_id\r\n", "text/csv")
    kept = s3.get_object(Bucket=bucket, Key="invoices/adv_1/inv_1/calls.csv")
    assert kept["Body"].read() == b"call_id\r\n"
    assert kept["ContentType"] == "text/csv"
