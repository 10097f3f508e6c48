"""Which mails about an invoice or a credit note are known?

Owns one row per mail, which is written before anything is sent: the mail service itself would send
twice what it is told twice. What a mail says belongs to `mailing`.
"""

from chalicelib.mailing import MOST_MAILS, Mail
from chalicelib.store import codec
from chalicelib.store.rows import BOOKS, Change, Key, NotWritten, Put, Rows


def mail_key(document_id: str, n: int) -> Key:
    """Where the n-th mail about an invoice or a credit note lies."""
    return Key(BOOKS, f"MAIL#{document_id}#{n}")


def mails_about(rows: Rows, document_id: str) -> tuple[Mail, ...]:
    """Every mail about the invoice, or the credit note, the first first."""
    keys = [mail_key(document_id, n) for n in range(1, MOST_MAILS + 1)]
    found, _ = rows.gather(keys)
    return tuple(codec.from_json(Mail, found[key]["doc"]) for key in keys if key in found)


def mail_put(mail: Mail) -> Put:
    """The new row of a mail that is about to be sent; refused when there is one of its number."""
    key = mail_key(mail.document_id, mail.n)
    return Put(BOOKS, {"pk": key.pk, "sk": key.sk, "doc": codec.to_json(mail)})


def add_mail(rows: Rows, mail: Mail) -> bool:
    """Keep a mail that is about to be sent; False when there is one of its number."""
    try:
        rows.write([mail_put(mail)])
    except NotWritten:
        return False
    return True


def settle_mail(rows: Rows, mail: Mail) -> None:
    """Keep what became of the mail."""
    key = mail_key(mail.document_id, mail.n)
    rows.write([Change(key=key, set={("doc",): codec.to_json(mail)})])
