"""Which calls come in, and when does each begin?

`plan` draws scripts from a profile, `run` places scripts at a rate, and `traffic` does both.
"""

import time
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import accumulate
from random import Random
from typing import Protocol

from simulator.faults import Faults
from simulator.network import CallResult
from simulator.population import population
from simulator.profiles import Dialled, Profile
from simulator.scripts import ANONYMOUS, Behaviour, Caller, CallScript, Outcome, Side

MOST_ATTEMPTS = 4
"""Dials of one call whose outcome is drawn; later ones end like the last."""


class Plays(Protocol):
    """Where calls are placed."""

    def place(self, script: CallScript, /) -> CallResult:
        """Play one call and say what came of it."""


def plan(
    profile: Profile, *, seed: str, calls: int, faults: Faults | None = None
) -> Iterator[CallScript]:
    """The first `calls` scripts of a seed; a longer plan begins with the same ones.

    Raises `ValueError` when the profile dials nobody.
    """
    if not profile.numbers:
        raise ValueError("the profile names no number to dial")
    people = population(seed, profile.callers)
    weights = tuple(accumulate(number.weight for number in profile.numbers))
    fresh = 0
    for index in range(calls):
        dice = Random(f"{seed}|call|{index}")
        number = dice.choices(profile.numbers, cum_weights=weights)[0]
        caller, fresh = _caller(profile, people, fresh, dice)
        yield _script(
            profile,
            number,
            caller=caller,
            dice=dice,
            seed=f"{seed}|{index}",
            faults=faults or Faults(),
        )


def run(
    network: Plays, scripts: Iterable[CallScript], *, rate: float, in_flight: int = 64
) -> Generator[CallResult, None, None]:
    """Place scripts at `rate` calls a real second, and yield each result as its call ends.

    At most `in_flight` calls run at once; when they all do, the next begins late. Leaving the
    iterator early begins no more calls, and waits for those begun.
    """
    if rate <= 0 or in_flight < 1:
        raise ValueError("rate is above 0 calls a second, in_flight at least 1 call")
    began = time.monotonic()
    running: set[Future[CallResult]] = set()
    with ThreadPoolExecutor(in_flight, thread_name_prefix="call") as pool:
        for number, script in enumerate(scripts):
            due = began + number / rate
            while (left := due - time.monotonic()) > 0 or len(running) >= in_flight:
                if not running:
                    time.sleep(left)
                    continue
                done, running = wait(running, max(left, 0) or None, FIRST_COMPLETED)
                yield from (future.result() for future in done)
            running.add(pool.submit(network.place, script))
        while running:
            done, running = wait(running, None, FIRST_COMPLETED)
            yield from (future.result() for future in done)


def traffic(
    network: Plays,
    profile: Profile,
    *,
    seed: str,
    calls: int,
    rate: float,
    faults: Faults | None = None,
    in_flight: int = 64,
) -> Generator[CallResult, None, None]:
    """Place `calls` calls of a profile at `rate` a second; yield results as they come."""
    scripts = plan(profile, seed=seed, calls=calls, faults=faults)
    return run(network, scripts, rate=rate, in_flight=in_flight)


def _caller(
    profile: Profile, people: tuple[Caller, ...], fresh: int, dice: Random
) -> tuple[Caller, int]:
    if dice.random() < profile.anonymous_share:
        return ANONYMOUS, fresh
    if fresh and (fresh >= len(people) or dice.random() < profile.repeat_share):
        return people[dice.randrange(min(fresh, len(people)))], fresh
    return people[fresh], fresh + 1


def _script(
    profile: Profile, number: Dialled, *, caller: Caller, dice: Random, seed: str, faults: Faults
) -> CallScript:
    names, weights = tuple(profile.outcomes), tuple(profile.outcomes.values())
    drawn = dice.choices(names, weights, k=MOST_ATTEMPTS)
    leaves = drawn[0] == "caller-leaves"
    attempts = tuple(_behaviour(profile, number, name, dice) for name in drawn)
    return CallScript(
        to=number.e164,
        caller=caller,
        attempts=attempts,
        target=attempts[-1],
        digits=profile.digits,
        hangup_while_ringing=round(dice.uniform(0.5, 12.0), 1) if leaves else None,
        faults=faults,
        seed=seed,
    )


def _behaviour(profile: Profile, number: Dialled, name: str, dice: Random) -> Behaviour:
    after = round(dice.uniform(*profile.answer_seconds), 1)
    talk = _talk(profile, number.minimum_talk_seconds, dice)
    side = Side.TARGET if dice.random() < profile.target_hangs_up else Side.CALLER
    if name == "caller-leaves":
        return Behaviour(outcome=Outcome.NO_ANSWER)
    return Behaviour(
        outcome=Outcome(name), after=after, talk=talk, hangup_by=side, whisper_digits="1"
    )


def _talk(profile: Profile, minimum: int, dice: Random) -> float:
    where = dice.random()
    if where < profile.near_threshold:
        return float(max(0, minimum + dice.randint(-2, 2)))
    if where < profile.near_threshold + profile.short:
        return float(dice.randint(0, max(1, minimum - 3)))
    return float(minimum + 3 + int(min(dice.expovariate(1 / 180), 3600)))
