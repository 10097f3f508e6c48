"""Which files for the tax office were asked for, by whom, and who fetched them?

Owns the export of a year's forms 1099-NEC: when it may be asked for, how far it has come, and how
long its files are there. They hold tax numbers in full, so each time that somebody is given one is
kept. What stands in them belongs to `tax_files`.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib.errors import Conflict
from chalicelib.issuer import Address, Issuer
from chalicelib.tax_years import TaxYear
from chalicelib.times import Period

FILES_LAST = timedelta(days=1)
"""How long the files can be fetched; the bucket removes them after it."""


class ExportFile(StrEnum):
    """The forms, and those who were paid and have none, with why."""

    FORMS = "forms"
    LEFT_OUT = "left_out"


class ExportState(StrEnum):
    """Whether its files are still to be written."""

    ASKED = "asked"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Payer:
    """Who has paid, as the forms name it."""

    legal_name: str
    address: Address
    tax_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch:
    """One link to a file that was given: which, when, and `by` which key."""

    file: ExportFile
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxExport:
    """The forms of a year, asked for `by` a key, with payer and threshold as they stood then.
    `run` names the run whose files they are: those that another has left belong to nobody."""

    id: str
    year: int
    threshold_cents: int
    payer: Payer
    by: str
    asked_at: datetime
    state: ExportState = ExportState.ASKED
    done_at: datetime | None = None
    form_count: int = 0
    left_out_count: int = 0
    fetches: tuple[Fetch, ...] = ()
    run: str = ""

    @property
    def ends_at(self) -> datetime | None:
        """From when on its files are gone; None before they are there."""
        return self.done_at + FILES_LAST if self.done_at else None

    def place_of(self, file: ExportFile) -> str:
        """Where one of its files lies."""
        parts = ("tax-exports", self.id, self.run, self.name_of(file))
        return "/".join(filter(None, parts))

    def name_of(self, file: ExportFile) -> str:
        """How the file is called by those who fetch it."""
        return f"{'1099-nec' if file is ExportFile.FORMS else 'left-out'}-{self.year}.csv"


def asked(
    id: str, said: TaxYear, within: Period, issuer: Issuer, *, by: str, now: datetime
) -> TaxExport:
    """A new export; Conflict while the year goes on, while nobody knows its threshold, and while
    the issuer is not said whole."""
    if now < within.end:
        raise Conflict(f"the year {said.year} is not over", code="year_not_over")
    if said.in_force is None:
        detail = (
            f"nobody has said from how much on {said.year} is told of: "
            f"PUT /v1/tax-years/{said.year} with its threshold_cents"
        )
        raise Conflict(detail, code="threshold_unknown")
    return TaxExport(
        id=id,
        year=said.year,
        threshold_cents=said.in_force,
        payer=payer(issuer),
        by=by,
        asked_at=now,
    )


def payer(issuer: Issuer) -> Payer:
    """The issuer as the one who pays; Conflict naming what is missing of it."""
    if issuer.legal_name and issuer.address and issuer.tax_id:
        return Payer(legal_name=issuer.legal_name, address=issuer.address, tax_id=issuer.tax_id)
    said = {
        "legal_name": issuer.legal_name,
        "address": issuer.address,
        "tax_id": issuer.tax_id,
    }
    missing = ", ".join(name for name, value in said.items() if not value)
    raise Conflict(
        f"a form names its payer: PUT /v1/issuer with {missing}", code="payer_incomplete"
    )


def confirm_there(export: TaxExport, now: datetime) -> None:
    """Conflict while the files are not written, and once they are gone."""
    ends_at = export.ends_at
    if ends_at is None:
        detail = f"the files of {export.id} are being written: ask again in some minutes"
        raise Conflict(detail, code="export_not_done")
    if now >= ends_at:
        raise Conflict(f"the files of {export.id} are gone: ask for another", code="export_gone")
