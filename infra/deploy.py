"""How does a stage get into an AWS account?

Three steps, each safe to repeat: the stack of what holds state, `chalice
deploy`, and the wiring. `python -m infra.deploy STAGE` does all three and says
what to do next. The laptop's AWS takes the same steps through `infra.local`.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra import connect_setup, parameters, stacks, wiring
from infra.build import Recipe, build
from infra.cloud import Cloud, operators_cloud
from infra.stage import TWILIO_API_URL, Stage, Stopped, environment

PROJECT = Path(__file__).resolve().parent.parent
STATE_TEMPLATE = PROJECT / "infra" / "state.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """Where a stage answers; `operator_key` only if it was made just now, `connect` the name of the
    Amazon Connect instance that was set up."""

    api: str
    voice: str
    dni: str
    operator_key: str | None
    connect: str | None = None


def deploy(cloud: Cloud, stage: Stage, project: Path = PROJECT) -> Deployed:
    """Bring `stage` to what `project` says, in three steps that tell their progress."""
    known = parameters.read(cloud.client("ssm"), stage)
    parameters.require_carrier(known, os.environ)
    instance_id = parameters.connect_instance_id(known, os.environ)
    instance = connect_setup.look(cloud, instance_id) if instance_id else None

    say(f"1/3 State: stack {stage.state_stack} in {cloud.region} of account {cloud.account}")
    outputs = apply_state(cloud, stage)

    say("2/3 Functions and API: chalice deploy (it waits a few seconds for each function)")
    package = project / ".build" / stage.name
    build(project, package, recipe(cloud, stage, outputs, instance=instance))
    api = chalice_deploy(cloud, stage, package, project)

    say("3/3 Wiring: public URLs, stream and queue options, alarms, parameters")
    operator_key = parameters.ensure(cloud.client("ssm"), stage, os.environ)
    urls = wire(cloud, stage, outputs)
    parameters.put(cloud.client("ssm"), stage, parameters.VOICE_URL, urls["voice"])
    parameters.put(cloud.client("ssm"), stage, parameters.DNI_URL, urls["dni"])
    if instance:
        say(f"    Amazon Connect: instance {instance.alias}, function and flow")
        flow_id = connect_setup.set_up(cloud, stage, instance)
        parameters.put(cloud.client("ssm"), stage, parameters.CONNECT_FLOW_ID, flow_id)
    return Deployed(
        api=api,
        voice=urls["voice"],
        dni=urls["dni"],
        operator_key=operator_key,
        connect=instance.alias if instance else None,
    )


def apply_state(cloud: Cloud, stage: Stage) -> dict[str, str]:
    """Step one; the outputs of the state stack."""
    cloudformation = cloud.client("cloudformation")
    template = {"TemplateBody": STATE_TEMPLATE.read_text()}
    transport = "encrypted" if cloud.endpoint is None else "loopback"
    values = {"Stage": stage.name, "Transport": transport}
    stacks.apply_stack(cloudformation, stage.state_stack, template, values)
    return stacks.outputs(cloudformation, stage.state_stack)


def recipe(
    cloud: Cloud,
    stage: Stage,
    outputs: Mapping[str, str],
    twilio_api_url: str = TWILIO_API_URL,
    instance: connect_setup.Instance | None = None,
) -> Recipe:
    """How to build the package of `stage` for `cloud`, from the state stack's outputs; without an
    instance no right reaches to Amazon Connect."""
    where = f"{cloud.region}:{cloud.account}"
    return Recipe(
        stage=stage,
        environment=environment(stage, outputs, twilio_api_url=twilio_api_url),
        resources={
            **outputs,
            **connect_setup.resources(instance, f"arn:aws:connect:{where}:phone-number"),
            "LogGroupsArn": f"arn:aws:logs:{where}:log-group:/aws/lambda",
            "MailIdentitiesArn": f"arn:aws:ses:{where}:identity",
            "ParametersArn": f"arn:aws:ssm:{where}:parameter{stage.parameter_path}",
        },
        for_lambda=cloud.endpoint is None,
    )


def chalice_deploy(cloud: Cloud, stage: Stage, package: Path, project: Path) -> str:
    """Step two; the API's base URL. What Chalice deployed stays in `.chalice/deployed`."""
    kept = project / ".chalice" / "deployed" / f"{stage.name}.json"
    work = package / ".chalice" / "deployed" / kept.name
    work.parent.mkdir(exist_ok=True)
    if kept.exists():
        shutil.copy2(kept, work)
    try:
        run_chalice(cloud, package, "deploy", "--stage", stage.name)
    finally:
        # Even a broken deployment leaves a record that the next one goes on from.
        if work.exists():
            kept.parent.mkdir(exist_ok=True)
            shutil.copy2(work, kept)
    resources = json.loads(kept.read_text())["resources"]
    url = next(r["rest_api_url"] for r in resources if r["resource_type"] == "rest_api")
    return str(url).rstrip("/") + "/v1"


def run_chalice(cloud: Cloud, package: Path, *arguments: str) -> None:
    """Run the chalice command in the build directory; its output goes where ours goes."""
    config = json.loads((package / ".chalice" / "config.json").read_text())
    stage = next(iter(config["stages"].values()))
    environ = {**cloud.environ(), **stage["environment_variables"]}
    chalice = [sys.executable, "-c", "from chalice.cli import main; main()", *arguments]
    if subprocess.run(chalice, cwd=package, env=environ, check=False).returncode:
        raise Stopped(
            f"chalice {arguments[0]} failed (its own words are above). Mend the cause and run "
            "the same command again; it goes on where it stopped."
        )


def wire(cloud: Cloud, stage: Stage, outputs: Mapping[str, str]) -> dict[str, str]:
    """Step three, but for the parameters; the public URLs of functions, by their names."""
    lambda_ = cloud.client("lambda")
    wiring.read_sources(lambda_, stage, outputs)
    wiring.count_faults(cloud.client("logs"), stage)
    wiring.set_alarms(cloud.client("cloudwatch"), stage, outputs["AlarmTopicArn"])
    return wiring.function_urls(lambda_, stage)


def say(line: str) -> None:
    """Print one line of progress at once."""
    print(line, flush=True)


def next_steps(stage: Stage, deployed: Deployed) -> str:
    """What the operator is told at the end."""
    key = deployed.operator_key or "the key that was printed when the stage was made"
    once = "Keep the operator key now: it is shown this once, and only its hash is stored.\n"
    return f"""
{once if deployed.operator_key else ""}
  operator key   {key}
  API            {deployed.api}
  voice          {deployed.voice}
  dni            {deployed.dni}

Next:
  1. Try the API:
       curl -H "Authorization: Bearer $OPERATOR_KEY" {deployed.api}/advertisers
  2. Buy numbers, or import those that you have: docs/how-to/set-up-twilio.md. They lead to
       {deployed.voice}/twilio/inbound
     and report the end of a call to
       {deployed.voice}/twilio/status
  3. Subscribe an address to the topic ringledger-{stage.name}-alarms.
{_connect_steps(stage, deployed)}
A lost operator key is replaced by a new one when you delete the parameter
{stage.parameter_path}/{parameters.OPERATOR_KEY_HASH} and deploy again.
"""


def _connect_steps(stage: Stage, deployed: Deployed) -> str:
    """What comes next on Amazon Connect, or how it begins."""
    if deployed.connect is None:
        begin = f"export {connect_setup.INSTANCE_ID}=... and deploy again"
        return f"  4. For numbers on Amazon Connect: {begin} (docs/how-to/use-amazon-connect.md).\n"
    flow = f'flow "{connect_setup.flow_name(stage)}" of the instance {deployed.connect}'
    return f"""  4. Claim numbers on Amazon Connect with "carrier": "connect"; they lead to the
       {flow}.
     Raise its quotas before it takes real calls: docs/how-to/use-amazon-connect.md
"""


def main(arguments: list[str]) -> int:
    """Deploy the stage named on the command line; 1 with a plain message if it cannot."""
    try:
        if len(arguments) != 1:
            raise Stopped("Name the stage: make deploy STAGE=prod")
        stage = Stage(arguments[0])
        say(next_steps(stage, deploy(operators_cloud(), stage)))
    except Stopped as stopped:
        print(f"\n{stopped}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
