"""How long does a caller wait for a voice function that starts from nothing?

Starts fresh processes on the deployed package, as Lambda does, and compares: with the bytecode that
ships, without it, and the floor (a bare botocore client for DynamoDB, from the same package).
Run it as `python -m bench.voice_start`.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

from infra.deploy import PROJECT
from infra.templates import packaged

ROUNDS = 7
FLOOR = """
import botocore.session
botocore.session.get_session().create_client("dynamodb", region_name="us-east-1")
"""
VOICE = "import chalicelib.channels.twilio"
FIRST_CALL = """
import chalicelib.channels.twilio
from chalicelib import runtime
from chalicelib.store.stores import stores
runtime.logger()
stores()
runtime.client("dynamodb")
"""


def main() -> None:
    """Measure in turns, so that a busy machine disturbs all alike; print a table."""
    with tempfile.TemporaryDirectory() as scratch:
        shipped = _unpacked(Path(scratch))
        bare = shipped.with_name("without-bytecode")
        shutil.copytree(shipped, bare, ignore=shutil.ignore_patterns("__pycache__"))
        cases = {
            "nothing (the interpreter alone)": ("pass", shipped),
            "floor: botocore client, with bytecode": (FLOOR, shipped),
            "voice: its module, with bytecode": (VOICE, shipped),
            "voice: all that a first call loads, with bytecode": (FIRST_CALL, shipped),
            "voice: all that a first call loads, without bytecode": (FIRST_CALL, bare),
        }
        times: dict[str, list[float]] = {name: [] for name in cases}
        for _ in range(ROUNDS):
            for name, (program, package) in cases.items():
                times[name].append(_run(program, package))
        _print(times)


def _unpacked(scratch: Path) -> Path:
    folder = packaged(PROJECT, scratch / "check")
    archive = folder / "deployment.zip"
    print(f"package: {archive.stat().st_size / 1e6:.1f} MB zipped")
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(scratch / "shipped")
    return scratch / "shipped"


def _run(program: str, package: Path) -> float:
    """Seconds of a fresh process that sees the package and the standard library alone."""
    environ = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(package),
        "PYTHONDONTWRITEBYTECODE": "1",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-S", "-c", program], env=environ, check=True)
    return time.perf_counter() - begun


def _print(times: dict[str, list[float]]) -> None:
    medians = {name: statistics.median(runs) for name, runs in times.items()}
    floor = next(ms for name, ms in medians.items() if name.startswith("floor"))
    print(f"{'median of ' + str(ROUNDS):<54} {'ms':>7} {'x floor':>8}")
    for name, seconds in medians.items():
        print(f"{name:<54} {seconds * 1000:>7.0f} {seconds / floor:>8.2f}")


if __name__ == "__main__":
    main()
