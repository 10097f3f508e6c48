"""The platform as the demo meets it: its real API over rows in memory, and calls through flows."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.calls import Call
from chalicelib.places import Area
from demo.api import Api, Json, declined_by
from tests.channels.api import Api as Deployment
from tests.world import World


@dataclass(frozen=True, slots=True)
class DirectApi(Api):
    """The demo's client, with the deployment in memory in the place of the network."""

    deployment: Deployment = field(default_factory=Deployment)

    def _send(
        self, method: str, path: str, body: Mapping[str, Any] | None, headers: Mapping[str, str]
    ) -> Json:
        reply = self.deployment.send(method, path, body, headers=dict(headers))
        if reply.status >= 400:
            said = f"{method} {path} was answered {reply.status}"
            raise declined_by(said, reply.status, json.dumps(reply.body).encode())
        answer: Json = reply.body
        return answer


def a_platform() -> DirectApi:
    """An empty platform."""
    return DirectApi("memory", "an-operator-key")


def a_call(api: DirectApi, number: Json, sid: str, seconds: int, caller: str = "") -> Call:
    """A call to a number of the demo from inside its states, answered, and judged at its end."""
    world = World(api.deployment.rows, now=api.deployment.now)
    states = number["states"] or ["AK"]
    return world.talks(
        sid,
        seconds,
        e164=number["e164"],
        caller=caller or f"+1212555{len(sid):04d}",
        caller_hash=f"hash-of-{caller or sid}",
        area=Area(state=states[0], source="carrier"),
    )
