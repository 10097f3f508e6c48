"""What is in the zip, and that it runs alone."""

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from infra.build import AWS_SERVICES
from infra.deploy import PROJECT
from infra.templates import packaged
from tests.infra.conftest import copy_project
from tests.package.conftest import Package

MEGABYTE = 1024 * 1024
HANDLERS = {
    "APIHandler": "app.app",
    "Voice": "chalicelib.channels.twilio.voice",
    "Connect": "chalicelib.channels.connect.connect",
    "Contacts": "chalicelib.channels.contacts.hear_contacts",
    "Dni": "chalicelib.channels.dni.dni",
    "Validate": "chalicelib.channels.streams.validate",
    "Settle": "chalicelib.channels.queues.settle_calls",
    "Recordings": "chalicelib.channels.queues.fetch_recordings",
    "Sweep": "chalicelib.channels.schedules.sweep_calls",
    "Bill": "chalicelib.channels.schedules.bill_early",
    "Reconcile": "chalicelib.channels.schedules.reconcile_numbers",
    "Paypal": "chalicelib.channels.schedules.pay_by_paypal",
    "Ach": "chalicelib.channels.schedules.pay_by_ach",
    "Tax": "chalicelib.channels.schedules.write_taxes",
    "Seal": "chalicelib.channels.schedules.seal_days",
    "Close": "chalicelib.channels.schedules.close_periods",
    "Closing": "chalicelib.channels.queues.close_parties",
}


def pinned(file: str) -> dict[str, str]:
    lines = (PROJECT / file).read_text().splitlines()
    rows = [line for line in lines if line and not line.startswith(("#", "-r "))]
    assert all(re.fullmatch(r"[a-z0-9.-]+==[^ ]+", row) for row in rows), "name==version alone"
    return dict(row.split("==") for row in rows)


def test_every_module_ships_with_bytecode_that_is_believed_unchecked(package: Package) -> None:
    sources = sorted(package.unpacked.rglob("*.py"))
    assert len(sources) > 300
    for source in sources:
        compiled = Path(importlib.util.cache_from_source(str(source)))
        assert compiled.exists(), f"{source} would be compiled at every cold start"
        header = compiled.read_bytes()[:16]
        assert header[:4] == importlib.util.MAGIC_NUMBER, source
        assert int.from_bytes(header[4:8], "little") == 0b01, f"{compiled} would be checked"
        assert header[8:] == importlib.util.source_hash(source.read_bytes()), f"{compiled} is stale"


def test_nothing_is_shipped_that_no_function_needs(package: Package) -> None:
    top = {path.name for path in package.unpacked.iterdir()}
    tools = {"pip", "setuptools", "wheel", "inquirer", "yaml", "click", "moto", "ministack"}
    assert not top & tools
    assert not top & {"tests", "infra", "simulator", "demo", "docs", "requirements.txt"}
    assert not [name for name in top if name.endswith(".dist-info")]
    services = {path.name for path in (package.unpacked / "botocore" / "data").glob("*/")}
    assert services == set(AWS_SERVICES)


def test_the_zip_stays_far_below_the_limit_of_a_direct_upload(package: Package) -> None:
    assert package.archive.stat().st_size < 20 * MEGABYTE


def test_each_function_has_the_handler_that_loads_least(package: Package) -> None:
    assert {name: f["Handler"] for name, f in package.functions().items()} == HANDLERS
    assert {f["Runtime"] for f in package.functions().values()} == {"python3.11"}


@pytest.mark.parametrize("handler", sorted(set(HANDLERS.values())))
def test_each_handler_is_found_in_the_package_alone(package: Package, handler: str) -> None:
    module, _, name = handler.rpartition(".")
    variables = next(iter(package.functions().values()))["Environment"]["Variables"]
    code = f"import sys; sys.path.insert(0, '.'); import {module}; {module}.{name}"
    alone = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code],
        cwd=package.unpacked,
        env={**variables, "AWS_DEFAULT_REGION": "us-east-1", "AWS_REGION": "us-east-1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert alone.returncode == 0, alone.stderr


def test_regular_expressions_are_judged_with_the_packages_own_files_alone(
    package: Package,
) -> None:
    code = (
        "import sys; sys.path.insert(0, '.'); "
        "from chalicelib.criteria import Filter, FilterTest, passes; "
        "loaded = 're2' in sys.modules; "
        "radio = Filter(attribute='tag.source', test=FilterTest.MATCHES, values=('^radio',)); "
        "print(loaded, passes(radio, {'tag.source': 'radio-klif'}), sys.modules['re2'].__file__)"
    )
    alone = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code],
        cwd=package.unpacked,
        capture_output=True,
        text=True,
        check=True,
    )
    loaded, passed, file = alone.stdout.split()
    assert (loaded, passed) == ("False", "True")
    assert Path(file).resolve().is_relative_to(package.unpacked.resolve())


def test_the_functions_know_where_their_state_is(package: Package) -> None:
    for properties in package.functions().values():
        variables = properties["Environment"]["Variables"]
        assert variables["RINGLEDGER_TABLE_PREFIX"] == "ringledger-check-"
        assert variables["RINGLEDGER_TWILIO_API_URL"] == "https://api.twilio.com"
        assert sum(len(k) + len(v) for k, v in variables.items()) < 4096, "the limit of Lambda"


def test_what_development_needs_pins_what_is_shipped(package: Package) -> None:
    shipped, development = pinned("requirements.txt"), pinned("requirements-dev.txt")
    assert not shipped.keys() & development.keys(), "each package is pinned in one file"
    assert "-r requirements.txt" in (PROJECT / "requirements-dev.txt").read_text()


def test_a_stage_may_reserve_concurrency_for_a_function(tmp_path: Path) -> None:
    copy = copy_project(PROJECT, tmp_path / "project")
    file = copy / ".chalice" / "config.json"
    config = json.loads(file.read_text())
    config["stages"] = {"check": {"lambda_functions": {"voice": {"reserved_concurrency": 50}}}}
    file.write_text(json.dumps(config))
    template = json.loads((packaged(copy, tmp_path / "check") / "sam.json").read_text())
    voice = template["Resources"]["Voice"]["Properties"]
    assert voice["ReservedConcurrentExecutions"] == 50
    assert voice["MemorySize"] == 1769, "what all stages share stays"
    assert "ReservedConcurrentExecutions" not in template["Resources"]["Validate"]["Properties"]
