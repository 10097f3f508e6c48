"""Payday on the deployed stack: a file that two people let go, the bank's answer to it, a batch for
PayPal, and the year for the tax office. Numbers that nobody may read lie in no row and no log."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.request import urlopen

import pytest
from botocore.exceptions import ClientError

from infra import parameters
from infra.local_app import STAGE
from tests.ach import BANK, ORIGINATOR, Answered, bank_file
from tests.e2e.deployment import ApiFault, Deployment, Market, eventually
from tests.e2e.test_closing import closes, next_month, of
from tests.e2e.test_dispositions import sent
from tests.infra.conftest import Ground
from tests.payees import A_W9, ACCOUNT_NUMBER, AN_ACCOUNT, TIN
from tests.paypal.server import CLIENT_ID, CLIENT_SECRET, PayPalServer
from tests.paypal.till import FEE_CENTS, WEBHOOK_ID, Till

Json = dict[str, Any]
OFFSET_NUMBER, ANOTHER_NUMBER = "90817263549", "55443322110"
ADDRESS = "pay@bright.example"
AGREED = (
    "destination_routing", "destination_name", "origin", "origin_name", "odfi_routing",
    "company_name", "company_id",
)  # fmt: skip


@dataclass
class Payday:
    """Three publishers, each with a payout of one call's $15.00, and keys of those who sign; `due`
    is when they were made, on the closing's clock."""

    deployment: Deployment
    by_ach: Market
    by_paypal: Market
    by_hand: Market
    ann: str
    ben: str
    own: str
    due: str

    def payout(self, market: Market, state: str) -> Json:
        """The market's payout that is in this state."""
        payouts = of(self.deployment, "/payouts", "publisher_id", market.publisher_id)
        (found,) = [one for one in payouts if one["state"] == state]
        return found

    def two_let_go(self, path: str) -> None:
        """Ann approves it, and Ben releases it, for she may not."""
        self.deployment.api("POST", f"{path}/approve", key=self.ann)
        with pytest.raises(ApiFault, match="second_operator"):
            self.deployment.api("POST", f"{path}/release", key=self.ann)
        self.deployment.api("POST", f"{path}/release", key=self.ben)


@pytest.fixture(scope="module")
def payday(deployment: Deployment) -> Iterator[Payday]:
    by_ach = Market(deployment, billing="net")
    by_paypal, by_hand = Market(deployment), Market(deployment)
    ann, ben = (
        deployment.api("POST", "/operator/keys", {"name": name})["secret"]
        for name in ("Ann", "Ben")
    )
    own = deployment.api("POST", f"/publishers/{by_ach.publisher_id}/keys", {"name": "Own"})
    says_how_it_is_paid(deployment, by_ach, "ach", "bank-details", AN_ACCOUNT, own["secret"])
    says_how_it_is_paid(deployment, by_paypal, "paypal", "paypal", {"email": ADDRESS})
    deployment.api("PUT", "/settings", {"payee_cooldown_days": 0})
    try:
        due = earn(deployment, by_ach, by_paypal, by_hand)
        yield Payday(deployment, by_ach, by_paypal, by_hand, ann, ben, own["secret"], due)
    finally:
        deployment.api("PUT", "/settings", {})


def says_how_it_is_paid(
    deployment: Deployment, market: Market, method: str, detail: str, said: Json, key: str = ""
) -> None:
    """The account cools down, and nothing else stands in the way."""
    publisher = f"/publishers/{market.publisher_id}"
    deployment.api("PATCH", publisher, {"payout_method": method})
    deployment.api("PUT", f"{publisher}/payee/{detail}", said, key=key)
    form = A_W9 | {"received_on": None}
    payee = deployment.api("PUT", f"{publisher}/payee/tax-form", form, key=key)
    assert [one["code"] for one in payee["obstacles"]] == ["cooling_down"]


def earn(deployment: Deployment, *markets: Market) -> str:
    """A call of each is judged, billed and paid for, and the close makes its payout; until when."""
    with deployment.network() as network:
        placed = [market.rings(network, talk=80) for market in markets]
        calls = [deployment.judged(one.sid) for one in placed]
    assert [call["earning_cents"] for call in calls] == [1_500] * len(markets)
    month_after = next_month(calls[0]["arrived_at"])
    closes_at_once(deployment, month_after)
    for market in markets:
        if market.billing == "net":
            market.pay(2_500, f"wire-{market.advertiser_id}")
    due = next_month(month_after)
    closes(deployment, due)
    return due


def closes_at_once(deployment: Deployment, as_of: str) -> None:
    """The closing that somebody waits for, asked for again until nothing is left."""
    said = {"as_of": as_of}
    assert eventually(lambda: deployment.api("POST", "/closings", said)["run"] is None)


def row(deployment: Deployment, table: str, pk: str) -> Json:
    """Where a row lies."""
    key = {"pk": {"S": pk}, "sk": {"S": "META"}}
    return {"TableName": f"ringledger-{deployment.stage}-{table}", "Key": key}


def its_day_comes(deployment: Deployment, file_id: str) -> None:
    """The payouts of a written file count as settled now."""
    deployment.stack.cloud.client("dynamodb").update_item(
        **row(deployment, "books", f"ACH_FILE#{file_id}"),
        UpdateExpression="SET open_key = :at",
        ExpressionAttributeValues={":at": {"S": f"2000-01-01#{file_id}"}},
        ConditionExpression="attribute_exists(open_key)",
    )


@contextmanager
def settled_a_year_before(deployment: Deployment, payout: Json) -> Iterator[int]:
    """The payout has left in the year before, as far as its row and its account know: that year."""
    dynamodb, year = deployment.stack.cloud.client("dynamodb"), int(payout["settled_at"][:4]) - 1
    at = row(deployment, "books", f"PAYOUT#{payout['id']}")
    doc = dynamodb.get_item(**at)["Item"]["doc"]["S"]
    left = dynamodb.query(
        TableName=f"ringledger-{deployment.stage}-ledger",
        KeyConditionExpression="pk = :pk",
        FilterExpression="amount_cents > :none",
        ExpressionAttributeValues={
            ":pk": {"S": f"ACCOUNT#pub:{payout['publisher_id']}:in_transit#0"}, ":none": {"N": "0"},
        },
    )["Items"][0]  # fmt: skip
    moved = left | {"sk": {"S": f"{year}-06-30{left['sk']['S'][10:]}"}}
    ledger = {"TableName": f"ringledger-{deployment.stage}-ledger"}

    def becomes(text: str) -> None:
        dynamodb.update_item(
            **at, UpdateExpression="SET doc = :doc", ExpressionAttributeValues={":doc": {"S": text}}
        )

    becomes(doc.replace(f'"{payout["settled_at"]}"', f'"{year}-06-30{payout["settled_at"][10:]}"'))
    dynamodb.put_item(**ledger, Item=moved)
    try:
        yield year
    finally:
        dynamodb.delete_item(**ledger, Key={name: moved[name] for name in ("pk", "sk")})
        becomes(doc)


@contextmanager
def paypal(deployment: Deployment) -> Iterator[Till]:
    """An account with a PayPal on this machine, told by the stage's parameters."""
    till, ssm = Till(clock=lambda: datetime.now(UTC)), deployment.stack.cloud.client("ssm")
    with PayPalServer(till).running() as server:
        said = {
            "paypal/client-id": CLIENT_ID, "paypal/client-secret": CLIENT_SECRET,
            "paypal/webhook-id": WEBHOOK_ID, parameters.PAYPAL_API_URL: server.url,
        }  # fmt: skip
        for name, value in said.items():
            parameters.put(ssm, STAGE, name, value)
        # Whoever works has read the parameters, and keeps them for minutes.
        deployment.stack.kill_workers()
        assert eventually(lambda: answers(deployment), within=20)
        try:
            yield till
        finally:
            ssm.delete_parameters(Names=[f"{STAGE.parameter_path}/{name}" for name in said])


def answers(deployment: Deployment) -> bool:
    """Whether another API works in the place of the one that was killed."""
    try:
        return bool(deployment.api("GET", "/settings"))
    except ApiFault:
        return False


def plain_numbers(deployment: Deployment) -> set[str]:
    """Account and tax numbers that lie in full in a row, or were told to the log."""
    secret = {ACCOUNT_NUMBER, OFFSET_NUMBER, ANOTHER_NUMBER, TIN, TIN.replace("-", "")}
    found = {number for number in secret if number in deployment.stack.log.read_text()}
    dynamodb = deployment.stack.cloud.client("dynamodb")
    for table in dynamodb.list_tables()["TableNames"]:
        for page in dynamodb.get_paginator("scan").paginate(TableName=table):
            text = json.dumps(page["Items"], default=str)
            found |= {number for number in secret if number in text}
    return found


def entries_of(text: str) -> list[tuple[str, str, int, str]]:
    """Code, account, cents and trace of each entry, by the columns of the Nacha rules."""
    lines = [line for line in text.splitlines() if line.startswith("6")]
    return [(one[1:3], one[12:29].strip(), int(one[29:39]), one[79:94]) for one in lines]


def fetched(link: Json) -> str:
    """The text behind a link."""
    with urlopen(link["url"], timeout=20) as answer:
        text: bytes = answer.read()
    assert link.get("sha256") in (None, hashlib.sha256(text).hexdigest())
    return text.decode()


def test_a_file_is_let_go_by_two_settles_comes_back_and_is_paid_again(payday: Payday) -> None:
    deployment, market = payday.deployment, payday.by_ach
    payout = payday.payout(market, "created")
    assert (payout["method"], payout["amount_cents"]) == ("ach", 1_500)
    offset = {"routing_number": BANK, "account_number": OFFSET_NUMBER, "kind": "checking"}
    agreed = {name: getattr(ORIGINATOR, name) for name in AGREED}
    deployment.api("PUT", "/ach-settings", agreed | {"offset": offset})
    file = deployment.api("POST", "/ach-files")["file"]
    path = f"/ach-files/{file['id']}"
    (entry,) = deployment.api("GET", f"{path}/entries")["data"]
    assert (entry["payout_id"], entry["account_last"]) == (payout["id"], ACCOUNT_NUMBER[-4:])
    payday.two_let_go(path)

    deployment.invoke("ach", {})
    assert eventually(lambda: deployment.api("GET", path)["state"] == "written", within=10)
    text = fetched(deployment.api("POST", f"{path}/links", key=payday.ben))
    paid, taken = entries_of(text)
    assert paid == ("22", ACCOUNT_NUMBER, 1_500, entry["trace"])
    assert taken[:3] == ("27", OFFSET_NUMBER, 1_500)
    assert payday.payout(market, "submitted")["reference"] == entry["trace"]

    its_day_comes(deployment, file["id"])
    deployment.invoke("ach", {})
    own = f"/payouts/{payout['id']}"
    (shown,) = deployment.api("GET", "/payouts", key=payday.own)["data"]
    assert (shown["id"], shown["state"], shown["sent_cents"]) == (payout["id"], "settled", 1_500)
    statement = deployment.api("GET", f"{own}/statement", key=payday.own)
    assert (statement["earned_cents"], statement["reference"]) == (1_500, entry["trace"])
    with urlopen(deployment.api("GET", f"{own}/pdf", key=payday.own)["url"], timeout=20) as page:
        assert page.read(5) == b"%PDF-"
    assert deployment.api("GET", "/ledger/audit")["differences"] == []

    comes_back(payday, payout["id"], entry["trace"])
    assert deployment.api("GET", "/ledger/audit")["differences"] == []
    assert plain_numbers(deployment) == set()


def comes_back(payday: Payday, payout_id: str, trace: str) -> None:
    """The bank finds no such account; with another one the next close pays the same again."""
    deployment, publisher_id = payday.deployment, payday.by_ach.publisher_id
    raw = bank_file([Answered(code="R03", trace=trace)]).encode()
    said = {"Authorization": f"Bearer {payday.ann}", "Content_Type": "text/plain"}
    status, answers = sent(deployment, "/ach-answers", raw, **said)
    assert (status, answers["returned_cents"]) == (201, 1_500)
    done = deployment.api("POST", f"/ach-answers/{answers['id']}/apply", {}, key=payday.ben)
    assert (done["state"], done["applied"]["name"]) == ("applied", "Ben")
    (shown,) = deployment.api("GET", "/payouts", key=payday.own)["data"]
    assert (shown["id"], shown["state"], shown["reason"]) == (payout_id, "returned", "R03")

    payee = f"/publishers/{publisher_id}/payee"
    refused = deployment.api("GET", payee, key=payday.own)["obstacles"]
    assert [one["code"] for one in refused] == ["details_refused"]
    another = AN_ACCOUNT | {"account_number": ANOTHER_NUMBER}
    assert not deployment.api("PUT", f"{payee}/bank-details", another, key=payday.own)["obstacles"]
    deployment.api("POST", f"/payouts/{payout_id}/release")
    closes_at_once(deployment, next_month(payday.due))
    again = payday.payout(payday.by_ach, "created")
    assert (again["amount_cents"], again["id"] != payout_id) == (1_500, True)


def test_a_batch_is_let_go_by_two_and_paypal_tells_what_became_of_it(payday: Payday) -> None:
    deployment, market = payday.deployment, payday.by_paypal
    payout = payday.payout(market, "created")
    with paypal(deployment) as till:
        deployment.invoke("paypal", {})
        (batch,) = deployment.api("GET", "/paypal-batches?state=ready")["data"]
        path = f"/paypal-batches/{batch['id']}"
        payday.two_let_go(path)
        deployment.invoke("paypal", {})
        assert deployment.api("GET", path)["state"] == "sent"
        assert payday.payout(market, "submitted")["id"] == payout["id"]
        for _ in range(2):
            till.advance()
        assert till.received == {ADDRESS: 1_500}
        for event in till.outbox:
            media = {"Content_Type": "application/json"}
            status, heard = sent(
                deployment, "/paypal/webhooks", event.raw, **event.headers, **media
            )
            assert (status, heard) == (200, {"batch_id": batch["id"]})
        forged = till.outbox[-1].raw.replace(b"1", b"2")
        refused = sent(deployment, "/paypal/webhooks", forged, **till.outbox[-1].headers, **media)
        assert (refused[0], refused[1]["code"]) == (401, "bad_signature")
        settled = payday.payout(market, "settled")
        assert (settled["id"], settled["fee_cents"]) == (payout["id"], FEE_CENTS)
        deployment.invoke("paypal", {})
        assert deployment.api("GET", path)["state"] == "done"
    assert deployment.api("GET", "/ledger/audit")["differences"] == []


def test_the_forms_of_a_year_are_written_for_whoever_fetches_them(payday: Payday) -> None:
    deployment = payday.deployment
    payout = payday.payout(payday.by_hand, "created")
    payout = deployment.api("POST", f"/payouts/{payout['id']}/settle")
    payer = {"legal_name": "Rings Inc", "address": A_W9["address"], "tax_id": "12-3456789"}
    deployment.api("PUT", "/issuer", payer)
    try:
        with settled_a_year_before(deployment, payout) as year:
            deployment.api("PUT", f"/tax-years/{year}", {"threshold_cents": 1_500})
            export = deployment.api("POST", f"/tax-years/{year}/exports")
            path = f"/tax-exports/{export['id']}"
            deployment.invoke("tax", {})
            assert eventually(lambda: deployment.api("GET", path)["state"] == "done", within=10)
    finally:
        deployment.api("PUT", "/issuer", {})
    link = deployment.api("POST", f"{path}/links", {"file": "forms"}, key=payday.ann)
    _, form = fetched(link).splitlines()
    assert payday.by_hand.publisher_id in form
    assert (TIN in form, "15.00" in form) == (True, True)
    (fetch,) = deployment.api("GET", path)["fetches"]
    assert fetch["file"] == "forms"
    assert deployment.api("GET", "/ledger/audit")["differences"] == []
    assert plain_numbers(deployment) == set()


@pytest.mark.parametrize(
    ("function", "secret"), [("-ach", "account_number"), ("-tax", "tin"), ("", None)]
)
def test_each_number_is_read_by_one_function_alone(
    deployment: Deployment, function: str, secret: str | None
) -> None:
    ground, api = Ground(deployment.stack), f"ringledger-{deployment.stage}"
    environment = ground.client("lambda").get_function_configuration(FunctionName=api)
    key = environment["Environment"]["Variables"]["RINGLEDGER_PAYEES_KEY_ARN"]
    writer, reader = (ground.as_function(name, "kms") for name in (api, api + function))
    for kept in ("account_number", "tin"):
        bound = {"KeyId": key, "EncryptionContext": {"publisher_id": "pub_1", "secret": kept}}
        hidden = writer.encrypt(Plaintext=b"12345", **bound)["CiphertextBlob"]
        if kept == secret:
            assert reader.decrypt(CiphertextBlob=hidden, **bound)["Plaintext"] == b"12345"
            continue
        with pytest.raises(ClientError, match="not authorized to perform: kms:Decrypt"):
            reader.decrypt(CiphertextBlob=hidden, **bound)
