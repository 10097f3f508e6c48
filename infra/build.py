"""What exactly goes into the Lambda package of a stage?

Makes a build directory that `chalice` can package or deploy as it stands:
our code, the pinned dependencies trimmed to what runs and compiled, and the
stage's configuration. Sending it anywhere is left to `deploy` and `local`.
"""

import compileall
import hashlib
import json
import os
import py_compile
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

import chalice

from infra.stage import FUNCTIONS, Stage, Stopped

# Services whose models the functions may load; botocore ships over 400.
AWS_SERVICES = (
    "connect", "dynamodb", "dynamodbstreams", "kms", "lambda", "s3", "sesv2", "sqs", "ssm", "sts",
)  # fmt: skip
# What no function imports: maps of places and carriers, tests, type stubs, scripts, charts, and
# pictures that are not PNG.
_NEVER_SHIPPED = (
    "*.dist-info",
    "bin",
    "**/*.pyi",
    "**/tests",
    "phonenumbers/carrierdata",
    "phonenumbers/geodata",
    "phonenumbers/tzdata",
    "PIL/_avif.*",
    "PIL/_imagingcms.*",
    "PIL/_imagingmath.*",
    "PIL/_imagingmorph.*",
    "PIL/_imagingtk.*",
    "PIL/_webp.*",
    "pillow.libs/libavif-*",
    "pillow.libs/liblcms2-*",
    "pillow.libs/libsharpyuv-*",
    "pillow.libs/libwebp*",
    "reportlab/fonts",
    "reportlab/graphics",
    "aws_lambda_powertools/event_handler/openapi/swagger_ui",
    "boto3/examples",
    "botocore/data/*/*/examples-1.json",
    "boto3/data/[!dls]*",
)
# Lambda's machines, for a package that is built elsewhere.
_LAMBDA_PLATFORM = (
    "--platform=manylinux2014_x86_64",
    "--implementation=cp",
    "--only-binary=:all:",
    f"--python-version={sys.version_info.major}.{sys.version_info.minor}",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What a build needs to know about its stage.

    `resources` fills the placeholders of the policies. `for_lambda` takes
    compiled dependencies for Lambda's machines instead of for this one.
    """

    stage: Stage
    environment: Mapping[str, str]
    resources: Mapping[str, str]
    for_lambda: bool


def build(project: Path, target: Path, recipe: Recipe) -> None:
    """Make the folder `target` anew from the code in `project`."""
    shutil.rmtree(target, ignore_errors=True)
    dependencies = vendored(project, for_lambda=recipe.for_lambda)
    shutil.copytree(dependencies, target / "vendor", copy_function=_link)
    _copy_code(project, target)
    (target / "requirements.txt").write_text("")
    _write_config(project, target, recipe)
    _write_policies(project, target, recipe)


def vendored(project: Path, *, for_lambda: bool) -> Path:
    """The compiled dependencies of `requirements.txt`; installed once per content."""
    requirements = project / "requirements.txt"
    recipe = [Path(__file__).read_bytes(), requirements.read_bytes(), sys.version.encode()]
    digest = hashlib.sha256(b"\0".join(recipe)).hexdigest()[:16]
    done = project / ".build" / f"vendor-{'lambda' if for_lambda else 'host'}-{digest}"
    if not done.exists():
        done.parent.mkdir(exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=f"{done.name}-", dir=done.parent))
        try:
            _install(requirements, part, for_lambda=for_lambda)
            _trim(part)
            _compile(part)
            part.rename(done)
        except OSError:
            # Another build has put the same dependencies there meanwhile.
            if not done.exists():
                raise
        finally:
            shutil.rmtree(part, ignore_errors=True)
    return done


def _install(requirements: Path, target: Path, *, for_lambda: bool) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-compile"]
    command += ["--disable-pip-version-check", "--root-user-action=ignore"]
    command += [f"--target={target}", f"--requirement={requirements}"]
    command += _LAMBDA_PLATFORM if for_lambda else ()
    if subprocess.run(command, check=False).returncode:
        raise Stopped(
            f"pip could not install {requirements.name} (its own words are above). "
            "Check the network or the package index and run the same command again."
        )


def _trim(vendor: Path) -> None:
    for pattern in _NEVER_SHIPPED:
        for path in list(vendor.glob(pattern)):
            _remove(path)
    models = vendor / "botocore" / "data"
    for folder in models.iterdir() if models.exists() else ():
        if folder.is_dir() and folder.name not in AWS_SERVICES:
            shutil.rmtree(folder)
    _leave_room_for_chalice(vendor / "chalice")


def _leave_room_for_chalice(vendor: Path) -> None:
    """Chalice adds its two runtime modules to the package itself; only bytecode is missing."""
    shutil.rmtree(vendor, ignore_errors=True)
    source = Path(chalice.__file__).parent
    for module in ("__init__", "app"):
        _compile_file(source / f"{module}.py", vendor / "__pycache__", f"chalice/{module}.py")


def _copy_code(project: Path, target: Path) -> None:
    shutil.copy2(project / "app.py", target / "app.py")
    shutil.copytree(
        project / "chalicelib",
        target / "chalicelib",
        ignore=shutil.ignore_patterns("__pycache__", "*.pyc", ".*"),
    )
    _compile_file(project / "app.py", target / "vendor" / "__pycache__", "app.py")
    _compile(target / "chalicelib")


def _compile(tree: Path) -> None:
    """Compile to bytecode that is believed unchecked: zip loses the times others need."""
    good = compileall.compile_dir(
        tree,
        quiet=2,
        force=True,
        workers=0,
        stripdir=str(tree.parent),
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )
    if not good:
        raise Stopped(f"A module under {tree} does not compile. Run: python -m compileall {tree}")


def _compile_file(source: Path, cache: Path, shown: str) -> None:
    cache.mkdir(parents=True, exist_ok=True)
    py_compile.compile(
        str(source),
        cfile=str(cache / f"{source.stem}.{sys.implementation.cache_tag}.pyc"),
        dfile=shown,
        doraise=True,
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )


def _write_config(project: Path, target: Path, recipe: Recipe) -> None:
    config: dict[str, Any] = json.loads((project / ".chalice" / "config.json").read_text())
    settings = config["stages"].get(recipe.stage.name, {})
    settings["environment_variables"] = dict(recipe.environment)
    config["stages"] = {recipe.stage.name: settings}
    (target / ".chalice").mkdir()
    (target / ".chalice" / "config.json").write_text(json.dumps(config, indent=2) + "\n")


def _write_policies(project: Path, target: Path, recipe: Recipe) -> None:
    folder = target / ".chalice" / "policies"
    folder.mkdir()
    for name in FUNCTIONS:
        source = project / ".chalice" / "policies" / f"{name}.json"
        log_group = f"{recipe.resources['LogGroupsArn']}/{recipe.stage.function(name)}"
        resources = {**recipe.resources, "LogGroupArn": log_group}
        (folder / source.name).write_text(render_policy(source, resources))


def render_policy(source: Path, resources: Mapping[str, str]) -> str:
    """The policy file with every placeholder filled, without the statements about what there is
    none of; `Stopped` names a placeholder that is unknown."""
    try:
        policy = json.loads(Template(source.read_text()).substitute(resources))
    except KeyError as unknown:
        raise Stopped(
            f"{source.name} speaks of ${{{unknown.args[0]}}}, which is none of: "
            + ", ".join(sorted(resources))
        ) from None
    policy["Statement"] = [one for one in policy["Statement"] if _about_something(one, source)]
    return json.dumps(policy, indent=2) + "\n"


def _about_something(statement: Mapping[str, Any], source: Path) -> bool:
    """Whether all that the statement is about is there."""
    named = [resource.partition("/")[0] for resource in statement["Resource"]]
    if all(named):
        return True
    if any(named):
        raise Stopped(f"{source.name}: a statement is about what is there and what is not")
    return False


def fingerprint(paths: Iterable[Path]) -> str:
    """A digest of the names and contents of `paths`, folders with all they hold."""
    digest = hashlib.sha256()
    for path in paths:
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            if file.is_file() and "__pycache__" not in file.parts:
                digest.update(f"{file.relative_to(path.parent)}\0".encode())
                digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def _link(source: str, target: str) -> None:
    """Link rather than copy two thousand files, where both are on one file system."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    elif path.exists():
        path.unlink()


def main() -> int:
    """Install the package's dependencies ahead of the first build."""
    try:
        vendored(Path(__file__).resolve().parent.parent, for_lambda=False)
    except Stopped as stopped:
        print(f"\n{stopped}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
