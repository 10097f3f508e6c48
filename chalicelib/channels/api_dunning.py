"""How are the steps against unpaid invoices read, and their days said, over HTTP?

Owns the routes of the dunning plan and of what is due under it. The steps themselves are taken by
the daily closing.
"""

from typing import Any

from chalice import Blueprint

from chalicelib.channels.bodies import validated
from chalicelib.channels.http import Answer, Request, Route, endpoint
from chalicelib.dunning import DunningPlan
from chalicelib.flows import dunning as flow
from chalicelib.store.codec import from_plain, to_plain
from chalicelib.store.dunning import find_plan

blueprint = Blueprint(__name__)


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/dunning",
        summary="Read which steps against unpaid invoices were taken, and which are due",
        answers="DunningView",
    ),
)
def read_dunning(request: Request) -> Answer:
    """What the next closing does, or would do if the plan were on."""
    found = flow.look(stores=request.stores, now=request.context.clock())
    on = find_plan(request.stores.rows).on
    return Answer(body={"on": on, "invoices": [_dunned(one) for one in found]})


@endpoint(
    blueprint,
    Route(
        method="GET",
        path="/dunning/plan",
        summary="Read on which days steps against unpaid invoices come",
        answers="DunningPlanView",
    ),
)
def read_plan(request: Request) -> Answer:
    """The days after the due date of each step."""
    return _shown(find_plan(request.stores.rows))


@endpoint(
    blueprint,
    Route(
        method="PUT",
        path="/dunning/plan",
        summary="Say on which days steps against unpaid invoices come",
        body="DunningPlanBody",
        answers="DunningPlanView",
        versioned=True,
    ),
)
def put_plan(request: Request) -> Answer:
    """Replace the plan whole; steps that were taken stay taken."""
    from chalicelib.channels.schemas_billing import DunningPlanBody

    said: dict[str, Any] = validated(DunningPlanBody, request.document())
    wanted = from_plain(DunningPlan, said)
    version = request.expected_version()
    return _shown(flow.set_plan(wanted, stores=request.stores, version=version))


def _shown(plan: DunningPlan) -> Answer:
    return Answer(body=to_plain(plan), headers={"ETag": f'"{plan.version}"'})


def _dunned(one: flow.Dunned) -> dict[str, Any]:
    return {
        "invoice_id": one.invoice.id,
        "number": one.invoice.number,
        "advertiser_id": one.invoice.advertiser_id,
        "owed_cents": one.invoice.owed_cents,
        "days_late": one.days_late,
        "taken": to_plain(one.taken),
        "due": to_plain(one.due),
    }
