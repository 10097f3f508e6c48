"""The description of the API is as new as the API, and says what is true."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from chalicelib import errors
from infra.openapi import PAGE, document, pages, routes
from tests.channels.api import Api

Json = dict[str, Any]


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for inner in part.values():
            yield from references(inner)
    if isinstance(part, list):
        for inner in part:
            yield from references(inner)


def operations() -> Iterator[tuple[str, str, Json]]:
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def test_the_files_made_from_the_routes_say_what_the_routes_say() -> None:
    for path, text in pages().items():
        assert path.read_text() == text, f"{path.name} is out of date: python -m infra.openapi"


def test_every_reference_of_the_description_leads_somewhere() -> None:
    described = document()
    for reference in references(described):
        place: Any = described
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]
        assert isinstance(place, dict)


def test_every_schema_of_the_description_is_a_schema() -> None:
    for schema in document()["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_every_operation_is_described_once_and_whole() -> None:
    names = [operation["operationId"] for _, _, operation in operations()]
    assert len(set(names)) == len(names) == len(list(routes()))
    for path, _, operation in operations():
        declared = {one["name"] for one in operation["parameters"] if one["in"] == "path"}
        assert declared == set(re.findall(r"{(\w+)}", path))
        assert operation["summary"]
        assert {"4XX", "503"} < set(operation["responses"])


def test_every_operation_says_whose_key_opens_it() -> None:
    asked = {
        f"{method.upper()} {path}": [kind for one in operation.get("security", [{"operator": []}])
                                     for kind in one]
        for path, method, operation in operations()
    }  # fmt: skip
    assert asked["GET /v1/health"] == []
    assert asked["GET /v1/issuer"] == ["operator"]
    assert asked["GET /v1/open-offers"] == ["publisher"]
    assert asked["GET /v1/calls/{id}"] == ["operator", "publisher", "advertiser"]
    schemes = document()["components"]["securitySchemes"]
    assert {kind for kinds in asked.values() for kind in kinds} == set(schemes)


def test_a_filter_that_not_everybody_has_says_whose_it_is() -> None:
    listed = document()["paths"]["/v1/calls"]["get"]["parameters"]
    words = {one["name"]: one["description"] for one in listed}
    assert words["month"].endswith("(asked by: operator)")
    assert words["campaign_id"].endswith("(asked by: operator, advertiser)")
    assert "asked by" not in words["status"]
    read = document()["paths"]["/v1/partnerships/{id}"]["get"]["parameters"]
    assert [one["name"] for one in read] == ["id"]


def test_what_is_answered_is_what_is_described() -> None:
    described = document()
    made = Api().created("/advertisers", name="Acme", billing="prepaid")
    schema = {
        "$ref": "#/components/schemas/AdvertiserView", "components": described["components"],
    }  # fmt: skip
    assert list(Draft202012Validator(schema).iter_errors(made)) == []
    assert list(Draft202012Validator(schema).iter_errors(made | {"name": 5})) != []


def test_the_api_hands_out_its_description_to_anybody() -> None:
    reply = Api().send("GET", "/openapi.json", headers={"Authorization": ""})
    assert (reply.status, reply.body) == (200, document())


def test_the_page_names_every_code_of_a_refusal() -> None:
    def kinds(kind: type[errors.Refused]) -> Iterator[type[errors.Refused]]:
        for inner in kind.__subclasses__():
            yield inner
            yield from kinds(inner)

    codes = {kind.code for kind in kinds(errors.Refused)}
    page = PAGE.read_text()
    assert [code for code in sorted(codes) if f"| `{code}` |" not in page] == []


def test_the_api_loads_its_schemas_only_when_a_body_comes() -> None:
    program = "import app, json, sys; print(json.dumps(sorted(sys.modules)))"
    shown = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    loaded = set(json.loads(shown.stdout))
    assert loaded.isdisjoint({"pydantic", "phonenumbers", "pynamodb", "chalicelib.flows.closing"})
