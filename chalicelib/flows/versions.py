"""What happens when settings that have one row are said anew?

Owns replacing them whole, as their next version, while they stand as they were read. What they hold
belongs to the core; their row, to the store.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from chalicelib.ach_settings import AchSettings
from chalicelib.dunning import DunningPlan
from chalicelib.errors import Busy, Conflict
from chalicelib.gate import GateSettings
from chalicelib.issuer import Issuer
from chalicelib.screening_lists import ScreeningList
from chalicelib.settings import OperatorSettings
from chalicelib.store.rows import Action
from chalicelib.store.stores import Stores
from chalicelib.tax_years import TaxYear

T = TypeVar(
    "T", AchSettings, GateSettings, DunningPlan, Issuer, OperatorSettings, ScreeningList, TaxYear
)

_TRIES = 8


def replaced(
    wanted: T,
    name: str,
    *,
    find: Callable[[], T],
    write: Callable[[T, T], Action],
    version: int | None,
    stores: Stores,
) -> T:
    """`wanted` in the place of what `find` reads, as its next version, by the action `write` makes
    of both; `name` is what people call it.

    Saying the same again changes nothing. With a `version`, Conflict when it has moved on.
    """
    for _ in range(_TRIES):
        before = find()
        if version is not None and before.version != version:
            detail = f"the version of {name} is {before.version}"
            raise Conflict(detail, code="version_mismatch")
        if replace(wanted, version=before.version) == before:
            return before
        after = replace(wanted, version=before.version + 1)
        if stores.catalog.write([write(before, after)]):
            return after
    raise Busy(f"{name} keeps changing; send it again")
