"""How does the whole platform run on this machine?

Starts and stops the local AWS as a background process and keeps the platform
on it. `python -m infra.local` is the command line; tests and the demo use
`LocalStack`. What is deployed there is `infra.local_app`'s business, what local
AWS itself does is `infra.localaws`'s.
"""

import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.build import fingerprint
from infra.cloud import Cloud, local_cloud
from infra.deploy import PROJECT, say
from infra.local_app import Laptop, put_app
from infra.localaws import DEMO_PAGE
from infra.stage import Stopped

DIRECTORY = PROJECT / ".local"
DEFAULT_PORT = 8400
_STARTS_WITHIN = 30.0
_STOPS_WITHIN = 20.0
_ACTIONS = ("up", "down", "status", "logs", "clean")


@dataclass(frozen=True, slots=True)
class LocalStack:
    """A local AWS with the platform on it, kept in `directory` and served on `port`.

    Any number may run side by side, each with its own directory and port. The
    simulated carrier is expected on the port after it.
    """

    directory: Path
    port: int = DEFAULT_PORT
    project: Path = PROJECT

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def cloud(self) -> Cloud:
        """The account on the local AWS, for direct looks into tables and queues."""
        return local_cloud(self.url)

    @property
    def laptop(self) -> Laptop:
        carrier = f"http://127.0.0.1:{self.port + 1}"
        return Laptop(cloud=self.cloud, url=self.url, directory=self.directory, carrier=carrier)

    def up(self) -> dict[str, str]:
        """Start what is not running, deploy what has changed, return the endpoints."""
        self.start()
        wanted = self._fingerprint()
        if self._recall("deployed") != wanted or not self._api_answers():
            say("Local AWS runs. Deploying the state stack, the package and its wiring ...")
            self._forget("deployed")
            put_app(self.laptop, self.project)
            self.save()
            if not _eventually(self._api_answers, _STARTS_WITHIN):
                raise Stopped(
                    f"The API does not answer {self.url}/v1/advertisers. Look into: make logs"
                )
            self._remember("deployed", wanted)
        return self.endpoints()

    def start(self) -> None:
        """Start local AWS in the background; returns when it answers."""
        if self.running():
            return
        self._check_port()
        self.directory.mkdir(parents=True, exist_ok=True)
        self._remember("port", str(self.port))
        process = self._spawn()
        _eventually(lambda: self.running() or process.poll() is not None, _STARTS_WITHIN)
        if not self.running():
            process.kill()
            process.wait()
            raise Stopped(
                f"Local AWS did not start; {self.log} ends with:\n{self._log_end()}\n"
                "If what it kept is damaged, forget it with: make clean"
            )

    def stop(self) -> None:
        """Stop in good order, with everything saved; nothing to do if it does not run."""
        if self._signal(signal.SIGTERM) and not _eventually(lambda: not self._pid(), _STOPS_WITHIN):
            self.kill()

    def kill(self) -> None:
        """End the process at once, as a power cut would; `up` goes on where it was."""
        self._signal(signal.SIGKILL)
        _eventually(lambda: not self._pid(), _STOPS_WITHIN)

    def kill_workers(self) -> int:
        """Kill every Lambda worker in the middle of its work; how many there were."""
        return int(self._control("kill-workers")["killed"])

    def save(self) -> None:
        """Save everything now, as a stop in good order would."""
        self._control("save")

    def clean(self) -> None:
        """Stop, and forget everything that `directory` holds."""
        self.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def running(self) -> bool:
        """Whether this stack's own process serves its port."""
        try:
            health = self._control("health", seconds=3)
        except (OSError, ValueError):
            return False
        return bool(health["ready"] and health["directory"] == str(self.directory.resolve()))

    def endpoints(self) -> dict[str, str]:
        """What `up` wrote: addresses, operator key and carrier credentials."""
        file = self.directory / "endpoints.json"
        if not file.exists():
            raise Stopped(f"No stack in {self.directory}. Start one with: make up")
        endpoints: dict[str, str] = json.loads(file.read_text())
        return endpoints

    @property
    def log(self) -> Path:
        """What the process says, with the output of every function."""
        return self.directory / "local.log"

    def _api_answers(self) -> bool:
        """Whether the API lists advertisers for the operator."""
        try:
            key = self.endpoints()["operator_key"]
            request = urllib.request.Request(
                f"{self.url}/v1/advertisers", headers={"Authorization": f"Bearer {key}"}
            )
            with urllib.request.urlopen(request, timeout=15) as response:
                return bool(response.status == 200)
        except (OSError, Stopped):
            return False

    def _fingerprint(self) -> str:
        """A digest of all that a deployment is made of."""
        names = ("app.py", "chalicelib", "requirements.txt", ".chalice/config.json")
        paths = [self.project / name for name in (*names, ".chalice/policies")]
        return fingerprint([*paths, PROJECT / "infra"])

    def _spawn(self) -> subprocess.Popen[bytes]:
        shutil.rmtree(self.directory / "tmp", ignore_errors=True)
        command = [sys.executable, "-m", "infra.localaws", str(self.directory), str(self.port)]
        with self.log.open("wb") as log:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=PROJECT,
                env=self.cloud.environ(),
                start_new_session=True,
            )

    def port_before(self) -> str:
        """The port that the addresses in the kept state name; empty if there is no state."""
        return self._recall("port") if (self.directory / "state").exists() else ""

    def _check_port(self) -> None:
        before = self.port_before()
        if before and before != str(self.port):
            raise Stopped(
                f"What {self.directory} holds was made on port {before}, and its addresses "
                "name that port. Use it again (it is taken without RINGLEDGER_PORT), or "
                "forget that state with: make clean"
            )
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                raise Stopped(
                    f"Port {self.port} is taken by another program. Stop that program, or "
                    f"choose another port: RINGLEDGER_PORT={self.port + 100} make up"
                )

    def _control(self, action: str, *, seconds: float = 60) -> dict[str, Any]:
        with urllib.request.urlopen(f"{self.url}/_local/{action}", timeout=seconds) as response:
            answer: dict[str, Any] = json.loads(response.read())
        return answer

    def _signal(self, number: signal.Signals) -> bool:
        """Send a signal to the process; whether there was one."""
        pid = self._pid()
        if pid:
            os.kill(pid, number)
        return bool(pid)

    def _pid(self) -> int:
        """The process that holds our directory; 0 if none does."""
        file = self.directory / "lock"
        if not file.exists():
            return 0
        with file.open() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return int(lock.read() or 0)
        return 0

    def _recall(self, name: str) -> str:
        file = self.directory / f"{name}.txt"
        return file.read_text() if file.exists() else ""

    def _remember(self, name: str, value: str) -> None:
        (self.directory / f"{name}.txt").write_text(value)

    def _forget(self, name: str) -> None:
        (self.directory / f"{name}.txt").unlink(missing_ok=True)

    def _log_end(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return "\n".join(lines[-15:])


def _eventually(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether `condition` comes true within `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def own_stack() -> LocalStack:
    """This project's own stack, on the port that RINGLEDGER_PORT names; `Stopped` if it is none.

    Without that name it is the port that the stack has had so far.
    """
    before = LocalStack(DIRECTORY).port_before()
    port = os.environ.get("RINGLEDGER_PORT", before or str(DEFAULT_PORT))
    if not port.isdecimal() or not 1024 <= int(port) <= 65000:
        raise Stopped(f"RINGLEDGER_PORT={port} is no port; take a number from 1024 to 65000.")
    return LocalStack(DIRECTORY, int(port))


def _described(stack: LocalStack) -> str:
    endpoints = stack.endpoints()
    seeded = (stack.directory / DEMO_PAGE).exists()
    page = f"http://localhost:{stack.port}/demo" if seeded else "make seed"
    return f"""
RingLedger runs on this machine.
  API            {endpoints["api"]}
  voice          {endpoints["voice_inbound"]}
  dni            {endpoints["dni"]}
  operator key   {endpoints["operator_key"]}
  all of it      {stack.directory / "endpoints.json"}

See a number change: {page}
Next: make seed (a demo market) or make run (callers and a live table);
make down stops it and keeps its state, make clean forgets it."""


def _run(action: str, stack: LocalStack) -> str:
    """Do what the command line asks for; the closing words."""
    if action == "up":
        stack.up()
        return _described(stack)
    if action == "down":
        stack.stop()
        return "Stopped; its state is kept. Next: make up, or make clean to forget it."
    if action == "clean":
        stack.clean()
        return "Stopped and forgotten. Next: make up"
    if action == "logs":
        return stack.log.read_text(errors="replace") if stack.log.exists() else "No log yet."
    return _described(stack) if stack.running() else "Not running. Next: make up"


def main(arguments: list[str]) -> int:
    """Run one action of the command line; 1 with a plain message if it cannot be done."""
    try:
        if len(arguments) != 1 or arguments[0] not in _ACTIONS:
            raise Stopped(f"Say one of: python -m infra.local {'|'.join(_ACTIONS)}")
        print(_run(arguments[0], own_stack()))
    except Stopped as stopped:
        print(f"\n{stopped}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
