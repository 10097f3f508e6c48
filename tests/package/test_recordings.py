"""The bucket of recordings: every choice of days has its rule, and nothing lies in the open."""

import re

import pytest

from chalicelib.recording import KEEP_DAYS, USUAL_KEEP_DAYS, media_key
from infra.deploy import STATE_TEMPLATE

TEMPLATE = STATE_TEMPLATE.read_text()
BUCKET = TEMPLATE.partition("\n  Recordings:\n")[2].partition("\n\n")[0]


def test_every_choice_of_days_is_a_rule_of_the_bucket_and_no_other() -> None:
    rules = re.findall(
        r"\{Id: keep-(\d+), Status: Enabled, Prefix: (keep-\d+/), ExpirationInDays: (\d+)\}", BUCKET
    )
    assert [(int(id), prefix, int(days)) for id, prefix, days in rules] == [
        (days, f"keep-{days}/", days) for days in KEEP_DAYS
    ]
    assert USUAL_KEEP_DAYS in KEEP_DAYS


@pytest.mark.parametrize("days", KEEP_DAYS)
def test_a_key_is_below_the_prefix_of_one_rule_alone(days: int) -> None:
    key = media_key("call_1", "rec_1", days)
    assert [other for other in KEEP_DAYS if key.startswith(f"keep-{other}/")] == [days]


def test_the_bucket_is_encrypted_private_and_keeps_no_versions() -> None:
    assert "SSEAlgorithm" in BUCKET
    assert BUCKET.count(": true") == 4
    assert "Versioning" not in BUCKET
    assert "AbortIncompleteMultipartUpload" in BUCKET
