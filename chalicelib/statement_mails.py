"""What does the mail about the statement of a payout say, and which statement does its link open?

Owns the words, and the name under which the link is signed: a payout in a state, so that it opens
what was mailed, whatever has become of the payout since. Every mail's words in common belong to
`mailing`.
"""

from dataclasses import replace
from datetime import datetime

from chalicelib import mailing
from chalicelib.issuer import Issuer
from chalicelib.mailing import Letter, Mail
from chalicelib.payouts import Payout, PayoutState

_STATES = {
    PayoutState.CREATED: "will be paid soon",
    PayoutState.SUBMITTED: "is on its way",
    PayoutState.SETTLED: "was paid",
    PayoutState.RETURNED: "came back to us",
}


def mail(payout: Payout, n: int, *, to: str, now: datetime) -> Mail:
    """The n-th mail about the statement of a payout."""
    return Mail(payout_id=payout.id, n=n, to=to, at=now, about="statement")


def letter(payout: Payout, issuer: Issuer, *, to: str, link: str) -> Letter:
    """The mail as it goes out; Conflict where the operator has mail switched off."""
    name = mailing.issuer_name(issuer)
    lines = f"{payout.call_count:,} line{'' if payout.call_count == 1 else 's'}"
    text = (
        f"A payout of {name} over {mailing.amount(payout.sent_cents, payout.currency)}"
        f" {_STATES[payout.state]}. Its statement tells what it is for, in {lines}."
        f"\n\nFetch it here until {mailing.LINK_LASTS.days} days from now:\n{link}\n"
    )
    return mailing.addressed(issuer, to, f"Statement of payout {payout.id} of {name}", text)


def name(payout: Payout) -> str:
    """What the link to the payout's statement, as the payout stands, is signed for."""
    return f"{payout.id}:{payout.state}"


def payout_id(signed: str) -> str:
    """The payout of what a link was signed for, in any state."""
    return signed.partition(":")[0]


def as_mailed(payout: Payout, signed: str) -> Payout:
    """The payout in the state in which its statement was mailed."""
    return replace(payout, state=PayoutState(signed.partition(":")[2]))
