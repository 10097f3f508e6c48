"""What the voice, the Connect and the DNI function load: somebody waits for every import."""

import json
import subprocess
import sys

import pytest

_FIRST_CALL = "from chalicelib import runtime; runtime.logger(); import chalicelib.store.dynamo"
_LIST = "import json, sys; print(json.dumps(sorted(sys.modules)))"
_HEAVY = (
    "pydantic", "reportlab", "PIL", "twilio", "phonenumbers", "requests", "aws_xray_sdk", "boto3",
    "re2",
)  # fmt: skip
_ELSEWHERE = (
    "chalicelib.providers",
    "chalicelib.numbers",
    "chalicelib.channels.schemas",
    "chalicelib.channels.http",
    "chalicelib.flows.closing",
    "chalicelib.flows.settlement",
    "chalicelib.flows.payments",
    "chalicelib.flows.recordings",
    "chalicelib.flows.replay",
    "chalicelib.store.books",
    "chalicelib.store.catalog",
    "chalicelib.validation",
    "chalicelib.ledger",
)


def loaded_by_voice(*more: str) -> list[str]:
    return _loaded_by("twilio", *more)


def _loaded_by(channel: str, *more: str) -> list[str]:
    program = "\n".join([f"import chalicelib.channels.{channel}", *more, _LIST])
    shown = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    modules: list[str] = json.loads(shown.stdout)
    return modules


@pytest.mark.parametrize("channel", ["twilio", "connect"])
def test_a_function_on_the_line_loads_nothing_that_the_caller_does_not_need(channel: str) -> None:
    loaded = _loaded_by(channel, _FIRST_CALL)
    packages = {name.partition(".")[0] for name in loaded}
    assert packages.isdisjoint(_HEAVY)
    assert set(loaded).isdisjoint(_ELSEWHERE)
    assert not [name for name in loaded if name.startswith("chalicelib.channels.api")]


def test_the_voice_functions_own_modules_are_these() -> None:
    own = [name for name in loaded_by_voice() if name.startswith("chalicelib")]
    assert own == [
        "chalicelib",
        "chalicelib.answering",
        "chalicelib.attributes",
        "chalicelib.attribution",
        "chalicelib.beyond",
        "chalicelib.calls",
        "chalicelib.campaigns",
        "chalicelib.channels",
        "chalicelib.channels.callers",
        "chalicelib.channels.twilio",
        "chalicelib.channels.twilio_forms",
        "chalicelib.channels.twilio_recordings",
        "chalicelib.channels.twilio_replies",
        "chalicelib.channels.twilio_signature",
        "chalicelib.channels.twilio_targets",
        "chalicelib.channels.twilio_urls",
        "chalicelib.channels.twiml",
        "chalicelib.criteria",
        "chalicelib.dispositions",
        "chalicelib.eligibility",
        "chalicelib.endings",
        "chalicelib.errors",
        "chalicelib.failover",
        "chalicelib.flows",
        "chalicelib.flows.asking",
        "chalicelib.flows.attributing",
        "chalicelib.flows.deciding",
        "chalicelib.flows.following",
        "chalicelib.flows.inbound",
        "chalicelib.flows.looking_up",
        "chalicelib.flows.racing",
        "chalicelib.gate",
        "chalicelib.groups",
        "chalicelib.hangups",
        "chalicelib.ids",
        "chalicelib.introducing",
        "chalicelib.issuer",
        "chalicelib.limits",
        "chalicelib.lines",
        "chalicelib.lookups",
        "chalicelib.market",
        "chalicelib.offers",
        "chalicelib.places",
        "chalicelib.powers",
        "chalicelib.questions",
        "chalicelib.ranking",
        "chalicelib.reasons",
        "chalicelib.recording",
        "chalicelib.reserving",
        "chalicelib.ringing",
        "chalicelib.routing",
        "chalicelib.runtime",
        "chalicelib.settings",
        "chalicelib.store",
        "chalicelib.store.answers",
        "chalicelib.store.attributions",
        "chalicelib.store.calls",
        "chalicelib.store.codec",
        "chalicelib.store.dispositions",
        "chalicelib.store.facts",
        "chalicelib.store.gate",
        "chalicelib.store.hangups",
        "chalicelib.store.holds",
        "chalicelib.store.lines",
        "chalicelib.store.markets",
        "chalicelib.store.outcomes",
        "chalicelib.store.recordings",
        "chalicelib.store.reservations",
        "chalicelib.store.rows",
        "chalicelib.store.settings",
        "chalicelib.store.slots",
        "chalicelib.store.stores",
        "chalicelib.store.talks",
        "chalicelib.store.tallies",
        "chalicelib.store.target_holds",
        "chalicelib.store.trials",
        "chalicelib.store.visits",
        "chalicelib.terms",
        "chalicelib.times",
        "chalicelib.together",
        "chalicelib.trials",
        "chalicelib.visits",
        "chalicelib.waiting",
    ]


def test_the_dni_function_loads_nothing_that_the_visitor_does_not_need() -> None:
    loaded = _loaded_by("dni", _FIRST_CALL)
    packages = {name.partition(".")[0] for name in loaded}
    assert packages.isdisjoint(_HEAVY)
    elsewhere = {*_ELSEWHERE, "chalicelib.routing", "chalicelib.store.stores"}
    # A pool says which kind of numbers it buys, in the words of `numbers`.
    assert set(loaded).isdisjoint(elsewhere - {"chalicelib.numbers"})
    assert not [name for name in loaded if name.startswith("chalicelib.channels.api")]


def test_the_dni_functions_own_modules_are_these() -> None:
    own = [name for name in _loaded_by("dni") if name.startswith("chalicelib")]
    assert own == [
        "chalicelib",
        "chalicelib.answering",
        "chalicelib.bots",
        "chalicelib.campaigns",
        "chalicelib.channels",
        "chalicelib.channels.bodies",
        "chalicelib.channels.dni",
        "chalicelib.channels.dni_forms",
        "chalicelib.channels.problems",
        "chalicelib.criteria",
        "chalicelib.errors",
        "chalicelib.flows",
        "chalicelib.flows.lending",
        "chalicelib.flows.visiting",
        "chalicelib.ids",
        "chalicelib.issuer",
        "chalicelib.leasing",
        "chalicelib.lines",
        "chalicelib.numbers",
        "chalicelib.offers",
        "chalicelib.places",
        "chalicelib.pools",
        "chalicelib.recording",
        "chalicelib.runtime",
        "chalicelib.settings",
        "chalicelib.showing",
        "chalicelib.store",
        "chalicelib.store.codec",
        "chalicelib.store.leases",
        "chalicelib.store.requests",
        "chalicelib.store.rows",
        "chalicelib.store.slots",
        "chalicelib.store.tallies",
        "chalicelib.store.visit_limits",
        "chalicelib.store.visits",
        "chalicelib.terms",
        "chalicelib.times",
        "chalicelib.tokens",
        "chalicelib.visits",
    ]
