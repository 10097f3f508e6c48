"""A mail reaches the service once, or tells why not."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from chalicelib import runtime
from chalicelib.mailing import Letter
from chalicelib.providers.mail import NotSent, Unsure, send_mail

LETTER = Letter(sender="billing@ring.example", to="ap@example.com", subject="Invoice", text="Słowa")


@pytest.fixture
def ses(aws: None) -> Iterator[Any]:
    del aws
    client = runtime.client("sesv2")
    client.create_email_identity(EmailIdentity=LETTER.sender)
    yield client


def test_a_mail_from_a_verified_sender_is_sent(ses: Any) -> None:
    del ses
    assert send_mail(LETTER)


@pytest.mark.usefixtures("aws")
def test_a_mail_from_anybody_else_is_refused_with_the_services_reason() -> None:
    with pytest.raises(NotSent, match="not verified"):
        send_mail(LETTER)


def test_a_lost_answer_is_told_apart_and_not_asked_for_again(ses: Any) -> None:
    asked: list[str] = []

    def lose(**_kwargs: Any) -> None:
        asked.append("once")
        raise ReadTimeoutError(endpoint_url="https://email.example")

    ses.meta.events.register("before-send.sesv2", lose)
    try:
        with pytest.raises(Unsure, match="ReadTimeoutError"):
            send_mail(LETTER)
    finally:
        ses.meta.events.unregister("before-send.sesv2", lose)
    assert asked == ["once"]
