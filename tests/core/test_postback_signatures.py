"""Signatures of postbacks: the page's example, what is forged or late, and how secrets change."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import Conflict, Unauthenticated
from chalicelib.postback_signatures import (
    PostbackSecret,
    PostbackSecrets,
    Signed,
    confirm_fresh,
    confirm_genuine,
    query_content,
    secret_text,
    signature_of,
    with_secret,
    without_secret,
)
from tests.builders import NOW

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "send-dispositions-and-postbacks.md"
KEY = "a-hash-key"


def a_secret(n: int = 1) -> PostbackSecret:
    return PostbackSecret(id=f"psk_{n}", created_at=NOW + timedelta(hours=n))


def signed(secret: PostbackSecret | None = None, **overrides: Any) -> Signed:
    """A small postback of just now, by the first secret."""
    values: dict[str, Any] = {
        "method": "POST", "advertiser_id": "adv_1", "timestamp": str(int(NOW.timestamp())),
        "signature": "", "content": b"{}",
    }  # fmt: skip
    bare = Signed(**(values | overrides))
    text = secret_text((secret or a_secret()).id, KEY)
    return replace(bare, signature=signature_of(bare, text))


def test_the_examples_of_the_page_hold() -> None:
    page = PAGE.read_text()
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    known: dict[str, Any] = {}
    for block in blocks:
        exec(block, known)
    post = Signed(
        method="POST", advertiser_id=known["advertiser_id"], timestamp=known["timestamp"],
        signature="", content=known["body"].encode(),
    )  # fmt: skip
    get = replace(post, method="GET", content=query_content(known["said"]))
    found = [signature_of(one, known["secret"]) for one in (post, get)]
    assert found == [known["signature"]("POST", known["body"]),
                     known["signature"]("GET", known["content"])]  # fmt: skip
    sent = re.findall(r"(?:Signature: |signature=)([0-9a-f]{64})", page)
    assert sent == found
    assert f"--data-binary '{known['body']}'" in page
    assert f"RingLedger-Timestamp: {known['timestamp']}" in page


def test_a_genuine_signature_holds() -> None:
    confirm_fresh(signed(), NOW)
    confirm_genuine(signed(), [a_secret()], KEY)
    confirm_genuine(signed(a_secret(2)), [a_secret(), a_secret(2)], KEY)


@pytest.mark.parametrize(
    "changed",
    [
        {"method": "GET"}, {"advertiser_id": "adv_2"}, {"timestamp": "1795446001"},
        {"content": b"{ }"}, {"signature": "0" * 64},
    ],
)  # fmt: skip
def test_whatever_is_changed_breaks_the_signature(changed: dict[str, Any]) -> None:
    with pytest.raises(Unauthenticated) as refused:
        confirm_genuine(replace(signed(), **changed), [a_secret()], KEY)
    assert refused.value.code == "bad_signature"


def test_another_secret_a_revoked_one_or_none_at_all_signs_nothing() -> None:
    revoked = PostbackSecrets(advertiser_id="adv_1", secrets=(replace(a_secret(), revoked_at=NOW),))
    for secrets in ((), (a_secret(2),), revoked.in_force):
        with pytest.raises(Unauthenticated):
            confirm_genuine(signed(), secrets, KEY)
    with pytest.raises(Unauthenticated):
        confirm_genuine(signed(), [a_secret()], "another-deployments-key")


@pytest.mark.parametrize(
    ("seconds", "fresh"),
    [(-301, False), (-300, True), (-299, True), (0, True), (299, True), (300, True), (301, False)],
)
def test_a_signature_is_good_for_five_minutes_before_and_after(seconds: int, fresh: bool) -> None:
    now = NOW + timedelta(seconds=seconds)
    if fresh:
        confirm_fresh(signed(), now)
        return
    with pytest.raises(Unauthenticated) as refused:
        confirm_fresh(signed(), now)
    assert refused.value.code == "expired_signature"


@given(st.text(max_size=70), st.text(max_size=20))
def test_a_signature_without_its_form_is_refused_before_any_secret_is_read(
    signature: str, timestamp: str
) -> None:
    with pytest.raises(Unauthenticated):
        confirm_fresh(replace(signed(), signature=signature, timestamp=timestamp), NOW)


TEXTS = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=8)
QUERIES = st.dictionaries(st.sampled_from(["amount", "note", "at", "time"]), TEXTS)


@given(QUERIES, QUERIES)
def test_no_two_queries_read_the_same(one: dict[str, str], other: dict[str, str]) -> None:
    assert (query_content(one) == query_content(other)) is (one == other)


def test_two_secrets_are_in_force_at_most() -> None:
    none = PostbackSecrets(advertiser_id="adv_1")
    two = with_secret(with_secret(none, a_secret(1)), a_secret(2))
    with pytest.raises(Conflict) as refused:
        with_secret(two, a_secret(3))
    assert refused.value.code == "too_many_secrets"
    one = without_secret(two, "psk_1", NOW)
    three = with_secret(one, a_secret(3))
    assert [secret.id for secret in three.in_force] == ["psk_2", "psk_3"]
    assert [secret.id for secret in three.secrets] == ["psk_1", "psk_2", "psk_3"]
    assert without_secret(three, "psk_1", NOW + timedelta(hours=9)) is three


def test_however_often_the_secret_is_changed_the_row_stays_small() -> None:
    secrets = PostbackSecrets(advertiser_id="adv_1")
    for n in range(30):
        secrets = with_secret(secrets, a_secret(n))
        secrets = without_secret(secrets, f"psk_{n - 1}", NOW)
    assert len(secrets.secrets) <= 13
    assert [secret.id for secret in secrets.in_force] == ["psk_29"]
