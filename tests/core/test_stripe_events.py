"""Stripe's signature, held against the vendor's own library, and what its events tell."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import Invalid, Unauthenticated
from chalicelib.stripe_events import Disputed, Paid, SentBack, confirm_signed, read_event, told

NOW = datetime(2026, 12, 5, 12, 0, tzinfo=UTC)
BODY = b'{"id":"evt_1"}'
SECRETS = ("whsec_new", "whsec_old")


def header(body: bytes = BODY, secret: str = "whsec_new", at: datetime = NOW) -> str:
    time = str(int(at.timestamp()))
    made = hmac.new(secret.encode(), f"{time}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={time},v1={made}"


def refusal(said: str, body: bytes = BODY, now: datetime = NOW) -> str:
    with pytest.raises(Unauthenticated) as refused:
        confirm_signed(said, body, secrets=SECRETS, now=now)
    return refused.value.code


@given(st.text(max_size=200), st.sampled_from(SECRETS))
def test_what_the_vendors_library_signs_and_takes_is_taken_here(text: str, secret: str) -> None:
    body = text.encode("utf-8", "surrogatepass").decode("utf-8", "ignore").encode()
    said = header(body, secret)
    confirm_signed(said, body, secrets=SECRETS, now=NOW)
    assert stripe.WebhookSignature.verify_header(body.decode(), said, secret)


def test_any_of_several_signatures_will_do_and_other_schemes_are_passed_over() -> None:
    time, _, right = header().partition(",")
    said = f"{time}, v0={'0' * 64},v1={'0' * 64},{right}"
    confirm_signed(said, BODY, secrets=SECRETS, now=NOW)


@pytest.mark.parametrize("seconds", [-300, 300])
def test_five_minutes_are_tolerated_either_way_and_no_more(seconds: int) -> None:
    confirm_signed(header(), BODY, secrets=SECRETS, now=NOW + timedelta(seconds=seconds))
    later = NOW + timedelta(seconds=seconds + (1 if seconds > 0 else -1))
    assert refusal(header(), now=later) == "expired_signature"


@pytest.mark.parametrize(
    "said",
    [
        "", "t=1", "v1=" + "0" * 64, "t=x,v1=" + "0" * 64, header().replace("v1", "v0"),
        header() + ",t=1", header().upper(), header(secret="whsec_other"), header(BODY + b" "),
        header()[:-1], header().replace("t=1", "t=2", 1)[:20],
    ],
)  # fmt: skip
def test_a_forged_or_broken_signature_is_refused(said: str) -> None:
    assert refusal(said) in ("bad_signature", "expired_signature")


def test_a_secret_of_nothing_is_nobodys() -> None:
    with pytest.raises(Unauthenticated):
        confirm_signed(header(secret=""), BODY, secrets=(), now=NOW)


def event(kind: str, **thing: Any) -> dict[str, Any]:
    return {"id": "evt_1", "type": kind, "created": 1_796_000_000, "data": {"object": thing}}


def test_events_tell_of_payments_refunds_and_disputes() -> None:
    session = {
        "payment_intent": "pi_1", "payment_status": "paid", "amount_total": 500,
        "currency": "usd", "client_reference_id": "adv_1", "metadata": {"invoice_id": "inv_1"},
    }  # fmt: skip
    assert told(read_event(event("checkout.session.completed", **session))) == Paid(
        intent="pi_1", advertiser_id="adv_1", invoice_id="inv_1", amount_cents=500, currency="USD"
    )
    charge = {"id": "ch_1", "payment_intent": "pi_1", "amount_refunded": 200}
    assert told(read_event(event("charge.refunded", **charge))) == SentBack(
        intent="pi_1", total_cents=200, reference="ch_1"
    )
    dispute = {"id": "dp_1", "payment_intent": "pi_1", "amount": 500}
    assert told(read_event(event("charge.dispute.created", **dispute))) == Disputed(
        intent="pi_1", amount_cents=500, reference="dp_1"
    )
    unpaid = session | {"payment_status": "unpaid"}
    assert told(read_event(event("checkout.session.completed", **unpaid))) is None
    assert (
        told(read_event(event("checkout.session.completed", **(session | {"amount_total": "5"}))))
        is None
    )
    assert told(read_event(event("payout.paid", payment_intent="pi_1"))) is None


@given(
    st.dictionaries(
        st.sampled_from(["id", "type", "created", "data"]),
        st.none() | st.integers() | st.text(max_size=5) | st.just({"object": {}}) | st.just([]),
    )
)
def test_whatever_a_body_says_it_is_an_event_or_refused(document: dict[str, Any]) -> None:
    try:
        read = read_event(document)
    except Invalid as refused:
        assert refused.faults
    else:
        assert told(read) is None
