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
    schemas_books,
    schemas_calls,
    schemas_gate,
    schemas_replay,
    schemas_settings,
)
from chalicelib.channels.http import Route
from infra import api_page

_ROOT = Path(__file__).parent.parent
DOCUMENT = _ROOT / "chalicelib" / "assets" / "openapi.json"
PAGE = _ROOT / "docs" / "reference" / "api.md"

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
            "description": "The operator's API: the catalog, calls, money and its documents.",
        },
        "servers": [{"url": "/"}],
        "security": [{"operator": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"operator": {"type": "http", "scheme": "bearer"}},
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
    if route.public:
        operation["security"] = []
    return operation


def _parameters(route: Route) -> Iterator[Json]:
    for name in re.findall(r"{(\w+)}", route.path):
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
    for name in route.parameters:
        pattern, words = queries.form(name)
        schema: Json = {"type": "string", "pattern": f"^(?:{pattern})$"}
        if name == "limit":
            schema = {
                "type": "integer", "minimum": 1, "maximum": queries.MOST,
                "default": queries.DEFAULT_LIMIT,
            }  # fmt: skip
        yield {"name": name, "in": "query", "description": words, "schema": schema}
    if route.keyed:
        yield _header("Idempotency-Key", "the same key makes the same thing once")
    if route.versioned:
        yield _header("If-Match", "the version that the change rests on, as the ETag says it")


def _header(name: str, words: str) -> Json:
    return {"name": name, "in": "header", "description": words, "schema": {"type": "string"}}


def _responses(route: Route) -> Json:
    schema: Json = _ref(route.answers) if route.answers else {"type": "object"}
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


def _components(served: list[Route]) -> Json:
    """Every schema that a route takes or shows, with the parts it is made of."""
    taken = {route.body for route in served if route.body}
    shown = {route.answers for route in served if route.answers}
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
    for module in (
        schemas,
        schemas_books,
        schemas_calls,
        schemas_gate,
        schemas_replay,
        schemas_settings,
    ):
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
