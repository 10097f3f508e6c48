"""What happens when the operator wants a year's forms for the tax office?

Asking keeps who asked. The scheduled run reads the numbers, each with a word in its publisher's
history, and writes the files; it alone may decrypt. A link to a file is given once that is kept.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice

from chalicelib import tax_exports, tax_files, times
from chalicelib.errors import Broken, Busy
from chalicelib.flows.parties import every
from chalicelib.flows.payees import disclosed
from chalicelib.flows.tax_years import PayeeYear, YearRules, payee_years, rules_of
from chalicelib.hidden import Secret
from chalicelib.ids import derived
from chalicelib.offers import Publisher
from chalicelib.providers.ciphers import Cipher
from chalicelib.providers.documents import Documents
from chalicelib.store import tax_exports as store
from chalicelib.store.books import TAX_EXPORTS
from chalicelib.store.issuer import find_issuer
from chalicelib.store.stores import Stores
from chalicelib.store.tax_years import find_year
from chalicelib.tax_exports import ExportFile, Fetch, TaxExport
from chalicelib.tax_files import TIN_UNREADABLE, Form, LeftOut
from chalicelib.tax_years import YearStanding

LINK_LASTS = timedelta(minutes=5)
_TRIES = 8
_PUBLISHERS_A_READ = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """With what the files are written: the cipher decrypts, and so only the function that has the
    right to can be one."""

    stores: Stores
    documents: Documents
    cipher: Cipher
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedFile:
    """A link to a file, and up to when it leads there."""

    file: ExportFile
    url: str
    expires_at: datetime


@dataclass(slots=True)
class _Sheets:
    forms: list[Form] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)


def ask_export(year: int, *, id: str, by: str, stores: Stores, now: datetime) -> TaxExport:
    """Have the forms of a year written; Conflict while that cannot be, saying what to do."""
    export = tax_exports.asked(
        id,
        find_year(stores.rows, year),
        rules_of(year, stores).within,
        find_issuer(stores.rows),
        by=by,
        now=now,
    )
    store.ask(stores.rows, export)
    return export


def write_exports(writer: Writer) -> int:
    """Write the files of every export that waits; how many were finished here. One over which a
    process died is written again, with what is known by then."""
    waiting = store.waiting_exports(writer.stores.rows)
    return sum(_write(export, writer) for export in waiting)


def fetch_file(
    export_id: str,
    file: ExportFile,
    *,
    by: str,
    documents: Documents,
    stores: Stores,
    now: datetime,
) -> FetchedFile:
    """A link to a file of an export, good for minutes; that it was given is kept before anybody has
    it. Conflict while the files are not there."""
    for _ in range(_TRIES):
        export = stores.books.get(TAX_EXPORTS, export_id)
        tax_exports.confirm_there(export, now)
        if store.add_fetch(stores.rows, export, Fetch(file=file, by=by, at=now)):
            url = documents.link(export.place_of(file), export.name_of(file), LINK_LASTS)
            return FetchedFile(file=file, url=url, expires_at=now + LINK_LASTS)
    raise Busy(f"{export_id} is being fetched by others")


def _write(export: TaxExport, writer: Writer) -> bool:
    # What a process left that died stays as it was: both files are of one and the same run.
    export = replace(export, run=derived("run", export.id, times.written(writer.now)))
    rules = rules_of(export.year, writer.stores)
    sheets = _Sheets()
    for year in _years(replace(rules, threshold_cents=export.threshold_cents), writer.stores):
        _take(year, sheets, export, writer)
    texts = {
        ExportFile.FORMS: tax_files.forms_csv(sheets.forms, export.payer),
        ExportFile.LEFT_OUT: tax_files.left_out_csv(sheets.left_out),
    }
    for file, text in texts.items():
        place = export.place_of(file)
        writer.documents.keep(place, text.encode(), "text/csv; charset=utf-8")
    done = store.finish(
        writer.stores.rows,
        export,
        forms=len(sheets.forms),
        left_out=len(sheets.left_out),
        now=writer.now,
    )
    return done is not None


def _years(rules: YearRules, stores: Stores) -> Iterator[PayeeYear]:
    """The year of everybody, some publishers at a time."""
    publishers = every(Publisher, stores)
    while some := list(islice(publishers, _PUBLISHERS_A_READ)):
        yield from payee_years(some, rules, stores=stores)


def _take(year: PayeeYear, sheets: _Sheets, export: TaxExport, writer: Writer) -> None:
    """One publisher's year goes on a form, or among those who have none."""
    if year.standing is YearStanding.NOTHING_PAID:
        return
    why, form = year.standing.value, year.payee.tax_form
    if year.standing is YearStanding.FORM and form:
        tin = _tin(year, export, writer)
        if tin:
            sheets.forms.append(Form(payee=year.payee, tax_form=form, tin=tin, totals=year.totals))
            return
        why = TIN_UNREADABLE
    name = form.legal_name if form else year.publisher.name
    sheets.left_out.append(LeftOut(name=name, why=why, totals=year.totals))


def _tin(year: PayeeYear, export: TaxExport, writer: Writer) -> str | None:
    """The number in full; None when what is kept of it cannot be read."""
    try:
        return disclosed(
            year.publisher.id,
            Secret.TIN,
            cipher=writer.cipher,
            stores=writer.stores,
            by=export.id,
            now=writer.now,
        )
    except Broken:
        # Whoever looks at the file learns of it there, and all others have their forms.
        return None
