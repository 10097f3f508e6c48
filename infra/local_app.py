"""How does the package get onto the laptop's AWS?

Takes the three steps of `infra.deploy` in seconds instead of a minute: what
Chalice would deploy call by call goes there as one CloudFormation stack. The
stack holds no state, so it is replaced whole.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from infra import parameters, stacks
from infra.build import build
from infra.cloud import LOCAL_ACCOUNT, LOCAL_REGION, Cloud
from infra.connect_setup import FUNCTION, Instance
from infra.deploy import apply_state, recipe, run_chalice, wire
from infra.stage import API_FUNCTION, API_STAGE, FUNCTIONS, Stage, Stopped

STAGE = Stage("local")
# The local AWS has no Amazon Connect: the instance is played beside the simulated carrier.
INSTANCE = Instance(
    id="11111111-2222-4333-8444-555555555555",
    arn=f"arn:aws:connect:{LOCAL_REGION}:{LOCAL_ACCOUNT}:instance/"
    "11111111-2222-4333-8444-555555555555",
)
FLOW_ID = "33333333-2222-4333-8444-555555555555"
_ARTIFACTS = "ringledger-local-artifacts"
# What Chalice calls each function in the template that it writes.
_LOGICAL_IDS = {"APIHandler" if f == API_FUNCTION else f.capitalize(): f for f in FUNCTIONS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Laptop:
    """One local AWS: where it answers, where its files are, where the carriers listen."""

    cloud: Cloud
    url: str
    directory: Path
    carrier: str


def put_app(laptop: Laptop, project: Path) -> None:
    """Deploy `project` and write `edge.json` and `endpoints.json` into the directory."""
    outputs = apply_state(laptop.cloud, STAGE)
    _expire_items(laptop.cloud)
    package = laptop.directory / "build"
    made = recipe(laptop.cloud, STAGE, outputs, laptop.carrier, INSTANCE)
    elsewhere = {"AWS_ENDPOINT_URL_CONNECT": laptop.carrier}
    build(project, package, replace(made, environment={**made.environment, **elsewhere}))
    run_chalice(laptop.cloud, package, "package", "--stage", STAGE.name, "out")
    api = _apply_app(laptop.cloud, package / "out")
    public_paths(laptop.directory, api, wire(laptop.cloud, STAGE, outputs))
    write_endpoints(laptop, laptop.directory / "endpoints.json")


def public_paths(directory: Path, api: str, function_urls: Mapping[str, str]) -> None:
    """Give the API with this id, and each function with a URL, their local addresses.

    Names under `localhost` do not resolve on every machine; `/v1`, `/voice` and `/dni` do.
    """
    routes = {"/v1": f"/_aws/execute-api/{api}/{API_STAGE}/v1"}
    for name, url in function_urls.items():
        routes[f"/{name}"] = f"/_aws/lambda-url/{url.split('://')[1].split('.')[0]}"
    (directory / "edge.json").write_text(json.dumps(routes))


def write_endpoints(laptop: Laptop, file: Path) -> None:
    """Make the secrets that are absent and tell everything a caller needs in `file`."""
    ssm = laptop.cloud.client("ssm")
    key = parameters.ensure(ssm, STAGE, _carrier_credentials(parameters.read(ssm, STAGE)))
    parameters.put(ssm, STAGE, parameters.VOICE_URL, f"{laptop.url}/voice")
    parameters.put(ssm, STAGE, parameters.DNI_URL, f"{laptop.url}/dni")
    parameters.put(ssm, STAGE, parameters.CONNECT_INSTANCE_ID, INSTANCE.id)
    parameters.put(ssm, STAGE, parameters.CONNECT_FLOW_ID, FLOW_ID)
    known = parameters.read(ssm, STAGE)
    before = json.loads(file.read_text()) if file.exists() else {}
    endpoints = {
        "api": f"{laptop.url}/v1",
        "voice_inbound": f"{laptop.url}/voice/twilio/inbound",
        "voice_status": f"{laptop.url}/voice/twilio/status",
        "dni": f"{laptop.url}/dni",
        "operator_key": key
        or before.get("operator_key")
        or parameters.new_operator_key(ssm, STAGE),
        "twilio_account_sid": known[parameters.ACCOUNT_SID],
        "twilio_auth_token": known[parameters.AUTH_TOKEN],
        "twilio_api": laptop.carrier,
        "connect_api": laptop.carrier,
        "connect_instance_id": INSTANCE.id,
        "connect_function": _arn(laptop.cloud, FUNCTION),
        "contacts_function": _arn(laptop.cloud, "contacts"),
        "aws": laptop.url,
        "region": laptop.cloud.region,
        "stage": STAGE.name,
    }
    file.touch(mode=0o600)
    file.write_text(json.dumps(endpoints, indent=2) + "\n")


def _arn(cloud: Cloud, function: str) -> str:
    return f"arn:aws:lambda:{cloud.region}:{cloud.account}:function:{STAGE.function(function)}"


def _carrier_credentials(known: Mapping[str, str]) -> dict[str, str]:
    """Credentials of a carrier that exists on this machine only; made once."""
    if parameters.ACCOUNT_SID in known and parameters.AUTH_TOKEN in known:
        return {}
    return {
        "RINGLEDGER_TWILIO_ACCOUNT_SID": "AC" + secrets.token_hex(16),
        "RINGLEDGER_TWILIO_AUTH_TOKEN": secrets.token_hex(16),
    }


def _expire_items(cloud: Cloud) -> None:
    """The emulator's CloudFormation leaves the template's time to live out."""
    for table in ("calls", "visits"):
        cloud.client("dynamodb").update_time_to_live(
            TableName=STAGE.prefix + table,
            TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires_at"},
        )


def _apply_app(cloud: Cloud, packaged: Path) -> str:
    """Put the packaged app in place of the one before; the id of its API."""
    s3, cloudformation = cloud.client("s3"), cloud.client("cloudformation")
    s3.create_bucket(Bucket=_ARTIFACTS)
    s3.upload_file(str(packaged / "deployment.zip"), _ARTIFACTS, "deployment.zip")
    template = local_template(json.loads((packaged / "sam.json").read_text()))
    stacks.remove_stack(cloudformation, STAGE.app_stack)
    # A request takes a template of 51,200 bytes, a bucket one of a megabyte.
    s3.put_object(Bucket=_ARTIFACTS, Key="template.json", Body=json.dumps(template).encode())
    place = f"{cloud.endpoint}/{_ARTIFACTS}/template.json"
    stacks.apply_stack(cloudformation, STAGE.app_stack, {"TemplateURL": place}, {})
    return stacks.outputs(cloudformation, STAGE.app_stack)["RestAPIId"]


def local_template(template: dict[str, Any]) -> dict[str, Any]:
    """Chalice's template with the names that `chalice deploy` would give, and the code's place."""
    for logical_id, resource in template["Resources"].items():
        if resource["Type"] == "AWS::Serverless::Function":
            if logical_id not in _LOGICAL_IDS:
                raise Stopped(f"{logical_id} is a new function: add it to infra/stage.py")
            properties = resource["Properties"]
            properties["FunctionName"] = STAGE.function(_LOGICAL_IDS[logical_id])
            properties["CodeUri"] = {"Bucket": _ARTIFACTS, "Key": "deployment.zip"}
    return template
