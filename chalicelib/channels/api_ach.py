"""How are payouts by ACH let go over HTTP?

Owns the routes of the operator's agreement with its bank, and of files from their draft to their
text: all of them the operator's. What the bank sends back is in `api_ach_answers`.
"""

from typing import Any

from chalice import Blueprint

from chalicelib.ach_credits import AchAccount
from chalicelib.ach_settings import AchSettings
from chalicelib.channels.api_screening import lookout
from chalicelib.channels.bodies import validated
from chalicelib.channels.book_lists import shelf_page
from chalicelib.channels.http import Answer, Request, Route, endpoint
from chalicelib.channels.signing import signed
from chalicelib.channels.views import View
from chalicelib.errors import Fault, Invalid
from chalicelib.flows import ach_files as flow
from chalicelib.flows.ach_drafting import draft_at_once
from chalicelib.flows.ach_settings import set_ach
from chalicelib.payout_files import FileEntry, PayoutFile
from chalicelib.store import payout_files as store
from chalicelib.store.books import ACH_FILES
from chalicelib.store.codec import from_plain, to_plain

blueprint = Blueprint(__name__)

_FILE = "/ach-files/{id}"
_OWN = ("settings", "first_trace", "traces", "digest", "place")
"""What of a file is nobody's business outside."""


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/ach-settings",
        summary="Read what the operator's bank has agreed with it on ACH",
        answers="AchSettingsView",
    ),
)
def read_settings(request: Request) -> Answer:
    """As whom files are sent, and how they are made."""
    return _settings_shown(store.find_ach(request.stores.rows))


@endpoint(
    blueprint,
    Route(
        method="PUT",
        path="/ach-settings",
        summary="Say what the operator's bank has agreed with it on ACH",
        body="AchSettingsBody",
        answers="AchSettingsView",
        versioned=True,
    ),
)
def put_settings(request: Request) -> Answer:
    """Replace it whole; files that are drafted stay as they are."""
    from chalicelib.channels.schemas_ach import AchSettingsBody

    said = validated(AchSettingsBody, request.document())
    offset: dict[str, Any] | None = said.pop("offset")
    account = {"routing": offset["routing_number"], "number": offset["account_number"],
               "kind": offset["kind"]} if offset else None  # fmt: skip
    after = set_ach(
        from_plain(AchSettings, said),
        from_plain(AchAccount, account) if account else None,
        cipher=request.context.cipher(),
        stores=request.stores,
        version=request.expected_version(),
    )
    return _settings_shown(after)


@endpoint(
    blueprint,
    Route(
        method="POST",
        path="/ach-files",
        summary="Draft an ACH file of the payouts that wait for one",
        answers="DraftedAchFileView",
        status=201,
    ),
)
def draft(request: Request) -> Answer:
    """The file, for the operator's people to look at, and what stays behind with the reason."""
    made = draft_at_once(
        id=request.context.new_id("ach"), by=request.credential, lookout=lookout(request)
    )
    shown = file_view(made.file) if made.file else None
    return Answer(body={"file": shown, "waiting": to_plain(made.waiting)}, status=201)


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/ach-files",
        summary="List ACH files, the oldest first",
        answers="AchFileView",
        query=("state",),
        paged=True,
    ),
)
def list_files(request: Request) -> Answer:
    """Payouts that the bank is told to make together."""
    return shelf_page(request, ACH_FILES, file_view)


@endpoint(
    blueprint,
    Route(method="GET", path=_FILE, summary="Read an ACH file", answers="AchFileView"),
)
def read_file(request: Request, id: str) -> Answer:
    """How far it is, and who took which step."""
    return Answer(body=file_view(flow.known_file(id, stores=request.stores)))


@endpoint(
    blueprint,
    Route(
        method="GET",
        path=_FILE + "/entries",
        summary="List the entries of an ACH file, in the order of their traces",
        answers="AchEntryView",
        paged=True,
    ),
)
def list_entries(request: Request, id: str) -> Answer:
    """Who is paid how much, and where; a page may hold fewer than were asked for."""
    file = flow.known_file(id, stores=request.stores)
    listing = request.listing()
    first = int(listing.after["first"]) if listing.after else 0
    rows = request.stores.rows
    entries = store.entries_of(rows, file, first=first, count=listing.limit)
    out = {one.trace: one.reason for one in file.left_out}
    following = first + listing.limit
    mark = {"first": str(following)} if following < file.traces else None
    return request.page([_entry_view(one, out.get(one.trace)) for one in entries], listing, mark)


@endpoint(
    blueprint,
    Route(
        method="POST",
        path=_FILE + "/approve",
        summary="Approve an ACH file, which another operator releases",
        answers="AchFileView",
    ),
)
def approve(request: Request, id: str) -> Answer:
    """The file; only keys of the operator's people approve."""
    return Answer(body=file_view(flow.approve(id, by=signed(request), stores=request.stores)))


@endpoint(
    blueprint,
    Route(
        method="POST",
        path=_FILE + "/release",
        summary="Let an approved ACH file go",
        answers="AchFileView",
    ),
)
def release(request: Request, id: str) -> Answer:
    """The file, which the next run writes; whoever approved it is refused."""
    return Answer(body=file_view(flow.release(id, by=signed(request), stores=request.stores)))


@endpoint(
    blueprint,
    Route(
        method="POST",
        path=_FILE + "/discard",
        summary="Have nobody paid by an ACH file",
        answers="AchFileView",
    ),
)
def discard(request: Request, id: str) -> Answer:
    """The file, whose payouts wait for another; refused once it is sealed."""
    return Answer(body=file_view(flow.discard(id, stores=request.stores)))


@endpoint(
    blueprint,
    Route(
        method="POST",
        path=_FILE + "/refuse",
        summary="Report that the bank took none of an ACH file",
        body="AchRefusalBody",
        answers="AchFileView",
    ),
)
def refuse(request: Request, id: str) -> Answer:
    """The file, whose payouts the next run fails: what they were made of is paid by later ones."""
    from chalicelib.channels.schemas_ach import AchRefusalBody

    said = validated(AchRefusalBody, request.document())
    if not said["not_at_bank"]:
        reason = "must be true: whoever is paid by the bank would be paid twice"
        raise Invalid((Fault(field="not_at_bank", rule="required", reason=reason),))
    by = signed(request)
    return Answer(body=file_view(flow.refuse(id, by=by, note=said["note"], stores=request.stores)))


@endpoint(
    blueprint,
    Route(
        method="POST",
        path=_FILE + "/links",
        summary="Get a link to fetch an ACH file for five minutes",
        answers="AchLinkView",
        status=201,
    ),
)
def give_link(request: Request, id: str) -> Answer:
    """An address of the file's text for whoever has it; that it was given is kept."""
    documents = request.context.documents()
    link = flow.fetch(id, by=signed(request), stores=request.stores, documents=documents)
    shown = {"url": link.url, "expires_at": link.expires_at, "name": link.file.name,
             "sha256": link.file.sha256}  # fmt: skip
    return Answer(body=to_plain(shown), status=201)


def file_view(file: PayoutFile) -> View:
    """A file; its entries are at `entries_path`."""
    plain: View = to_plain(file)
    shown = {name: value for name, value in plain.items() if name not in _OWN}
    return shown | {
        "name": file.name if file.effective_on else None,
        "entries_path": f"/v1/ach-files/{file.id}/entries",
    }


def _entry_view(entry: FileEntry, left_out: str | None) -> View:
    plain: View = to_plain(entry)
    hidden = ("file_id", "account", "since")
    shown = {name: value for name, value in plain.items() if name not in hidden}
    return shown | {"account_last": entry.account.last, "left_out": left_out}


def _settings_shown(settings: AchSettings) -> Answer:
    plain: View = to_plain(settings)
    if settings.offset:
        plain["offset"].pop("account")
        plain["offset"]["account_last"] = settings.offset.account.last
    return Answer(body=plain, headers={"ETag": f'"{settings.version}"'})
