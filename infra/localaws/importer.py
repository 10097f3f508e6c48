"""How does an OpenAPI document become a REST API locally?

`chalice deploy` creates and replaces its API through ImportRestApi and
PutRestApi, whose documents the emulator ignores although it has an importer,
for CloudFormation. This leads both to that importer.
"""

import json
from typing import Any

from ministack.services import apigateway_v1

Response = tuple[int, dict[str, str], Any]


def install() -> None:
    """Take over the two operations of the emulator's API Gateway."""
    handle = apigateway_v1.handle_request

    async def handle_request(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, list[str]]
    ) -> Response:
        parts = [part for part in path.split("/") if part]
        if method == "POST" and parts == ["restapis"] and query.get("mode") == ["import"]:
            return _create(json.loads(body), query)
        if method == "PUT" and len(parts) == 2 and parts[0] == "restapis":
            return _replace(parts[1], json.loads(body))
        response: Response = await handle(method, path, headers, body, query)
        return response

    apigateway_v1.handle_request = handle_request


def _create(document: dict[str, Any], query: dict[str, list[str]]) -> Response:
    types = query.get("endpointConfigurationTypes", ["EDGE"])
    base = {
        "endpointConfiguration": {"types": types},
        "binaryMediaTypes": document.get("x-amazon-apigateway-binary-media-types", []),
    }
    response: Response = apigateway_v1._get_rest_api(apigateway_v1._import_rest_api(document, base))
    return response


def _replace(api: str, document: dict[str, Any]) -> Response:
    root = next(r for r in apigateway_v1._resources[api].values() if r["path"] == "/")
    apigateway_v1._resources[api] = {root["id"]: {**root, "resourceMethods": {}}}
    for path, item in document.get("paths", {}).items():
        apigateway_v1._import_path_item(api, path, item)
    response: Response = apigateway_v1._get_rest_api(api)
    return response
