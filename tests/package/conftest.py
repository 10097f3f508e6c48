"""The package as a deployment makes it, made once."""

import json
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from infra.deploy import PROJECT
from infra.templates import packaged


@dataclass(frozen=True)
class Package:
    """The packaged app: its template, its files, and a folder in which they are unpacked."""

    template: dict[str, Any]
    archive: Path
    unpacked: Path

    def functions(self) -> dict[str, dict[str, Any]]:
        """The properties of each function by its logical id."""
        return {
            name: resource["Properties"]
            for name, resource in self.template["Resources"].items()
            if resource["Type"] == "AWS::Serverless::Function"
        }


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    project = Path(os.environ.get("RINGLEDGER_PROJECT", PROJECT))
    folder = packaged(project, tmp_path_factory.mktemp("build") / "check")
    unpacked = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(folder / "deployment.zip") as archive:
        archive.extractall(unpacked)
    template = json.loads((folder / "sam.json").read_text())
    return Package(template, folder / "deployment.zip", unpacked)
