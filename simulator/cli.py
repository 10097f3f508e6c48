"""What does the command line do?

Joins flags, endpoints and network, prints what passed, and answers with an exit code: 0 when
all went as the carrier needs it, 1 when an answer was one it would not take, 2 when the
command could not be understood or carried out.
"""

import argparse
import secrets
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from simulator import flags
from simulator.carrier import Carrier
from simulator.connect_cli import connect_network
from simulator.endpoints import Endpoints, Unusable, load
from simulator.network import CallResult, Network
from simulator.profiles import BUILTIN, Profile, dialled, numbers_from, profile_from
from simulator.rest import RestServer
from simulator.timeline import Tally, call_lines
from simulator.traffic import Plays, traffic


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; see the module for the exit codes."""
    given = flags.parser().parse_args(arguments)
    command = {"call": _call, "traffic": _traffic, "serve": _serve}[given.command]
    try:
        return command(given, _endpoints(given))
    except (Unusable, ValueError) as fault:
        print(f"simulator: {fault}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 2


def _endpoints(given: argparse.Namespace) -> Endpoints:
    on_connect = _on_connect(given)
    overrides = {
        "voice_inbound": given.inbound,
        "voice_status": given.status,
        "account_sid": given.account_sid,
        "auth_token": given.auth_token,
        "twilio_api": given.rest,
    }
    return load(given.endpoints, overrides, on_connect=on_connect)


def _on_connect(given: argparse.Namespace) -> bool:
    return getattr(given, "carrier", "") == "connect"


def _call(given: argparse.Namespace, endpoints: Endpoints) -> int:
    script = flags.script_of(given)
    with _network(given, endpoints, given.seed) as network:
        result = network.place(script)
    print("\n".join(call_lines(result)))
    print("\n".join(("", *_next_steps(result, endpoints))))
    return 1 if result.violations else 0


def _traffic(given: argparse.Namespace, endpoints: Endpoints) -> int:
    profile, faults = _profile(given), flags.faults_of(given)
    seed = given.seed or secrets.token_hex(4)
    print(f"seed {seed}: {given.calls} calls at {given.rate:g} a second", flush=True)
    tally, began = Tally(), time.monotonic()
    with _network(given, endpoints, seed) as network:
        results = traffic(
            network, profile, seed=seed, calls=given.calls, rate=given.rate, faults=faults,
            in_flight=given.in_flight,
        )  # fmt: skip
        for result in results:
            tally.add(result)
            _show(tally, given.calls)
    print("\n".join(("", *tally.lines(time.monotonic() - began))))
    return 1 if tally.violations else 0


def _serve(given: argparse.Namespace, endpoints: Endpoints) -> int:
    address = endpoints.rest_address
    if address is None:
        raise Unusable("no REST address is known: give --rest http://127.0.0.1:PORT")
    carrier = Carrier(given.journal)
    try:
        server = RestServer(carrier, endpoints.account_sid, endpoints.auth_token, address)
    except OSError as fault:
        raise Unusable(f"cannot listen at {endpoints.twilio_api}: {fault}") from fault
    _trouble(server, given)
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    with server:
        print(f"{server.url} answers for the calls of {given.journal}; Ctrl-C ends it", flush=True)
        stopped.wait()
    return 0


@contextmanager
def _network(given: argparse.Namespace, endpoints: Endpoints, seed: str | None) -> Iterator[Plays]:
    if _on_connect(given):
        with connect_network(given, endpoints, seed) as instance:
            yield instance
        return
    network = Network(
        account_sid=endpoints.account_sid,
        auth_token=endpoints.auth_token,
        voice_inbound=endpoints.voice_inbound,
        voice_status=endpoints.voice_status,
        seed=seed,
        speed=given.speed,
        carrier=Carrier(given.journal),
    )
    try:
        with _rest(network, endpoints, given):
            yield network
    finally:
        network.close()


@contextmanager
def _rest(network: Network, endpoints: Endpoints, given: argparse.Namespace) -> Iterator[None]:
    address = endpoints.rest_address
    if address is None:
        yield
        return
    try:
        server = RestServer(network.carrier, endpoints.account_sid, endpoints.auth_token, address)
    except OSError:
        # Somebody serves already, from the same journal: the platform is answered either way.
        print(f"{endpoints.twilio_api} is served already", file=sys.stderr)
        yield
        return
    _trouble(server, given)
    with server:
        yield


def _trouble(server: RestServer, given: argparse.Namespace) -> None:
    for trouble, times in flags.troubles_of(given):
        server.troubles.add(trouble, times=times)


def _profile(given: argparse.Namespace) -> Profile:
    profile = BUILTIN if given.profile == "builtin" else profile_from(Path(given.profile))
    if given.to:
        pairs = (text.partition("=") for text in given.to)
        rows = [{"e164": number, "weight": weight or 1} for number, _, weight in pairs]
        return replace(profile, numbers=tuple(map(dialled, rows)))
    if profile.numbers:
        return profile
    if not given.demo.exists():
        raise Unusable(f"nobody is dialled: give --to, or seed the demo market ({given.demo})")
    return replace(profile, numbers=numbers_from(given.demo))


def _show(tally: Tally, calls: int) -> None:
    if sys.stdout.isatty():
        print(f"\r{tally.progress} of {calls}", end="", flush=True)
    elif tally.calls % max(1, calls // 10) == 0:
        print(tally.progress, flush=True)


def _next_steps(result: CallResult, endpoints: Endpoints) -> list[str]:
    steps = ["Next:"]
    if result.violations:
        steps.append("  mend the answers above, and play the call again with another --seed")
    if endpoints.api:
        steps.append(
            "  what the platform made of it: curl -H 'Authorization: Bearer OPERATOR_KEY'"
            f" '{endpoints.api}/calls?carrier_call_id={result.sid}'"
        )
    if endpoints.twilio_api and result.sid.startswith("CA"):
        steps.append("  let the platform ask about it later: python -m simulator serve")
    steps.append("  more calls: python -m simulator traffic --calls 50")
    return steps
