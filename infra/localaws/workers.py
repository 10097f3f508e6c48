"""How do Lambda functions run on a laptop?

The emulator gives every concurrent invocation a process of its own, as AWS
does; on a few cores a burst of cold starts would then take the machine down.
Here a call waits for one of a function's few workers instead. Workers see the
package and the standard library alone, and all they print goes to the log.
"""

import contextlib
import hashlib
import logging
import tempfile
import threading
import time
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

logger = logging.getLogger("ringledger.functions")

_MOST_WORKERS = 4
_LONGEST_WAIT = 60.0
# A package that lacks a dependency must fail here as it would on AWS.
_ALONE = "import sys\nsys.path[:] = [p for p in sys.path if 'site-packages' not in p]\n"

_freed = threading.Condition()
_unpacking = threading.Lock()


def install() -> None:
    """Take over how workers are chosen, how they start and where they print."""
    acquire, release = lambda_svc.acquire_worker, lambda_svc.release_worker
    detect = lambda_runtime._detect_runtime_binary

    def acquire_worker(*arguments: Any, **options: Any) -> tuple[Any, str]:
        options["max_concurrency"] = _MOST_WORKERS
        deadline = time.monotonic() + _LONGEST_WAIT
        with _freed:
            while True:
                worker, how = acquire(*arguments, **options)
                if worker is not None or time.monotonic() > deadline:
                    return worker, how
                _freed.wait(1.0)

    def release_worker(worker: Any) -> None:
        release(worker)
        with _freed:
            _freed.notify_all()

    def detect_runtime(runtime: str) -> tuple[str, str]:
        binary, script = detect(runtime)
        return binary, _ALONE + script

    lambda_svc.acquire_worker, lambda_svc.release_worker = acquire_worker, release_worker
    lambda_runtime._detect_runtime_binary = detect_runtime
    lambda_svc._schedule_state_transition = _active_at_once
    lambda_runtime.zipfile = SimpleNamespace(ZipFile=SharedPackage)
    lambda_runtime.Worker._read_stderr = _log_lines
    # Without waiting for output that may come: every warm call would pay 50 ms for it.
    lambda_runtime.Worker._drain_stderr_bounded = lambda_runtime.Worker._drain_stderr


def _active_at_once(function: str, _delay: float) -> None:
    """A new function is usable now: Chalice would wait five seconds before it asks again."""
    config = lambda_svc._functions[function]["config"]
    config.update(
        State="Active",
        StateReason="",
        StateReasonCode="",
        LastUpdateStatus="Successful",
        LastUpdateStatusReason="",
        LastUpdateStatusReasonCode="",
    )


class SharedPackage(zipfile.ZipFile):
    """A package whose workers share one unpacked copy: each start would unpack it again."""

    def extractall(self, path: Any = None, *_: Any, **__: Any) -> None:
        """Make `path` lead to the unpacked copy, which is made first if there is none."""
        content = Path(self.filename or "").read_bytes()
        shared = Path(tempfile.gettempdir()) / f"package-{hashlib.sha256(content).hexdigest()}"
        with _unpacking:
            if not shared.exists():
                part = shared.with_suffix(".part")
                super().extractall(part)
                part.rename(shared)
        Path(path).rmdir()
        Path(path).symlink_to(shared)


def _log_lines(worker: Any) -> None:
    """Log what a worker prints, and keep it for the invocation's own log."""
    # The pipe closes under us when the worker is killed.
    with contextlib.suppress(ValueError, OSError):
        for line in worker._proc.stderr:
            logger.info("%s: %s", worker.func_name, line.rstrip("\n"))
            worker._stderr_queue.put(line.rstrip("\n"))


def kill_all() -> int:
    """Kill every worker at once, in the middle of whatever it does; how many."""
    workers = [w for pool in list(lambda_runtime._workers.values()) for w in list(pool)]
    alive = [w._proc for w in workers if w._proc is not None and w._proc.poll() is None]
    for process in alive:
        process.kill()
    return len(alive)
