"""What happens when the operator says how it pays by ACH?

Joins the words with the rules of what a bank takes, and hides the number of the offset account.
"""

from dataclasses import replace

from chalicelib.ach_credits import AchAccount
from chalicelib.ach_originators import originator_faults
from chalicelib.ach_settings import OWNER, AchSettings, OffsetAccount, originator
from chalicelib.errors import Invalid
from chalicelib.flows.versions import replaced
from chalicelib.hidden import Hidden, Secret, bound_to, shown_part
from chalicelib.providers.ciphers import Cipher
from chalicelib.store.payout_files import ach_write, find_ach
from chalicelib.store.stores import Stores


def set_ach(
    wanted: AchSettings,
    offset: AchAccount | None,
    *,
    cipher: Cipher,
    stores: Stores,
    version: int | None,
) -> AchSettings:
    """Put the settings in the place of those that stand; `offset` balances every batch.

    Invalid with everything that no bank takes. With a `version`, Conflict when they have moved on.
    """
    faults = originator_faults(replace(originator(wanted), offset=offset))
    if faults:
        raise Invalid(faults)
    kept = replace(wanted, offset=_hidden(offset, cipher) if offset else None)
    return replaced(
        kept,
        "the settings of ACH",
        find=lambda: find_ach(stores.rows),
        write=ach_write,
        version=version,
        stores=stores,
    )


def offset_number(settings: AchSettings, cipher: Cipher) -> str | None:
    """The number of the offset account in full; None where batches are not balanced."""
    if settings.offset is None:
        return None
    kept = settings.offset.account.ciphertext
    return cipher.decrypt(kept, bound_to(OWNER, Secret.ACCOUNT_NUMBER))


def _hidden(offset: AchAccount, cipher: Cipher) -> OffsetAccount:
    kept = cipher.encrypt(offset.number, bound_to(OWNER, Secret.ACCOUNT_NUMBER))
    return OffsetAccount(
        routing_number=offset.routing,
        account=Hidden(ciphertext=kept, last=shown_part(offset.number)),
        kind=offset.kind,
    )
