"""How is it said and read over HTTP how publishers are paid?

Owns the routes of a publisher's accounts, tax form and address for notices, and of what happened to
them: the operator has them for everybody, a publisher for itself.
"""

from datetime import date
from typing import Any

from chalice import Blueprint

from chalicelib.channels.bodies import validated
from chalicelib.channels.http import Answer, Request, Route, Side, endpoint
from chalicelib.channels.payee_views import event_view, payee_view, publisher_event_view
from chalicelib.errors import Fault, Invalid, NotFound
from chalicelib.flows import payee_details as details
from chalicelib.flows.clearing import clearance
from chalicelib.flows.payee_details import SaidAccount
from chalicelib.flows.payees import Desk, known_payee
from chalicelib.keys import Party, PartyKind
from chalicelib.offers import Publisher
from chalicelib.payees import Detail, Payee
from chalicelib.store.codec import from_plain, to_plain
from chalicelib.store.payees import page_of_events
from chalicelib.tax_forms import FormKind, TaxForm, Withholding, form_faults, last_valid_day

blueprint = Blueprint(__name__)

_PUBLISHER = (Side(party=PartyKind.PUBLISHER),)
_PAYEE = "/publishers/{id}/payee"


@endpoint(
    blueprint,
    Route(
        method="GET",
        path=_PAYEE,
        summary="Read how a publisher is paid",
        answers="PayeeView",
        sides=_PUBLISHER,
    ),
)
def read_payee(request: Request, id: str) -> Answer:
    """Accounts by their last characters, and the tax form."""
    _own(id, request)
    return _shown(known_payee(id, stores=request.stores), request)


@endpoint(
    blueprint,
    Route(
        method="PUT",
        path=f"{_PAYEE}/bank-details",
        summary="Say into which account a publisher is paid",
        body="BankDetailsBody",
        answers="PayeeView",
        versioned=True,
        sides=_PUBLISHER,
    ),
)
def put_bank_details(request: Request, id: str) -> Answer:
    """Pay into this account from now on; saying it begins the cool-down, and is told by mail."""
    from chalicelib.channels.schemas_payees import BankDetailsBody

    _own(id, request)
    said = from_plain(SaidAccount, validated(BankDetailsBody, request.document()))
    after = details.say_bank_details(
        id,
        said,
        cipher=request.context.cipher(),
        desk=_desk(request),
        version=request.expected_version(),
    )
    return _shown(after, request)


@endpoint(
    blueprint,
    Route(
        method="DELETE",
        path=f"{_PAYEE}/bank-details",
        summary="Forget the account of a publisher",
        answers="PayeeView",
        sides=_PUBLISHER,
    ),
)
def delete_bank_details(request: Request, id: str) -> Answer:
    """Pay into no account; once more changes nothing."""
    _own(id, request)
    return _shown(details.forget_bank_details(id, desk=_desk(request)), request)


@endpoint(
    blueprint,
    Route(
        method="PUT",
        path=f"{_PAYEE}/paypal",
        summary="Say to which PayPal account a publisher is paid",
        body="PayPalBody",
        answers="PayeeView",
        versioned=True,
        sides=_PUBLISHER,
    ),
)
def put_paypal(request: Request, id: str) -> Answer:
    """Pay to this address from now on; another than before begins the cool-down."""
    from chalicelib.channels.schemas_payees import PayPalBody

    _own(id, request)
    email = validated(PayPalBody, request.document())["email"]
    version = request.expected_version()
    return _shown(details.say_paypal(id, email, desk=_desk(request), version=version), request)


@endpoint(
    blueprint,
    Route(
        method="PUT",
        path=f"{_PAYEE}/email",
        summary="Say who is told when it changes how a publisher is paid",
        body="PayeeEmailBody",
        answers="PayeeView",
        versioned=True,
        sides=_PUBLISHER,
    ),
)
def put_email(request: Request, id: str) -> Answer:
    """Tell this address of every change from now on; the one before hears of this one."""
    from chalicelib.channels.schemas_payees import PayeeEmailBody

    _own(id, request)
    email = validated(PayeeEmailBody, request.document())["email"]
    version = request.expected_version()
    return _shown(details.say_email(id, email, desk=_desk(request), version=version), request)


@endpoint(
    blueprint,
    Route(
        method="PUT",
        path=f"{_PAYEE}/tax-form",
        summary="Keep the tax form of a publisher",
        body="TaxFormBody",
        answers="PayeeView",
        versioned=True,
        sides=_PUBLISHER,
    ),
)
def put_tax_form(request: Request, id: str) -> Answer:
    """Keep a W-9 or a W-8 in the place of any before."""
    from chalicelib.channels.schemas_payees import TaxFormBody

    _own(id, request)
    said = validated(TaxFormBody, request.document())
    tin: str | None = said.pop("tin")
    form = _form(said, tin, request.context.clock().date())
    after = details.say_tax_form(
        id,
        form,
        tin,
        cipher=request.context.cipher(),
        desk=_desk(request),
        version=request.expected_version(),
    )
    return _shown(after, request)


@endpoint(
    blueprint,
    Route(
        method="PUT",
        path=f"{_PAYEE}/withholding",
        summary="Say whether a part of a publisher's payouts is withheld for the tax office",
        body="WithholdingBody",
        answers="PayeeView",
    ),
)
def put_withholding(request: Request, id: str) -> Answer:
    """Withhold 24 percent of every payout that is made from now on, or no more."""
    from chalicelib.channels.schemas_payees import WithholdingBody

    wanted = from_plain(Withholding, validated(WithholdingBody, request.document()))
    return _shown(details.say_withholding(id, wanted, desk=_desk(request)), request)


@endpoint(
    blueprint,
    Route(
        method="GET",
        path=f"{_PAYEE}/events",
        summary="List what happened to how a publisher is paid, the latest first",
        answers="PayeeEventView",
        paged=True,
        sides=(Side(party=PartyKind.PUBLISHER, answers="PublisherPayeeEventView"),),
    ),
)
def list_events(request: Request, id: str) -> Answer:
    """Every change, and every time that a number was read in full; what the operator decides of a
    list is not the publisher's, whose page may hold fewer than were asked for."""
    _own(id, request)
    known_payee(id, stores=request.stores)
    listing = request.listing()
    page = page_of_events(request.stores.rows, id, limit=listing.limit, after=listing.after)
    if request.party.kind is PartyKind.PUBLISHER:
        shown = [one for one in page.items if one.what is not Detail.SCREENING]
        return request.page([publisher_event_view(one) for one in shown], listing, page.mark)
    return request.page([event_view(one) for one in page.items], listing, page.mark)


def _form(said: dict[str, Any], tin: str | None, today: date) -> TaxForm:
    """The form as it was received, today when nothing is said; Invalid with every fault."""
    received = said["received_on"] or today.isoformat()
    ends = said["expires_on"]
    if said["kind"] == FormKind.W8 and not ends:
        ends = last_valid_day(date.fromisoformat(received)).isoformat()
    form: TaxForm = from_plain(TaxForm, said | {"received_on": received, "expires_on": ends})
    wrong = list(form_faults(form, tin))
    if received > today.isoformat():
        reason = "must not be a day to come"
        wrong.append(Fault(field="received_on", rule="range", reason=reason))
    if wrong:
        raise Invalid(tuple(wrong))
    return form


def _own(id: str, request: Request) -> None:
    """NotFound for another publisher than the one who asks."""
    if request.party.own and request.party != Party(kind=PartyKind.PUBLISHER, id=id):
        raise NotFound(f"there is no publisher {id}")


def _desk(request: Request) -> Desk:
    return Desk(
        stores=request.stores,
        post=request.post,
        by=request.credential,
        now=request.context.clock(),
    )


def _shown(payee: Payee, request: Request) -> Answer:
    """The payee as it stands, looked for on the list by every name that it has now."""
    publisher = request.stores.catalog.find(Publisher, payee.publisher_id)
    if publisher is None:
        raise NotFound(f"there is no publisher {payee.publisher_id}")
    cleared = clearance(
        publisher,
        stores=request.stores,
        documents=request.context.documents(),
        now=request.context.clock(),
    )
    body = payee_view(payee) | {"obstacles": to_plain(cleared.obstacles)}
    return Answer(body=body, headers={"ETag": f'"{payee.version}"'})
