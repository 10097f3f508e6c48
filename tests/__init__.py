"""The tests, and the environment in which they run: one that names no real account.

It is set here because the tables take their names from it when they are imported.
"""

import os
import secrets

os.environ.update(
    AWS_ACCESS_KEY_ID="testing",
    AWS_SECRET_ACCESS_KEY="testing",
    AWS_DEFAULT_REGION="us-east-1",
    AWS_REGION="us-east-1",
    AWS_EC2_METADATA_DISABLED="true",
    POWERTOOLS_METRICS_NAMESPACE="ringledger",
    POWERTOOLS_TRACE_DISABLED="true",
    RINGLEDGER_STAGE="test",
    RINGLEDGER_TABLE_PREFIX=f"ringledger-test-{secrets.token_hex(4)}-",
    RINGLEDGER_DOCUMENTS_BUCKET="ringledger-test-documents",
    RINGLEDGER_RECORDINGS_BUCKET="ringledger-test-recordings",
    RINGLEDGER_SETTLE_QUEUE_URL="https://sqs.us-east-1.amazonaws.com/123456789012/ringledger-test-settle",
    RINGLEDGER_RECORDINGS_QUEUE_URL="https://sqs.us-east-1.amazonaws.com/123456789012/ringledger-test-recordings",
    RINGLEDGER_CLOSING_QUEUE_URL="https://sqs.us-east-1.amazonaws.com/123456789012/ringledger-test-closing",
    RINGLEDGER_VALIDATE_FAILED_QUEUE_URL="https://sqs.us-east-1.amazonaws.com/123456789012/ringledger-test-validate-failed",
    RINGLEDGER_SETTLE_DEAD_QUEUE_URL="https://sqs.us-east-1.amazonaws.com/123456789012/ringledger-test-settle-dead",
    RINGLEDGER_RECORDINGS_DEAD_QUEUE_URL="https://sqs.us-east-1.amazonaws.com/123456789012/ringledger-test-recordings-dead",
    RINGLEDGER_CLOSING_DEAD_QUEUE_URL="https://sqs.us-east-1.amazonaws.com/123456789012/ringledger-test-closing-dead",
    RINGLEDGER_PAYEES_KEY_ARN="alias/ringledger-test-payees",
    RINGLEDGER_PARAMETER_PATH="/ringledger/test",
    RINGLEDGER_CALLS_STREAM_ARN=(
        "arn:aws:dynamodb:us-east-1:123456789012:table/ringledger-test-calls/stream/2026"
    ),
)
for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB"):
    os.environ.pop(name, None)
if "RINGLEDGER_TEST_DYNAMODB" in os.environ:
    os.environ["AWS_ENDPOINT_URL_DYNAMODB"] = os.environ["RINGLEDGER_TEST_DYNAMODB"]
