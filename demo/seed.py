"""How does the demo market come to be?

Makes everything that `market` names over the public API, once however often it runs, has `page`
write the page that shows it, and tells in `.local/demo.json` what a call to each number comes to.
`python -m demo.seed` is the command line.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from demo.api import Api, Declined, Json, api_of
from demo.market import (
    CAMPAIGNS,
    LINES,
    OFFERS,
    PUBLISHERS,
    TARGETS,
    TAX_FORM,
    Line,
    Named,
    Thing,
    things,
)
from demo.nextsteps import own_call
from demo.page import address, write_page

DIRECTORY = Path(__file__).resolve().parent.parent / ".local"


def seed(api: Api, directory: Path) -> list[Json]:
    """Make what is not there yet and write `demo.json` into `directory`; its numbers.

    Declined when the platform refuses a thing, which is then named.
    """
    known = made(api)
    _file_tax_forms(api, known)
    write_page(api, known, directory)
    numbers = described(known)
    file = directory / "demo.json"
    whole = file.with_suffix(".new")
    whole.write_text(json.dumps({"numbers": numbers}, indent=2) + "\n", encoding="utf-8")
    whole.replace(file)
    return numbers


def made(api: Api) -> dict[str, Json]:
    """Every thing of the market as the platform has it, by its name in the market."""
    known: dict[str, Json] = {}
    for thing in things():
        ids = {name: str(found["id"]) for name, found in known.items()}
        known[thing.name] = _make(api, thing, ids)
    return known


def _file_tax_forms(api: Api, known: Mapping[str, Json]) -> None:
    """A form for every publisher that has none: nobody is paid without."""
    for name, body in PUBLISHERS.items():
        payee = f"/publishers/{known[name]['id']}/payee"
        if api.get(payee)["tax_form"] is None:
            api.put(f"{payee}/tax-form", {**TAX_FORM, "legal_name": body["name"]})


def described(known: Mapping[str, Json]) -> list[Json]:
    """What a call to each number comes to when the first choice takes it.

    The caller must be in one of `states`, where there are any, and must not have called before.
    """
    return [_described(line, known) for line in LINES]


def resolved(value: Any, ids: Mapping[str, str]) -> Any:
    """The value with the id in the place of every name; KeyError for a name not made yet."""
    if isinstance(value, Named):
        return ids[value]
    if isinstance(value, Mapping):
        return {key: resolved(inner, ids) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [resolved(inner, ids) for inner in value]
    return value


def _make(api: Api, thing: Thing, ids: Mapping[str, str]) -> Json:
    path = thing.path.format(ids.get(thing.under, ""))
    once = f"demo-market/{thing.name}".replace(" ", "/")
    try:
        return api.post(path, resolved(thing.body, ids), once=once)
    except Declined as declined:
        raise Declined(
            f"The demo market's {thing.name} could not be made. {declined}\n"
            "If what is kept was made with another market or by hand, forget it: make clean",
            status=declined.status,
            code=declined.code,
        ) from declined


def _described(line: Line, known: Mapping[str, Json]) -> Json:
    campaign, target = _first_choice(line.offer)
    terms = known[campaign]["terms"]
    own = known[f"partnership {line.offer} {line.publisher}"]["earning"]
    earning = own or known[f"offer {line.offer}"]["earning"]
    return {
        "e164": line.e164,
        "campaign_id": known[campaign]["id"],
        "publisher_id": known[line.publisher]["id"],
        "minimum_talk_seconds": terms["minimum_talk_seconds"],
        "charge_cents": terms["charge_cents"],
        "earning_cents": earning["earning_cents"],
        "target": known[target]["destination"],
        "states": terms["geography"]["states"] or None,
        "placement": line.placement,
    }


def _first_choice(offer: str) -> tuple[str, str]:
    """The names of the campaign and of its target that ring first when all are free."""
    choices = [
        (campaign, target)
        for campaign in OFFERS[offer]["campaign_ids"]
        for target in TARGETS[campaign]
    ]

    def order(choice: tuple[str, str]) -> tuple[int, int]:
        campaign, target = choice
        charge_cents = CAMPAIGNS[campaign]["terms"]["charge_cents"]
        return TARGETS[campaign][target].get("priority", 1), -charge_cents

    return min(choices, key=order)


def main(directory: Path = DIRECTORY) -> int:
    """Seed the stack that runs; 1 with a plain message if it cannot be done."""
    try:
        api = api_of(directory)
        print(f"Making the demo market: {sum(1 for _ in things())} things ...", flush=True)
        numbers = seed(api, directory)
    except Declined as declined:
        print(f"\n{declined}", file=sys.stderr)
        return 1
    print(
        f"The demo market is there: {len(numbers)} numbers of {len(OFFERS)} offers, "
        f"{len(CAMPAIGNS)} campaigns.\n  {directory / 'demo.json'}\n\n"
        f"See a number change: {address(api)}\n\n"
        f"Next: a call that is paid for\n  {own_call(numbers)}"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
