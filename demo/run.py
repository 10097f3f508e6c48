"""What does RingLedger do, seen with one's own eyes?

`python -m demo.run` starts the platform on this machine, makes the demo market, lets people call,
shows every call as it goes, ends the month, and stays until it is stopped. What it leaves is kept
for the next time.
"""

import argparse
import secrets
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from types import FrameType
from typing import NoReturn

from demo import seed
from demo.api import Declined, api_of
from demo.board import Board
from demo.closing import Closing
from demo.crowd import SPEED, Crowd, Stream
from demo.nextsteps import next_steps
from demo.screen import Screen
from demo.watch import Names, Watch
from infra.local import LocalStack, own_stack
from infra.stage import Stopped
from simulator import Carrier
from simulator.endpoints import Endpoints, load
from simulator.rest import RestServer


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo; 0 when all went as it should, 1 with a plain message when it did not."""
    given = _flags().parse_args(arguments)
    screen = Screen()
    try:
        with _platform(own_stack(), screen) as stack:
            return _play(given, stack, screen)
    except KeyboardInterrupt:
        return 0
    except (Declined, Stopped, ValueError) as fault:
        print(f"\n{fault}", file=sys.stderr)
        return 1
    finally:
        screen.close()


def _flags() -> argparse.ArgumentParser:
    flags = argparse.ArgumentParser(prog="python -m demo.run", description="The demo, live.")
    flags.add_argument("--calls", type=_whole, default=60, help="how many call (60)")
    flags.add_argument("--rate", type=_rate, default=3.0, help="calls a second (3)")
    flags.add_argument("--seed", help="who calls, and what happens to them (random)")
    flags.add_argument("--no-stay", action="store_true", help="stop when the books are shown")
    return flags


def _whole(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 100_000:
        raise argparse.ArgumentTypeError("takes a whole number from 1 to 100000")
    return int(text)


def _rate(text: str) -> float:
    rate = float(text)
    if not 0 < rate <= 1000:
        raise argparse.ArgumentTypeError("takes a number above 0")
    return rate


@contextmanager
def _platform(stack: LocalStack, screen: Screen) -> Iterator[LocalStack]:
    """The platform, up while the block lasts; one that was up before stays up."""
    _on_signals(_interrupt)
    found_running = stack.running()
    began = time.monotonic()
    try:
        screen.say("Starting AWS on this machine ...")
        stack.up()
        screen.say(f"The platform is up at {stack.url} ({time.monotonic() - began:.0f} s).")
        yield stack
    finally:
        _on_signals(signal.SIG_IGN)
        if found_running:
            screen.say("", "The platform was up before and stays up; make down stops it.")
        else:
            screen.say("", "Stopping. The state is kept: make run goes on, make clean forgets it.")
            stack.stop()


def _on_signals(handler: Callable[[int, FrameType | None], object] | signal.Handlers) -> None:
    """What Ctrl-C and a request to end do from now on, also where a shell had them ignored."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handler)


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _play(given: argparse.Namespace, stack: LocalStack, screen: Screen) -> int:
    """The market, the calls, the month's end; then stay, if that is wanted."""
    api = api_of(stack.directory)
    endpoints = load(stack.directory / "endpoints.json", {})
    carrier = Carrier(stack.directory / "carrier.jsonl")
    since = datetime.now(UTC)
    with _carrier_answers(carrier, endpoints):
        numbers = seed.seed(api, stack.directory)
        screen.say(f"The demo market is there: {len(numbers)} numbers.")
        stream = Stream(calls=given.calls, rate=given.rate, seed=given.seed or secrets.token_hex(3))
        crowd = Crowd(endpoints, carrier, stream, stack.directory / "demo.json")
        names = Names(api)
        board = Board(names, over=crowd.over)
        watch = Watch(api, board, screen, since)
        faults = _show_calls(watch, crowd, stream, screen)
        faults += Closing(api, screen, names).play(datetime.now(UTC))
        screen.say(*next_steps(api, board, numbers), *faults)
        if not given.no_stay:
            watch.for_good()
    return 1 if faults else 0


def _show_calls(watch: Watch, crowd: Crowd, stream: Stream, screen: Screen) -> list[str]:
    """Everybody calls; what went wrong, a line each."""
    screen.say(
        f"{stream.calls} people call, {stream.rate:g} a second (seed {stream.seed}); "
        f"a minute of talk passes in {60 / SPEED:.1f} s.",
        "The network repeats a tenth of what it reports and loses a twentieth.",
        "",
    )
    with crowd.calling():
        all_judged = watch.until_judged(crowd, stream.calls)
    faults = [f"The carrier would not take: {sentence}" for sentence in crowd.refused]
    if not all_judged:
        faults.append("Not every call was judged in time. Look into: make logs")
    return faults


@contextmanager
def _carrier_answers(carrier: Carrier, endpoints: Endpoints) -> Iterator[None]:
    """The carrier's REST side, where the platform asks about calls whose end it did not hear."""
    address = endpoints.rest_address
    if address is None:
        raise Stopped("endpoints.json names no twilio_api. Write it anew: make clean, make run")
    try:
        server = RestServer(carrier, endpoints.account_sid, endpoints.auth_token, address)
    except OSError as fault:
        raise Stopped(
            f"Port {address[1]}, where the platform asks the carrier, is taken ({fault.strerror}). "
            "Stop what listens there; python -m simulator serve is one that does."
        ) from fault
    with server:
        yield


if __name__ == "__main__":
    raise SystemExit(main())
