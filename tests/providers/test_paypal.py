"""What is asked of PayPal, and what is tried again: over HTTP to a PayPal with real semantics."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest

from chalicelib.errors import Refused
from chalicelib.paypal_payouts import Fate, Item, request
from chalicelib.providers.paypal import PayPal, Unnamed
from chalicelib.providers.paypal_rest import (
    Account,
    NotAtPayPal,
    PayPalAway,
    PayPalRefused,
    Rest,
)
from tests.builders import NOW
from tests.paypal.server import CLIENT_ID, CLIENT_SECRET, TOKEN_SECONDS, PayPalServer, Trouble
from tests.paypal.till import CERTIFICATE, WEBHOOK_ID, Event, Till
from tests.providers.timing import Instant

ADA, BOB = "ada@pub.example", "bob@pub.example"


class Office:
    """An account with PayPal behind HTTP, and the client before it, on a clock of its own."""

    def __init__(self) -> None:
        self.now = NOW
        self.till = Till(clock=lambda: self.now)
        self.server = PayPalServer(self.till)
        self.instant = Instant()
        self.paypal = self.client()

    def client(self, secret: str = CLIENT_SECRET) -> PayPal:
        account = Account(api_url=self.server.url, client_id=CLIENT_ID, client_secret=secret)
        return PayPal(Rest(account, clock=self.instant.clock, sleep=self.instant.sleep))

    def send(self, *receivers: str, name: str = "ppb_1", amount_cents: int = 1000) -> str:
        """PayPal's id of the batch."""
        items = [
            Item(payout_id=f"po_{at}", receiver=one, amount_cents=amount_cents, currency="USD")
            for at, one in enumerate(receivers)
        ]
        return self.paypal.create(request(name, "You have been paid", items))

    def advance(self, times: int = 2) -> None:
        for _ in range(times):
            self.till.advance()


@pytest.fixture
def office() -> Iterator[Office]:
    made = Office()
    with made.server.running():
        yield made


def test_a_batch_is_taken_and_pays_each_receiver_once(office: Office) -> None:
    batch_id = office.send(ADA, BOB)
    assert office.paypal.batch(batch_id).status == "PENDING"
    assert list(office.paypal.items(batch_id)) == []
    office.advance()
    report = office.paypal.batch(batch_id)
    assert (report.sender_batch_id, report.status) == ("ppb_1", "SUCCESS")
    items = list(office.paypal.items(batch_id))
    assert [(one.sender_item_id, one.fate, one.fee_cents) for one in items] == [
        ("po_0", Fate.SETTLED, 25), ("po_1", Fate.SETTLED, 25),
    ]  # fmt: skip
    assert office.paypal.item(items[0].item_id).fate is Fate.SETTLED
    assert office.till.received == {ADA: 1000, BOB: 1000}


@pytest.mark.parametrize(
    "trouble",
    [Trouble.BROKEN_AFTER, Trouble.LOST_AFTER, Trouble.NONSENSE, Trouble.BROKEN_BEFORE,
     Trouble.LOST_BEFORE, Trouble.TOO_MANY, Trouble.STALE],
)  # fmt: skip
def test_a_batch_whose_answer_is_lost_is_asked_for_again_and_taken_once(
    office: Office, trouble: Trouble
) -> None:
    office.server.trouble(trouble, times=2)
    batch_id = office.send(ADA)
    assert list(office.till.batches) == [batch_id]


def test_a_batch_sent_again_later_leads_to_the_one_that_was_taken(office: Office) -> None:
    first = office.send(ADA)
    office.now += timedelta(days=29)
    assert office.client().create(request("ppb_1", "Again", [_item()])) == first


def test_after_thirty_days_paypal_has_forgotten_and_would_pay_again(office: Office) -> None:
    first = office.send(ADA)
    office.now += timedelta(days=30)
    assert office.send(ADA) != first


def test_a_batch_that_paypal_has_and_does_not_name_is_neither_taken_nor_refused(
    office: Office,
) -> None:
    office.send(ADA)
    office.till.names_original = False
    with pytest.raises(Unnamed):
        office.send(ADA)


def test_a_refusal_says_which_items_and_that_nothing_was_done(office: Office) -> None:
    with pytest.raises(PayPalRefused) as refused:
        office.send(ADA, "nobody", BOB)
    assert (refused.value.name, refused.value.certain) == ("VALIDATION_ERROR", True)
    assert [one["field"] for one in refused.value.details] == ["items[1].receiver"]
    assert office.till.batches == {}


def test_an_empty_account_pays_nobody(office: Office) -> None:
    office.till.balance_cents = 1024
    with pytest.raises(PayPalRefused) as refused:
        office.send(ADA)
    assert refused.value.name == "INSUFFICIENT_FUNDS"
    office.till.balance_cents = 1025
    assert office.send(ADA) in office.till.batches


def test_a_refusal_after_a_lost_answer_is_not_certain(office: Office) -> None:
    office.till.balance_cents = 0
    office.server.trouble(Trouble.LOST_BEFORE)
    with pytest.raises(PayPalRefused) as refused:
        office.send(ADA)
    assert not refused.value.certain


@pytest.mark.parametrize("trouble", [Trouble.STALE, Trouble.TOO_MANY])
def test_a_refusal_after_what_leaves_nothing_behind_is_certain(
    office: Office, trouble: Trouble
) -> None:
    office.till.balance_cents = 0
    office.server.trouble(trouble)
    with pytest.raises(PayPalRefused) as refused:
        office.send(ADA)
    assert refused.value.certain


@pytest.mark.parametrize("trouble", [Trouble.BROKEN_BEFORE, Trouble.LOST_BEFORE, Trouble.TOO_MANY])
def test_a_question_gives_up_within_its_seconds(office: Office, trouble: Trouble) -> None:
    batch_id = office.send(ADA)
    office.instant.slept.clear()
    office.server.trouble(trouble, times=100)
    with pytest.raises(PayPalAway):
        office.paypal.batch(batch_id)
    assert 4 < sum(office.instant.slept) < 12


def test_the_pause_that_paypal_asks_for_is_kept(office: Office) -> None:
    office.server.trouble(Trouble.TOO_MANY)
    office.send(ADA)
    assert office.instant.slept == [3.0]


def test_one_token_serves_until_it_ends(office: Office) -> None:
    batch_id = office.send(ADA)
    office.paypal.batch(batch_id)
    assert len(office.server.tokens) == 1
    office.instant.sleep(TOKEN_SECONDS - 60)
    office.paypal.batch(batch_id)
    assert len(office.server.tokens) == 2


def test_a_token_that_was_taken_back_is_asked_for_anew(office: Office) -> None:
    batch_id = office.send(ADA)
    office.server.tokens.clear()
    assert office.paypal.batch(batch_id).status == "PENDING"


def test_wrong_credentials_are_paypals_refusal_and_stay_secret(office: Office) -> None:
    with pytest.raises(PayPalRefused) as refused:
        office.client(secret="wrong").batch("BATCH0000")
    assert refused.value.name == "invalid_client"
    account = Account(api_url="https://x.example", client_id="a", client_secret="hush")
    assert "hush" not in repr(account)


def test_nobody_at_the_address_is_a_paypal_that_is_away() -> None:
    instant = Instant()
    account = Account(api_url="http://127.0.0.1:9", client_id="a", client_secret="b")
    paypal = PayPal(Rest(account, clock=instant.clock, sleep=instant.sleep))
    with pytest.raises(PayPalAway):
        paypal.batch("BATCH0000")


@pytest.mark.parametrize("id", ["", "../../v1/oauth2", "a b", "x" * 65, "a?b=c"])
def test_what_is_no_id_of_paypals_is_not_asked_about(office: Office, id: str) -> None:
    for ask in (office.paypal.item, office.paypal.batch):
        with pytest.raises(Refused):
            ask(id)
    assert office.server.asked == []


def test_what_paypal_does_not_have_is_told_apart(office: Office) -> None:
    with pytest.raises(NotAtPayPal):
        office.paypal.batch("BATCH0000")
    with pytest.raises(NotAtPayPal):
        office.paypal.item("ITEM0000X00000")


def test_a_batch_of_more_items_than_a_page_holds_is_read_whole(office: Office) -> None:
    receivers = [f"p{at}@pub.example" for at in range(1203)]
    batch_id = office.send(*receivers, amount_cents=1)
    office.advance()
    found = [one.sender_item_id for one in office.paypal.items(batch_id)]
    assert found == [f"po_{at}" for at in range(1203)]


def test_an_item_that_nobody_claims_comes_back_after_thirty_days(office: Office) -> None:
    office.till.ways[ADA] = ("UNCLAIMED",)
    batch_id = office.send(ADA)
    office.advance()
    (item,) = office.paypal.items(batch_id)
    assert (item.fate, item.error) == (Fate.IN_FLIGHT, "RECEIVER_UNREGISTERED")
    office.now += timedelta(days=30)
    office.advance()
    assert office.paypal.item(item.item_id).fate is Fate.RETURNED
    assert office.till.balance_cents == Till(clock=lambda: NOW).balance_cents


def test_what_fails_at_once_denies_the_batch(office: Office) -> None:
    office.till.ways[ADA] = ("FAILED",)
    batch_id = office.send(ADA)
    office.advance()
    assert office.paypal.batch(batch_id).status == "DENIED"
    (item,) = office.paypal.items(batch_id)
    assert (item.fate, item.error) == (Fate.FAILED, "RECEIVER_ACCOUNT_INVALID")


def _event(office: Office) -> Event:
    office.send(ADA)
    office.advance()
    return office.till.outbox[-1]


def test_what_paypal_sent_is_known_by_its_bytes(office: Office) -> None:
    event = _event(office)
    assert office.paypal.sent(WEBHOOK_ID, event.headers, event.raw)
    again = json.dumps(json.loads(event.raw)).encode()
    assert not office.paypal.sent(WEBHOOK_ID, event.headers, again)
    assert not office.paypal.sent("ANOTHER", event.headers, event.raw)


@pytest.mark.parametrize(
    "change",
    [
        {"paypal-cert-url": "https://api.paypal.com.evil.example/x"},
        {"paypal-cert-url": CERTIFICATE.replace("https", "http")},
        {"paypal-cert-url": "https://evilpaypal.com/x"},
        {"paypal-cert-url": "https://[paypal.com"},
        {"paypal-transmission-sig": ""},
        {"paypal-auth-algo": ""},
    ],
)
def test_what_cannot_be_paypals_is_not_even_asked_about(
    office: Office, change: dict[str, str]
) -> None:
    event = _event(office)
    before = list(office.server.asked)
    assert not office.paypal.sent(WEBHOOK_ID, event.headers | change, event.raw)
    assert office.server.asked == before


def _item() -> Item:
    return Item(payout_id="po_0", receiver=ADA, amount_cents=1000, currency="USD")
