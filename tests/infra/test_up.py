"""One command gives the platform; repeating it costs nothing, interrupting it harms nothing."""

import json
import os
import shutil
import signal
import subprocess
import sys
import urllib.request
from functools import partial
from pathlib import Path

import pytest

from infra.deploy import PROJECT
from infra.local import LocalStack
from tests.e2e.deployment import eventually, free_ports
from tests.infra.conftest import copy_project

UP = """
import sys
from pathlib import Path
from infra.local import LocalStack
LocalStack(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])).up()
"""


@pytest.fixture
def copy(project: Path, tmp_path: Path) -> Path:
    """A copy of the project that a test may change."""
    return copy_project(project, tmp_path / "project")


def test_up_is_whole_repeatable_and_takes_up_changes(copy: Path, tmp_path: Path) -> None:
    stack = LocalStack(tmp_path / "aws", free_ports(), copy)
    try:
        first = stack.up()
        assert json.loads((stack.directory / "endpoints.json").read_text()) == first
        assert first["api"].endswith("/v1") and first["voice_inbound"].endswith("/twilio/inbound")
        assert all("localhost" not in value for value in first.values())
        made = (stack.directory / "edge.json").read_text()

        assert stack.up() == first
        assert (stack.directory / "edge.json").read_text() == made, "nothing was deployed again"

        stack.stop()
        assert stack.up() == first
        assert (stack.directory / "edge.json").read_text() == made

        (copy / "chalicelib" / "__init__.py").write_text('"""Changed."""\n')
        assert stack.up() == first, "addresses and secrets stay"
        assert (stack.directory / "edge.json").read_text() != made, "the new code is there"
    finally:
        stack.kill()


def test_an_interrupted_up_is_finished_by_the_next(copy: Path, tmp_path: Path) -> None:
    stack = LocalStack(tmp_path / "aws", free_ports(), copy)
    command = [sys.executable, "-c", UP, str(stack.directory), str(stack.port), str(copy)]
    try:
        for moment in ("tables", "functions"):
            interrupted = subprocess.Popen(
                command, cwd=PROJECT, stdout=subprocess.DEVNULL, start_new_session=True
            )
            assert eventually(partial(reached, stack, moment), within=60)
            os.killpg(interrupted.pid, signal.SIGKILL)
            interrupted.wait()
        endpoints = stack.up()
        request = urllib.request.Request(
            endpoints["api"] + "/advertisers",
            headers={"Authorization": f"Bearer {endpoints['operator_key']}"},
        )
        with urllib.request.urlopen(request, timeout=30) as response:
            assert response.status == 200
    finally:
        stack.kill()


def reached(stack: LocalStack, moment: str) -> bool:
    """Whether the deployment has come so far that its first table or function exists."""
    if not stack.running():
        return False
    if moment == "tables":
        return bool(stack.cloud.client("dynamodb").list_tables()["TableNames"])
    return bool(stack.cloud.client("lambda").list_functions()["Functions"])


def test_another_python_is_refused_with_the_way_out(tmp_path: Path) -> None:
    for name in ("Makefile", "requirements.txt", "requirements-dev.txt"):
        shutil.copy2(PROJECT / name, tmp_path / name)
    made = subprocess.run(
        ["make", "up", "PYTHON=/bin/false"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode != 0
    assert "RingLedger needs Python 3.11" in made.stdout
    assert "make up PYTHON=/path/to/python3.11" in made.stdout
    assert not (tmp_path / ".venv").exists()


def test_make_alone_lists_what_can_be_done() -> None:
    listed = subprocess.run(
        ["make"], cwd=PROJECT, capture_output=True, text=True, check=True
    ).stdout
    for command in ("run", "up", "down", "seed", "clean", "check", "test", "quick", "deploy"):
        assert f"make {command} " in listed
