"""What does a mail say of a change to how a publisher is paid?

Owns the words. Who is told belongs to `payees`, sending to the providers. No mail holds more of a
number than its last characters, nor any link.
"""

from datetime import datetime

from chalicelib.issuer import Issuer
from chalicelib.mailing import Letter
from chalicelib.payees import Detail, PayeeEvent

_NOUNS = {
    Detail.EMAIL: "address for notices",
    Detail.BANK_DETAILS: "bank account",
    Detail.PAYPAL: "PayPal account",
    Detail.TAX_FORM: "tax form",
    Detail.WITHHOLDING: "backup withholding",
}


def letter(
    event: PayeeEvent, to: str, *, name: str, issuer: Issuer, held: datetime | None
) -> Letter | None:
    """The mail about a change to the payee that is called `name`; until `held` nothing is paid
    there. None where the operator has mail switched off."""
    if issuer.mail is None:
        return None
    noun, sender = _NOUNS[event.what], issuer.mail.sender
    who = "The operator" if event.by == "operator" else "Whoever has a key of this account"
    text = (
        f"{who} changed the {noun} of {name} with {issuer.legal_name or sender} at "
        f"{event.at:%Y-%m-%d %H:%M} UTC.\n\n"
        f"Before: {event.before or 'none'}\nNow: {event.after or 'none'}\n"
    )
    if held:
        text += f"\nNothing is paid there before {held:%Y-%m-%d %H:%M} UTC.\n"
    contact = issuer.dispute_contact or sender
    text += f"\nIf this was not you, tell {contact} at once.\n"
    return Letter(sender=sender, to=to, subject=f"Changed: the {noun} of {name}", text=text)
