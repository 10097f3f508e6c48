"""What happens when the operator says who issues its invoices?

Joins the words with the picture above them: each is changed without the other. What stands on an
invoice that was issued stays as it was then.
"""

import hashlib
from dataclasses import replace

from chalicelib.errors import Fault, Invalid
from chalicelib.flows.versions import replaced
from chalicelib.issuer import Issuer
from chalicelib.providers.documents import Documents
from chalicelib.providers.sheets import fault_of_picture
from chalicelib.store.issuer import find_issuer, issuer_write
from chalicelib.store.stores import Stores


def set_issuer(wanted: Issuer, *, stores: Stores, version: int | None) -> Issuer:
    """Put `wanted` in the place of what stands, but for the logo, as the next version.

    Saying the same again changes nothing. Conflict when another changes it meanwhile, or when it is
    not at `version` any more.
    """
    before = find_issuer(stores.rows)
    version = before.version if version is None else version
    return _put(replace(wanted, logo_key=before.logo_key), stores, version)


def set_logo(picture: bytes | None, *, stores: Stores, documents: Documents) -> Issuer:
    """Put `picture` (PNG) above the invoices from now on; None takes it away.

    Invalid when it cannot be printed. It is kept before the row that names it, under a name made
    of its content, so that invoices of before keep theirs.
    """
    key = None
    if picture is not None:
        wrong = fault_of_picture(picture)
        if wrong:
            raise Invalid((Fault(field="png", rule="picture", reason=wrong),))
        key = f"logos/{hashlib.sha256(picture).hexdigest()[:32]}.png"
        documents.keep(key, picture, "image/png")
    before = find_issuer(stores.rows)
    return _put(replace(before, logo_key=key), stores, before.version)


def _put(wanted: Issuer, stores: Stores, version: int) -> Issuer:
    return replaced(
        wanted,
        "the issuer",
        find=lambda: find_issuer(stores.rows),
        write=issuer_write,
        version=version,
        stores=stores,
    )
