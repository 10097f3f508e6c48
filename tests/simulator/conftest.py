"""A stand-in platform, a network that calls it, and a caller."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from simulator import Behaviour, Caller, CallResult, CallScript, Exchange, Network
from tests.simulator.standin import ACCOUNT, DIALLED, TOKEN, Platform

CALLER = Caller(number="+14155550111", city="SAN FRANCISCO", state="CA", zip_code="94105")
NOON = datetime(2026, 11, 22, 15, 4, 6, tzinfo=UTC)

Place = Callable[..., CallResult]


@pytest.fixture
def platform() -> Iterator[Platform]:
    with Platform() as running:
        yield running


@pytest.fixture
def network(platform: Platform) -> Iterator[Network]:
    network = Network(
        account_sid=ACCOUNT,
        auth_token=TOKEN,
        voice_inbound=platform.url + "/inbound",
        voice_status=platform.url + "/status",
        seed="1",
    )
    yield network
    network.close()


@pytest.fixture
def place(network: Network) -> Place:
    """Place a call; what is not said of it answers after 6 s and talks for 127 s."""

    def placed(**choices: Any) -> CallResult:
        script: dict[str, Any] = {
            "to": DIALLED,
            "caller": CALLER,
            "target": Behaviour(after=6, talk=127),
            "started_at": NOON,
        }
        return network.place(CallScript(**{**script, **choices}))

    return placed


def kinds(result: CallResult) -> list[str]:
    """The kinds of everything that was sent or lost, in order."""
    return [exchange.kind for exchange in result.timeline]


def the(result: CallResult, kind: str) -> Exchange:
    """The only exchange of a kind."""
    (exchange,) = result.sent(kind)
    return exchange
