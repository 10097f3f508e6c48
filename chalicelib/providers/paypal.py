"""What is PayPal asked for?

Owns the resources: batches and their items, read into the platform's words, and the check of what
claims to come from PayPal. What they mean for a payout belongs to `paypal_payouts`.
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from chalicelib import runtime
from chalicelib.errors import Refused
from chalicelib.paypal_payouts import BatchReport, ItemReport, cents
from chalicelib.providers.paypal_rest import Account, Json, PayPalAway, PayPalRefused, Rest

SUBMIT_SECONDS = 60.0
"""How long a batch of any size may take; nobody waits for it."""
A_PAGE = 500

_BATCHES, _ITEMS = "/v1/payments/payouts", "/v1/payments/payouts-item"
_VERIFY = "/v1/notifications/verify-webhook-signature"
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_BATCH_LINK = re.compile(r"/v1/payments/payouts/([A-Za-z0-9_-]{1,64})/?", re.ASCII)
_CERTIFICATES = ".paypal.com"
_SIGNED = {
    "auth_algo": "paypal-auth-algo",
    "cert_url": "paypal-cert-url",
    "transmission_id": "paypal-transmission-id",
    "transmission_sig": "paypal-transmission-sig",
    "transmission_time": "paypal-transmission-time",
}


class Unnamed(Refused):
    """PayPal has taken the batch before, and does not say as which."""

    code = "paypal_batch_unnamed"


class NotSetUp(Refused):
    """The deployment has no account with PayPal."""

    code = "paypal_not_set_up"


class PayPal:
    """The deployment's account."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    def create(self, request: Json) -> str:
        """PayPal's id of the batch: of the one that it takes now, or of the one that it took before
        under the same sender's id.

        PayPalRefused when it takes none, Unnamed when it has one and does not say which. After
        PayPalAway it may have it or not, which the same request tells.
        """
        try:
            body = json.dumps(request, separators=(",", ":")).encode()
            said = self._rest.post(_BATCHES, body, seconds=SUBMIT_SECONDS)
        except PayPalRefused as refused:
            if not _is_repeated(refused):
                raise
            found = _original(refused)
            if found is None:
                raise Unnamed("PayPal has this batch, and does not say under which id") from refused
            return found
        return _text(_part(said, "batch_header"), "payout_batch_id")

    def batch(self, payout_batch_id: str) -> BatchReport:
        """The batch; NotAtPayPal when there is none."""
        said = self._page(payout_batch_id, page=1, size=1)
        header = _part(said, "batch_header")
        return BatchReport(
            payout_batch_id=_text(header, "payout_batch_id"),
            sender_batch_id=_text(_part(header, "sender_batch_header"), "sender_batch_id"),
            status=_text(header, "batch_status"),
        )

    def items(self, payout_batch_id: str) -> Iterator[ItemReport]:
        """Every item of the batch, page by page; none while PayPal still reads it."""
        page, pages = 0, 1
        while page < pages:
            page += 1
            said = self._page(payout_batch_id, page=page, size=A_PAGE)
            status = _text(_part(said, "batch_header"), "batch_status")
            for one in said.get("items") or ():
                yield _item(one, status)
            total = said.get("total_pages", 1)
            pages = total if isinstance(total, int) else 1

    def item(self, item_id: str) -> ItemReport:
        """The item; NotAtPayPal when there is none."""
        return _item(self._rest.get(f"{_ITEMS}/{_checked(item_id)}"))

    def sent(self, webhook_id: str, headers: Mapping[str, str], raw: bytes) -> bool:
        """Whether PayPal sent this event, a JSON object, with these headers (in small letters).

        The event goes into the question byte for byte: its signature covers it as it came.
        """
        said = {name: headers.get(header, "") for name, header in _SIGNED.items()}
        if not all(said.values()) or not _is_paypals(said["cert_url"]):
            return False
        facts = json.dumps({**said, "webhook_id": webhook_id}).encode()
        body = facts[:-1] + b', "webhook_event": ' + raw + b"}"
        return self._rest.post(_VERIFY, body).get("verification_status") == "SUCCESS"

    def _page(self, payout_batch_id: str, *, page: int, size: int) -> Json:
        query = {"page": str(page), "page_size": str(size), "total_required": "true"}
        return self._rest.get(f"{_BATCHES}/{_checked(payout_batch_id)}", query)


def paypal() -> PayPal:
    """The deployment's account with PayPal; NotSetUp when it has none."""
    secrets = runtime.secret_values()
    if not (secrets.paypal_client_id and secrets.paypal_client_secret):
        raise NotSetUp("this deployment has no credentials of PayPal")
    account = Account(
        api_url=secrets.paypal_api_url,
        client_id=secrets.paypal_client_id,
        client_secret=secrets.paypal_client_secret,
    )
    return _deployed(account)


@cache
def _deployed(account: Account) -> PayPal:
    """The same for as long as the process lives, so that its access token is."""
    return PayPal(Rest(account))


def _item(said: Any, batch_status: str = "") -> ItemReport:
    if not isinstance(said, dict):
        raise PayPalAway("PayPal's answer lists something that is no item")
    asked = _part(said, "payout_item")
    amount, fee = _part(asked, "amount"), said.get("payout_item_fee") or {}
    currency = _text(amount, "currency")
    same = fee.get("currency") == currency
    return ItemReport(
        item_id=_text(said, "payout_item_id"),
        payout_batch_id=_text(said, "payout_batch_id"),
        sender_item_id=str(asked.get("sender_item_id", "")),
        status=str(said.get("transaction_status") or ""),
        amount_cents=_cents(amount),
        currency=currency,
        # A fee in another currency than the payout's has no place in the books of its currency.
        fee_cents=_cents(fee) if same else 0,
        error=str((said.get("errors") or {}).get("name", "")),
        batch_status=batch_status,
    )


def _part(said: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = said.get(name)
    if not isinstance(part, dict):
        raise PayPalAway(f"PayPal's answer lacks {name}")
    return part


def _text(said: Mapping[str, Any], name: str) -> str:
    text = said.get(name)
    if not isinstance(text, str) or not text:
        raise PayPalAway(f"PayPal's answer lacks {name}")
    return text


def _cents(amount: Mapping[str, Any]) -> int:
    try:
        return cents(_text(amount, "value"))
    except ValueError as wrong:
        raise PayPalAway("PayPal's answer holds no amount") from wrong


def _checked(id: str) -> str:
    """The id, if it can be one of PayPal's; it came from outside and becomes part of an address."""
    if not _ID.fullmatch(id):
        raise Refused("this is no id of PayPal's", code="paypal_id")
    return id


def _is_repeated(refused: PayPalRefused) -> bool:
    """Whether PayPal refuses because it knows the sender's id of the batch."""
    return any(
        "sender_batch_id" in one["field"].lower()
        and any(word in one["issue"].lower() for word in ("exist", "duplicate"))
        for one in refused.details
    )


def _original(refused: PayPalRefused) -> str | None:
    """The batch to which the refusal leads."""
    paths = [_BATCH_LINK.fullmatch(urlsplit(link).path) for link in refused.links]
    return next((path[1] for path in paths if path), None)


def _is_paypals(cert_url: str) -> bool:
    """Whether the certificate lies with PayPal; PayPal checks this too, and whoever sends us
    something else is not worth the question."""
    try:
        split = urlsplit(cert_url)
        host = split.hostname or ""
    except ValueError:
        return False
    return split.scheme == "https" and ("." + host).endswith(_CERTIFICATES)
