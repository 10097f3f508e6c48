"""What does local AWS still know after it was killed?

The emulator saves its state only when it stops in good order. This keeps a
snapshot and, after it, a journal of every request that changed data: a request
is in the journal before its caller hears the answer, and is played again on the
next start. Changes of infrastructure are not journalled; they ask for a new
snapshot soon. What a crash can take is what happened inside the emulator since
the snapshot: messages already taken from queues and stream records already
delivered are delivered again, as AWS may do too.
"""

import json
import logging
import shutil
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from io import BufferedWriter
from pathlib import Path
from typing import Any

from ministack import app as emulator
from ministack.core import persistence

logger = logging.getLogger("ringledger.journal")

# Data operations worth a journal line, by the end of their X-Amz-Target header.
_JOURNALLED = frozenset(
    "DynamoDB_20120810." + action
    for action in (
        "PutItem",
        "UpdateItem",
        "DeleteItem",
        "BatchWriteItem",
        "TransactWriteItems",
    )
) | {"AmazonSQS.SendMessage", "AmazonSQS.SendMessageBatch", "AmazonSSM.PutParameter"}
_READS = (
    "Get",
    "List",
    "Describe",
    "Query",
    "Scan",
    "Batch",
    "Head",
    "Transact",
    "Receive",
    "Encrypt",
    "Decrypt",
)
# Logs and metrics would make most of a snapshot, and nothing depends on them.
_NOT_KEPT = frozenset({"cloudwatch", "cloudwatch_logs"})
# Lines after which a snapshot is cheaper than a longer replay.
_MOST_LINES = 5_000
# Copies of one service's state to try while deliveries go on beside.
_MOST_TRIES = 50
# The emulator lets the account's owner in without a look at the signature.
_OWNER = (
    "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/{}/aws4_request, "
    "SignedHeaders=host, Signature=0"
)

Play = Callable[[Mapping[str, str], bytes], Awaitable[int]]


@dataclass(slots=True)
class Journal:
    """The generations of saved state in `directory`; only the current one counts."""

    directory: Path
    number: int = 0
    lines: int = 0
    unsaved: bool = False
    _file: BufferedWriter | None = field(default=None, repr=False)

    def open(self) -> None:
        """Point the emulator at the current generation; call before it loads its state."""
        self.directory.mkdir(parents=True, exist_ok=True)
        pointer = self.directory / "current"
        self.number = int(pointer.read_text()) if pointer.exists() else 0
        self._generation.mkdir(exist_ok=True)
        persistence.STATE_DIR = str(self._generation)
        for stale in self.directory.glob("generation-*"):
            if stale != self._generation:
                shutil.rmtree(stale)

    async def replay(self, play: Play) -> None:
        """Play the journal of the current generation again, then go on writing it."""
        for entry in self._entries():
            status = await play(entry["headers"], entry["body"].encode())
            if status != 200:
                logger.error("replay: %s answered %s", entry["headers"]["x-amz-target"], status)
        self._file = (self._generation / "journal").open("ab")

    def note(self, method: str, headers: Mapping[str, str], body: bytes) -> None:
        """Remember one request that succeeded; returns when a crash can no longer lose it."""
        target = headers.get("x-amz-target", "")
        if target in _JOURNALLED:
            self._append(target, headers.get("content-type", ""), body)
        elif _changes_infrastructure(method, target, body):
            self.unsaved = True

    def due(self) -> bool:
        """Whether a snapshot should be taken soon."""
        return self.unsaved or self.lines >= _MOST_LINES

    def snapshot(self) -> None:
        """Save everything as a new generation; no request may be served meanwhile.

        Raises `OSError` and stays with the current generation if anything cannot be saved.
        """
        previous = self._generation
        self.number += 1
        try:
            self._write_generation()
        except OSError:
            shutil.rmtree(self._generation, ignore_errors=True)
            self.number -= 1
            persistence.STATE_DIR = str(self._generation)
            raise
        shutil.rmtree(previous, ignore_errors=True)

    def _write_generation(self) -> None:
        self._generation.mkdir()
        persistence.STATE_DIR = str(self._generation)
        for service, state in emulator._build_persistence_save_dict().items():
            if service not in _NOT_KEPT:
                self._save(service, state)
        self._turn_to_new_journal()

    def _save(self, service: str, state: Callable[[], dict[str, Any] | None]) -> None:
        for _ in range(_MOST_TRIES):
            try:
                current = state()
            except RuntimeError:
                # A delivery thread changed a dictionary while it was copied.
                continue
            if current is not None:
                persistence.save_state(service, current)
                if not (self._generation / f"{service}.json").exists():
                    break
            return
        raise OSError(f"the state of {service} could not be saved in {self._generation}")

    @property
    def _generation(self) -> Path:
        return self.directory / f"generation-{self.number}"

    def _turn_to_new_journal(self) -> None:
        if self._file:
            self._file.close()
        self._file = (self._generation / "journal").open("ab")
        pointer = self.directory / "current"
        part = pointer.with_suffix(".part")
        part.write_text(str(self.number))
        part.replace(pointer)
        self.lines, self.unsaved = 0, False

    def _append(self, target: str, content_type: str, body: bytes) -> None:
        if self._file is None:
            raise RuntimeError("a request came before the journal was open")
        # Whoever had the right to do it then: it is played again in the owner's name.
        headers = {
            "x-amz-target": target,
            "content-type": content_type,
            "authorization": _OWNER.format(target.partition("_")[0].partition(".")[0].lower()),
        }
        entry = {"headers": headers, "body": body.decode()}
        self._file.write(json.dumps(entry).encode() + b"\n")
        self._file.flush()
        self.lines += 1

    def _entries(self) -> Iterator[dict[str, Any]]:
        """Whole lines only: the last may have been cut short by a crash, unanswered."""
        path = self._generation / "journal"
        content = path.read_bytes() if path.exists() else b""
        whole = content[: content.rfind(b"\n") + 1]
        if whole != content:
            path.write_bytes(whole)
        for line in whole.splitlines():
            yield json.loads(line)


def _changes_infrastructure(method: str, target: str, body: bytes) -> bool:
    if target:
        return not target.rpartition(".")[2].startswith(_READS)
    if method == "POST" and body.startswith(b"Action="):
        return not body.partition(b"=")[2].decode("latin-1").startswith(_READS)
    return method in ("POST", "PUT", "PATCH", "DELETE")
