"""How is the API described, for programs and for people?

Owns writing the OpenAPI document that the API itself hands out, and the page of the reference; both
are made from the routes and schemas that the API runs on. A test fails when either is older than
the code. Run it as `python -m infra.openapi`.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from app import app
from chalicelib.channels import (
    queries,
    schemas,
    schemas_ach,
    schemas_backtest,
    schemas_billing,
    schemas_books,
    schemas_calls,
    schemas_costs,
    schemas_credits,
    schemas_dispositions,
    schemas_gate,
    schemas_money,
    schemas_numbers,
    schemas_operations,
    schemas_payees,
    schemas_payouts,
    schemas_paypal,
    schemas_pools,
    schemas_recordings,
    schemas_replay,
    schemas_reviews,
    schemas_screening,
    schemas_settings,
    schemas_sides,
    schemas_statements,
    schemas_tax,
    schemas_terms,
    schemas_verdicts,
    schemas_visits,
)
from chalicelib.channels.http import Route
from chalicelib.keys import PartyKind
from infra import api_page

_ROOT = Path(__file__).parent.parent
DOCUMENT = _ROOT / "chalicelib" / "assets" / "openapi.json"
PAGE = _ROOT / "docs" / "reference" / "api.md"

_SCHEMAS = (
    schemas_ach,
    schemas,
    schemas_backtest,
    schemas_billing,
    schemas_books,
    schemas_calls,
    schemas_costs,
    schemas_credits,
    schemas_dispositions,
    schemas_gate,
    schemas_money,
    schemas_numbers,
    schemas_operations,
    schemas_payouts,
    schemas_payees,
    schemas_paypal,
    schemas_pools,
    schemas_recordings,
    schemas_replay,
    schemas_reviews,
    schemas_screening,
    schemas_settings,
    schemas_sides,
    schemas_statements,
    schemas_tax,
    schemas_terms,
    schemas_verdicts,
    schemas_visits,
)
_WHOSE = {
    PartyKind.OPERATOR: "the operator",
    PartyKind.PUBLISHER: "a publisher, for its own side",
    PartyKind.ADVERTISER: "an advertiser, for its own side",
}
_REFERENCE = "#/components/schemas/{model}"
Json = dict[str, Any]

_PROBLEM: Json = {
    "type": "object",
    "description": "What was refused, and why (RFC 9457).",
    "required": ["type", "title", "status", "detail", "instance", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": ["string", "null"], "description": "the request's id"},
        "code": {"type": "string", "description": "stable, meant for programs"},
        "invalid_parameters": {
            "type": "array",
            "description": "every fault of the request, with code `invalid`",
            "items": {
                "type": "object",
                "required": ["field", "rule", "reason"],
                "properties": {
                    "field": {"type": "string"},
                    "rule": {"type": "string"},
                    "reason": {"type": "string"},
                },
            },
        },
    },
}


def routes() -> Iterator[Route]:
    """Every route of the API, in the order in which it is served."""
    for path, methods in app.routes.items():
        if path.startswith("/v1/"):
            for entry in methods.values():
                yield vars(entry.view_function)["route"]


def document() -> Json:
    """The API in OpenAPI 3.1."""
    served = list(routes())
    paths: dict[str, Json] = {}
    for route in served:
        paths.setdefault(f"/v1{route.path}", {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "RingLedger",
            "version": "1",
            "description": "The catalog, calls, money and its documents: all of it for the "
            "operator, and its own side for each publisher and advertiser.",
        },
        "servers": [{"url": "/"}],
        "security": [{"operator": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                kind.value: {"type": "http", "scheme": "bearer", "description": f"a key of {whose}"}
                for kind, whose in _WHOSE.items()
            },
            "responses": {
                "Problem": {
                    "description": "Refused",
                    "content": {"application/problem+json": {"schema": _ref("Problem")}},
                }
            },
            "schemas": _components(served),
        },
    }


def _operation(route: Route) -> Json:
    words = re.findall(r"[a-z]+", f"{route.method} {route.path}".lower())
    operation: Json = {
        "operationId": "_".join(words),
        "summary": route.summary,
        "parameters": list(_parameters(route)),
        "responses": _responses(route),
    }
    if route.body:
        media, schema = "application/json", route.body
        if route.method == "PATCH":
            media, schema = "application/merge-patch+json", _patch_name(route.body)
        operation["requestBody"] = {"required": True, "content": {media: {"schema": _ref(schema)}}}
    if route.media:
        text = {route.media: {"schema": {"type": "string"}}}
        operation["requestBody"] = {"required": True, "content": text}
    if route.public or route.parties != (PartyKind.OPERATOR,):
        asked = () if route.public else route.parties
        operation["security"] = [{kind.value: []} for kind in asked]
    return operation


def _parameters(route: Route) -> Iterator[Json]:
    for name in re.findall(r"{(\w+)}", route.path):
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
    for name, kinds in _askers(route).items():
        pattern, words = queries.form(name, route.forms)
        if kinds != list(route.parties):
            words += f" (asked by: {', '.join(kinds)})"
        schema: Json = {"type": "string", "pattern": f"^(?:{pattern})$"}
        if name == "limit":
            schema = {
                "type": "integer", "minimum": 1, "maximum": queries.MOST,
                "default": queries.DEFAULT_LIMIT,
            }  # fmt: skip
        yield {"name": name, "in": "query", "description": words, "schema": schema}
    if route.keyed:
        yield _header("Idempotency-Key", "the same key makes the same thing once")
    if route.signed:
        yield _header("RingLedger-Timestamp", "when it was signed, in seconds since 1970")
        yield _header("RingLedger-Signature", "HMAC-SHA256 with the advertiser's secret, in hex")
    if route.versioned:
        yield _header("If-Match", "the version that the change rests on, as the ETag says it")


def _askers(route: Route) -> dict[str, list[PartyKind]]:
    """Every query parameter with the kinds of parties that may use it."""
    found: dict[str, list[PartyKind]] = {}
    for kind in route.parties:
        for name in route.parameters_of(kind):
            found.setdefault(name, []).append(kind)
    return found


def _header(name: str, words: str) -> Json:
    return {"name": name, "in": "header", "description": words, "schema": {"type": "string"}}


def _responses(route: Route) -> Json:
    names = _shown(route)
    schema: Json = {"anyOf": [_ref(name) for name in names]} if names else {"type": "object"}
    if len(names) == 1:
        schema = _ref(names[0])
    if route.paged:
        schema = {
            "type": "object",
            "required": ["data", "next_cursor"],
            "properties": {
                "data": {"type": "array", "items": schema},
                "next_cursor": {"type": ["string", "null"]},
            },
        }
    content: Json = {"application/json": {"schema": schema}}
    if "format" in route.query:
        content["text/csv"] = {"schema": {"type": "string"}}
    return {
        str(route.status): {"description": "Done", "content": content},
        "4XX": {"$ref": "#/components/responses/Problem"},
        "503": {"$ref": "#/components/responses/Problem"},
    }


def _shown(route: Route) -> list[str]:
    """The schemas of what is answered, the operator's first; each party is answered with its
    own."""
    names = [route.answers] if route.for_operator else []
    names += [side.answers or route.answers for side in route.sides]
    return list(dict.fromkeys(name for name in names if name))


def _components(served: list[Route]) -> Json:
    """Every schema that a route takes or shows, with the parts it is made of."""
    taken = {route.body for route in served if route.body}
    shown = {name for route in served for name in _shown(route)}
    asked: list[tuple[type[BaseModel], JsonSchemaMode]] = [
        *((_model(name), "validation") for name in sorted(taken)),
        *((_model(name), "serialization") for name in sorted(shown)),
    ]
    _, made = models_json_schema(asked, ref_template=_REFERENCE)
    components: Json = made["$defs"]
    for route in served:
        if route.body and route.method == "PATCH":
            components[_patch_name(route.body)] = _patch(route.body, components[route.body])
    components["Problem"] = _PROBLEM
    return dict(sorted(components.items()))


def _patch(name: str, whole: Json) -> Json:
    """The same document with nothing required and nothing filled in."""
    members = {
        field: {said: value for said, value in form.items() if said != "default"}
        for field, form in whole["properties"].items()
    }
    part = {said: value for said, value in whole.items() if said != "required"}
    return part | {"title": _patch_name(name), "properties": members}


def _patch_name(body: str) -> str:
    return body.removesuffix("Body") + "Patch"


def _model(name: str) -> type[BaseModel]:
    for module in _SCHEMAS:
        if hasattr(module, name):
            model: type[BaseModel] = getattr(module, name)
            return model
    raise LookupError(f"no schema is called {name}")


def _ref(name: str) -> Json:
    return {"$ref": _REFERENCE.format(model=name)}


def pages() -> dict[Path, str]:
    """Every file made from the routes, with what it must hold."""
    described = document()
    return {
        DOCUMENT: json.dumps(described, indent=1, ensure_ascii=False) + "\n",
        PAGE: api_page.page(described),
    }


def main() -> None:
    """Write the files."""
    for path, text in pages().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        print(f"wrote {path.relative_to(_ROOT)}")
    print("Next: look at the difference with git diff, and commit it.")


if __name__ == "__main__":
    main()
