"""What does it cost to know where a number belongs?

Measures in fresh processes, in turns: the first look-up (with whatever must be loaded for it), the
look-ups after it, and the memory; for our table and for the geocoder of `phonenumbers` that it is
made from. What any function has loaded already is left out. Run it as `python -m bench.places`.
"""

import json
import os
import statistics
import subprocess
import sys

ROUNDS = 5
_MEASURE = """
import dataclasses, enum, functools, json, pathlib, random, re, resource, sys, time
dice = random.Random("callers")
codes = (205, 415, 605, 850, 902)
numbers = [f"+1{{dice.choice(codes)}}{{dice.randrange(2000000, 9999999)}}" for _ in range(5000)]
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
base, begun = peak(), time.perf_counter()
{prepare}
{look_up}("+14155550100")
first = time.perf_counter() - begun
begun = time.perf_counter()
for number in numbers:
    {look_up}(number)
each = (time.perf_counter() - begun) / len(numbers)
print(json.dumps([first * 1000, each * 1e6, peak() - base]))
"""
_TABLE = "from chalicelib.places import place_of"
_LIBRARY = """
import phonenumbers
from phonenumbers import geocoder, timezone
def located(number):
    parsed = phonenumbers.parse(number)
    return (geocoder.description_for_number(parsed, "en"),
            timezone.time_zones_for_number(parsed))
"""
CASES = {
    "the table (chalicelib.places)": _MEASURE.format(prepare=_TABLE, look_up="place_of"),
    "phonenumbers: geocoder and timezone": _MEASURE.format(prepare=_LIBRARY, look_up="located"),
}


def main() -> None:
    """Measure each case in turn, so that a busy machine disturbs all alike; print the medians."""
    runs: dict[str, list[list[float]]] = {name: [] for name in CASES}
    for _ in range(ROUNDS):
        for name, program in CASES.items():
            runs[name].append(_run(program))
    print(f"{f'median of {ROUNDS}':<38} {'first, ms':>10} {'each, µs':>10} {'memory, MB':>11}")
    for name, measured in runs.items():
        first, each, memory = (statistics.median(column) for column in zip(*measured, strict=True))
        print(f"{name:<38} {first:>10.1f} {each:>10.2f} {memory:>11.1f}")


def _run(program: str) -> list[float]:
    # An empty value lets bytecode be kept, as the package has it; the first round makes it.
    environ = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    shown = subprocess.run(
        [sys.executable, "-c", program], env=environ, capture_output=True, text=True, check=True
    )
    measured: list[float] = json.loads(shown.stdout)
    return measured


if __name__ == "__main__":
    main()
