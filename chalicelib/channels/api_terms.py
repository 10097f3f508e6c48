"""How are former versions of terms read over HTTP?

Owns one route for each noun of the catalog that says terms: campaigns, targets, offers,
partnerships. Saying them belongs to `api_catalog`.
"""

import re
from typing import cast

from chalice import Blueprint

from chalicelib.channels.api_catalog import (
    CAMPAIGNS,
    OFFERS,
    PARTNERSHIPS,
    TARGETS,
    Noun,
    own_thing,
)
from chalicelib.channels.http import Answer, Request, Route, endpoint
from chalicelib.errors import NotFound
from chalicelib.fitting_terms import Owner
from chalicelib.store.codec import to_plain
from chalicelib.store.terms import find_terms

blueprint = Blueprint(__name__)
_VERSION = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)


def _serve(noun: Noun) -> None:
    route = Route(
        method="GET",
        path=f"{noun.path}/{{id}}/terms/{{version}}",
        summary=f"Read a version of the terms of {noun.article} {noun.word}",
        answers="TermsView",
        sides=noun.sides(),
    )

    @endpoint(blueprint, route)
    def read_terms(request: Request, id: str, version: str) -> Answer:
        owner = cast(Owner, own_thing(noun, id, request))
        number = int(version) if _VERSION.fullmatch(version) else 0
        found = find_terms(request.stores.rows, owner, number)
        if found is None:
            raise NotFound(f"{id} has had no version {version} of its terms")
        return Answer(body={**to_plain(found), "owner_id": id, "version": number})


for _noun in (CAMPAIGNS, TARGETS, OFFERS, PARTNERSHIPS):
    _serve(_noun)
