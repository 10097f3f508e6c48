"""What happens when the statement of a payout is mailed?

Joins the statement, which is kept first, with the address that its publisher has told and with the
service that sends mails.
"""

from datetime import datetime

from chalicelib import mailing, statement_mails
from chalicelib.errors import Busy, Conflict
from chalicelib.flows.mailing import PostOffice, delivered, next_number
from chalicelib.flows.papers import Paper
from chalicelib.flows.payout_statements import kept
from chalicelib.mailing import Mail
from chalicelib.payouts import Payout
from chalicelib.providers.documents import Documents
from chalicelib.store.issuer import find_issuer
from chalicelib.store.mails import add_mail
from chalicelib.store.payees import find_payee
from chalicelib.store.payouts import find_payout
from chalicelib.store.stores import Stores


def send(
    payout: Payout,
    to: str | None,
    *,
    stores: Stores,
    documents: Documents,
    post: PostOffice,
    now: datetime,
) -> Mail:
    """Mail the statement of the payout as it stands, to its publisher's address or another.

    Conflict without an address, with mail switched off, after too many mails, or when another
    payout pays what it was made of.
    """
    address = to or find_payee(stores.rows, payout.publisher_id).email
    if address is None:
        detail = f"no e-mail address is known of {payout.publisher_id}"
        raise Conflict(detail, code="not_to_be_mailed")
    number = next_number(payout.id, payout.id, stores)
    kept(payout, Paper.PDF, stores=stores, documents=documents)
    mail = statement_mails.mail(payout, number, to=address, now=now)
    if not add_mail(stores.rows, mail):
        raise Busy(f"{payout.id} is being mailed at this moment")
    issuer = find_issuer(stores.rows)
    word = mailing.signed(statement_mails.name(payout), now + mailing.LINK_LASTS, post.key)
    link = mailing.link(issuer, word)
    letter = statement_mails.letter(payout, issuer, to=address, link=link)
    return delivered(mail, letter, stores=stores, post=post)


def opened(word: str, *, stores: Stores, key: str, now: datetime) -> Payout | None:
    """The payout, in the state in which its statement was mailed, that the link leads to; None for
    a link to something else, a forged or an expired one."""
    signed = mailing.opened(word, now, key)
    payout = find_payout(stores.rows, statement_mails.payout_id(signed)) if signed else None
    return statement_mails.as_mailed(payout, signed) if payout and signed else None
