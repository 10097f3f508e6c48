"""What PayPal is asked to pay, and what its words mean for a payout."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.paypal_payouts import (
    CURRENCIES,
    MOST_CENTS,
    BatchStatus,
    Fate,
    Item,
    ItemReport,
    cents,
    decimal,
    fate,
    faults,
    named,
    request,
)
from tests.paypal.shapes import BATCH_WORDS, ITEM_WORDS, request_faults

PAYABLE = Item(payout_id="po_1", receiver="ada@pub.example", amount_cents=1234, currency="USD")


@pytest.mark.parametrize(
    ("status", "becomes"),
    [
        ("SUCCESS", Fate.SETTLED),
        ("PENDING", Fate.IN_FLIGHT), ("NEW", Fate.IN_FLIGHT), ("UNCLAIMED", Fate.IN_FLIGHT),
        ("ONHOLD", Fate.IN_FLIGHT), ("ON_HOLD", Fate.IN_FLIGHT), ("", Fate.IN_FLIGHT),
        ("FAILED", Fate.FAILED), ("DENIED", Fate.FAILED), ("BLOCKED", Fate.FAILED),
        ("RETURNED", Fate.RETURNED), ("REFUNDED", Fate.RETURNED), ("REVERSED", Fate.RETURNED),
        ("CANCELED", Fate.RETURNED), ("success", Fate.SETTLED), (" Returned ", Fate.RETURNED),
        ("A_WORD_OF_NEXT_YEAR", Fate.IN_FLIGHT),
    ],
)  # fmt: skip
def test_an_items_status_decides_what_becomes_of_its_payout(status: str, becomes: Fate) -> None:
    assert fate(status) is becomes


@pytest.mark.parametrize(
    ("batch", "item", "becomes"),
    [
        ("SUCCESS", "PENDING", Fate.IN_FLIGHT), ("SUCCESS", "FAILED", Fate.FAILED),
        ("SUCCESS", "UNCLAIMED", Fate.IN_FLIGHT), ("PROCESSING", "SUCCESS", Fate.SETTLED),
        ("DENIED", "", Fate.FAILED), ("DENIED", "PENDING", Fate.FAILED),
        ("DENIED", "SUCCESS", Fate.SETTLED), ("DENIED", "ONHOLD", Fate.IN_FLIGHT),
        ("CANCELED", "PENDING", Fate.FAILED), ("CANCELED", "RETURNED", Fate.RETURNED),
    ],
)  # fmt: skip
def test_a_batch_that_succeeded_has_paid_nobody_and_one_denied_fails_what_waits(
    batch: str, item: str, becomes: Fate
) -> None:
    assert fate(item, batch) is becomes


def test_every_word_of_paypals_interface_is_known() -> None:
    assert {word.value for word in BatchStatus} == BATCH_WORDS
    waiting = {word for word in ITEM_WORDS if fate(word) is Fate.IN_FLIGHT}
    assert waiting == {"PENDING", "UNCLAIMED", "ONHOLD"}


def test_a_report_has_the_fate_of_its_item_within_its_batch() -> None:
    report = ItemReport(
        item_id="i", payout_batch_id="b", sender_item_id="po_1", status="PENDING",
        amount_cents=1, currency="USD", batch_status="DENIED",
    )  # fmt: skip
    assert report.fate is Fate.FAILED


@pytest.mark.parametrize(
    ("amount", "written"), [(0, "0.00"), (1, "0.01"), (99, "0.99"), (100, "1.00"), (1234, "12.34")]
)
def test_an_amount_is_written_with_two_decimals(amount: int, written: str) -> None:
    assert decimal(amount) == written


@pytest.mark.parametrize(("written", "amount"), [("12", 1200), ("12.3", 1230), ("0.25", 25)])
def test_an_amount_is_read_with_fewer_decimals_too(written: str, amount: int) -> None:
    assert cents(written) == amount


@pytest.mark.parametrize("written", ["", "-1.00", "1.234", "1,00", "1e2", " 1.00", "1.", "٣.٠٠"])
def test_what_is_no_amount_is_not_guessed(written: str) -> None:
    with pytest.raises(ValueError, match="no amount"):
        cents(written)


def test_no_negative_amount_is_ever_asked_for() -> None:
    with pytest.raises(ValueError, match="negative"):
        decimal(-1)


@given(st.integers(min_value=0, max_value=10**11))
def test_an_amount_that_was_written_is_read_as_it_was(amount: int) -> None:
    assert cents(decimal(amount)) == amount


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"receiver": ""}, "format"), ({"receiver": "ada"}, "format"),
        ({"receiver": "ada@pub"}, "format"), ({"receiver": "a b@pub.example"}, "format"),
        ({"receiver": "ada@@pub.example"}, "format"), ({"receiver": "ädä@pub.example"}, "format"),
        ({"receiver": "a" * 120 + "@pub.example"}, "format"),
        ({"amount_cents": 0}, "range"), ({"amount_cents": -1}, "range"),
        ({"amount_cents": MOST_CENTS + 1}, "range"),
        ({"currency": "JPY"}, "currency"), ({"currency": "XXX"}, "currency"),
    ],
)  # fmt: skip
def test_what_paypal_would_not_take_is_named_beforehand(
    change: dict[str, object], rule: str
) -> None:
    said = {"receiver": "ada@pub.example", "amount_cents": 1234, "currency": "USD", **change}
    found = faults(Item(payout_id="po_1", **said))  # type: ignore[arg-type]
    assert [fault.rule for fault in found] == [rule]


def test_the_most_that_paypal_pays_at_once_is_payable() -> None:
    most = Item(
        payout_id="po_1", receiver="a.b+c@pub.example", amount_cents=MOST_CENTS, currency="EUR"
    )
    assert faults(most) == ()


_RECEIVERS = st.from_regex(r"[a-z0-9.+_-]{1,40}@[a-z0-9-]{1,40}\.[a-z]{2,6}", fullmatch=True)
_ITEMS = st.builds(
    Item,
    payout_id=st.from_regex(r"po_[0-9A-HJKMNP-TV-Z]{26}", fullmatch=True),
    receiver=_RECEIVERS,
    amount_cents=st.integers(min_value=1, max_value=MOST_CENTS),
    currency=st.sampled_from(["USD", "EUR"]),
)


@given(st.lists(_ITEMS, min_size=1, max_size=30))
def test_whatever_has_no_faults_is_a_request_that_paypal_reads(items: list[Item]) -> None:
    assert all(faults(one) == () for one in items)
    said = json.loads(json.dumps(request("ppb_1", "You have been paid", items)))
    assert request_faults(said) == []
    asked = sum(cents(one["amount"]["value"]) for one in said["items"])
    assert asked == sum(one.amount_cents for one in items)
    assert [one["sender_item_id"] for one in said["items"]] == [one.payout_id for one in items]


def test_a_request_carries_our_ids_and_no_more_than_paypal_needs() -> None:
    said = request("ppb_1", "You have been paid", [PAYABLE])
    assert said == {
        "sender_batch_header": {
            "sender_batch_id": "ppb_1",
            "email_subject": "You have been paid",
            "recipient_type": "EMAIL",
        },
        "items": [
            {
                "recipient_type": "EMAIL",
                "receiver": "ada@pub.example",
                "amount": {"value": "12.34", "currency": "USD"},
                "sender_item_id": "po_1",
            }
        ],
    }


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        (["items[1].receiver", "items[0].amount"], {1: "wrong", 0: "wrong"}),
        (["items[1].receiver", "items[1].amount"], {1: "wrong"}),
        (["items[2].receiver"], {}),  # there is no such item: the refusal is not about ours
        (["items[1].receiver", "sender_batch_header"], {}),
        (["SENDER_BATCH_ID"], {}),
        ([], {}),
    ],
)
def test_a_refusal_names_the_items_that_are_to_blame_or_none(
    fields: list[str], found: dict[int, str]
) -> None:
    assert named([{"field": field, "issue": "wrong"} for field in fields], count=2) == found


def test_the_currencies_are_those_with_two_decimals() -> None:
    assert not CURRENCIES & {"JPY", "HUF", "TWD"}
