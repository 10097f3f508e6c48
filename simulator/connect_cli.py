"""How does the command line come to a simulated Amazon Connect?

Joins the endpoints of a local AWS with the flow that is shipped, and serves the instance's API
while calls are played. What is printed of them is `cli`'s business.
"""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from simulator.carrier import Carrier
from simulator.connect_flow import FlowRefused
from simulator.connect_instance import ConnectInstance
from simulator.connect_network import ConnectNetwork
from simulator.connect_wire import LocalAws
from simulator.endpoints import Endpoints, Unusable
from simulator.flags import tells_of
from simulator.rest import RestServer

_FUNCTION_ARN = "${ConnectFunctionArn}"


@contextmanager
def connect_network(
    given: argparse.Namespace, endpoints: Endpoints, seed: str | None
) -> Iterator[ConnectNetwork]:
    """An instance for as long as the block lasts; raises `Unusable`."""
    account = endpoints.connect_function.split(":")[4]
    instance = ConnectInstance(
        id=endpoints.connect_instance_id, account=account, region=endpoints.region
    )
    try:
        flow = given.flow.read_text(encoding="utf-8")
        network = ConnectNetwork(
            flow=flow.replace(_FUNCTION_ARN, endpoints.connect_function),
            wire=LocalAws(
                endpoints.aws, region=endpoints.region, contacts=endpoints.contacts_function
            ),
            instance=instance,
            tells=tells_of(given),
            seed=seed,
            speed=given.speed,
        )
    except (OSError, FlowRefused) as fault:
        raise Unusable(f"the flow {given.flow} cannot be played: {fault}") from fault
    with _served(instance, given, endpoints):
        yield network


@contextmanager
def _served(
    instance: ConnectInstance, given: argparse.Namespace, endpoints: Endpoints
) -> Iterator[None]:
    """Answer what the platform asks of the instance, and of the other carrier beside it."""
    address = endpoints.connect_address
    if address is None:
        yield
        return
    try:
        server = RestServer(
            Carrier(given.journal), endpoints.account_sid, endpoints.auth_token, address, instance
        )
    except OSError:
        # The platform then asks somebody who does not know these contacts, and goes without.
        print(f"{endpoints.connect_api} is served already", file=sys.stderr)
        yield
        return
    with server:
        yield
